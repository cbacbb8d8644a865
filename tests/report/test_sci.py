"""SCI of runs: the equation holds, personas are apart, training is in none, and what is not known is said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from report.test_build import calls, results
from report.test_html import NASTY, STEERING
from report.whole import record

from jevons.cli import cli
from jevons.footprint import Overrides
from jevons.ledger.recorded import Recorded, kept, of_calls, opened
from jevons.record import Call, Run, TestResult
from jevons.report.build import build
from jevons.report.document import Range
from jevons.report.sci import PER, NoScoreError, report
from jevons.report.sci.document import Document, Score
from jevons.report.sci.text import markdown

OURS = "llama-3.1-8b"


def call(number: int, test: str, **more: object) -> Call:
    facts = {"provider": "openai", "model": "gpt-4o", "usage": "reported", "status": 200, "input_tokens": 900,
             "output_tokens": 100, "started_us": 1_790_000_000_000_000}  # fmt: skip
    return Call(**{"id": str(number), "run": "r", "test": test, **facts, **more})  # type: ignore[arg-type]


def run(*made: Call, verdicts: tuple[str, ...] = ("a", "b")) -> Recorded:
    return of_calls(Run(id="r"), made, [TestResult(run="r", test=test, outcome="passed") for test in verdicts])


def only(document: Document) -> Score:
    (score,) = document.scores
    return score


def terms(score: Score) -> dict[str, Range]:
    return {one.letter: one.figure for one in score.terms}


def figure(score: Score) -> Range:
    assert score.sci_g is not None
    return score.sci_g


def test_the_equation_by_every_functional_unit() -> None:
    made = run(call(1, "a"), call(2, "a"), call(3, "b"), call(4, "", mode="replayed"))
    for per, (unit, many, _) in PER.items():
        score = only(report([made], name="r", per=per))
        of = terms(score)
        assert score.unit == unit
        assert of["R"].mid == {"calls": 3, "run": 1, "verdict": 2, "tokens": 3_000}[per]
        operational = of["E"].mid * of["I"].mid
        assert operational == pytest.approx(of["O"].mid, rel=1e-12)
        assert figure(score).mid == pytest.approx((operational + of["M"].mid) / of["R"].mid * many, rel=1e-12)
        ends = [(of["O"].low + of["M"].low), (of["O"].high + of["M"].high)]  # the widest that a sum can be
        low, high = (end / of["R"].mid * many for end in ends)
        assert low <= figure(score).low < figure(score).mid < figure(score).high <= high


@settings(max_examples=30)
@given(st.lists(calls, min_size=1, max_size=12), st.lists(results, max_size=4), st.sampled_from(sorted(PER)))
def test_terms_are_the_reports_level_and_every_term_has_a_source(
    made: list[Call], tests: list[TestResult], per: str
) -> None:
    of_run = of_calls(Run(id="r"), made, tests)
    level = build([of_run]).level
    try:
        score = only(report([of_run], name="r", per=per))
    except NoScoreError:
        assert not any(one.mode == "live" for one in made)
        return
    of = terms(score)
    assert of["E"].mid * 1e3 == pytest.approx(level.energy_wh.mid, rel=1e-9, abs=1e-15)
    assert (of["O"].low, of["O"].high) == pytest.approx((level.carbon_g.low, level.carbon_g.high), rel=1e-9, abs=1e-15)
    assert of["M"].mid == pytest.approx(level.embodied_g.mid, rel=1e-9, abs=1e-15)
    assert (score.sci_g is None) == bool(score.why_none)
    if level.energy_wh.mid:
        assert all(one.sources for one in score.terms if one.letter != "O")
        assert all(one.source and one.figure.low <= one.figure.mid <= one.figure.high for one in score.coefficients)
    assert markdown(report([of_run], name="r", per=per))


def test_carbon_intensity_has_the_grids_interval_and_not_that_of_the_energy() -> None:
    score = only(report([run(call(1, "a", region="eu-north-1"))], name="r"))
    (grid,) = (one for one in score.coefficients if one.name == "grid")
    intensity = terms(score)["I"]
    assert intensity.mid == pytest.approx(grid.figure.mid, rel=1e-9)
    assert (intensity.low, intensity.high) == pytest.approx((grid.figure.low, grid.figure.high), rel=1e-6)


def test_tests_that_call_ones_own_model_are_the_providers_with_their_judges() -> None:
    made = run(call(1, "a"), call(2, "b", model=OURS), call(3, "b", role="judge"), call(4, "", model=OURS))
    whole = only(report([made], name="r"))
    consumer, provider = report([made], name="r", own=OURS).scores
    assert (consumer.persona, consumer.calls, provider.persona, provider.calls) == ("consumer", 1, "provider", 3)
    for letter in "EOM":
        both = terms(consumer)[letter].mid + terms(provider)[letter].mid
        assert both == pytest.approx(terms(whole)[letter].mid, rel=1e-9)
    assert provider.unit == "billion parameters"
    assert terms(provider)["R"].mid == 8.03  # Meta's card
    mass = terms(provider)["O"].mid + terms(provider)["M"].mid
    assert figure(provider).mid == pytest.approx(mass / 8.03)
    # A Provider of a model that nobody knows the size of has no score, but may say it.
    closed = report([made], name="r", own="gpt-4o").scores[-1]
    assert closed.sci_g is None
    assert "tool.jevons.models" in closed.why_none
    told = report([made], name="r", own="gpt-4o", overrides=Overrides(models={"gpt-4o": (200.0, 50.0)})).scores[-1]
    assert terms(told)["R"].mid == 200
    with pytest.raises(NoScoreError, match="these tests called gpt-4o"):
        report([run(call(1, "a"))], name="r", own=OURS)


def test_training_is_in_no_score_and_is_said_to_be_left_out() -> None:
    made = run(call(1, "a"), call(2, "b", model=OURS))
    for score in report([made], name="r", own=OURS).scores:
        assert score.left_out[0].startswith("training")
        assert not any("training" in one.name or "amortis" in one.name for one in score.coefficients)


def test_what_is_not_known() -> None:
    unknown = call(2, "b", usage="unknown", input_tokens=None, output_tokens=None)
    both = only(report([run(call(1, "a"), unknown)], name="r"))
    assert (both.at_least, both.coverage) == (True, 0.5)
    assert "**SCI: at least " in markdown(report([run(call(1, "a"), unknown)], name="r"))
    # Per token it is the score of those whose tokens are known: no bound.
    known = only(report([run(call(1, "a"))], name="r", per="tokens"))
    tokens = only(report([run(call(1, "a"), unknown)], name="r", per="tokens"))
    assert (tokens.at_least, figure(tokens)) == (False, figure(known))
    none = only(report([run(unknown)], name="r"))
    assert none.sci_g is None
    assert "**SCI: not known.**" in markdown(report([run(unknown)], name="r"))
    with pytest.raises(NoScoreError, match="no live AI call"):
        report([run(call(1, "a", mode="mocked"))], name="r")


def test_verdicts_of_runs_of_which_cells_alone_are_kept() -> None:
    made = run(call(1, "a"), call(2, "b", model=OURS))
    only_cells = opened(kept(made, with_tests=False))
    assert figure(only(report([only_cells], name="r", per="verdict"))) == figure(
        only(report([made], name="r", per="verdict"))
    )
    uncounted = only_cells._replace(served=None)
    assert "nobody counted" in only(report([uncounted], name="r", per="verdict")).why_none


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=60) | st.sampled_from(NASTY))
def test_no_name_does_anything_on_the_page(name: str) -> None:
    made = of_calls(Run(id=name, project=name, place=name[:20]), [call(1, name, model=name), call(2, "t", model=OURS)])
    for own in ("", name):
        page = markdown(report([made], name=name, own=own))
        assert not STEERING.search(page)
        assert not re.search(r"<(?!/?sub>)", page)
        assert len(page) < 60_000
        rows = [line for line in page.splitlines() if line.startswith("| ")]
        assert {line.count("|") for line in rows} <= {8, 9}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(cli, ["sci", "--format", "json"])
    assert told.exit_code == 0, told.output
    document = msgspec.json.decode(told.stdout, type=Document)
    assert (document.schema, len(document.scores)) == ("jevons.sci/1", 1)
    assert CliRunner().invoke(cli, ["sci", "-o", "SCI.md", "--per", "verdict"]).exit_code == 0
    assert "CO2e per verdict**" in (tmp_path / "SCI.md").read_text(encoding="utf-8")
    assert CliRunner().invoke(cli, ["sci", "--check", "SCI.md"]).exit_code == 0
    (tmp_path / "other.md").write_text(
        "Total carbon: 6500 kg CO2e, 50 billion tokens\nSCI: 0.13 g CO2e/million tokens\n"
    )
    found = CliRunner().invoke(cli, ["sci", "--check", "other.md", "--format", "json"])
    assert found.exit_code == 1
    assert json.loads(found.stdout)["findings"][0]["line"] == 2
    nobody = CliRunner().invoke(cli, ["sci", "--own", "acme-7b"])
    assert (nobody.exit_code, "no live call to acme-7b" in nobody.output) == (2, True)
