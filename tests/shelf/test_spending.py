"""What was counted becomes energy and carbon: by meter, by stated hardware, by processor time, or unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.shelf.derive import estimate
from jevons.shelf.spending import Reading, Stated, Watch, checked, spent


def watch(processors=0, cards=0, hidden=False):
    """What a machine has: none of its counters is read here."""
    made = Watch()
    made.processors, made.cards, made.hidden = processors, cards, hidden
    return made


@given(st.floats(1.0, 1e12), st.floats(0.0, 1e6))
def test_joules_of_meters_are_the_machine_s(joules, cpu_s):
    made = spent(Reading(hours=1.0, joules=joules, cpu_s=cpu_s), watch(processors=2), Stated(place="FR"))
    whole, grid = factors.hardware("meter"), factors.intensity("FR")
    assert (made.how, made.scope) == ("measured", "server")
    assert made.energy.value == pytest.approx(joules / 3.6e6 * whole.value)
    assert made.energy.high / made.energy.value == pytest.approx(whole.high / whole.value)
    assert made.carbon.value == pytest.approx(made.energy.value * grid.value)
    assert made.carbon.low < made.energy.low * grid.value  # the grid's interval is in it
    assert made.cpu_hours == pytest.approx(cpu_s / 3600)


def test_processor_time_where_there_is_no_meter():
    made = spent(Reading(hours=1.0, cpu_s=7200.0), watch(), Stated(grid_g_per_kwh=100.0, pue=1.5))
    core = factors.hardware("core_power_unknown")
    assert (made.how, made.scope) == ("estimated", "facility")
    assert made.energy.value == pytest.approx(2 * core.value / 1e3 * 1.5)  # two hours of a core
    assert made.carbon.value == pytest.approx(made.energy.value * 100)
    assert made.carbon.high / made.carbon.value == pytest.approx(core.high / core.value)


@pytest.mark.parametrize("cards", [0, 8])
def test_stated_chips_count_their_hours_where_no_card_is_read(cards):
    reading = Reading(hours=2.0, joules=1e6, cpu_s=10.0)
    stated = Stated(hardware="A100-SXM-80GB", chips=8, place="FR")
    made = spent(reading, watch(processors=1, cards=cards), stated)
    if cards:
        assert made.how == "measured"
    else:
        expected = estimate(hardware="A100-SXM-80GB", machine_hours=16.0, place="FR")
        assert (made.how, made.energy, made.carbon) == ("estimated", expected.energy, expected.carbon)
    assert made.cpu_hours == pytest.approx(10 / 3600)


def test_a_card_that_cannot_be_read_is_unknown_never_zero():
    made = spent(Reading(hours=1.0, joules=1e6, cpu_s=10.0), watch(processors=1, hidden=True), Stated())
    assert (made.energy, made.carbon) == (None, None)
    assert "or say which (--gpus)" in made.source
    assert made.cpu_hours == pytest.approx(10 / 3600)


def test_a_system_that_tells_no_processor_time_is_unknown():
    made = spent(Reading(hours=1.0), watch(), Stated())
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
