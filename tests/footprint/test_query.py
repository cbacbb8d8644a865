"""One query by the formulas of others, ratios, stars and units."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint import query, ratios
from jevons.footprint.stars import stars
from jevons.footprint.units import convert, dimension


def test_jegham_by_hand():
    # 2 s + 700 tokens at 100/s = 9 s of (8000 W x 0.1 + 2000 W x 0.05) at PUE 1.2
    assert query.jegham_wh(2, 700, 100, 8000, 0.1, 2000, 0.05, 1.2) == pytest.approx(9 / 3600 * 900 * 1.2)
    assert query.expected_wh(1.0, 3.0) == 2.0
    assert query.expected_wh(1.0, 3.0, weight=0.25) == 1.5


def test_epoch_by_hand():
    # 2 x 1e11 x 1000 FLOPs at 1e14/s: 2 s of 1000 W, 80 % used
    assert query.epoch_wh(1e11, 1000, 1e15, 0.1, 1000, 0.8) == pytest.approx(2 * 800 / 3600)


@pytest.mark.parametrize(
    ("total_b", "active_b", "tokens", "pue", "wh"),
    [(70, 70, 400, 1.2, 0.26301159713340183), (405, 405, 1000, 1.1, 8.3726882547924),
     (8, 8, 300, 1.0, 0.02228814613827218), (671, 37, 500, 1.3, 2.1552379859749)],
)  # fmt: skip
def test_ecologits_as_the_package_computes(total_b, active_b, tokens, pue, wh):
    """`wh`: output of ecologits 0.11.3 (its functions gpu_energy to request_energy, latency not bound)."""
    assert query.ecologits_wh(total_b, active_b, tokens, pue) == pytest.approx(wh, rel=1e-12)


def test_ecologits_gpus():
    assert [query.ecologits_gpus(total_b) for total_b in (7, 34, 70, 405)] == [1, 2, 4, 16]


def test_stars_are_bands_of_the_range():
    assert [stars(figure, 0, 100) for figure in (0, 20, 20.1, 40, 60, 80, 80.1, 100)] == [5, 5, 4, 4, 3, 2, 1, 1]
    assert stars(7, 7, 7) == 5
    # not quantiles: one heavy model leaves all others five stars
    assert [stars(figure, 1, 1000) for figure in (1, 2, 3, 1000)] == [5, 5, 5, 1]
    with pytest.raises(ValueError, match="between"):
        stars(101, 0, 100)


def test_ratios_by_hand():
    assert ratios.per_unit(6500, 50, per=2) == 260
    assert ratios.reduction(200, 50) == 0.75
    assert ratios.total(*[0.1] * 10) == 1.0
    assert ratios.reduction(100, 150) == -0.5
    assert ratios.improvement((10, 5), (3, 1)) == 6
    assert math.isinf(ratios.times(3, 0))
    assert ratios.times(0, 0) == 1
    for refused in (lambda: ratios.per_unit(1, 0), lambda: ratios.reduction(0, 1)):
        with pytest.raises(ValueError, match=r"units|before"):
            refused()


def test_units_by_hand():
    assert convert(1, "lb", "g") == pytest.approx(453.59237)
    assert convert(0.954, "lb/kWh", "g/kWh") == pytest.approx(432.727, rel=1e-5)
    assert convert(1, "MWh", "MJ") == pytest.approx(3600)
    assert convert(90, "min", "h") == 1.5
    assert convert(12, "month", "year") == pytest.approx(1)
    assert convert(1, "kg/MWh", "g/kWh") == pytest.approx(1)


@given(st.sampled_from(["kWh", "J", "lb", "t", "mL", "ML", "kW", "year", "g/kWh", "L/kWh"]), st.floats(1e-6, 1e6))
def test_there_and_back(unit, value):
    base = {"energy": "Wh", "mass": "g", "volume": "L", "power": "W", "time": "s", "mass/energy": "lb/MWh",
            "volume/energy": "mL/Wh"}[dimension(unit)]  # fmt: skip
    assert convert(convert(value, unit, base), base, unit) == pytest.approx(value)


@pytest.mark.parametrize(("unit", "to"), [("kWh", "kg"), ("g/kWh", "g"), ("stone", "kg")])
def test_unlike_units_are_refused(unit, to):
    with pytest.raises(ValueError, match=r"measures|not known"):
        convert(1, unit, to)
