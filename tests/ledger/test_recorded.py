"""A run of its calls and of the cells that were kept of them: the same, to the last bit, in every document."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.cut.gate import gate
from jevons.ledger.cells import Key, Sums, key
from jevons.ledger.days import day, hour
from jevons.ledger.recorded import CONTEXTS, Recorded, Whose, bare, kept, of_calls, opened
from jevons.record import Call, Run, TestResult, decode, encode
from jevons.report.build import BY, build
from jevons.settings import GATE_UNITS, SPANS

MIDNIGHT_US = 1_795_046_400_000_000  # 2026-11-19
HOUR_US = 3_600_000_000
TESTS = ["t.py::a", "t.py::b", "t.py::c[#0:0123abcd]"]
FIXTURES = ["s@1", "m@2"]
Made = tuple[Run, list[Call], list[TestResult]]

some = st.integers(0, 300_000)
used = st.sampled_from([[], FIXTURES[:1], FIXTURES, FIXTURES])


@st.composite
def calls(draw: Any, started_us: int = MIDNIGHT_US) -> Call:
    """Any call that can be recorded, id and run apart; several share each physics key, hour, group and request."""
    whole = draw(st.none() | some | st.sampled_from(CONTEXTS).flatmap(lambda start: st.integers(start, start + 1)))
    cached = draw(st.none() | st.integers(0, whole)) if whole is not None else None
    status, error = draw(
        st.sampled_from([(200, ""), (200, ""), (200, "cut"), (429, "http_429"), (500, "http_500"), (None, "Timeout")])
    )
    host_class = draw(st.sampled_from(["cloud", "cloud", "loopback"]))
    first_us = draw(st.none() | some)
    return Call(
        id="", run="",
        source=draw(st.sampled_from(["httpx", "c/1.yaml"])),
        test=draw(st.sampled_from(["", *TESTS])),
        fixture=draw(st.sampled_from(["", "", *FIXTURES])),
        role=draw(st.sampled_from(["product", "judge", "set-up"])),
        file=draw(st.sampled_from(["", "app.py"])),
        provider=draw(st.sampled_from(["openai", "anthropic", ""])),
        kind=draw(st.sampled_from(["chat", "chat", "embeddings"])),
        model=draw(st.sampled_from(["gpt-4o", "claude-sonnet-4-5", "nobody-knows-this", ""])),
        request_hash=draw(st.sampled_from(["", "x", "y"])),
        usage=draw(st.sampled_from(["reported", "reported", "estimated", "unknown"])),
        input_tokens=whole,
        cached_tokens=cached,
        cache_write_tokens=draw(st.none() | st.integers(0, (whole or 0) - (cached or 0))),
        output_tokens=draw(st.none() | some),
        reasoning_tokens=draw(st.none() | st.integers(0, 50)),
        images=draw(st.integers(0, 1)),
        characters=draw(st.integers(0, 9)),
        mode=draw(st.sampled_from(["live", "live", "live", "replayed", "mocked", "recorded"])),
        status=status,
        error=error,
        retry=draw(st.integers(0, 2)),
        started_us=started_us + draw(st.sampled_from([-1, 0, 1, HOUR_US])),
        duration_us=draw(some),
        timed=draw(st.booleans()),
        first_us=first_us,
        decode_us=None if first_us is None else draw(some),
        host_class=host_class,
        region=draw(st.sampled_from(["", "eu-west-1"])) if host_class == "cloud" else "",
        measured_mj=draw(st.none() | some) if host_class == "loopback" else None,
        cpu_us=draw(st.none() | some) if host_class == "loopback" else None,
    )  # fmt: skip


@st.composite
def runs(draw: Any, name: str = "r", started_us: int = MIDNIGHT_US, most: int = 12) -> Made:
    """A run as recorded: itself, its calls, its test results."""
    made = draw(st.lists(calls(started_us), max_size=most))
    for number, call in enumerate(made):
        call.id, call.run, call.index = f"{name}-{number}", name, number
    results = [
        TestResult(run=name, test=test, outcome="passed", attempt=attempt, fixtures=list(fixtures))
        for test, of_attempts in draw(
            st.dictionaries(st.sampled_from(TESTS), st.lists(used, min_size=1, max_size=2))
        ).items()
        for attempt, fixtures in enumerate(of_attempts, 1)
    ]
    run = Run(id=name, project="desk", place=draw(st.sampled_from(["", "DE"])), started_us=started_us,
              ended_us=started_us + HOUR_US)  # fmt: skip
    return run, made, results


def again(one: Recorded, **more: bool) -> Recorded:
    """The run as it is read once its calls are gone."""
    line = decode(encode(kept(one, **more)))
    return opened(line)


@given(runs(), st.randoms(use_true_random=False))
def test_a_line_opens_to_the_same_run_whatever_the_order_of_its_events(made: Made, chance: Any) -> None:
    run, of_run, results = made
    one = of_calls(*made)
    back = again(one)
    assert repr(back.cells) == repr(one.cells)  # repr tells True from 1
    calling = {call.fixture for call in of_run}
    assert back.users == {fixture: tests for fixture, tests in one.users.items() if fixture in calling}
    assert (back.run, back.tests, back.results) == (run, one.tests, ())
    assert encode(kept(back)) == encode(kept(one))
    chance.shuffle(of_run)
    chance.shuffle(results)
    assert encode(kept(of_calls(run, of_run, results))) == encode(kept(one))


@given(runs(most=25))
def test_without_tests_every_sum_stays_by_key_hour_and_role(made: Made) -> None:
    """Against sums made call by call, repeats and contexts told naively."""
    expected: dict[tuple[Key, Whose], Sums] = defaultdict(Sums)
    asked: list[Call] = []
    for call in sorted(made[1], key=lambda call: (call.started_us, call.source, call.index)):
        counts = call.mode in ("live", "recorded") and not call.failed and bool(call.request_hash)
        group = Whose(
            role=call.role, day=day(call.started_us), failed=call.failed, retry=call.retry > 0,
            repeat=counts and any((one.mode, one.request_hash) == (call.mode, call.request_hash) for one in asked),
            context=max((start for start in CONTEXTS if (call.input_tokens or 0) > start), default=0),
        )  # fmt: skip
        expected[key(call, hour), group].add(call)
        asked += [call] * counts
    back = again(of_calls(*made), with_tests=False)
    assert {(cell.key, cell.group): cell.sums for cell in back.cells} == expected
    assert len(back.cells) == len(expected)
    assert (back.users, back.tests) == ({}, of_calls(*made).tests)


@given(runs())
def test_what_only_a_newer_version_knows_is_passed_over(made: Made) -> None:
    one = of_calls(*made)
    line = json.loads(encode(kept(one)))
    line |= {"weather": "mild"}
    line["of"] |= {"colour": "green"}
    for row in line.get("rows", []):
        row |= {"colour": "green", "joules": 7}
    newer = decode(json.dumps(line).encode())
    assert repr(opened(newer)) == repr(again(one))


@settings(max_examples=60)
@given(runs("one"), runs("two"), st.sampled_from(BY))
def test_one_report_of_calls_and_of_cells(one: Made, two: Made, by: str) -> None:
    both = [of_calls(*one), of_calls(*two)]
    documents = [msgspec.to_builtins(build(made, by=by)) for made in (both, [again(made) for made in both])]
    for row in documents[0]["rows"]:  # what came of a test, only its results can tell
        row |= {"attempts": 1, "outcome": ""}
    assert documents[0] == documents[1]


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.tuples(*(runs(f"r{number}", MIDNIGHT_US + number * 24 * HOUR_US, most=8) for number in range(7))),
    st.sampled_from([0.0, 2.0, 1e4, 1e12]),
)
def test_one_gate_of_calls_and_of_cells(made: tuple[Made, ...], cap: float) -> None:
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    from jevons.cut.money import Dollars

    caps = {span: dict.fromkeys(GATE_UNITS, cap) for span in SPANS}
    every = [of_calls(*one) for one in made]
    outcomes = [
        msgspec.to_builtins(gate(of[-1], of, caps, base=of[:-1], base_name="main", price=Dollars()))
        for of in (every, [again(one) for one in every])
    ]
    assert outcomes[0] == outcomes[1]
    assert {one["unit"] for one in outcomes[0]["caps"] if one["span"] == "month"} == set(GATE_UNITS)


@settings(max_examples=40)
@given(st.tuples(*(runs(name) for name in ("a1", "a2", "b1", "b2"))), st.sampled_from(["carbon_g", "water_l"]))
def test_one_comparison_of_calls_and_of_cells(made: tuple[Made, ...], figure: str) -> None:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    from jevons.weigh.compare import Party, compare

    every = [of_calls(*one) for one in made]
    outcomes = [
        msgspec.to_builtins(compare(Party("before", of[:2]), Party("after", of[2:]), figure=figure))
        for of in (every, [again(one) for one in every])
    ]
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("t.py::a[#3:0123abcd]", "t.py::a[#3]"),
        ("t.py::a[gpt-4o-#0-1:0123abcd]", "t.py::a[gpt-4o-#0-1]"),
        ("t.py::a[1:2]", "t.py::a[1:2]"),
        ("t.py::a", "t.py::a"),
    ],
)
def test_a_test_goes_by_one_name_whatever_the_secret(test: str, name: str) -> None:
    assert bare(test) == name


def test_the_test_that_moved_is_found_in_a_base_with_another_secret() -> None:
    def one(name: str, secret: str, counts: dict[str, int]) -> Recorded:
        made = [
            Call(id=f"{name}-{test}-{number}", run=name, test=f"t.py::a[#{test}:{secret}]", usage="reported")
            for test, count in counts.items()
            for number in range(count)
        ]
        return again(of_calls(Run(id=name, project="desk", started_us=MIDNIGHT_US), made))

    base = [one(f"base{number}", "0123abcd", {"0": 9, "1": 2}) for number in range(5)]
    moved = gate(one("now", "9876fedc", {"0": 10, "1": 8}), [], {}, base=base).moved
    assert moved is not None
    assert (moved.test, moved.used, moved.base) == ("t.py::a[#1:9876fedc]", 8, 2)


def test_thresholds_ascend() -> None:
    assert all(low < high for low, high in itertools.pairwise(CONTEXTS))


def test_verdicts_that_calls_served_are_counted_once_and_kept() -> None:
    """Own calls and those of a fixture, live or replayed; not mocked ones, nor tests without a verdict."""
    run = Run(id="r")
    calls = [
        Call(id="1", run="r", test="t::own"),
        Call(id="2", run="r", test="t::own", attempt=2),
        Call(id="3", run="r", test="t::first", fixture="s@1"),
        Call(id="4", run="r", test="t::replayed", mode="replayed"),
        Call(id="5", run="r", test="t::mocked", mode="mocked"),
        Call(id="6", run="r", test="t::skipped"),
        Call(id="7", run="r"),
    ]
    outcomes = {"own": "failed", "replayed": "passed", "mocked": "passed", "skipped": "skipped", "none": "passed"}
    results = [
        TestResult(run="r", test="t::own", outcome="rerun"),
        *(TestResult(run="r", test=f"t::{name}", outcome=outcome) for name, outcome in outcomes.items()),
        *(TestResult(run="r", test=f"t::{name}", outcome="xfailed", fixtures=["s@1"]) for name in ("first", "second")),
    ]
    made = of_calls(run, calls, results)
    assert made.served == 4  # own, replayed, first, second
    for with_tests in (True, False):
        line = decode(encode(kept(made, with_tests)))
        assert isinstance(line, msgspec.Struct)
        assert opened(line).served == 4  # type: ignore[arg-type]
    assert of_calls(run, calls).served == 0
    assert opened(decode(b'{"event":"cells","of":{"event":"run","id":"r"}}')).served is None  # type: ignore[arg-type]
