"""Training: each way to its energy by hand, the parts of a project, and what a call bears of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint import training
from jevons.footprint.training import Parts

amounts = st.floats(0, 1e9)


def test_three_ways_to_one_energy():
    # 1,000 GPUs for 100 h at 500 W: 50 MWh, 60 with PUE 1.2
    hours = training.machine_hours(1000, 100)
    assert training.energy_by_power_kwh(hours, 500, 1.2) == pytest.approx(60_000)
    assert training.energy_by_meter_kwh(50_000, 1.2) == pytest.approx(60_000)
    flops = hours * 3600 * 1e15 * 0.4  # what they do at 40 % of 1 PFLOP/s
    assert training.machine_hours_by_flops(flops, 1e15, 0.4) == pytest.approx(hours)
    assert training.energy_by_flops_kwh(flops, 1e15, 0.4, 500, 1.2) == pytest.approx(60_000)


def test_a_meter_of_gpus_needs_host_and_idle():
    assert training.energy_by_meter_kwh(58, pue=1.0, host=83 / 58, idle=93 / 83) == pytest.approx(93)


def test_flops_by_hand():
    assert training.flops(1e9, 20e9) == pytest.approx(1.2e20)


@pytest.mark.parametrize("utilisation", [0, -0.1, 1.01])
def test_utilisation_is_a_share(utilisation):
    with pytest.raises(ValueError, match="utilisation"):
        training.machine_hours_by_flops(1e20, 1e15, utilisation)


def test_energy_to_carbon_to_water_by_hand():
    made = training.footprint(1000, pue=1.2, grid_g_per_kwh=100, wue_l_per_kwh=0.5, ewif_l_per_kwh=2.0)
    assert made.energy_kwh == pytest.approx(1200)
    assert made.carbon_g == pytest.approx(120_000)
    assert made.water_l == pytest.approx(500 + 2400)


@given(amounts, amounts, amounts, amounts)
def test_parts_sum_and_share(dynamic, idle, embodied, failed):
    parts = Parts(dynamic=dynamic, idle=idle, embodied=embodied, failed=failed)
    assert parts.total == pytest.approx(dynamic + idle + embodied + failed)
    assert sum(parts.shares.values()) == pytest.approx(1.0 if parts.total else 0.0)
    for name, share in parts.shares.items():
        assert share * parts.total == pytest.approx(getattr(parts, name))


@given(amounts, st.floats(1, 1e9), amounts)
def test_training_spread_over_calls_is_all_of_it(once, calls, each):
    assert training.per_call(once, calls, each) * calls == pytest.approx(once + each * calls)


def test_no_calls_bear_nothing():
    with pytest.raises(ValueError, match="calls"):
        training.per_call(1.0, 0)
