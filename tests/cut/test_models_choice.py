"""The least footprint that is no worse: what is tried, what is picked, what it takes, and an honest none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("scipy", reason="footprints drawn together need numpy and scipy: extra report")
pytest.importorskip("duckdb", reason="jevons cut needs duckdb: extra report")

from jevons.cli import cli
from jevons.cut.models.choice import Choice, NoModelError, choose
from jevons.cut.models.results import Results, key_of, sums_of
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult
from jevons.settings import Settings

LARGE, MIDDLE, SMALL = "llama-3.1-405b-instruct", "llama-3.1-70b-instruct", "llama-3.1-8b-instruct"
SIZE = 300


def results(worse: dict[str, int], *, tokens: int = 100, size: int = SIZE, **more: int) -> Results:
    """Models that fail the first so many of the items, and write so many tokens on each."""
    made = Results("results.csv")
    for model, failures in worse.items():
        for at in range(size):
            written = more.get(model.split("-")[-2], tokens)
            spent = {key_of(model): sums_of(200, 0, written, 1)} if written else {}
            made.add(model, f"{at}", float(at >= failures), spent)
    return made


def of(made: Choice, name: str):
    return next(one for one in made.models if one.model == name)


def test_the_least_of_those_that_are_no_worse() -> None:
    made = choose(results({LARGE: 0, MIDDLE: 2, SMALL: 150}), LARGE, 0.05)
    assert [one.model for one in made.models] == [SMALL, MIDDLE]  # the least carbon first
    assert made.pick == MIDDLE
    assert of(made, SMALL).judged.said == "worse"
    assert made.each == pytest.approx(0.975)  # two tried
    assert made.in_use_score == 1
    both = choose(results({LARGE: 0, MIDDLE: 2, SMALL: 2}), LARGE, 0.05)
    assert both.pick == SMALL
    assert of(both, SMALL).carbon.shown


def test_none_where_all_are_worse_or_nothing_takes_less() -> None:
    assert choose(results({LARGE: 0, SMALL: 150}), LARGE, 0.05).pick == ""
    small = choose(results({LARGE: 0, SMALL: 0}), SMALL, 0.05)
    assert (small.pick, of(small, LARGE).judged) == ("", None)
    with pytest.raises(NoModelError, match=f"nope is not among .*{LARGE}, {SMALL}"):
        choose(results({LARGE: 0, SMALL: 0}), "nope", 0.05)


def test_models_named_before_are_tried_alone() -> None:
    found = results({LARGE: 0, MIDDLE: 2, SMALL: 150})
    made = choose(found, LARGE, 0.05, only=[MIDDLE])
    assert [one.model for one in made.models] == [MIDDLE]
    assert made.each == 0.95
    with pytest.raises(NoModelError, match="nope"):
        choose(found, LARGE, 0.05, only=["nope"])


def test_a_small_model_that_writes_much_more_takes_no_less() -> None:
    """At a hundred times the output the 70 B model takes more than the 405 B one."""
    made = choose(results({LARGE: 0, MIDDLE: 0}, **{"70b": 10_000}), LARGE, 0.05)
    assert (made.pick, of(made, MIDDLE).judged) == ("", None)
    assert of(made, MIDDLE).carbon.mid > 1


def test_an_item_takes_what_its_tokens_take() -> None:
    """Twice as many items of the same tokens: the same per item; tries of an item count each."""
    one = choose(results({LARGE: 0, SMALL: 0}), LARGE, 0.05)
    more = choose(results({LARGE: 0, SMALL: 0}, size=2 * SIZE), LARGE, 0.05)
    assert of(one, SMALL).carbon.mid == pytest.approx(of(more, SMALL).carbon.mid)
    assert of(one, SMALL).carbon_g == pytest.approx(of(more, SMALL).carbon_g)
    twice = results({LARGE: 0, SMALL: 0})
    for at in range(SIZE):
        twice.add(SMALL, f"{at}", 1.0, {key_of(SMALL): sums_of(200, 0, 100, 1)})
    tried = choose(twice, LARGE, 0.05)
    assert of(tried, SMALL).carbon.mid == pytest.approx(of(one, SMALL).carbon.mid)
    assert one.tokens == "given"
    twice.add(SMALL, "0", 1.0, {})  # a try of which nobody knows the tokens
    assert of(choose(twice, LARGE, 0.05), SMALL).carbon_g == pytest.approx(of(one, SMALL).carbon_g)


def test_only_common_items_are_compared_and_the_others_counted() -> None:
    found = results({LARGE: 0, MIDDLE: 2})
    for at in range(30):
        del found.models[MIDDLE][f"{at}"]
    found.add(MIDDLE, "more", 0.0, {})
    found.add("apart", "elsewhere", 1.0, {})
    made = choose(found, LARGE, 0.05)
    assert (of(made, MIDDLE).items, of(made, MIDDLE).left_out) == (270, 31)
    assert of(made, MIDDLE).judged.difference == 0  # the two failures lie among those left out
    assert any("no item in common" in note and "apart" in note for note in made.notes)


def test_without_tokens_changes_hold_at_the_same_tokens_and_levels_are_unknown() -> None:
    made = choose(results({LARGE: 0, SMALL: 0}, tokens=0), LARGE, 0.05)
    assert made.tokens == "assumed"
    assert (of(made, SMALL).carbon_g, of(made, SMALL).usd, made.in_use_carbon_g) == (None, None, None)
    assert of(made, SMALL).carbon.high < 1
    assert any("no tokens are given" in note for note in made.notes)


def test_an_unknown_model_is_priced_as_the_widest_tier_and_said() -> None:
    made = choose(results({LARGE: 0, "zq-17": 0}), LARGE, 0.05)
    one = of(made, "zq-17")
    assert one.knowledge == "unknown"
    assert not one.carbon.shown
    assert any("nothing is known of zq-17" in note for note in made.notes)


def test_items_of_a_cluster_count_once() -> None:
    found = results({LARGE: 0, MIDDLE: 2})
    found.clusters = {f"{at}": f"{at // 10}" for at in range(SIZE)}
    made = choose(found, LARGE, 0.05)
    assert of(made, MIDDLE).items == 30
    assert of(made, MIDDLE).judged.said == "not shown"


# -- as people use it ---------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    monkeypatch.chdir(tmp_path)
    for name in Settings.__struct_encode_fields__:
        monkeypatch.delenv(f"JEVONS_{name.upper().replace('-', '_')}", raising=False)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["cut", *map(str, arguments)])
    return done.exit_code, done.output


def write(folder: Path, **failures: int) -> None:
    lines = ["item,model,pass,input_tokens,output_tokens"]
    for model, count in failures.items():
        lines += [f"{at},{model.replace('_', '-')},{int(at >= count)},200,100" for at in range(SIZE)]
    (folder / "r.csv").write_text("\n".join(lines) + "\n")


def test_the_command_says_pick_confidence_estimand_and_money(project: Path) -> None:
    pytest.importorskip("genai_prices", reason="money needs genai-prices: extra report")
    write(project, gpt_4o=0, gpt_4o_mini=1)
    code, output = run("--models", "r.csv", "--in-use", "gpt-4o", "--margin", "0.05")
    assert code == 0, output
    assert max(map(len, output.splitlines())) <= 80
    said = " ".join(output.split())
    for part in (
        "no worse than gpt-4o by more than 5 points, over endlessly many such items", "pick gpt-4o-mini: -0.3",
        "points on 300 common items", "not shown (", "$0.000090 for $0.0015 an item",
        "wrong with a chance of at most 5 %", "scores 100.0 %",
    ):  # fmt: skip
        assert part in said, part
    made = json.loads(run("--models", "r.csv", "--in-use", "gpt-4o", "--margin", "0.05", "--format", "json")[1])
    assert (made["schema"], made["pick"], made["estimand"]) == ("jevons.models/1", "gpt-4o-mini", "rate")
    counted = run("--models", "r.csv", "--in-use", "gpt-4o", "--margin", "0.003", "--estimand", "list")[1]
    assert "none: all 1 that take less are worse" in " ".join(counted.split())
    markdown = run("--models", "r.csv", "--in-use", "gpt-4o", "--format", "markdown", "-o", "m.md")
    assert markdown[0] == 0
    assert (project / "m.md").read_text(encoding="utf-8").startswith("### A smaller model")


def test_what_is_not_shown_says_what_would_show_it_and_that_margin_does(project: Path) -> None:
    write(project, gpt_4o=0, gpt_4o_mini=4)
    asked = ("--models", "r.csv", "--in-use", "gpt-4o", "--margin")
    said = " ".join(run(*asked, "0.02")[1].split())
    assert "pick none: of 1 that takes less, it is not shown" in said
    assert " items like these may show it, " in said
    margin = said.partition("or --margin ")[2].split()[0]
    assert "pick gpt-4o-mini" in " ".join(run(*asked, margin)[1].split())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--models", "r.csv"), "which model is in use? --in-use, one of gpt-4o, gpt-4o-mini"),
        (("--models", "r.csv", "--in-use", "gpt-5"), "gpt-5 is not among the models of r.csv"),
        (("--models", "r.csv", "--in-use", "gpt-4o", "--margin", "2"), "a margin of 2"),
        (("--models", "r.csv", "--in-use", "gpt-4o", "--confidence", "5"), "a confidence of 5"),
        (("--in-use", "gpt-4o"), "give the results of several (--models RESULTS)"),
        (("--models", "absent.csv", "--in-use", "gpt-4o"), "absent.csv"),
        (("--models", "empty", "--in-use", "gpt-4o"), "holds no ledger"),
        (("--models", "bad.csv", "--in-use", "gpt-4o"), "bad.csv, row 2: score 7 is not from 0 to 1"),
    ],
)
def test_what_cannot_be_done_exits_2_and_says_why(project: Path, arguments: tuple[str, ...], reason: str) -> None:
    write(project, gpt_4o=0, gpt_4o_mini=0)
    (project / "empty").mkdir()
    (project / "bad.csv").write_text("item,model,score\na,m,7\n")
    code, output = run(*arguments)
    assert code == 2
    assert reason in output


def ledger(folder: Path, number: int, model: str, failing: set[int]) -> None:
    """A run of 60 tests that one model answered, of nine a judge as well, and a test that two models answered."""
    begun = 1_794_000_000_000_000 + number * 3_600_000_000
    spool = Spool(Home(folder / ".jevons"), f"20261106T0{number}0000-{number:06x}")
    spool(Run(id=spool.run, project="x", branch="main", started_us=begun, ended_us=begun + 60_000_000))
    for at in range(61):
        test = f"tests/test_ai.py::test_{at}"
        spool(TestResult(run=spool.run, test=test, outcome="failed" if at in failing else "passed"))
        asked = [(model, "product")] + [("gpt-4.1", "judge")] * (at > 50) + [("o3", "product")] * (at == 60)
        for call, (name, role) in enumerate(asked):
            spool(Call(id=f"{spool.run}-{at}-{call}", run=spool.run, index=9 * at + call, test=test, role=role,
                       provider="openai", model=name, usage="reported", status=200, input_tokens=100 * (1 + call),
                       output_tokens=40, started_us=begun + at, request_hash=f"{number} {at} {call}"))  # fmt: skip
    spool.close()


def test_the_command_that_the_finding_names_answers_from_the_ledger(project: Path) -> None:
    pytest.importorskip("genai_prices", reason="money needs genai-prices: extra report")
    ledger(project, 1, "gpt-4o-mini", set())
    ledger(project, 2, "gpt-4o", {0})
    code, found = run("--format", "json")
    assert code == 0, found
    (line,) = {
        line for one in json.loads(found)["findings"] for line in one["do"] if line.startswith("jevons cut --models")
    }
    assert line == "jevons cut --models .jevons --in-use gpt-4o --try gpt-4o-mini --margin 0.02"
    code, output = run(*line.split()[2:], "--format", "json")
    assert code == 0, output
    made = json.loads(output)
    (one,) = made["models"]
    assert (one["model"], one["items"], one["judged"]["difference"]) == ("gpt-4o-mini", 60, pytest.approx(1 / 60))
    assert any("several models answered" in note for note in made["notes"])
    # 100 tokens in and 40 out, of the product alone
    assert one["usd"] == pytest.approx((100 * 0.15 + 40 * 0.6) / 1e6)


def test_tokens_that_results_do_not_tell_are_those_of_the_ledger(project: Path) -> None:
    pytest.importorskip("genai_prices", reason="money needs genai-prices: extra report")
    ledger(project, 1, "gpt-4o", set())
    (project / "r.csv").write_text(
        "item,model,pass\n" + "".join(f"{at},{m},1\n" for at in range(200) for m in ("gpt-4o", "gpt-4o-mini"))
    )
    made = json.loads(run("--models", "r.csv", "--in-use", "gpt-4o", "--margin", "0.05", "--format", "json")[1])
    assert made["tokens"] == "ledger"
    assert made["models"][0]["usd_in_use"] == pytest.approx((100 * 2.5 + 40 * 10) / 1e6)
