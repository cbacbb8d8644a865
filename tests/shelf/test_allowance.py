"""The training budget: what began in a span, and what it took."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.shelf.allowance import now, over, seconds, span_of, used
from jevons.shelf.card import Amount, Card, Spent

TIMES = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2100, 1, 1))


def trained(*started, energy=1.0):
    spent = tuple(Spent(started=one, energy=Amount(energy, "kWh") if energy is not None else None) for one in started)
    return Card(schema="jevons.card/1", id="a", name="a", training=spent)


@pytest.mark.parametrize(
    ("kind", "span"), [("month", "2026-11"), ("quarter", "2026 Q4"), ("year", "2026")]
)  # fmt: skip
def test_what_began_in_a_span_counts(kind, span):
    cards = [trained("2026-11-26T04:05:06Z", "2026-11-01T00:00:00Z"), trained("2025-11-26T04:05:06Z", "")]
    made = used(cards, kind, "2026-11-30T23:59:59Z")
    assert (made.span, made.trainings, made.energy_kwh, made.unknown) == (span, 2, 2.0, 0)


@given(TIMES)
def test_spans_nest(when):
    text = now(when.replace(tzinfo=datetime.UTC).timestamp())
    month, quarter, year = (span_of(kind, text) for kind in ("month", "quarter", "year"))
    assert month.startswith(year)
    assert quarter == f"{year} Q{(int(month[-2:]) - 1) // 3 + 1}"


def test_a_cap_leaves_room_or_not():
    cards = [trained("2026-11-26T04:05:06Z")]
    at = "2026-11-26T05:00:00Z"
    assert over(cards, {"month": {"trainings": 2, "energy_kwh": 1.1}}, at) == []
    assert over(cards, {"month": {"trainings": 1}}, at) == ["trainings in 2026-11: 1 of 1 have begun"]
    assert over(cards, {"quarter": {"energy_kwh": 1}}, at) == ["energy of trainings in 2026 Q4: 1 of 1 kWh"]
    assert over([], {"month": {"trainings": 0}}, at)
    unknown = [*cards, trained("2026-11-26T04:05:06Z", energy=None)]
    assert "at least 1 of 1 kWh" in over(unknown, {"year": {"energy_kwh": 1}}, at)[0]


def test_how_long_it_took():
    assert seconds(Spent(started="2026-11-26T04:05:06Z", ended="2026-11-26T04:06:06.500Z")) == 60.5
    assert seconds(Spent(started="2026-11-26T04:05:06Z")) is None


@pytest.mark.parametrize(
    "times",
    [
        {"started": "2026-11-26"}, {"started": "2026-11-26T04:05:06"}, {"ended": "soon"},
        {"started": "2026-11-26T04:05:06.5Z", "ended": "2026-11-26T04:05:06Z"},
    ],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(times):
    with pytest.raises(ValueError, match=r"a time in UTC|is before"):
        Spent(**times)
