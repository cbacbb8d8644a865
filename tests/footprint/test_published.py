"""The runner of published cases: the file that there is, files that it has never seen, and figures that are wrong."""

import copy
import hashlib
import json
import os
import re
import subprocess
import sys

import pytest
import scripts


@pytest.fixture(scope="module")
def published():
    return scripts.module("published")


@pytest.fixture(scope="module")
def papers(shared_data):
    return shared_data / "papers" / "cases.json"


def run(path):
    return subprocess.run(
        [sys.executable, scripts.FOLDER / "published.py"],
        env=os.environ | {"JEVONS_CASES": str(path)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def case(theme, inputs, expected, kind="reproduce", title="", source="", tolerance=None):
    rounding = {name: {"rel": 1e-9, "abs": 1e-12} for name in expected} if tolerance is None else tolerance
    return {"id": "new", "theme": theme, "title": title, "kind": kind, "source": source, "formula": "",
            "inputs": inputs, "expected": expected, "tolerance": rounding}  # fmt: skip


UNSEEN = [  # figures by hand
    case(1, {"gpu_hours": 1000, "tdp_kw": 0.5, "pue": 1.2, "ci_kg_per_kwh": 0.4}, {"mwh": 0.6, "tco2e": 0.24}),
    case(1, {"chips": 10, "avg_w_per_chip": 100, "days": 5, "pue": 1.5, "gross_kg_per_kwh": 0.5, "net_kg_per_kwh": 0.1,
             "published_mwh": 0.2}, {"energy_mwh": 0.18, "gross_t": 0.1, "net_t": 0.02}),
    case(1, {"dynamic_t": 3, "idle_t": 1, "embodied_t": 4}, {"total_t": 8, "share_embodied": 0.5, "share_idle": 0.125}),
    case(1, {"energy_kwh": 100, "pue": 1.1, "ci_g_per_kwh": 200}, {"energy_mwh": 0.11, "tco2e": 0.022}),
    case(1, {"gpu_hours": 2000, "w": 500, "tco2e": 0.3}, {"implied_kg_per_kwh": 0.3}),
    case(2, {"training_t": 3.6525, "kg_per_day": 2}, {"years": 5}),
    case(2, {"train_kwh": 100, "finetune_kwh": 20, "kwh_per_inference": 0.001}, {"parity": 120_000}),
    case(2, {"training_t": 1, "g_per_500_prompts": 5, "prompts": 500}, {"breakeven": 1e8}),
    case(3, {"wh": 0.3, "pue": 1.2, "wue_site": 0.4, "wue_source": 2.0, "cif_kg": 0.5},
         {"ml": 0.7, "g": 0.15, "wh_without_overhead": 0.25}),
    case(3, {"before": 8, "after": 6}, {"saving_pct": 25}),
    case(3, {"rule": "range split in five"}, {"example": "range 0..50 Wh: 9 -> 5 stars, 11 -> 4, 50 -> 1"}),
    case(4, {"pue": 1.5, "wue_onsite": 1, "ewif": 2, "training_mwh": 1000, "kwh_per_request": 0.01},
         {"train_on_ML": 1, "train_off_ML": 3, "train_total_ML": 4, "req_on_ml": 10, "req_off_ml": 30,
          "req_total_ml": 40, "requests_per_500ml": 12.5}),
    case(5, {"server_kg": 876, "gpu_kg": 438, "years": 2, "use": 0.5, "gpu_hours": 100, "gpus_per_server": 4},
         {"server_kg_per_h": 0.1, "gpu_kg_per_h": 0.05, "servers_t": 0.0025, "gpus_t": 0.005, "total_t": 0.0075}),
    case(5, {"util": 0.5, "cores": 4, "tdp": 100, "coef": 0.5, "h": 2, "i": 300, "te_kg": 10, "el_h": 1000, "rr": 1,
             "tor": 4, "app": 1}, {"e_kwh": 0.2, "m_g": 5, "sci": 65, "total": 66}),
    case(5, {"op_kg": 20, "emb_kg": 10, "tokens": 3e9, "prov_kg": 4, "flops": 2e18},
         {"kg_per_bn_tokens": 10, "provider_g_per_1e15_flop": 2}),
    case(5, {"kg": 200, "tokens": 1e9, "cv_kg": 9, "params_bn": 3},
         {"g_per_million_tokens": 200, "kg_per_bn_params": 3}, "published_inconsistency",
         source='table 2 ("20 kg/billion parameters")'),
    case(1, {"energy_kwh": 200, "ci_g_per_kwh": 500}, {"total_kg_from_printed_energy": 100}, "published_inconsistency",
         "the paper prints 200 kWh and 90 kg at 500 g/kWh"),
    case(1, {"rows_t": [1.5, 2.5, 3.0], "total_t": 9.0}, {"rows_sum_t": 7}, "published_inconsistency"),
    case(3, {"before": 10, "after": 6, "stated_pct": 67}, {"right_base_pct": 40}, "published_inconsistency"),
    case(1, {"mwh": 100, "pue": 1.2, "ci_kg_per_kwh": 0.5, "wue": 2.0}, {"tco2e_by_formula": 60, "kl_by_formula": 240},
         "published_inconsistency", "printed: 100 MWh, 72 t"),
    case(4, {"mwh": 24, "pue": 1.2, "wue_site": 0.5, "wue_source": 2, "cif_kg": 0.5}, {"kl": 58, "tco2e": 12}),
    case(6, {"old_w": 50, "new_w": 10}, {"expected_saving": 0.8}),
    case(7, {"human_g": 90, "small_g": 3, "large_g": 30}, {"ratio_small": 30, "ratio_large": 3}),
]  # fmt: skip


@pytest.mark.parametrize("unseen", UNSEEN, ids=lambda unseen: f"{unseen['theme']} {' '.join(unseen['inputs'])}")
def test_cases_never_seen_run_and_wrong_figures_fail(published, unseen):
    assert published.run(unseen).status == "passed", published.run(unseen).reason
    for name, value in unseen["expected"].items():
        wrong = copy.deepcopy(unseen)
        wrong["expected"][name] = value.replace("4", "3") if isinstance(value, str) else value * 1.37
        assert published.run(wrong).status == "failed"


def test_every_figure_of_the_papers_decides(published, papers):
    """Each figure that a passed case computes, altered, makes the case fail."""
    altered = 0
    for one in published.cases(papers):
        made = published.run(one)
        assert made.status != "failed", made
        if made.status != "passed":
            continue
        for name, value in one["expected"].items():
            if isinstance(value, int | float) and name in one["tolerance"]:
                wrong = copy.deepcopy(one)
                wrong["expected"][name] = value * 1.37 if value else 1.0
                assert published.run(wrong).status == "failed", (one["id"], name)
                altered += 1
    assert altered > 150


def test_consistent_papers_are_not_flagged(published, papers):
    flagged = {one["id"]: one["kind"] for one in published.cases(papers) if published.findings(one)}
    assert set(flagged.values()) == {"published_inconsistency"}
    assert len(flagged) == sum(one["kind"] == "published_inconsistency" for one in published.cases(papers))


def test_command(published, papers):
    made = run(papers)
    assert made.returncode == 0, made.stdout + made.stderr
    last = made.stdout.splitlines()[-1]
    numbers = re.fullmatch(r"(\d+) passed, 0 failed, (\d+) skipped", last)
    assert numbers
    assert int(numbers[1]) + int(numbers[2]) == len(published.cases(papers))
    pending = [line for line in made.stdout.splitlines() if "pending: " in line]
    assert len(pending) == int(numbers[2])


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (case(1, {"gpu_hours": 1000, "tdp_kw": 0.5, "pue": 1.2}, {"mwh": 0.7}), "printed 0.7"),
        (case(3, {"moonlight": 1, "owls": 2}, {"wh": 1}), "no adapter for theme 3, inputs moonlight, owls"),
        (case(1, {"gpu_hours": 1000, "tdp_kw": 0.5}, {"owls": 1}), "owls 1: not computed"),
        (case(1, {"energy_kwh": 0, "requests": 0}, {"wh_per_request": 1}), "needs units"),
        (case(1, {"energy_kwh": 200, "ci_g_per_kwh": 500}, {"total_kg": 100}, "published_inconsistency",
              "200 kWh and 100 kg at 500 g/kWh"), "no rule"),
        (case(1, {"energy_kwh": 200, "ci_g_per_kwh": 500}, {"total_kg": 101.0}, tolerance={}), "printed 101"),
    ],
)  # fmt: skip
def test_what_fails_says_why(tmp_path, broken, why):
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([UNSEEN[0], broken]), encoding="utf-8")
    made = run(path)
    assert made.returncode == 1
    assert why in made.stdout
    assert made.stdout.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_a_table_in_another_order_fails(published):
    """Models of the AI Energy Score, the small one made the heaviest."""
    table = {"Gemma 7B": 19, "phi-4": 29, "Llama 3 70B": 1700}
    unit = {"unit": "GPU Wh per 1000 queries"}
    assert published.run(case(3, unit, table, "dataset", tolerance={})).status == "passed"
    assert published.run(case(3, unit, table | {"Gemma 7B": 9000}, "dataset", tolerance={})).status == "failed"
    assert published.run(case(3, unit, {"nobody knows": 1}, "dataset", tolerance={})).status == "failed"


