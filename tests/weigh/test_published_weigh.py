"""Published cases of decomposition and rebound that the runner has never seen: figures by hand, and wrong ones."""

import copy
import math

import pytest
import scripts


@pytest.fixture(scope="module")
def published():
    return scripts.module("published")


def case(inputs, expected):
    rounding = {name: {"abs": 1e-9} for name, value in expected.items() if not isinstance(value, list)}
    return {"id": "new", "theme": 6, "title": "", "kind": "reproduce", "source": "", "formula": "",
            "inputs": inputs, "expected": expected, "tolerance": rounding}  # fmt: skip


UNSEEN = [
    case({"X0": [[1, 5], [0, 3]], "XT": [[2, 5], [4, 3]]}, {"dV_1": 17, "dV_total": 17, "D_1": 4.4, "D_2": 1}),
    case({"e0": 10, "eT": 12, "activity": 5, "structure": 1, "intensity": -4}, {"sum": 2, "without_efficiency": 16}),
    case({"eff_gain": 0.5, "periods": 2, "net_reduction": 0.25},
         {"expected_reduction": 0.75, "rebound": 2 / 3, "demand_growth": 3}),
    case({"eta_S": [-1.5, 2]}, {"rebound": [-1.5, 2], "eta_E": [-2.5, 1], "backfire": [False, True]}),
    case({"years": [1800, 1825, 1925], "tons": [100, 400, 100]},
         {"inc_1825": 600, "rate_1825": 1500, "inc_1925": -150, "rate_1925": -50}),
]  # fmt: skip


@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda unseen: " ".join(unseen["inputs"]))
def test_cases_never_seen_run_and_wrong_figures_fail(published, unseen):
    assert published.run(unseen).status == "passed", published.run(unseen).reason
    for name, value in unseen["expected"].items():
        wrong = copy.deepcopy(unseen)
        wrong["expected"][name] = [not value[0], *value[1:]] if isinstance(value, list) else value * 1.37
        assert published.run(wrong).status == "failed", name


def test_what_is_not_built_is_pending_and_what_is_unknown_fails(published):
    assert published.run(case({"formula": "a step and a season"}, {"rr": 1.0})).status == "skipped"
    assert published.run(case({"owls": 1}, {"rr": 1.0})).status == "failed"


def test_an_interrupted_series_never_seen_is_read_from_beside_its_cases(published, tmp_path, monkeypatch):
    """Two means of three months: the step is their ratio; wrong figures fail, and a series that is not there waits."""
    (tmp_path / "calls.csv").write_text("month,calls,people,ban\n1,10,100,0\n2,10,100,0\n3,40,200,1\n4,40,200,1\n")
    monkeypatch.setenv("JEVONS_CASES", str(tmp_path / "cases.json"))
    inputs = {"data": "calls.csv (4 months)", "formula": "calls ~ offset(log(people)) + ban, Poisson", "step": "ban"}
    wide = math.exp(1.959964 * math.sqrt(1 / 20 + 1 / 80))
    right = {"rr": 2.0, "rr_lo": 2 / wide, "rr_hi": 2 * wide, "ban": math.log(2), "intercept": math.log(0.1)}
    made = case(inputs, right)
    made["tolerance"] = {name: {"abs": 1e-6} for name in right}
    assert published.run(made).status == "passed", published.run(made).reason
    assert published.run(made | {"expected": right | {"rr": 2.01}}).status == "failed"
    absent = made | {"inputs": inputs | {"data": "nowhere.csv"}}
    assert published.run(absent).status == "skipped"
