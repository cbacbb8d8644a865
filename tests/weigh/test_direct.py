"""Direct rebound within a ledger: its arithmetic, its verdicts, and what it refuses to say."""

import datetime as dt
import math

import pytest

np = pytest.importorskip("numpy", reason="series need numpy: extra report")
pytest.importorskip("scipy", reason="series need scipy: extra report")

from weigh.suites import FIRST, kept, runs, verdicts  # noqa: E402

from jevons.ledger.recorded import opened  # noqa: E402
from jevons.report.rebound import ahead as scenarios  # noqa: E402
from jevons.report.rebound import text  # noqa: E402
from jevons.weigh import rebound  # noqa: E402
from jevons.weigh.ahead import ahead  # noqa: E402
from jevons.weigh.direct import direct  # noqa: E402

AT = FIRST + dt.timedelta(56)


def suite(factor, days=112, *, at=56, seed=1, **more):
    return runs(verdicts(days, at, factor, seed=seed), at, **more)


def within(one):
    assert one.low <= one.mid <= one.high
    return one


def test_half_the_tokens_and_as_much_use():
    made = direct(suite(1.0), at=AT, figure="energy_wh")
    assert made.verdict == "partial"
    assert made.word == "association"
    assert 0.49 < within(made.gain).mid < 0.5  # half the output; what reads the input stays
    assert made.gain.high - made.gain.low < 0.01  # one model on one serving: what is unknown cancels
    assert within(made.rebound).low < 0 < made.rebound.high < 1
    assert (made.before.days, made.after.days) == (56, 56)
    assert made.groups == ["shop/github"]
    assert "not observed" in text(made)


def test_four_times_the_use_backfires():
    made = direct(suite(4.0), at=AT, figure="energy_wh")
    assert made.verdict == "backfire"
    assert within(made.rebound).low > 1
    assert made.saving.high < 0
    assert made.keeps_total < made.calls_a_day
    assert text(made).startswith("rebound?   association, for there is no control: backfire")


@pytest.mark.parametrize(("gained", "factor"), [(0.1, 1.5), (0.5, 2.0), (0.9, 3.0)])
def test_its_figures_hold_the_identities(gained, factor):
    """R, saving, break-even and caps from demand and gain alone, by the identities of `rebound`."""
    made = direct(suite(factor), at=AT, gained=gained)
    k = made.demand.mid
    saved = rebound.actual_saving(gained, k)
    assert made.saving.mid == pytest.approx(saved)
    assert made.rebound.mid == pytest.approx(rebound.rebound(rebound.expected_saving(gained), saved))
    assert made.keeps_gain.mid == pytest.approx(made.calls_a_day / k)
    assert made.keeps_total == pytest.approx(made.calls_a_day / k / (1 - gained))
    assert rebound.actual_saving(made.breaks_even_at.mid, k) == pytest.approx(0, abs=1e-9)
    ends = [rebound.rebound(gained, rebound.actual_saving(gained, end)) for end in (made.demand.low, made.demand.high)]
    assert [made.rebound.low, made.rebound.high] == pytest.approx(ends)
    assert (made.verdict == "partial") == (made.rebound.high < 1)
    assert made.verdict != "backfire" or made.rebound.low > 1
    assert made.gain_stated


def test_too_few_days_show_nothing_and_how_many_more_weeks():
    almost = direct(suite(4.0, 56 + 27), at=AT, figure="energy_wh")
    assert (almost.verdict, almost.why_not, almost.weeks_more) == ("not shown", "days", 1)
    assert almost.rebound is None
    enough = direct(suite(4.0, 56 + 28), at=AT, figure="energy_wh")
    assert enough.verdict == "backfire"
    before = direct(suite(4.0, 112), at=FIRST + dt.timedelta(27))
    assert (before.why_not, before.weeks_more) == ("days", None)
    assert direct(suite(1.0, 111), since=FIRST).why_not == "days"


def test_what_is_not_shown_says_after_how_many_weeks():
    """A gain that puts R so many deviations below 1: the nearer, the more weeks."""
    seen = suite(1.6)
    demand = direct(seen, at=AT, gained=0.5).demand
    deviation = math.log(demand.high / demand.low) / 3.29
    made = [
        direct(seen, at=AT, gained=1 - math.exp(-apart * deviation) / demand.mid) for apart in (2.0, 1.5, 1.3, 0.05)
    ]
    assert [one.verdict for one in made] == ["partial", *["not shown"] * 3]
    soon, later, never = (one.weeks_more for one in made[1:])
    assert 0 < soon < later
    assert never is None
    assert [one.why_not for one in made[1:]] == ["weeks"] * 3