def test_half_a_digit_where_no_tolerance_is_given(published):
    inputs = {"gpu_hours": 1000, "tdp_kw": 0.5, "pue": 1.23456}
    for mwh, status in ((0.617, "passed"), (0.62, "passed"), (0.618, "failed"), (0.6173, "passed"), (0.6172, "failed")):
        assert published.run(case(1, inputs, {"mwh": mwh}, tolerance={})).status == status


def test_section(published, tmp_path):
    pending = {**case(7, {"p0": 0.1}, {"h1": 1}), "kind": "plausibility"}
    broken = case(1, {"gpu_hours": 1000, "tdp_kw": 0.5}, {"mwh": 9})
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([UNSEEN[0], broken, pending]), encoding="utf-8")
    text = published.section(path)
    assert "| 1 training | 1 | 1 | 0 |" in text
    assert "| 7 comparisons | 0 | 0 | 1 |" in text
    assert "| all | 1 | 1 | 1 |" in text
    assert "new: failed, mwh: printed 9, computed 0.5" in text
    assert "pending: bounds that no function of the product computes" in text
    assert hashlib.sha256(path.read_bytes()).hexdigest() in text


def test_no_file(tmp_path):
    made = run(tmp_path / "none.json")
    assert made.returncode == 2
    assert "JEVONS_CASES" in made.stderr
