"""`jevons plan`: what a verdict will likely need, and what that takes, as earlier runs of a test say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import jevons

from jevons.cli import cli
from jevons.cut.verdict.plan import likely
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult

START = 1_794_000_000_000_000
TEST = "tests/test_rag.py::test_answers"
ITEMS = 40


def record(folder: Path, number: int, failing: set[int], *, skipped: int = 0, **more: object) -> None:
    """A run of 40 items, two calls each, 300 + number tokens an item; of the last ones `skipped` did not run."""
    begun = START + number * 3_600_000_000
    spool = Spool(Home(folder / ".jevons"), f"20261106T0{number}0000-{number:06x}")
    spool(Run(id=spool.run, project="x", branch=f"b{number}", started_us=begun, ended_us=begun + 60_000_000))
    for at in range(ITEMS):
        test = f"{TEST}[#{at}:{at:08x}]"
        ran = at < ITEMS - skipped
        outcome = "skipped" if not ran else "failed" if at in failing else "passed"
        spool(TestResult(run=spool.run, test=test, outcome=outcome, fixtures=["shared"]))
        for call in range(2 * ran):
            spool(
                Call(**{
                    "id": f"{spool.run}-{at}-{call}", "run": spool.run, "index": 2 * at + call, "test": test,
                    "provider": "openai", "model": "gpt-4o", "usage": "reported", "status": 200,
                    "input_tokens": 100 + number * call, "output_tokens": 50, "started_us": begun + at, **more,
                })  # type: ignore[arg-type]
            )  # fmt: skip
    spool(Call(id=f"{spool.run}-f", run=spool.run, index=999, fixture="shared", model="gpt-4o", status=200,
               provider="openai", usage="reported", input_tokens=9, output_tokens=9, started_us=begun))  # fmt: skip
    spool.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    monkeypatch.chdir(tmp_path)
    for name in ("JEVONS_DIR", "JEVONS_PLACE", "JEVONS_SHARED"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["plan", *map(str, arguments)])
    return done.exit_code, done.output


def document(*arguments: object) -> dict:
    code, output = run(*arguments, "--format", "json")
    assert code == 0, output
    return json.loads(output)


def test_what_earlier_runs_took_and_said(project: Path) -> None:
    record(project, 1, {0, 1, 2, 3})
    record(project, 2, {0, 1, 9, 10}, skipped=10)
    made = document("--pass-rate", "0.7", "--test", TEST)
    assert (made["schema"], made["items"]) == ("jevons.plan/1", 40)
    past = made["past"]
    assert (past["runs"], past["executions"], past["passed"], past["failed"], past["calls"]) == (2, 70, 62, 8, 140)
    assert past["shared_calls"] == 1
    assert past["models"] == {"gpt-4o": 140}
    costs = {one["unit"]: one for one in made["costs"]}
    assert costs["calls"]["per_item"] == [2, 2, 2]
    assert costs["calls"]["full"] == [80, 80, 80]
    # 30 items took 301 and 302 tokens, ten only 301: the mean of items
    assert costs["tokens"]["per_item"][1] == pytest.approx((30 * 301.5 + 10 * 301) / 40)
    low, middle, high = costs["tokens"]["per_item"]
    assert low < middle < high
    assert made["rows"][2]["rate"] == pytest.approx(62 / 70)
    for row in made["rows"]:
        assert row["low"] <= row["median"] <= row["high"] <= 40
        exact = likely(40, 0.7, row["rate"])
        assert (row["median"], row["mean"]) == (exact.median, pytest.approx(exact.mean))
    needs = made["likely"]
    assert needs["mean"] == pytest.approx(sum(row["mean"] for row in made["rows"]) / 5)
    assert costs["calls"]["needed"][1] == pytest.approx(2 * needs["median"])
    assert costs["carbon_g"]["needed"][2] <= costs["carbon_g"]["full"][2] * 1.01


def test_the_full_run_takes_what_the_report_says_it_took(project: Path) -> None:
    pytest.importorskip("genai_prices", reason="money needs genai-prices: extra report")
    record(project, 1, set())
    made = {one["unit"]: one for one in document("--pass-rate", "0.9", "--test", TEST)["costs"]}
    report = json.loads(jevons(project, "report", "--format", "json", "--by", "test").stdout)
    level = report["level"]["carbon_g"]
    # the fixture's call is in the report alone: 18 of 12,058 tokens
    assert made["carbon_g"]["full"][1] == pytest.approx(level["mid"], rel=0.02)
    assert made["tokens"]["full"][1] == 40 * 301
    assert made["money_usd"]["full"][1] == pytest.approx((201 * 40 * 2.5 + 100 * 40 * 10) / 1e6)  # gpt-4o's list price


def test_the_words_fit_and_say_what_matters(project: Path) -> None:
    record(project, 1, {0, 1, 2, 3})
    done = jevons(project, "plan", "--pass-rate", "0.7", "--test", TEST)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    said = " ".join(done.stdout.split())
    for part in (
        "one complete run of these 40 items would pass at least 70 %", "36 of 40 did", "of 40 items, mean",
        "not settled before the last item", "calls", "likely", "of 80", "CO2e", "1 calls of shared fixtures",
    ):  # fmt: skip
        assert part in said, part


def test_with_nothing_known_a_table_and_no_claim(project: Path) -> None:
    made = document("--items", "400", "--pass-rate", "0.9")
    assert made["likely"] is None
    assert made["costs"] == []
    rates = [row["rate"] for row in made["rows"]]
    assert rates == sorted(rates)
    assert 0.9 in rates
    assert all(row["high"] <= 400 for row in made["rows"])
    text = run("--items", "400", "--pass-rate", "0.9")[1]
    assert "it depends" in text
    assert re.search(r"^ +90 % +400 ", text, re.MULTILINE)


def test_a_range_is_looked_at_in_parts(project: Path) -> None:
    made = document("--items", "100", "--pass-rate", "0.9", "--rate", "0.5-0.6")
    assert [row["rate"] for row in made["rows"]] == pytest.approx([0.51, 0.53, 0.55, 0.57, 0.59])
    assert made["likely"]["fails"] > 0.999


def test_repeats_and_clusters(project: Path) -> None:
    record(project, 1, {0, 1, 2, 3})
    thrice = document("--pass-rate", "0.7", "--test", TEST, "--repeats", "3")
    assert {one["unit"]: one["full"][1] for one in thrice["costs"]}["calls"] == 240
    alone = document("--items", "400", "--pass-rate", "0.8", "--rate", "0.5", "--estimand", "rate")
    shared = document("--items", "400", "--pass-rate", "0.8", "--rate", "0.5", "--estimand", "rate", "--clusters", "40")
    assert shared["likely"]["median"] % 10 == 0
    assert alone["likely"]["median"] < shared["likely"]["median"] <= 400
    code, output = run("--items", "400", "--pass-rate", "0.8", "--clusters", "40")
    assert (code, "--estimand rate" in output) == (2, True)


def test_two_models_of_two_runs(project: Path) -> None:
    record(project, 1, {0, 1, 2, 3})
    record(project, 2, {2, 3, 4}, skipped=4)
    made = document("--margin", "0.3", "--test", TEST, "--run", "b2", "--against", "b1")
    assert "of 36 items that ran with both the new one did better in 2, worse in 1" in made["why"]
    assert made["orders"] > 0
    assert made["rows"][2]["rate"] == pytest.approx(1 / 37)
    assert all(abs(row["rate"]) <= row["differ"] + 1e-9 for row in made["rows"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--items", "9"), "ask for one of pass_rate, mean_score, margin"),
        (("--pass-rate", "0.9"), "Say --items N, or --test NODEID"),
        (("--items", "9", "--pass-rate", "1.9"), "a pass_rate of 1.9"),
        (("--items", "9", "--pass-rate", "0.9", "--margin", "0.1"), "pass_rate and margin"),
        (("--items", "9", "--margin", "1.5"), "a margin of 1.5"),
        (("--items", "9", "--pass-rate", "0.9", "--rate", "x"), "--rate x: a share from 0 to 1"),
        (("--items", "9", "--pass-rate", "0.9", "--rate", "1.2"), "--rate 1.2: a share from 0 to 1"),
        (("--items", "9", "--margin", "0.1", "--rate", "0.9"), "--rate is for --pass-rate"),
        (("--items", "9", "--pass-rate", "0.9", "--difference", "0"), "--difference is for --margin"),
        (("--items", "9", "--margin", "0.1", "--difference", "0.5", "--differ", "0.2"), "--differ 0.2"),
        (("--items", "9", "--pass-rate", "0.9", "--against", "main"), "--against compares"),
        (("--pass-rate", "0.9", "--test", "nope"), "holds nope"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_says_why(project: Path, arguments: tuple[str, ...], reason: str) -> None:
    record(project, 1, set())
    code, output = run(*arguments)
    assert code == 2
    assert reason in output
