"""Intervals of sums: exact for one term, close to joint draws for several, and the same however a sum was split."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint.causes import Cause, Term, cause, interval, within
from jevons.footprint.interval import ZERO, Interval, product

np = pytest.importorskip("numpy")
Z90 = 1.6448536269514722

ratios = st.floats(1.0, 30.0)
some_causes = st.lists(
    st.builds(
        lambda name, of, low, high: Cause(name, of, 1 / low, high),
        st.sampled_from("abcd"), st.sampled_from(["", "x"]), ratios, ratios,
    ),
    max_size=5,
    unique_by=lambda one: one.key,
).map(tuple)  # fmt: skip
some_terms = st.lists(st.builds(Term, st.floats(1e-6, 1e6), some_causes), min_size=1, max_size=6)


@given(st.floats(1e-6, 1e6), some_causes)
def test_one_term_is_a_product_of_log_normal_figures(amount, causes):
    made = interval([Term(amount, causes)])
    exact = product(Interval(amount, amount, amount), *(Interval(one.low, 1.0, one.high) for one in causes))
    assert made.low == pytest.approx(exact.low, rel=1e-9)
    assert made.high == pytest.approx(exact.high, rel=1e-9)


@given(some_terms, st.floats(0.01, 0.99))
def test_a_split_term_changes_nothing(terms, share):
    first = terms[0]
    split = [first * share, *terms[1:], first * (1 - share)]
    for one, other in zip(_ends(interval(terms)), _ends(interval(split)), strict=True):
        assert one == pytest.approx(other, rel=1e-9)


@given(some_terms, st.floats(1e-3, 1e3))
def test_ordered_and_scaled(terms, number):
    made = interval(terms)
    assert 0 <= made.low <= made.mid <= made.high
    for one, other in zip(_ends(made), _ends(interval([term * number for term in terms])), strict=True):
        assert one * number == pytest.approx(other, rel=1e-9)


def test_nothing_costs_nothing():
    assert interval([]) == interval([Term(0.0, (within("a", "", 3.0),))]) == ZERO


def test_a_low_end_of_zero_is_as_good_as_zero():
    assert interval([Term(5.0, (cause("ewif", "Norway", Interval(0.0, 1.0, 2.0)),))]).low < 5e-5


def test_the_inverse_divides():
    one = Cause("lifetime", "", 0.5, 4.0).inverse
    assert (one.low, one.high) == (0.25, 2.0)


def test_close_to_draws():
    """Ends within a tenth of the width of 400,000 draws, for one to eight terms that share some causes."""
    pick, draw = random.Random(1), np.random.default_rng(1)
    for count in (1, 2, 3, 5, 8):
        for _ in range(6):
            shared = [within(name, "", pick.uniform(1.05, 2.0)) for name in ("form", "host", "pue")]
            terms = [
                Term(10 ** pick.uniform(0, 2), (*shared, within("serving", str(at), pick.uniform(1.5, 6))))
                for at in range(count)
            ]
            z = {one.key: draw.standard_normal(400_000) / Z90 for term in terms for one in term.causes}
            total = sum(t.amount * np.exp(sum(z[c.key] * math.log(c.high) for c in t.causes)) for t in terms)
            low, high = np.quantile(total, [0.05, 0.95])
            made, width = interval(terms), math.log(high / low)
            assert abs(math.log(made.low / low)) < 0.1 * width, terms
            assert abs(math.log(made.high / high)) < 0.1 * width, terms


def _ends(made):
    return made.low, made.mid, made.high
