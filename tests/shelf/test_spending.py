"""What was counted becomes energy and carbon: by meter, by stated hardware, by processor time, or unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.record import Machine
from jevons.shelf.derive import estimate
from jevons.shelf.spending import Stated, checked, spent

HOUR_US = 3_600_000_000


@given(st.integers(1, 10**15), st.integers(0, 10**15), st.integers(0, 10**12))
def test_joules_of_meters_are_the_machine_s(processor_mj, card_mj, cpu_us):
    counted = Machine(
        duration_us=HOUR_US, processors=2, processor_mj=processor_mj, cards=1, card_mj=card_mj, cpu_us=cpu_us
    )
    made = spent(counted, Stated(place="FR"))
    whole, grid = factors.hardware("meter"), factors.intensity("FR")
    assert (made.how, made.scope) == ("measured", "server")
    assert made.energy.value == pytest.approx((processor_mj + card_mj) / 3.6e9 * whole.value)
    assert made.energy.high / made.energy.value == pytest.approx(whole.high / whole.value)
    assert made.carbon.value == pytest.approx(made.energy.value * grid.value)
    assert made.carbon.low < made.energy.low * grid.value  # the grid's interval is in it
    assert made.cpu_hours == pytest.approx(cpu_us / HOUR_US)


def test_processor_time_where_there_is_no_meter():
    made = spent(Machine(duration_us=HOUR_US, cpu_us=2 * HOUR_US), Stated(grid_g_per_kwh=100.0, pue=1.5))
    core = factors.hardware("core_power_unknown")
    assert (made.how, made.scope) == ("estimated", "facility")
    assert made.energy.value == pytest.approx(2 * core.value / 1e3 * 1.5)  # two hours of a core
    assert made.carbon.value == pytest.approx(made.energy.value * 100)
    assert made.carbon.high / made.carbon.value == pytest.approx(core.high / core.value)


@pytest.mark.parametrize("cards", [0, 8])
def test_stated_chips_count_their_hours_where_no_card_is_read(cards):
    counted = Machine(
        duration_us=2 * HOUR_US, processors=1, processor_mj=10**9, cards=cards, card_mj=cards * 10**9 or None,
        cpu_us=10_000_000,
    )  # fmt: skip
    stated = Stated(hardware="A100-SXM-80GB", chips=8, place="FR")
    made = spent(counted, stated)
    if cards:
        assert made.how == "measured"
    else:
        expected = estimate(hardware="A100-SXM-80GB", machine_hours=16.0, place="FR")
        assert (made.how, made.energy, made.carbon) == ("estimated", expected.energy, expected.carbon)
    assert made.cpu_hours == pytest.approx(10 / 3600)


def test_a_card_that_cannot_be_read_is_unknown_never_zero():
    made = spent(
        Machine(duration_us=HOUR_US, processors=1, processor_mj=10**9, cpu_us=10_000_000, unread_card=True), Stated()
    )
    assert (made.energy, made.carbon) == (None, None)
    assert "or say which (--gpus)" in made.source
    assert made.cpu_hours == pytest.approx(10 / 3600)


def test_a_system_that_tells_no_processor_time_is_unknown():
    made = spent(Machine(duration_us=HOUR_US), Stated())
    assert (made.energy, made.carbon, made.cpu_hours) == (None, None, None)


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        (Stated(hardware="Frobnicator", place="FR"), "not known"), (Stated(hardware="A100"), "where?"),
        (Stated(grid_g_per_kwh=-1.0), "grid"), (Stated(place="Atlantis"), "Atlantis"),
        (Stated(power_w=0.0, place="FR"), "above 0"), (Stated(pue=0.9), "PUE"),
        (Stated(grid_g_per_kwh=float("nan")), "grid"),
    ],
)  # fmt: skip
def test_what_is_stated_is_checked(stated, says):
    with pytest.raises(ValueError, match=says):
        checked(stated)
