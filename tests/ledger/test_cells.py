"""Cells: exact sums, whatever the grouping."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.cells import Sums, cells
from jevons.ledger.days import day, month
from jevons.record import Call

counts = st.integers(0, 200_000)
calls = st.builds(
    Call,
    id=st.just("x"),
    run=st.just("r"),
    model=st.sampled_from(["a", "b"]),
    test=st.sampled_from(["t1", "t2", "t3"]),
    mode=st.sampled_from(["live", "replayed", "mocked"]),
    status=st.sampled_from([200, 429, None]),
    input_tokens=st.none() | counts,
    cached_tokens=st.none() | counts,
    output_tokens=st.none() | counts,
    timed=st.booleans(),
    decode_us=st.none() | counts,
    first_us=st.none() | counts,
    measured_mj=st.none() | counts,
    cpu_us=st.none() | counts,
)


def whole(parts: list[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.merge(part)
    return total


@given(st.lists(calls, max_size=40))
def test_every_grouping_adds_up_to_the_same_sums(made: list[Call]) -> None:
    one = whole([cell.sums for cell in cells(made)])
    by_test = whole([cell.sums for cell in cells(made, lambda call: (call.test, call.mode))])
    each = whole([cell.sums for call in made for cell in cells([call])])
    assert one == by_test == each
    assert one.calls == len(made)


def test_pairs_count_what_attention_does_token_by_token() -> None:
    call = Call(id="x", run="r", input_tokens=7, cached_tokens=3, output_tokens=4)
    (cell,) = cells([call])
    # Each fresh token looks at every token before it; each written token at prompt and answer so far.
    assert cell.sums.prefill_pairs == sum(position for position in range(3, 7))
    assert cell.sums.kv_reads == sum(7 + written for written in range(4))


def test_visible_output_after_the_first_token_is_what_a_timed_stream_times() -> None:
    call = Call(id="x", run="r", input_tokens=1, output_tokens=10, reasoning_tokens=6, timed=True, decode_us=9)
    (cell,) = cells([call])
    assert (cell.sums.timed_calls, cell.sums.timed_output) == (1, 3)


@given(st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2099, 12, 31)))
def test_the_period_is_the_utc_month(moment: dt.datetime) -> None:
    moment = moment.replace(tzinfo=dt.UTC)
    assert month(int(moment.timestamp() * 1e6)) == f"{moment:%Y-%m}"
    assert day(int(moment.timestamp() * 1e6)) == f"{moment:%Y-%m-%d}"


def test_a_clock_gone_mad_has_no_month() -> None:
    assert month(-5) == month(10**18) == day(0) == "unknown"
