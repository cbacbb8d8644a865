"""Rebound: by hand, its two forms against each other, and what cannot be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.weigh import rebound

GAIN, STEPS, GROWTH = st.floats(1e-6, 0.99), st.floats(0.1, 10), st.floats(0, 100)


def test_by_hand():
    assert rebound.expected_saving(0.5, 3) == pytest.approx(0.875)
    assert rebound.actual_saving(0.5, 4, 3) == pytest.approx(0.5)
    assert rebound.demand_growth(0.5, 0.5, 3) == pytest.approx(4)
    assert rebound.break_even_growth(0.2) == pytest.approx(1.25)
    assert rebound.rebound(0.4, 0.1) == pytest.approx(0.75)
    assert rebound.rebound(0.4, 0.5) == pytest.approx(-0.25)
    assert rebound.expected_saving(1e-18) == 1e-18


@given(GAIN, STEPS, GROWTH)
def test_demand_growth_inverts_the_saving(gain, steps, growth):
    net = rebound.actual_saving(gain, growth, steps)
    # Nearness to a saving of 1 costs digits: what is left is (1 - g)^n of the demand.
    assert rebound.demand_growth(net, gain, steps) == pytest.approx(growth, abs=1e-15 / (1 - gain) ** steps, rel=1e-9)


@given(GAIN, STEPS, st.floats(0.5, 2).filter(lambda times: abs(times - 1) > 1e-6))
def test_it_backfires_beyond_the_break_even(gain, steps, times):
    expected = rebound.expected_saving(gain, steps)
    at = rebound.break_even_growth(gain, steps)
    assert rebound.rebound(expected, rebound.actual_saving(gain, at, steps)) == pytest.approx(1, abs=1e-8)
    found = rebound.rebound(expected, rebound.actual_saving(gain, at * times, steps))
    assert rebound.backfires(found) == (times > 1)
    assert rebound.rebound(expected, rebound.actual_saving(gain, 1, steps)) == pytest.approx(0, abs=1e-8)


@given(st.floats(-2, 3))
def test_elasticities_are_the_limit_of_small_steps(elasticity):
    """Demand of constant elasticity, one step of 1e-6: measured as savings, and by the identities."""
    gain = 1e-6
    growth = (1 / (1 - gain)) ** elasticity
    measured = rebound.rebound(rebound.expected_saving(gain), rebound.actual_saving(gain, growth))
    energy = rebound.energy_elasticity(elasticity)
    used = 1 - rebound.actual_saving(gain, growth)
    assert math.log(used) / -math.log1p(-gain) == pytest.approx(energy, abs=1e-4)
    assert measured == pytest.approx(rebound.by_service_elasticity(elasticity), abs=1e-4)
    assert measured == pytest.approx(rebound.by_energy_elasticity(energy), abs=1e-4)


def test_price():
    """Energy price and efficiency act alike: a tenth off the price of a service of price elasticity -0.3."""
    assert rebound.by_price_elasticity(-0.3) == rebound.by_service_elasticity(0.3)
    assert rebound.backfires(rebound.by_price_elasticity(-1.2))
    assert not rebound.backfires(rebound.by_price_elasticity(-1.0))


def test_growth_by_hand():
    assert rebound.increment(100, 400, 25, 50) == 600
    assert rebound.growth(100, 400, 100, 50) == pytest.approx(1)
    assert rebound.growth(400, 100, 2, 1) == pytest.approx(-0.5)


AMOUNT, ELAPSED = st.floats(1, 100), st.floats(10, 300)


@given(AMOUNT, AMOUNT, AMOUNT, ELAPSED, ELAPSED, st.floats(1, 10))
def test_growth_compounds_and_increments_add(a, b, c, first, second, period):
    """A span cut in two: what both parts come to, each by its periods, is what the whole does."""
    spans = [(a, b, first), (b, c, second)]
    periods = (first + second) / period
    times = math.prod((1 + rebound.growth(*span, period)) ** (span[2] / period) for span in spans)
    assert (1 + rebound.growth(a, c, first + second, period)) ** periods == pytest.approx(times, rel=1e-9)
    added = math.fsum(rebound.increment(*span, period) * span[2] / period for span in spans)
    assert rebound.increment(a, c, first + second, period) * periods == pytest.approx(added, abs=1e-9)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (rebound.expected_saving, (1.0,)),
        (rebound.expected_saving, (-0.1,)),
        (rebound.expected_saving, (math.nan,)),
        (rebound.expected_saving, (0.1, -1)),
        (rebound.actual_saving, (0.1, -1)),
        (rebound.rebound, (0.0, 0.1)),
        (rebound.rebound, (1.1, 0.1)),
        (rebound.rebound, (0.5, 1.1)),
        (rebound.rebound, (0.5, math.nan)),
        (rebound.demand_growth, (1.1, 0.1)),
        (rebound.break_even_growth, (1.0,)),
        (rebound.energy_elasticity, (math.nan,)),
        (rebound.by_service_elasticity, (math.inf,)),
        (rebound.by_energy_elasticity, (math.nan,)),
        (rebound.by_price_elasticity, (math.nan,)),
        (rebound.increment, (1, 2, 0, 50)),
        (rebound.increment, (1, math.nan, 1, 50)),
        (rebound.growth, (0, 2, 1, 50)),
        (rebound.growth, (1, 2, 1, -50)),
    ],
)
def test_what_cannot_be(function, arguments):
    with pytest.raises(ValueError, match=r"\d|nan|inf"):
        function(*arguments)
