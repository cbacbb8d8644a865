"""Break-even: by hand, its sentence, and what it refuses."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint import breakeven
from jevons.footprint.breakeven import Side


def side(amount, unit="kg", boundary="dynamic", grid="France, 57 g/kWh", rate=""):
    return Side(amount=amount, unit=unit, boundary=boundary, grid=grid, request_rate=rate)


def test_calls_and_years_by_hand():
    calls = breakeven.in_calls(side(2, "t"), side(4, "g"))
    assert (calls.count, calls.unit, calls.indicator) == (500_000, "calls", "carbon")
    years = breakeven.in_years(side(7305, "kWh"), side(10, "kWh"))
    assert (years.count, years.unit, years.indicator) == (2, "years", "energy")
    assert breakeven.in_calls(side(1, "kL"), side(1, "mL")).indicator == "water"


@given(st.floats(1e-6, 1e9), st.floats(1e-9, 1e6), st.floats(0.1, 10))
def test_scales_as_the_quotient(once, each, k):
    one = breakeven.in_calls(side(once), side(each)).count
    assert breakeven.in_calls(side(once * k), side(each)).count == pytest.approx(one * k)
    assert breakeven.in_calls(side(once), side(each * k)).count == pytest.approx(one / k)


def test_a_grid_of_zero_is_survived():
    assert breakeven.in_calls(side(0), side(1)).count == 0
    assert math.isinf(breakeven.in_calls(side(1), side(0)).count)
    assert breakeven.in_calls(side(0), side(0)).count == 0


def test_it_says_boundary_grid_rate_and_indicator_of_both_sides():
    use = side(18.9, boundary="all of the machine", grid="Iowa, 394 g/kWh", rate="558 requests an hour")
    made = breakeven.in_years(side(50.5, "t"), use)
    said = str(made)
    for word in ("carbon", "dynamic", "57 g/kWh", "all of the machine", "394 g/kWh", "558 requests", "differ"):
        assert word in said
    assert not made.equal_boundaries
    assert "differ" not in str(breakeven.in_years(side(50.5, "t"), side(18.9)))


@pytest.mark.parametrize("changes", [{"boundary": " "}, {"grid": ""}, {"amount": -1}, {"amount": math.nan}])
def test_a_side_without_its_boundary_or_grid_is_refused(changes):
    with pytest.raises(ValueError, match=r"boundary|amount"):
        side(**{"amount": 1, **changes})


def test_unlike_sides_are_refused():
    with pytest.raises(ValueError, match="measures"):
        breakeven.in_calls(side(1, "kWh"), side(1, "g"))
    with pytest.raises(ValueError, match="one grid"):
        breakeven.together(side(1), side(1, grid="elsewhere"))
    assert breakeven.together(side(1, "t"), side(500)).amount == pytest.approx(1.5)
