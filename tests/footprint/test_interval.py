"""Arithmetic of intervals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint.interval import ZERO, Interval, around, product, spread

positive = st.floats(1e-6, 1e6)


@st.composite
def intervals(draw):
    mid = draw(positive)
    return Interval(mid / draw(st.floats(1, 50)), mid, mid * draw(st.floats(1, 50)))


@given(intervals(), intervals(), st.just(0.0) | st.floats(1e-30, 1e6))  # below lies the end of floating point
def test_sums_and_scales_stay_ordered(one, other, number):
    for figure in (one + other, one * number, product(one, other), one.inverse(), spread(number, one, other)):
        assert 0 <= figure.low <= figure.mid * (1 + 1e-12)
        assert figure.mid <= figure.high * (1 + 1e-12)


@given(intervals(), intervals())
def test_product_is_wider_than_its_widest_and_narrower_than_its_bounds(one, other):
    both = product(one, other)
    assert both.mid == pytest.approx(one.mid * other.mid)
    widest = max(one.high / one.mid, other.high / other.mid)
    assert both.high / both.mid >= widest * (1 - 1e-9)
    assert both.high <= one.high * other.high * (1 + 1e-9)
    assert both.low >= one.low * other.low * (1 - 1e-9)


def test_product_is_the_rule_for_log_normal_figures():
    both = product(around(2.0, 3.0), around(5.0, 4.0))
    assert both.high / both.mid == pytest.approx(math.exp(math.hypot(math.log(3), math.log(4))))
    assert both.mid / both.low == pytest.approx(both.high / both.mid)


def test_zeros():
    assert product(Interval(0.0, 1.0, 2.0), around(1.0, 2.0)).low == 0
    assert product(Interval(0.0, 0.0, 2.0), around(1.0, 2.0)) == Interval(0.0, 0.0, 4.0)
    assert spread(0.0, around(1.0, 2.0)) == ZERO