def test_a_gain_that_nobody_saw_has_no_rebound():
    same = direct(suite(2.0, tokens=(500, 500)), at=AT, figure="energy_wh")
    assert (same.verdict, same.why_not, same.rebound) == ("not shown", "gain", None)
    assert same.demand is not None
    worse = direct(suite(2.0, tokens=(500, 900)), at=AT, figure="energy_wh")
    assert worse.why_not == "gain"
    assert "rose by" in text(worse)


def test_a_control_that_grew_as_much_takes_it_away():
    growing = [*suite(3.0), *suite(3.0, seed=9, project="web", tokens=(800, 800))]
    alone = direct(suite(3.0), at=AT, figure="energy_wh")
    beside = direct(growing, at=AT, controls=["web/github"], figure="energy_wh")
    assert (alone.verdict, alone.word) == ("backfire", "association")
    assert beside.word == "effect"
    assert beside.demand.low < 1 < beside.demand.high
    assert beside.verdict != "backfire"
    assert text(beside).startswith("rebound?   effect, beside the control:")
    with pytest.raises(ValueError, match="shop/github, web/github"):
        direct(growing, at=AT, controls=["wbe/github"])


def test_newcomers_and_leavers_are_in_no_answer():
    counts = verdicts(112, 56, 1.0)
    joined = runs([None] * 56 + [900] * 56, 0, project="newcomer")
    left = runs([700] * 56, 99, project="leaver")
    made = direct([*suite(1.0), *joined, *left], at=AT, figure="energy_wh")
    assert (made.newcomers, made.leavers, made.groups) == (["newcomer/github"], ["leaver/github"], ["shop/github"])
    assert made.after.verdicts == sum(counts[56:])
    assert made.demand == direct(suite(1.0), at=AT, figure="energy_wh").demand


def test_a_day_that_nobody_tells_is_found():
    later = suite(1.0, 150, at=80)
    made = direct(later, since=FIRST, figure="energy_wh")
    assert (made.at, made.date_found) == (str(FIRST + dt.timedelta(80)), True)
    assert made.verdict == "partial"
    told = direct(later, at=FIRST + dt.timedelta(80), figure="energy_wh")
    assert made.demand.mid == told.demand.mid
    assert direct(suite(1.0, 150, tokens=(500, 500)), since=FIRST, figure="energy_wh").why_not == "date"


def test_replays_that_answer_everything_leave_nothing_to_take_back():
    counts = verdicts(112, 56, 3.0)
    made = kept(counts, 56)
    for one in made[56:]:
        for row in one.rows:
            row["mode"] = "replayed"
    found = direct([opened(one) for one in made], at=AT, figure="energy_wh")
    assert found.verdict == "partial"
    assert found.rebound.high == pytest.approx(0, abs=1e-6)


def test_why_nothing_is_shown():
    unknown = suite(1.0)
    for one in unknown:
        for cell in one.cells:
            cell.key = cell.key._replace(usage="unknown")
    made = [direct(of, at=AT) for of in ([], suite(1.0, served=False), unknown)]
    assert [one.why_not for one in made] == ["runs", "verdicts", "coverage"]
    assert all(text(one).startswith("rebound?   not shown: ") for one in made)


@pytest.mark.parametrize("more", [{}, {"at": AT, "since": AT}, {"at": AT, "figure": "owls"}, {"at": AT, "gained": 1.0}])
def test_what_cannot_be_asked(more):
    with pytest.raises(ValueError, match=r"day|figure|gain"):
        direct(suite(1.0), **more)


def test_scenarios_before_a_change():
    made = ahead(suite(1.0), 0.5)
    assert made.now.days == 28
    by = {one.rebound: one for one in made.scenarios}
    assert [by[0.0].demand, by[1.0].demand] == pytest.approx([1, 2])
    assert [by[0.0].saving, by[1.0].saving, by[1.4].saving] == pytest.approx([0.5, 0, -0.2])
    assert made.keeps_gain.mid * 2 == pytest.approx(made.keeps_total.mid)
    said = scenarios(made)
    assert "nobody knows before" in " ".join(said.split())
    assert all(len(line) <= 80 for line in said.splitlines())
    assert ahead([], 0.5) is None
    for gain in (0.0, 1.0, -1.0):
        with pytest.raises(ValueError, match="gain"):
            ahead(suite(1.0), gain)


def test_a_pause_is_not_counted_and_said():
    counts = [None if 20 <= day < 30 else count for day, count in enumerate(verdicts(112, 56, 1.0))]
    made = direct(runs(counts, 56), at=AT, figure="energy_wh")
    assert made.before.days == 46
    assert made.notes[0].startswith("10 days not counted")
    assert made.verdict == "partial"
