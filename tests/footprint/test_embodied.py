"""Hardware: calls and idle sum to the whole, idle is spread once, and chips by hand."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jevons.footprint import act, embodied

lives = st.floats(1e6, 1e9)
shares = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def _busy(life_s, parts):
    return [life_s * part / len(parts) for part in parts]  # together never more than the life


@given(st.floats(0, 1e4), lives, shares)
def test_calls_and_idle_sum_to_the_whole(made, life_s, parts):
    calls, idle = embodied.split(made, life_s, _busy(life_s, parts))
    assert sum(calls) + idle == pytest.approx(made)
    assert min(calls) >= 0
    assert idle >= 0


@given(st.floats(1, 1e4), st.floats(0.5, 10), shares)
def test_utilisation_and_idle_charged_to_calls_are_the_same_thing(made_kg, years, parts):
    life_s = years * embodied.SECONDS_PER_YEAR
    busy = _busy(life_s, parts)
    utilisation = sum(busy) / life_s
    assume(utilisation > 1e-6)
    calls, idle = embodied.split(made_kg * 1e3, life_s, busy)
    charged = embodied.charge_idle(calls, idle)
    assert sum(charged) == pytest.approx(made_kg * 1e3)  # once: both together would charge it twice
    for one, seconds in zip(charged, busy, strict=True):
        assert one == pytest.approx(embodied.embodied_g(seconds, made_kg, years, utilisation))


def test_more_calls_than_life_are_refused():
    with pytest.raises(ValueError, match="life"):
        embodied.split(1.0, 10.0, [6.0, 5.0])
    with pytest.raises(ValueError, match="life"):
        embodied.split(1.0, 10.0, [-1.0])
    assert embodied.split(1.0, 10.0, []) == ([], 1.0)
    with pytest.raises(ValueError, match="idle"):
        embodied.charge_idle([], 1.0)


def test_amortisation_by_hand():
    # 2190 kg over 5 years at half its time: 2190 / 21,900 h
    assert embodied.per_hour(2190, 5, 0.5) == pytest.approx(0.1)
    made = embodied.of_training(1000, 21.9, 2190, 8, 5, 0.5)
    assert (made.servers, made.machines) == (pytest.approx(0.1 * 1000 / 8), pytest.approx(1.0))
    assert made.total == pytest.approx(13.5)
    assert embodied.by_time(876, 10, 8760) == pytest.approx(1.0)
    assert embodied.per_machine(3200, 8) == 400
    with pytest.raises(ValueError, match="utilisation"):
        embodied.per_hour(1, 5, 1.2)


def test_chips_by_hand():
    # 2 cm2 x (500 g/kWh x 1 kWh + 200 g + 300 g) / 0.8
    assert act.soc_g(2.0, 500, 1.0, 200, 300, 0.8) == pytest.approx(2500)
    assert act.memory_g(50, 16) == 800
    assert act.device_g(2500, 800, packages=2) == 3600
    with pytest.raises(ValueError, match="yield"):
        act.soc_g(1, 1, 1, 1, 1, 0)
