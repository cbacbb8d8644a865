"""The package `expectation` computes the same, where it is installed (it wants Python 3.12)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.cut.verdict import confidence
from jevons.cut.verdict.betting import Capital
from jevons.cut.verdict.finite import Side

boundaries = pytest.importorskip("expectation.modules.boundaries")
testing = pytest.importorskip("expectation.modules.hypothesistesting")
np = pytest.importorskip("numpy")


@given(
    st.floats(1, 1e5),
    st.floats(0.001, 0.5),
    st.floats(0.1, 100),
    st.floats(-1, 1),
    st.floats(1.1, 3),
    st.floats(1.2, 4),
)
def test_the_stitched_boundary(v: float, alpha: float, least: float, c: float, s: float, eta: float) -> None:
    ours = confidence.stitched(v, alpha, least, c, s, eta)
    assert ours == pytest.approx(boundaries.poly_stitching_bound(v, alpha, least, c, s, eta), rel=1e-6)


@given(st.integers(1, 500), st.data(), st.floats(0.01, 0.3), st.floats(10, 500))
def test_the_interval_of_a_rate(items: int, data: st.DataObject, alpha: float, best_at: float) -> None:
    passes = data.draw(st.integers(0, items))
    ours = confidence.rate_interval(passes, items, alpha, best_at)
    try:
        theirs = boundaries.bernoulli_confidence_interval(passes, items, alpha, best_at)
    except ValueError:  # theirs finds no end where the interval reaches 0 or 1
        assert 0 < ours[0] < 1e-6 or 1 - 1e-6 < ours[1] < 1 or {*ours} & {0.0, 1.0}
        return
    assert ours == pytest.approx(theirs, abs=1e-5)


def ratio(chance, other, outcomes):
    """Their likelihood ratio of outcomes one by one; `chance` and `other` give each outcome's chance of passing."""
    null = testing.Hypothesis(name="null", description="", type=testing.HypothesisType.SIMPLE)
    value = 1.0
    for at, outcome in enumerate(outcomes):

        def density(p):
            return lambda x: np.where(x > 0, p, 1 - p)

        made = testing.LikelihoodRatioEValue(null, density(chance(at)), density(other(at)))
        value *= made.compute(np.array([outcome]))
    return value


@given(st.lists(st.integers(0, 1), min_size=1, max_size=20), st.floats(0.1, 0.9))
def test_the_capital_on_an_endless_supply(outcomes: list[int], threshold: float) -> None:
    capital = Capital(threshold, 0.05, 100, finite=False)
    shares = [math.exp(share) for share in capital.logs]
    for outcome in outcomes:
        capital.enter(outcome)
    theirs = sum(
        share * ratio(lambda at: threshold, lambda at, rate=rate: rate, outcomes)
        for share, rate in zip(shares, capital.rates, strict=True)
    )
    assert math.exp(capital.log) == pytest.approx(theirs, rel=1e-6)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=15), st.integers(20, 60), st.integers(16, 19))
def test_the_ratio_on_a_list(outcomes: list[int], size: int, null: int) -> None:
    if len(outcomes) - sum(outcomes) >= size - null:
        return
    side = Side(size, null, 0.05)
    had = [sum(outcomes[:at]) for at in range(len(outcomes))]
    theirs = 0.0
    for count, share in side.bets:
        if len(outcomes) - sum(outcomes) > size - count:
            continue
        theirs += math.exp(share) * ratio(
            lambda at: (null - had[at]) / (size - at),
            lambda at, count=count: min((count - had[at]) / (size - at), 1.0),
            outcomes,
        )
    assert math.exp(side.log_ratio(len(outcomes), sum(outcomes))) == pytest.approx(theirs, rel=1e-6, abs=1e-300)
