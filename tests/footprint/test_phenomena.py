"""One phenomenon a test: formulas by hand, arrays, and each factor once."""

import numpy as np
import pytest

from jevons.footprint import carbon, embodied, energy, generation, step, water


def test_carbon_by_hand():
    assert carbon.operational_g(2.0, 384.0) == 768.0


def test_water_never_multiplies_wue_by_pue():
    assert water.water_l(1.0, 0.3, 1.5, 2.0) == pytest.approx(0.3 + 1.5 * 2.0)
    assert water.water_l(1.0, 0.3, 1.5, 0.0) == water.water_l(1.0, 0.3, 1.1, 0.0) == 0.3


def test_chain_from_gpu_to_facility_is_elsworths():
    assert energy.it_energy(58.0, 83 / 58, 93 / 83) == pytest.approx(93.0)
    assert energy.facility_energy(93.0, 100 / 93) == pytest.approx(100.0)
    assert energy.whole_chain_energy(58.0, 0.58) == pytest.approx(100.0)
    with pytest.raises(ValueError, match="share"):
        energy.whole_chain_energy(58.0, 1.72)


def test_embodied_by_hand():
    # 500 kg over 4.5 years at half utilisation: 7.04 mg per second
    assert embodied.embodied_g(1.0, 500, 4.5, 0.5) == pytest.approx(7.0419e-3, rel=1e-4)
    assert embodied.busy_s(942.0, 471.0) == 2.0


def test_experts_read_by_a_batch():
    assert step.weights_read(10, 10, 64) == 10
    assert step.weights_read(100, 10, 1) == pytest.approx(10 + 90 * 0.1)
    assert step.weights_read(100, 10, 1000) == pytest.approx(100)


def test_an_input_token_costs_a_fraction_of_an_output_token():
    law = generation.coefficients(generation.Network(total_b=8, active_b=8), generation.Setting()).coefficients
    assert 3 < law.per_output_token / law.per_fresh_token < 20  # 13 on an L4, 1.2 against 0.09 J
    assert law.per_cached_token < law.per_fresh_token / 100


@pytest.mark.parametrize(
    ("law", "arguments"),
    [
        (step.weights_read, (70.0, 10.0, 64.0)),
        (energy.cpu_j, (1e6, 4.0)),
        (energy.it_energy, (1.0, 1.4, 1.1)),
        (energy.facility_energy, (1.0, 1.2)),
        (carbon.operational_g, (1.0, 400.0)),
        (water.water_l, (1.0, 0.3, 1.2, 2.0)),
        (embodied.busy_s, (100.0, 471.0)),
        (embodied.embodied_g, (10.0, 500.0, 4.5, 0.5)),
    ],
)
def test_numpy_arrays_pass_through(law, arguments):
    factors = np.array([0.5, 1.0, 2.0])
    arrays = (*(np.full(3, argument) for argument in arguments[:-1]), arguments[-1] * factors)
    expected = [law(*arguments[:-1], arguments[-1] * factor) for factor in factors]
    np.testing.assert_allclose(law(*arrays), expected, rtol=1e-12)
