"""Greener or not: each change gets the interval that it deserves; newcomers, leavers and methods are no change."""

from __future__ import annotations

import pytest

from jevons.footprint import Overrides
from jevons.footprint.generation import served_by
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run
from jevons.report import comparison
from jevons.weigh.compare import Party, compare

pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
OCTOBER, NOVEMBER = 1_791_000_000_000_000, 1_794_000_000_000_000


def text(made) -> str:
    """For a terminal, its lines made one."""
    return " ".join(comparison.text(made).split())


def run(name: str, started_us: int = NOVEMBER, **more: object) -> Run:
    return Run(**{"id": name, "project": "desk", "ci": "github", "started_us": started_us, **more})  # type: ignore[arg-type]


def calls(of: Run, count: int, model: str = "llama-3.1-70b", **more: object) -> list[Call]:
    base = {"provider": "groq", "model": model, "usage": "reported", "status": 200, "input_tokens": 900,
            "output_tokens": 400, "started_us": of.started_us}  # fmt: skip
    return [Call(**{"id": f"{of.id}-{model}-{number}", "run": of.id, **base, **more}) for number in range(count)]  # type: ignore[arg-type]


def party(*runs: tuple[Run, list[Call]]) -> Party:
    return Party(runs[0][0].id, [of_calls(one, made) for one, made in runs])


def one_each(before: list[tuple[str, int]], after: list[tuple[str, int]], **more: object):
    a, b = run("a"), run("b")
    sides = [
        party((of, [call for model, count in made for call in calls(of, count, model)]))
        for of, made in ((a, before), (b, after))
    ]
    return compare(*sides, **more)


def width(change) -> float:
    return change.high / change.low


def test_three_changes_get_the_interval_each_deserves():
    """One repeated call less; the judge swapped for a smaller one of its provider; for one of another provider."""
    base = [("llama-3.1-70b", 10), ("llama-3.1-8b", 2)]
    fewer = one_each(base, [("llama-3.1-70b", 9), ("llama-3.1-8b", 2)])
    assert fewer.per_run.verdict == "less"
    assert width(fewer.per_run) < 1.02
    smaller = one_each([("llama-3.1-405b", 10)], [("llama-3.1-8b", 10)])
    assert smaller.per_run.verdict == "less"
    assert width(smaller.per_run) > 10 * width(fewer.per_run)
    close = one_each([("llama-3.1-70b", 10)], [("llama-3.1-8b", 10)])
    known = Overrides(
        servings={name: served_by("H100", gpus=4, batch=64) for name in ("llama-3.1-70b", "llama-3.1-8b")}
    )
    told = one_each([("llama-3.1-70b", 10)], [("llama-3.1-8b", 10)], overrides=known)
    assert "serving" in close.remains
    assert "serving" in told.cancels
    assert width(told.per_run) < width(close.per_run) / 3
    assert told.per_run.verdict == "less"
    a, b = run("a"), run("b")
    elsewhere = compare(
        party((a, calls(a, 10, "llama-3.3-70b"))),
        party((b, calls(b, 10, "qwen3-32b", provider="together"))),
    )
    assert elsewhere.per_run.verdict == "not shown"
    assert width(elsewhere.per_run) > width(smaller.per_run) / 3
    assert "serving" in elsewhere.remains
    assert "serving" in fewer.cancels
    said = text(elsewhere)
    assert said.startswith("greener? per run: not shown")
    assert "what would show it" in said
    assert "how a model is served" in said
    for made in (fewer, smaller, elsewhere):  # levels stay rough
        assert made.after.high / made.after.low > 10


def test_two_months_of_the_same_are_the_same():
    a, b = run("a", OCTOBER), run("b", NOVEMBER)
    made = compare(party((a, calls(a, 5))), party((b, calls(b, 5))))
    assert (made.per_run.verdict, made.total.verdict) == ("same", "same")
    assert "the same carbon, exactly" in text(made)


def test_greener_per_run_and_not_in_total_is_said_as_both():
    """Half the calls in a run, three times the runs: Jevons."""
    before = [run("a")]
    after = [run(f"b{n}") for n in range(3)]
    made = compare(party(*((one, calls(one, 10)) for one in before)), party(*((one, calls(one, 5)) for one in after)))
    assert (made.per_run.verdict, made.total.verdict) == ("less", "more")
    assert made.per_run.ratio == pytest.approx(0.5)
    assert made.total.ratio == pytest.approx(1.5)
    effects = {one.name: one.effect for one in made.drivers}
    assert effects["runs"] > 0 > effects["calls_per_run"]
    assert sum(effects.values()) == pytest.approx(made.after.amount - made.before.amount, rel=1e-9)
    assert [effects[name] for name in ("tokens_per_call", "energy_per_token", "grid")] == pytest.approx(
        [0, 0, 0], abs=1e-9
    )


