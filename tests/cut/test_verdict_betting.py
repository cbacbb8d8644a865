"""Scores from 0 to 1: errors over every order of small lists, capitals by enumeration, two models, many verdicts."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jevons.cut.verdict import flaky, paired
from jevons.cut.verdict.betting import Capital, Graded
from jevons.cut.verdict.family import any_wrong, confidence_of_each, told
from jevons.cut.verdict.finite import Side
from jevons.cut.verdict.order import draw

SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.8, 0.95, 1.0]), min_size=1, max_size=5)


@settings(max_examples=150)
@given(SCORES, st.sampled_from([0.0, 0.01, -0.01, 0.1, -0.1]), st.sampled_from([0.05, 0.4]))
def test_errors_over_every_order(scores: list[float], off: float, alpha: float) -> None:
    threshold = sum(scores) / len(scores) + off
    assume(0.01 < threshold < 1)
    passes = off <= 0
    wrong = 0
    for order in itertools.permutations(scores):
        made = Graded(len(order), threshold, alpha, alpha)
        for score in order:
            made.enter(score, score)
        assert made.decision  # settled at the last item at the latest
        wrong += (made.decision == "pass") != passes
    assert wrong <= alpha * math.factorial(len(scores))


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.3, 0.9, 1.0]), st.booleans()), min_size=1, max_size=5),
    st.floats(0.05, 1),
)
def test_errors_where_some_scores_are_missing(items: list[tuple[float, bool]], threshold: float) -> None:
    mean = sum(score for score, _ in items) / len(items)
    assume(abs(mean - threshold) > 1e-6)
    wrong = 0
    for order in itertools.permutations(items):
        made = Graded(len(order), threshold, 0.4, 0.4)
        for score, missing in order:
            made.enter(*((0, 1) if missing else (score, score)))
        wrong += made.decision is not None and (made.decision == "pass") != (mean >= threshold)
        assert made.decision or any(missing for _, missing in items)
    assert wrong <= 0.4 * math.factorial(len(items))


def test_a_missing_score_counts_against_either_verdict() -> None:
    made = Graded(10, 0.5)
    for _ in range(10):
        made.enter(0, 1)
    assert made.decision is None
    assert (made.over.total, made.under.total) == (0, 0)


@given(st.integers(2, 40), st.data())
def test_on_0_and_1_the_capital_is_the_ratio_of_chances(size: int, data: st.DataObject) -> None:
    null = data.draw(st.integers(1, size - 1))
    outcomes = data.draw(st.lists(st.integers(0, 1), min_size=1, max_size=size))
    side, capital = Side(size, null, 0.05), Capital(null / size, 0.05, size, finite=True)
    capital.rates = tuple(count / size for count, _ in side.bets)
    capital.logs = [share for _, share in side.bets]
    for seen, outcome in enumerate(outcomes, 1):
        capital.enter(outcome)
        had = sum(outcomes[:seen])
        if had >= null or seen - had >= size - null:
            return
        ratio = side.log_ratio(seen, had)
        assert capital.log == pytest.approx(ratio, abs=1e-6) or (ratio < -20 and capital.log < -20)


@settings(max_examples=50)
@given(st.floats(0.05, 0.95), st.integers(1, 7), st.integers(1, 500))
def test_a_fair_bet_gains_nothing(threshold: float, items: int, size: int) -> None:
    """An endless supply exactly at the threshold: the mean capital over all outcomes is 1."""
    mean = 0.0
    for order in itertools.product((0, 1), repeat=items):
        capital = Capital(threshold, 0.05, size, finite=False)
        for outcome in order:
            capital.enter(outcome)
        mean += math.prod(threshold if one else 1 - threshold for one in order) * math.exp(capital.log)
    assert mean == pytest.approx(1, abs=1e-9)


def test_an_endless_supply_may_stay_open() -> None:
    made = Graded(6, 0.5, finite=False)
    for score in (1, 0, 1, 0, 1, 0):
        made.enter(score, score)
    assert (made.decision, made.certain) == (None, False)
    perfect = Graded(50, 1.0, finite=False)
    perfect.enter(1, 1)
    assert perfect.decision is None
    perfect.enter(0.9, 0.9)
    assert perfect.decision == "fail"


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_scores_are_from_0_to_1(score: float) -> None:
    with pytest.raises(ValueError, match="not from 0 to 1"):
        Capital(0.5, 0.05, 10, finite=True).enter(score)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_a_pair_is_over_the_threshold_as_its_difference_is_over_the_margin(
    new: float, old: float, margin: float
) -> None:
    assume(abs(new - old + margin) > 1e-9)
    assert (paired.score(new, old) > paired.threshold(margin)) == (new - old > -margin)
    assert 0 <= paired.score(new, old) <= 1


def test_two_models_alike_are_not_worse() -> None:
    """No two answers differ: the capital grows by the margin alone, and less of it takes more items."""
    needed = []
    for margin in (0.1, 0.05, 0.02):
        made = Graded(1000, paired.threshold(margin))
        while not made.decision:
            made.enter(0.5, 0.5)
        assert made.decision == "pass"
        needed.append(made.over.seen)
        # no bet gains more a tie than all of it: ln(20) / ln(1/(1 - margin)), and the list's end helps
        assert made.over.seen <= 2 * math.log(20) / -math.log(1 - margin)
    assert needed == sorted(needed)


@given(st.lists(st.sampled_from([0.0, 1.0, None]), max_size=4), st.integers(4, 6), st.sampled_from(flaky.RULES))
def test_bounds_of_an_item_are_those_of_all_ways_it_could_end(
    tries: list[float | None], repeats: int, rule: flaky.Rule
) -> None:
    how = {"mean": lambda values: sum(values) / len(values), "all": min, "any": max}[rule]
    open_ = [(0.0, 1.0) if one is None else (one,) for one in [*tries, *[None] * (repeats - len(tries))]]
    ends = [how(values) for values in itertools.product(*open_)]
    assert flaky.bounds(tries, repeats, rule) == pytest.approx((min(ends), max(ends)))


def test_repeats_save_what_is_within_items_alone() -> None:
    assert flaky.variance_cut(0.0, 0.2, 4) == pytest.approx(0.75)
    assert flaky.variance_cut(0.2, 0.0, 4) == 0


def test_many_verdicts() -> None:
    assert any_wrong([0.95, 0.95, 0.99]) == pytest.approx(0.11)
    assert any_wrong([0.9] * 20) == 1
    assert any_wrong([confidence_of_each(0.95, 8)] * 8) == pytest.approx(0.05)
    assert (
        told([0.95] * 4) == "4 verdicts: all right with a chance of at least 80 %; on average at most 0.2 of them wrong"
    )
    assert told([0.95]) == "1 verdict, wrong with a chance of at most 5 %"


def test_the_order_is_the_same_everywhere() -> None:
    """By sha256sum of seed, NUL, name."""
    assert draw("abcde", 0) == list("dceab")
    assert draw("edcba", 0) == list("dceab")
    assert any(draw("abcde", seed) != list("dceab") for seed in range(1, 4))
    with pytest.raises(ValueError, match="named twice: b"):
        draw("abcb", 0)


def test_every_item_comes_first_about_as_often() -> None:
    first = [draw("abcdef", seed)[0] for seed in range(6000)]
    square = sum((first.count(name) - 1000) ** 2 / 1000 for name in "abcdef")
    assert square < 20.5  # chi-squared with 5 degrees of freedom, 0.1 %
