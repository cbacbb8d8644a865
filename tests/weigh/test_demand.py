"""Daily verdicts: which days count, and which do not."""

import datetime as dt

import pytest
from weigh.suites import FIRST, kept, runs

from jevons.weigh.demand import PAUSE, daily


def test_a_day_without_a_run_is_no_demand_and_a_pause_is_unknown():
    counts = [5, 6, *[None] * (PAUSE - 1), 7, *[None] * PAUSE, 8]
    made = daily(runs(counts, 99), FIRST, FIRST + dt.timedelta(len(counts) - 1))
    assert made.verdicts == [one or 0 for one in counts]
    assert made.counted == [True] * (2 + PAUSE - 1 + 1) + [False] * PAUSE + [True]
    assert made.calls[:2] == [10, 12]
    assert made.figures[0].amount("energy_wh") > 0
    assert not made.figures[2]


def test_runs_of_one_day_add_up_and_a_run_that_does_not_tell_makes_its_day_unknown():
    both = [*runs([5, 6], 99), *runs([1, 2], 99, project="web"), *runs([3], 99, project="old", served=False)]
    made = daily(both, FIRST, FIRST + dt.timedelta(1))
    assert made.verdicts == [6, 8]
    assert made.counted == [False, True]


def test_figures_of_days_add_up_to_those_of_all():
    made = daily(runs([5, 6, 7], 1), FIRST, FIRST + dt.timedelta(2))
    whole = daily(runs([18], 99, tokens=((5 * 1000 + 13 * 500) / 18,) * 2), FIRST, FIRST)
    assert sum(one.amount("energy_wh") for one in made.figures) == pytest.approx(
        whole.figures[0].amount("energy_wh"), rel=1e-3
    )


def test_parts_keep_their_dates():
    made = daily(runs([1, 2, 3, 4], 99), FIRST, FIRST + dt.timedelta(3)).cut(1, 3)
    assert (made.first, made.verdicts, made.day(made.date(1))) == (FIRST + dt.timedelta(1), [2, 3], 1)
    assert len(kept([1, None], 0)) == 1
