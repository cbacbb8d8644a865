"""SCI: a rate by hand, and its shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint import sci

numbers = st.floats(0, 1e6)


def test_score_by_hand():
    made_g = sci.embodied_g(100, 10, 1000, 2, 8)  # a hundredth of the life of a quarter of the machine: 250 g
    made = sci.score([0.5, 1.5], 400, made_g, 10)
    assert (made.energy_kwh, made.operational_g, made.embodied_g) == (2.0, 800.0, 250.0)
    assert made.per_unit_g == pytest.approx(105)
    assert sci.rate(800, 250, 10, per=1000) == pytest.approx(105_000)
    assert sci.of_components([made.per_unit_g, 5]) == pytest.approx(110)


@given(st.floats(0, 1e4), st.floats(1, 1e5), st.integers(1, 64), st.data())
def test_shares_of_a_machine_sum_to_it(made_kg, life_h, total, data):
    mine = data.draw(st.integers(0, total))
    whole = sci.embodied_g(made_kg, life_h, life_h)
    both = sci.embodied_g(made_kg, life_h, life_h, mine, total) + sci.embodied_g(
        made_kg, life_h, life_h, total - mine, total
    )
    assert both == pytest.approx(whole)
    assert whole == pytest.approx(made_kg * 1e3)


@given(st.lists(numbers, max_size=5), numbers, numbers, st.floats(1, 1e6), st.floats(1, 10))
def test_a_score_is_a_rate(parts_kwh, grid, made_g, units, k):
    one = sci.score(parts_kwh, grid, made_g, units)
    assert sci.score(parts_kwh, grid, made_g, units * k).per_unit_g == pytest.approx(one.per_unit_g / k)


def test_processor_by_hand():
    # 200 W at 0.5 of TDP, two of them, a tenth busy, 3 h, half of it ours: 30 Wh
    assert sci.processor_kwh(200, 0.5, 3, processors=2, utilisation=0.1, share=0.5) == pytest.approx(0.03)


@pytest.mark.parametrize("shares", [(1, 0, 1, 1), (1, 10, 3, 2), (1, 10, -1, 2), (1, 10, 0, 0)])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(ValueError, match="resources"):
        sci.embodied_g(100, *shares)


def test_nothing_per_nothing_is_refused():
    with pytest.raises(ValueError, match="units"):
        sci.score([1.0], 1.0, 1.0, 0)
