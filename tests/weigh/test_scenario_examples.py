"""The worked examples: each reads as a page of 80 columns and says what its story is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import verdict

from jevons.report.scenario import amount
from jevons.report.scenario import text as page
from jevons.weigh.scenario.document import Range, Weighed
from jevons.weigh.scenario.price import World
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.weigh import weigh

EXAMPLES = Path(__file__).parents[2] / "examples" / "scenarios"
VIEWS = ("short run", "long run", "attributional")


@cache
def made(name: str) -> Weighed:
    path = EXAMPLES / f"{name}.toml"
    return weigh(read(path.read_text(encoding="utf-8"), path.name), World(), root=EXAMPLES, draws=1024)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.toml")))
def test_every_page_fits_a_terminal_and_lists_inputs_defaults_factors_and_sources(name):
    said = page(made(name))
    assert max(map(len, said.splitlines())) <= 80
    labels = ["answer", "default", "method"]
    if name != "writers-published":
        labels += ["inputs", "factors", "sources", "decides", "turns at", "tree"]
    for label in labels:
        assert f"\n{label} " in said, label


@pytest.mark.parametrize("scale", [1e-15, 1e-6, 1e6, 1e15])
def test_a_page_fits_whatever_the_size_of_its_figures(scale):
    text = (EXAMPLES / "writers-equal.toml").read_text(encoding="utf-8")
    wide = f"writing = {{low = {scale / 3}, mid = {scale}, high = {scale}"
    text = text.replace("writing = {low = 0.4, mid = 0.8, high = 1.6", wide)
    assert str(scale) in text
    said = page(weigh(read(text), World(), draws=256))
    assert max(map(len, said.splitlines())) <= 80


def test_the_published_comparison_of_writers_and_ai_is_flagged_and_under_equal_boundaries_not_shown():
    published = made("writers-published")
    assert published.flags[0].rule == "a whole life against the work alone"
    assert [one.figure.mid for one in published.views[2].levels] == pytest.approx(
        [1404, 2.2], rel=0.01
    )  # as printed: 1,400 and 2.2 g
    assert {verdict(published, name, "ai").verdict for name in ("short run", "long run", "attributional")} == {
        "unknown",
        "refused",
    }
    equal = made("writers-equal")
    assert equal.flags == []
    assert {verdict(equal, name, "ai").verdict for name in VIEWS} == {"not shown"}
    assert "asking" in verdict(equal, "long run", "ai").show


def test_a_life_on_both_sides_does_not_show_it_either():
    """The person who asks lives, too: then hours decide, and nobody has measured those."""
    text = (EXAMPLES / "writers-published.toml").read_text(encoding="utf-8")
    asks = "[[alternatives.ai.flows]]\nwhat = 'people'\ntime = {low = 0.1, mid = 0.4, high = 1.2, unit = 'h'}\n"
    both = text + asks + "carbon_per_h_kg = 1.7123\n"
    weighed = weigh(read(both.replace('"operation", "training"', '"operation"')), World(), draws=1024)
    assert "a whole life against the work alone" not in [flag.rule for flag in weighed.flags]
    assert verdict(weighed, "attributional", "ai").verdict == "not shown"


def test_a_manager_reads_in_the_judge_example_what_is_shown_and_what_would_show_the_rest():
    judge = made("judge")
    assert verdict(judge, "short run", "cut").verdict == verdict(judge, "long run", "cut").verdict == "less"
    assert judge.train.take == ""
    assert judge.train.recommendation.startswith("not shown")
    assert "less than keep the large judge: cut first" in judge.train.recommendation
    assert judge.train.show
    waiting = {one.alternative: one.waiting_per_year.mid for one in judge.train.candidates}
    assert waiting["finetuned"] > waiting["distilled"] > waiting["keep"] == 0
    assert {one.alternative for one in judge.train.paybacks} == {"finetuned", "distilled"}
    assert page(judge).index("\ntake ") < page(judge).index("\nanswer ")


def test_a_fifth_of_the_energy_is_a_saving_until_use_grows_five_times():
    cheaper = made("cheaper").train
    assert cheaper.take == "cheaper"
    by = {one.rebound: one for one in cheaper.rebounds if one.alternative == "cheaper"}
    assert by[1.0].growth == pytest.approx(5)
    assert [by[r].verdict for r in (0.0, 0.5, 1.0, 1.4)] == ["less", "less", "same", "more"]


def test_the_rubric_example_counts_benefits_and_peoples_hours_on_both_sides():
    rubric = made("rubric")
    assert {one.alternative for one in rubric.benefits} == {"llm", "scripts", "both"}
    assert rubric.people_h.keys() == {"llm", "scripts", "both"}
    assert {one.order for one in rubric.consequences} == {"first", "second", "higher"}
    assert verdict(rubric, "long run", "both").decides[0].what == "upkeep"


def test_dollars_are_scaled_with_their_prefix():
    for high, said in ((120.0, "$12-$120"), (68_000.0, "$6.8k-$68k"), (2.5e7, "$2.5M-$25M")):
        assert amount(Range(high / 10, high / 2, high), "USD") == said
