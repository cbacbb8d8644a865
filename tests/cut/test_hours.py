"""Cleaner hours: no choice beats them (every choice is tried), pauses >= best start >= now, and real hourly series."""

from __future__ import annotations

import csv
import gzip
import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cut.hours import carbon, flexible_start, now, pause_resume, plan, saving
from jevons.factors.signal import Signal

VALUE = st.floats(0, 1500, allow_nan=False) | st.integers(0, 3).map(float)
VALUES = st.lists(st.none() | VALUE, min_size=1, max_size=11)
POWER = st.lists(st.sampled_from([0.5, 1.0, 3.0]) | st.floats(0.01, 900), min_size=1, max_size=5)
CONSTANT = st.builds(lambda number, watts: [watts] * number, st.integers(1, 5), st.floats(0.01, 900))


def brute(values, power, choices):
    """The least carbon of all choices that have values; None where there is none."""
    costs = [
        carbon(values, slots, power)
        for slots in choices
        if len(slots) == len(power) and all(values[slot] is not None for slot in slots)
    ]
    return min(costs, default=None)


def in_a_row(values, power):
    return [range(at, at + len(power)) for at in range(len(values) - len(power) + 1)]


@given(VALUES, CONSTANT | POWER)
def test_nothing_is_cleaner_among_all_that_could_be_chosen(values, power):
    for found, choices in (
        (flexible_start(values, power), in_a_row(values, power)),
        (pause_resume(values, power), itertools.combinations(range(len(values)), len(power))),
    ):
        least = brute(values, power, choices)
        if least is None:
            assert len(found) == 0
        else:
            assert list(found) == sorted(set(found))
            assert carbon(values, found, power) == pytest.approx(least, rel=1e-9, abs=1e-6)


@given(VALUES, CONSTANT | POWER)
def test_pauses_are_never_worse_than_the_best_start_nor_that_than_now(values, power):
    costs = [
        carbon(values, slots, power)
        for choose in (pause_resume, flexible_start, now)
        if (slots := choose(values, power))
    ]
    assert costs == sorted(costs)  # exactly: no rounding lets a later start look cleaner than it is
    at_once = now(values, power)
    if at_once:
        assert len(costs) == 3
        shares = [saving(values, choose(values, power), at_once, power) for choose in (pause_resume, flexible_start)]
        assert 1 >= shares[0] >= shares[1] >= 0


@given(VALUES, CONSTANT | POWER, st.floats(1e-3, 1e3))
def test_only_the_ratios_of_power_count(values, power, factor):
    at_once = now(values, power)
    if at_once:
        more = [watts * factor for watts in power]
        one, other = (saving(values, pause_resume(values, p), at_once, p) for p in (power, more))
        assert one == pytest.approx(other, abs=1e-9)


def test_the_formula_by_hand():
    """F16: 1 - sum(P CI) / sum(P CI)."""
    values, power = [300.0, 400.0, 100.0, None, 200.0], [2.0, 1.0]
    assert list(flexible_start(values, power)) == [1, 2]
    assert carbon(values, now(values, power), power) == 2 * 300 + 400
    assert list(pause_resume(values, power)) == [2, 4]
    assert saving(values, [2, 4], [0, 1], power) == pytest.approx(1 - (2 * 100 + 200) / 1000)


def test_equals_start_earliest_and_pause_least():
    assert list(flexible_start([5.0] * 9, [1.0] * 3)) == [0, 1, 2]
    assert list(pause_resume([5.0] * 9, [1.0] * 3)) == [0, 1, 2]
    # What is left over goes beside a cheap slot, not to the start of its own hour.
    assert list(pause_resume([1.0, 9.0, 5.0, 5.0, 5.0, 1.0], [1.0] * 3)) == [0, 4, 5]
    # No pause that saves nothing.
    assert list(pause_resume([1.0, 9.0, 1.0, 1.0], [1.0] * 2)) == [2, 3]


def test_no_later_start_for_a_rounding_error():
    """1e17 swallows what running sums hold; the figures of the choices themselves decide."""
    assert list(flexible_start([1.0, 1e17, 2.0, 2.0], [1.0])) == [0]


def test_a_choice_with_no_value_is_no_figure():
    with pytest.raises(ValueError, match="slot 1 has no value"):
        carbon([1.0, None], [0, 1], [1.0, 1.0])
    for power in ([], [0.0], [-1.0], [float("inf")]):
        with pytest.raises(ValueError, match="power is above 0"):
            flexible_start([1.0], power)


HOUR = 3600
START = 1_790_000_000 // HOUR * HOUR


def signal(values, step_s=HOUR, start=START, skip=(), horizons=()):
    rows = [n for n in range(len(values)) if n not in skip]
    return Signal(
        file="f", zone="DE", basis="average", kind="lifecycle", source="s",
        starts=tuple(start + n * step_s for n in rows), values=tuple(float(values[n]) for n in rows),
        estimated=(False,) * len(rows), step_s=step_s, horizons_h=horizons,
    )  # fmt: skip


def test_starts_between_two_rows_are_chosen_to_the_minute():
    """At 14:37, 90 minutes of work: the cheap hour whole, the half hour before or after it."""
    made = plan(signal([300, 300, 100, 200, 300]), START + 37 * 60, START + 5 * HOUR, 5400)
    assert [(one.start - START, one.end - START) for one in made.start.spans] == [(2 * HOUR, 2 * HOUR + 5400)]
    assert made.start.g_per_kwh == pytest.approx((100 * 60 + 200 * 30) / 90)
    assert made.now.spans[0].start == START + 37 * 60
    assert made.start.saving == pytest.approx(1 - (100 * 60 + 200 * 30) / (300 * 83 + 100 * 7))


