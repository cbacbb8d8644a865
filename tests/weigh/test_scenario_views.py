"""Two questions, never mixed; boundaries that are unequal; factors that nobody has."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import level, scenario, verdict, view, weighed, world

KWH = "what = 'electricity'; energy_kwh = {}; place = '{}'"
CALLS = "what = 'calls'; model = 'gpt-4o'; calls = {}; input_tokens = 900; output_tokens = 100"
STATED = "what = 'stated'; label = '{}'; carbon_g = {}; includes = {}; grid = '{}'"


def test_where_the_views_differ_the_page_says_which_question_each_answers(tmp_path):
    """A clean average behind plants that follow demand by coal: more by account, less by decision, or the other way."""
    grids = {"SE": (10.0, 800.0, 20.0), "PL": (600.0, 500.0, 30.0)}
    rows = [
        (name, place, value)
        for place, values in grids.items()
        for name, value in zip(("grid", "grid_operating", "grid_build"), values, strict=True)
    ]
    made = weighed(scenario(KWH.format(1, "PL"), KWH.format(1, "SE")), world(tmp_path, *rows))
    assert [verdict(made, name).verdict for name in ("short run", "long run", "attributional")] == [
        "more",
        "less",
        "less",
    ]
    assert "more for the short run (what does this decision change now, with what exists?)" in made.signs
    assert "less for the attributional (what share of today's footprint does each way bear?)" in made.signs
    same = weighed(scenario(KWH.format(1, "PL"), KWH.format(0.5, "PL")), world(tmp_path, *rows))
    assert same.signs == ""


def test_a_margin_that_nobody_has_is_unknown_and_never_the_continents():
    made = weighed(scenario(KWH.format(2, "AD"), KWH.format(1, "AD")))  # Andorra: no row of its own
    for name in ("short run", "long run"):
        assert verdict(made, name).verdict == "unknown"
        assert level(made, name, "a").figure is None
        assert level(made, name, "a").best is None
    assert "no operating margin is known of AD" in verdict(made, "short run").why[0]
    assert verdict(made, "attributional").verdict == "less"
    world_ = weighed(scenario("what = 'electricity'; energy_kwh = 2", "what = 'electricity'; energy_kwh = 1"))
    assert verdict(world_, "short run").verdict == "less"  # the world was asked for, and has a margin


def test_what_is_not_in_the_tables_is_unknown_not_nothing():
    text = scenario("what = 'travel'; distance_km = 100; by = 'train'", KWH.format(0.001, "FR"))
    made = weighed(text)
    assert verdict(made, "attributional").verdict == "less"
    energy = weighed(text, indicator="energy")
    assert verdict(energy, "short run").verdict == "unknown"


@pytest.mark.parametrize(
    ("one", "other", "rule", "views"),
    [
        ("what = 'people'; time_h = 1; carbon_per_h_kg = 1.7", STATED.format("q", 2, "['operation']", "average"),
         "a whole life against the work alone", ("attributional",)),
        ("what = 'ci'; time_h = 1; place = 'FR'", KWH.format(1, "FR"), "hardware on one side only",
         ("long run", "attributional")),
        ("what = 'training'; energy_kwh = 9; serves = 3; place = 'FR'",
         CALLS.format(1), "training on one side only", ("attributional",)),
        (STATED.format("x", 1, "['operation']", "average"), STATED.format("y", 2, "['operation']", "operating"),
         "average against marginal", ("attributional",)),
        ("what = 'stated'; label = 'x'; energy_kwh = 1; includes = ['operation']",
         STATED.format("y", 2, "['operation']", "average"), "different units", ()),
    ],
)  # fmt: skip
def test_unequal_boundaries_are_flagged_and_refuse_a_verdict(one, other, rule, views):
    made = weighed(scenario(one, other, top="people = true"))
    assert rule in [flag.rule for flag in made.flags]
    for name in views:
        assert verdict(made, name).verdict in ("refused", "unknown")
        assert verdict(made, name).ratio is None
        assert all(level.best is None for level in view(made, name).levels)


def test_equal_boundaries_are_not_flagged():
    for one, other in (
        ("what = 'ci'; time_h = 1", "what = 'laptop'; time_h = 1"),
        (KWH.format(1, "FR"), KWH.format(2, "FR")),
        ("what = 'people'; time_h = 1; carbon_per_h_kg = 1.7", "what = 'people'; time_h = 2; carbon_per_h_kg = 1.7"),
        ("what = 'ci'; time_h = 1", ""),
    ):
        assert weighed(scenario(one, other, top="people = true\nplace = 'FR'")).flags == []


def test_a_pair_on_the_same_side_is_still_compared():
    trained = "what = 'training'; energy_kwh = 9; serves = 3"
    made = weighed(scenario(CALLS.format(2), CALLS.format(1), trained, top="place = 'FR'"))
    assert verdict(made, "attributional").verdict == "less"
    assert verdict(made, "attributional", "c").verdict == "refused"


def test_figures_of_one_source_that_contradict_each_other_are_flagged():
    stated = "what = 'stated'; label = '{}'; includes = ['operation']; energy_kwh = 100; carbon_kg = {}"
    made = weighed(scenario(stated.format("x", 40), stated.format("y", 4)))
    assert "one source, one intensity" in " ".join(flag.what for flag in made.flags)
    assert verdict(made, "attributional").verdict == "less"  # said, not refused: two grids may well differ


def test_every_default_is_listed_with_its_source():
    made = weighed(scenario("what = 'ci'; time_min = 5", CALLS.format(1)))
    said = {one.what: one for one in made.defaults}
    assert {"avoidable share", "place", "power of ci", "cached tokens", "serving of gpt-4o"} <= said.keys()
    assert all(one.source for one in made.defaults)
    assert {"ci_power", "grid", "grid_operating", "grid_build", "pue", "gpu_lifetime"} <= {
        one["name"] for one in made.factors
    }
    assert all(one["licence"] and one["source"] for one in made.factors)


def test_people_are_counted_in_hours_and_bear_no_carbon_unless_the_author_says_so():
    text = scenario("what = 'people'; time_h = {low = 2, mid = 4, high = 8}", "", top="people = true")
    made = weighed(text)
    assert made.people_h["a"].low == pytest.approx(2, rel=0.05)
    assert verdict(made, "long run").verdict == "same"
