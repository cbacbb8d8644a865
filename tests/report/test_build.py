"""From records to the document: sums add up, whatever the rows."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run, TestResult
from jevons.report.build import BY, build
from jevons.report.document import Document, Level
from jevons.report.render import render

names = st.sampled_from(["t.py::a", "t.py::b", "t.py::c", ""])
fixtures = st.sampled_from(["", "", "f@1", "g@2"])
calls = st.builds(
    Call,
    id=st.uuids().map(str),
    run=st.just("r"),
    provider=st.sampled_from(["openai", "unknown"]),
    kind=st.sampled_from(["chat", "embeddings", "image"]),
    model=st.sampled_from(["gpt-4o", "nobody-knows-this", "text-embedding-3-small"]),
    test=names,
    fixture=fixtures,
    role=st.sampled_from(["product", "judge", "set-up"]),
    mode=st.sampled_from(["live", "replayed", "mocked"]),
    host_class=st.sampled_from(["cloud", "loopback"]),
    usage=st.sampled_from(["reported", "estimated", "unknown"]),
    status=st.sampled_from([200, 429, None]),
    input_tokens=st.none() | st.integers(0, 100_000),
    output_tokens=st.none() | st.integers(0, 10_000),
    cpu_us=st.none() | st.integers(0, 10**6),
    request_hash=st.sampled_from(["", "x", "y"]),
    started_us=st.just(1_790_000_000_000_000),
)
results = st.builds(
    TestResult, run=st.just("r"), test=names, outcome=st.just("passed"), fixtures=st.lists(fixtures.filter(bool))
)


def whole(document: Document) -> list[float]:
    return [getattr(getattr(document.level, field), end) for field in Level.__struct_fields__ for end in ENDS]


ENDS = ("low", "mid", "high")


@given(st.lists(calls, max_size=30), st.lists(results, max_size=6), st.sampled_from(BY))
def test_rows_add_up_to_the_level_and_the_counts(made: list[Call], tests: list[TestResult], by: str) -> None:
    document = build([of_calls(Run(id="r"), made, tests)], by=by)
    for field in Level.__struct_fields__:
        rows = sum(getattr(row.level, field).mid for row in document.rows)
        assert rows == pytest.approx(getattr(document.level, field).mid, rel=1e-9, abs=1e-15)
    assert sum(row.calls + row.shared_calls for row in document.rows) == pytest.approx(len(made))
    assert sum(row.calls for row in document.roles) == len(made)
    counts = document.counts
    assert counts.live + counts.replayed + counts.mocked == counts.calls == len(made)
    assert 0 <= document.coverage <= 1
    assert document.at_least == (document.coverage < 1)
    assert all(level.low <= level.mid <= level.high for row in document.rows for level in [row.level.energy_wh])
    for form in ("term", "markdown", "csv", "json"):
        assert render(document, form)


def chat(**more: object) -> Call:
    facts = {"id": "i", "run": "r", "provider": "openai", "model": "gpt-4o", "usage": "reported", "status": 200}
    facts |= {"input_tokens": 1000, "output_tokens": 500, "started_us": 1_790_000_000_000_000}
    return Call(**(facts | more))  # type: ignore[arg-type]


def test_unknown_use_is_never_zero_the_total_becomes_a_lower_bound() -> None:
    known = build([of_calls(Run(id="r"), [chat()])])
    unknown = chat(usage="unknown", input_tokens=None, output_tokens=None)
    both = build([of_calls(Run(id="r"), [chat(), unknown])])
    assert (known.coverage, known.at_least) == (1.0, False)
    assert (both.coverage, both.at_least) == (0.5, True)
    assert both.counts.unknown == 1
    assert "at least" in render(both, "term")
    assert "50 % of calls" in render(both, "term")


def test_a_replay_is_not_paid_again_and_a_mock_avoids_nothing() -> None:
    live = build([of_calls(Run(id="r"), [chat()])])
    replayed = build([of_calls(Run(id="r"), [chat(mode="replayed"), chat(mode="mocked")])])
    assert replayed.level.energy_wh.high == 0
    assert replayed.avoided is not None
    assert replayed.avoided.energy_wh.mid == pytest.approx(live.level.energy_wh.mid)
    assert build([of_calls(Run(id="r"), [chat(mode="mocked")])]).avoided is None


def test_repeats_leave_out_first_asks_failures_and_replays() -> None:
    same = {"request_hash": "h"}
    made = [chat(**same), chat(**same), chat(status=429, error="http_429", **same), chat(mode="replayed", **same)]
    counts = build([of_calls(Run(id="r"), [*made, chat(**same), chat(request_hash="other")])]).counts
    assert (counts.repeats, counts.repeated_tokens) == (2, 3000)


def test_rows_by_an_unknown_name_are_refused() -> None:
    with pytest.raises(ValueError, match="use one of test, model"):
        build([], by="moon")


@given(st.lists(calls, min_size=1, max_size=20), st.sampled_from(BY))
def test_recordings_cost_what_the_same_live_calls_cost_and_are_never_added_to_them(made: list[Call], by: str) -> None:
    for call in made:
        call.mode, call.cpu_us = "live", None
    live = build([of_calls(Run(id="r"), made)], by=by)
    found = [msgspec.structs.replace(call, mode="recorded") for call in made]
    recorded = build([of_calls(Run(id="r"), found)], by=by)
    assert (live.mode, recorded.mode) == ("live", "recorded")
    assert whole(recorded) == whole(live)
    assert recorded.counts.input_tokens == live.counts.input_tokens
    assert recorded.counts.repeats == live.counts.repeats
    both = build([of_calls(Run(id="r"), made + found)], by=by)
    assert whole(both) == whole(live)
    assert both.counts.recorded == len(found)
    assert both.counts.input_tokens == live.counts.input_tokens


def test_rows_by_day_and_by_recording() -> None:
    day_us = 86_400_000_000
    made = [
        Call(id=str(n), run="r", mode="recorded", source=f"cassettes/{n % 2}.yaml", started_us=n * day_us)
        for n in (0, 1, 3)
    ]
    by_day = {row.name: row.calls for row in build([of_calls(Run(id="r"), made)], by="day").rows}
    assert by_day == {"unknown": 1, "1970-01-02": 1, "1970-01-04": 1}
    by_file = {row.name: row.calls for row in build([of_calls(Run(id="r"), made)], by="file").rows}
    assert by_file == {"cassettes/0.yaml": 1, "cassettes/1.yaml": 2}