def test_runs_that_scatter_show_no_change_that_is_within_their_scatter():
    wild = [4, 16, 7, 13, 10]
    sides = [
        party(
            *(
                (one, calls(one, count))
                for one, count in zip([run(f"{name}{n}") for n in range(5)], counts, strict=True)
            )
        )
        for name, counts in (("a", wild), ("b", [count + 1 for count in wild]))
    ]
    made = compare(*sides)
    assert made.per_run.verdict == "not shown"
    assert made.per_run.why_not == "more runs"
    assert made.total.verdict == "more"  # what happened is a fact; what the next runs will do is not


def test_newcomers_and_leavers_are_neither_backfire_nor_saving():
    """A new team joins with a hundred times the calls, another stops: the answer is of those who stayed."""
    stay_a, stay_b = run("a", OCTOBER), run("b", NOVEMBER)
    leaver, newcomer = run("old", OCTOBER, project="old"), run("new", NOVEMBER, project="new")
    made = compare(
        party((stay_a, calls(stay_a, 10)), (leaver, calls(leaver, 500))),
        party((stay_b, calls(stay_b, 9)), (newcomer, calls(newcomer, 1_000))),
    )
    assert (made.per_run.verdict, made.total.verdict) == ("less", "less")
    assert made.total.ratio == pytest.approx(0.9)
    assert [(one.project, one.calls) for one in made.newcomers] == [("new", 1_000)]
    assert [(one.project, one.calls) for one in made.leavers] == [("old", 500)]
    assert "on one side only, in no answer above" in text(made)


def test_nothing_in_common_is_said():
    a, b = run("a", project="one"), run("b", project="two")
    made = compare(party((a, calls(a, 3))), party((b, calls(b, 3))))
    assert made.per_run is None
    assert any("nothing to compare" in note for note in made.notes)


def test_little_coverage_claims_nothing():
    a, b = run("a"), run("b")
    dark = calls(b, 5, usage="unknown", input_tokens=None, output_tokens=None)
    for number, one in enumerate(dark):
        one.id = f"dark{number}"
    made = compare(party((a, calls(a, 10))), party((b, [*calls(b, 5), *dark])))
    assert made.per_run.verdict == "not shown"
    assert made.per_run.why_not == "coverage"


def test_replays_are_fewer_live_calls():
    a, b = run("a"), run("b")
    replayed = calls(b, 8, mode="replayed")
    made = compare(party((a, calls(a, 10))), party((b, [*calls(b, 2, input_tokens=900), *replayed])))
    assert made.per_run.ratio == pytest.approx(0.2)


@pytest.mark.parametrize("figure", ["energy_wh", "water_l", "embodied_g"])
def test_other_figures(figure):
    made = one_each([("llama-3.1-70b", 10)], [("llama-3.1-70b", 5)], figure=figure)
    assert made.per_run.ratio == pytest.approx(0.5)
    assert sum(one.effect for one in made.drivers) == pytest.approx(made.after.amount - made.before.amount)
    assert "grid" not in text(made).partition(" why ")[2].partition(" method ")[0].partition(" sure ")[0]
    with pytest.raises(ValueError, match="one of"):
        one_each([], [], figure="moons")


def test_a_clock_that_was_read_once_shows_no_change():
    """Processor time counts what else the machine did: of one run a side nobody knows how much."""
    a, b = run("a"), run("b")
    local = {"provider": "unknown", "host_class": "loopback"}
    sides = [party((of, calls(of, 5, "llama-3.1-8b", cpu_us=us, **local))) for of, us in ((a, 900_000), (b, 500_000))]
    made = compare(*sides)
    assert (made.per_run.verdict, made.total.verdict) == ("not shown", "not shown")
    assert made.per_run.why_not == "clock"
    assert "more runs, as processor time" in text(made)
    many = [
        party(*((one, calls(one, 5, "llama-3.1-8b", cpu_us=us + n * 10_000, **local)) for n, one in enumerate(of)))
        for of, us in (([run(f"a{n}") for n in range(5)], 900_000), ([run(f"b{n}") for n in range(5)], 500_000))
    ]
    made = compare(*many)
    assert (made.per_run.verdict, made.total.verdict) == ("less", "less")
    assert made.total.low < made.total.ratio < made.total.high


def test_calls_that_a_log_tells_of_are_compared_with_such_calls():
    """A trace sees calls that taps do not, and the other way round: what only one side saw stands apart."""
    before = [run("a", OCTOBER), run("a-import", OCTOBER, source="otlp")]
    after = [run("b"), run("b-import", source="litellm")]
    made = compare(*(party(*((one, calls(one, 10)) for one in side)) for side in (before, after)))
    assert (made.before.runs, made.after.runs) == (1, 1)
    assert [one.job for one in made.leavers] == ["by otlp"]
    assert [one.job for one in made.newcomers] == ["by litellm"]