@given(
    st.lists(st.integers(0, 900), min_size=2, max_size=6),
    st.integers(0, 90), st.integers(1, 4), st.integers(0, 60), st.sampled_from([1800, 3600]), st.data(),
)  # fmt: skip
def test_a_plan_is_as_good_as_minute_by_minute(values, late_min, length_quarters, early_min, step_s, data):
    skip = data.draw(st.sets(st.integers(1, len(values) - 1), max_size=1)) if len(values) > 3 else set()
    made_of = signal(values, step_s, skip=skip)
    begin, length_s = START + late_min * 60, length_quarters * 900
    by = made_of.end - early_min * 60
    if begin + length_s > by:
        with pytest.raises(ValueError, match="does not fit"):
            plan(made_of, begin, by, length_s)
        return
    minutes = []
    for at in range(begin, by, 60):
        try:
            minutes.append(made_of.at(at).value)
        except LookupError:
            minutes.append(None)
    made = plan(made_of, begin, by, length_s)
    assert made.missing_s == 60 * minutes.count(None)
    power = [1.0] * (length_s // 60)
    starts = [
        sum(minutes[at : at + len(power)]) / len(power)
        for at in range(len(minutes) - len(power) + 1)
        if None not in minutes[at : at + len(power)]
    ]
    assert (made.start is None) == (not starts)
    if starts:
        assert made.start.g_per_kwh == pytest.approx(min(starts))
    known = sorted(value for value in minutes if value is not None)[: len(power)]
    if len(known) == len(power):
        assert made.parts.g_per_kwh == pytest.approx(sum(known) / len(power))
    for choice in (made.now, made.start, made.parts):
        if choice:
            assert sum(one.end - one.start for one in choice.spans) == length_s
            assert all(begin <= one.start < one.end <= by for one in choice.spans)
            mean = sum(one.g_per_kwh * (one.end - one.start) for one in choice.spans) / length_s
            assert mean == pytest.approx(choice.g_per_kwh)


def test_gaps_are_never_worked_in_and_now_in_a_gap_is_not_known():
    made = plan(signal([100, 100, 100, 300, 300, 300], skip={1}), START, START + 6 * HOUR, 2 * HOUR)
    assert made.now is None
    assert made.missing_s == HOUR
    assert made.start.saving is None
    assert made.start.spans[0].start == START + 2 * HOUR
    assert [one.start - START for one in made.parts.spans] == [0, 2 * HOUR]


def test_later_than_the_signal_is_not_looked_at_and_forecasts_are_told():
    made = plan(signal([300, 200], horizons=(0.0, 1.0)), START, START + 48 * HOUR, HOUR)
    assert made.end == START + 2 * HOUR
    assert made.forecast
    assert not plan(signal([300, 200], horizons=(0.0, 1.0)), START, START + HOUR, HOUR).forecast
    over = plan(signal([300, 200]), START + 5 * HOUR, START + 48 * HOUR, HOUR)
    assert (over.now, over.start, over.parts) == (None, None, None)


def series(path, column):
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    starts = [int(datetime.fromisoformat(row["datetime_utc"]).replace(tzinfo=UTC).timestamp()) for row in rows]
    return starts, [float(row[column]) for row in rows]


def real(shared_data):
    folder = shared_data / "factors" / "hourly"
    found = [(path, "lca_gco2e_per_kwh") for path in sorted((folder / "em2022").glob("*.csv.gz"))[::10]]
    return [*found, (folder / "em_US-CAL-CISO_2021-2023.csv.gz", "lca_gco2e_per_kwh")]


def test_on_real_series_no_forecast_beats_the_oracle_and_savings_are_those_of_a_plain_loop(shared_data):
    dice = random.Random(7)
    for path, column in real(shared_data):
        starts, values = series(path, column)
        whole = Signal(
            file=path.name, zone="x", basis="average", kind="lifecycle", source="s", starts=tuple(starts),
            values=tuple(values), estimated=(False,) * len(values), step_s=HOUR,
        )  # fmt: skip
        for _ in range(40):
            at, hours, slack = dice.randrange(len(values) - 80), dice.randrange(1, 9), dice.randrange(0, 48)
            window = values[at : at + hours + slack]
            if starts[at + hours + slack - 1] - starts[at] != (hours + slack - 1) * HOUR:
                continue  # a gap of the series
            power = [1.0] * hours
            made = plan(whole, starts[at], starts[at] + (hours + slack) * HOUR, hours * HOUR)
            loop = min(sum(window[n : n + hours]) for n in range(slack + 1))
            assert made.start.g_per_kwh == pytest.approx(loop / hours)
            assert made.parts.g_per_kwh == pytest.approx(sum(sorted(window)[:hours]) / hours)
            assert made.parts.saving >= made.start.saving >= 0
            told = [value * dice.gauss(1, 0.1) for value in window]
            told = [max(value, 0.0) for value in told]
            base = now(window, power)
            for choose in (flexible_start, pause_resume):
                oracle, forecast = choose(window, power), choose(told, power)
                assert saving(window, oracle, base, power) >= saving(window, forecast, base, power) - 1e-12
