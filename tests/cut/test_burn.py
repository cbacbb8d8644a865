"""A burn-down ends where the gate's verdict on its cap does, whatever was called when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cut.burn import burn
from jevons.cut.gate import gate
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run

NOVEMBER_US = 1_793_491_200_000_000
DAY_US = 86_400_000_000
days = st.integers(-40, 60).map(lambda day: NOVEMBER_US + day * DAY_US) | st.just(0)
calls = st.builds(
    Call,
    id=st.uuids().map(str),
    run=st.just("r"),
    model=st.just("gpt-4o"),
    mode=st.sampled_from(["live", "live", "replayed"]),
    usage=st.just("reported"),
    status=st.just(200),
    input_tokens=st.integers(0, 10_000),
    output_tokens=st.integers(0, 1_000),
    started_us=days,
)
CAPS = {"run": {"calls": 5.0}, "month": {"calls": 20.0, "carbon_g": 3.0}, "project": {"tokens": 9_000.0}}


@given(st.lists(calls, max_size=12), st.lists(calls, max_size=12))
def test_the_last_day_is_what_the_gate_judges(before: list[Call], now: list[Call]) -> None:
    runs = [
        of_calls(Run(id=name, project="x", started_us=NOVEMBER_US + 5 * DAY_US), made)
        for name, made in (("a", before), ("b", now))
    ]
    made = gate(runs[1], runs, CAPS)
    found = burn(runs, made.caps)
    assert [(one.span, one.unit) for one in found] == [("month", "calls"), ("month", "carbon_g"), ("project", "tokens")]
    verdicts = {(one.span, one.unit): one for one in made.caps}
    for one in found:
        used = one.days[-1].used if one.days else 0.0
        assert used == pytest.approx(verdicts[one.span, one.unit].used, rel=1e-9, abs=1e-12)
        assert all(left.used <= right.used for left, right in pairwise(one.days))
        dated = [day.day for day in one.days if day.day != "unknown"]
        assert dated == sorted(set(dated))
        if one.span == "month":
            assert (one.first, one.last) == ("2026-11-01", "2026-11-30")
            assert all(one.first <= day.day <= one.last for day in one.days)


def test_no_cap_that_lasts_no_burn_down() -> None:
    run = of_calls(Run(id="r", started_us=NOVEMBER_US), [])
    assert burn([run], gate(run, [run], {"run": {"calls": 1.0}, "day": {"calls": 1.0}}).caps) == []
