"""Pass or fail of a finite list: both errors by full enumeration, and what holds at every size."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.cut.verdict.alternatives import above, divergence, octaves, reference_items
from jevons.cut.verdict.finite import Boundary, Finite, Side, boundary, least_passes
from jevons.cut.verdict.plan import likely


@pytest.mark.parametrize("alpha", [0.05, 0.3])
@pytest.mark.parametrize("size", range(1, 13))
def test_both_errors_over_every_order_of_every_list_against_every_threshold(size: int, alpha: float) -> None:
    wrong: defaultdict[tuple[int, int], int] = defaultdict(int)
    used = 0
    for least in range(size + 2):
        settles = Boundary(size, least, alpha, alpha)
        for order in itertools.product((0, 1), repeat=size):
            decision, seen = settles.decide(0, 0), 0
            while decision is None:
                seen += 1  # past the end, order[:seen] stays whole and the test fails below
                decision = settles.decide(seen, sum(order[:seen]))
                assert seen <= size
            wrong[sum(order), least] += (decision == "pass") != (sum(order) >= least)
            used += seen
    assert used < (size + 2) * 2**size * size  # it does stop before the end
    for (passes, _), count in wrong.items():
        assert count <= alpha * math.comb(size, passes) + 1e-6
    assert alpha < 0.3 or size < 6 or any(wrong.values())  # none at all would be a test that never bets


@pytest.mark.parametrize("size", [40, 150])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 1.0])
def test_errors_at_the_boundary_of_longer_lists(size: int, share: float) -> None:
    """The chance of each state by recursion, over all orders at once, in exact integers."""
    least = max(round(size * share), 1)
    for alpha in (0.05, 0.01):
        settles = Boundary(size, least, alpha, alpha)
        for passes, wrong in ((least, "fail"), (least - 1, "pass")):
            states, off = {0: 1}, 0  # ways to have so many passes among the first n, unsettled
            for seen in range(1, size + 1):
                after: defaultdict[int, int] = defaultdict(int)
                for had, ways in states.items():
                    for more in (0, 1):
                        after[had + more] += ways
                states = {}
                for had, ways in after.items():
                    left = math.comb(size - seen, passes - had) if 0 <= passes - had <= size - seen else 0
                    if left and (decision := settles.decide(seen, had)):
                        off += ways * left * (decision == wrong)
                    elif left:
                        states[had] = ways
            assert not states
            assert off / math.comb(size, passes) <= alpha


@given(st.integers(1, 60), st.data())
def test_the_ratio_is_1_on_average_where_it_may_be_wrong(size: int, data: st.DataObject) -> None:
    null = data.draw(st.integers(0, size - 1))
    seen = data.draw(st.integers(1, size))
    side = Side(size, null, 0.05)
    for passes in {null, data.draw(st.integers(0, null))}:
        mean = sum(
            math.comb(passes, had) * math.comb(size - passes, seen - had) / math.comb(size, seen)
            * math.exp(side.log_ratio(seen, had))
            for had in range(max(0, seen - size + passes), min(seen, passes) + 1)
        )  # fmt: skip
        assert mean <= 1 + 1e-9


@given(st.integers(1, 300), st.floats(0.01, 1), st.floats(0.001, 0.2))
def test_what_settles_grows_with_the_items_seen(size: int, rate: float, alpha: float) -> None:
    least = least_passes(size, rate)
    made, surer = Boundary(size, least, alpha, alpha), Boundary(size, least, alpha / 10, alpha / 10)
    for side, strict in ((made.passes, surer.passes), (made.failures, surer.failures)):
        at = [side.least(seen) for seen in range(size + 1)]
        assert all(after - before in (0, 1) for before, after in itertools.pairwise(at))
        assert all(one <= other for one, other in zip(at, map(strict.least, range(size + 1)), strict=True))
    assert made.decide(size, least) == "pass"
    assert made.decide(size, least - 1) == "fail"


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6), st.integers(1, 6))
def test_errors_where_some_outcomes_are_missing(items: list[tuple[bool, bool]], least: int) -> None:
    """Whatever the missing ones would have been: here as drawn, unseen by the test."""
    size, alpha = len(items), 0.3
    passes = sum(outcome for outcome, _ in items) >= least
    wrong = 0
    for order in itertools.permutations(items):
        made = Finite(size, min(least, size) / size, alpha, alpha)
        for outcome, missing in order:
            made.enter(*((0, 1) if missing else (outcome, outcome)))
        wrong += made.decision is not None and (made.decision == "pass") != passes
        assert made.decision or any(missing for _, missing in items)
    assert least > size or wrong <= alpha * math.factorial(size)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.floats(0.01, 1))
def test_certain_is_right(outcomes: list[bool], rate: float) -> None:
    made = Finite(len(outcomes), rate)
    for one in outcomes:
        made.enter(one, one)
        if made.certain:
            assert made.decision == ("pass" if sum(outcomes) >= least_passes(len(outcomes), rate) else "fail")
            return
    assert made.decision  # settled before: what comes after is ignored


@pytest.mark.parametrize(
    ("size", "rate", "least"),
    [(10, 0.9, 9), (10, 0.1 + 0.2, 3), (3, 2 / 3, 2), (100, 0.07, 7), (7, 0.5, 4), (400, 1.0, 400), (9, 1 / 3, 3)],
)
def test_equality_passes(size: int, rate: float, least: int) -> None:
    assert least_passes(size, rate) == least


def test_a_list_that_must_be_perfect() -> None:
    """One failure settles it; so does having seen 19 of 20 parts of it."""
    made = Finite(100, 1.0)
    made.enter(0, 0)
    assert (made.decision, made.certain) == ("fail", True)
    made = Finite(100, 1.0)
    while not made.decision:
        made.enter(1, 1)
    assert (made.decision, made.seen, made.certain) == ("pass", 95, False)


@pytest.mark.parametrize("size", [50, 200, 805, 2000])
@pytest.mark.parametrize("rate", [0.3, 0.5, 0.8, 0.9, 0.95])
def test_items_needed_beside_the_reference(size: int, rate: float) -> None:
    for distance in (-0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3):
        if not 0 <= rate + distance <= 1:
            continue
        made = likely(size, rate, rate + distance)
        allowed = 1.4 * math.ceil(reference_items(made.rate, rate, 0.05, size)) + 3
        assert made.mean <= allowed
        if size >= 800 and abs(distance) >= 0.1:
            assert 1 - made.mean / size >= (0.93 if abs(distance) >= 0.2 else 0.8)


@given(st.floats(0.001, 0.999), st.floats(1e-4, 5))
def test_the_rate_so_far_above(threshold: float, nats: float) -> None:
    rate = above(threshold, nats)
    assert rate == 1 or divergence(rate, threshold) == pytest.approx(nats, rel=1e-3, abs=1e-9)
    assert rate >= threshold


@given(st.floats(0, 1), st.floats(0.001, 0.3), st.integers(1, 20_000), st.booleans())
def test_shares_of_the_bet_add_up(threshold: float, alpha: float, size: int, finite: bool) -> None:
    found = octaves(threshold, alpha, size, finite=finite)
    assert sum(share for _, share in found) == pytest.approx(1)
    assert found[-1][0] == 1
    assert all(one[0] <= other[0] for one, other in itertools.pairwise(found))


def test_a_boundary_is_kept() -> None:
    assert boundary(90, 45, 0.05, 0.05) is boundary(90, 45, 0.05, 0.05)
    made = Finite(1, 0.5)
    made.enter(0, 1)
    with pytest.raises(ValueError, match="the list has 1 items"):
        made.enter(0, 1)
