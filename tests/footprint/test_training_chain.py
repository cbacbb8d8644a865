"""Each factor of a data centre's chain occurs once: scaling it scales the figure as the formula says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.footprint import Overrides, account, water
from jevons.ledger.cells import cells
from jevons.record import Call

BASE = {"host": 1.5, "idle": 1.2, "pue": 1.3, "wue": 0.4, "ewif": 2.5, "grid": 300.0}
UNITS = {"host": "1", "idle": "1", "pue": "1", "wue": "L/kWh", "ewif": "L/kWh", "grid": "gCO2e/kWh"}
CALL = Call(id="1", run="r", provider="openai", model="gpt-4o", usage="reported", status=200, input_tokens=300,
            output_tokens=400)  # fmt: skip


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Energy (kWh), carbon (g), water (L), hardware (g) of one call under stated factors."""
    path = tmp_path_factory.mktemp("factors") / "factors.csv"

    def made(**changes):
        stated = BASE | changes
        rows = [f"{name},,,{value!r},{value!r},{value!r},{UNITS[name]},a test" for name, value in stated.items()]
        path.write_text("\n".join(["name,place,year,value,low,high,unit,source", *rows]), encoding="utf-8")
        overrides = Overrides(factors=factors.load_user([path]))
        of = account(cells([CALL]), overrides=overrides)[0].figures
        return of.energy_wh.mid / 1e3, of.carbon_g.mid, of.water_l.mid, of.embodied_g.mid

    return made


def test_carbon_and_water_of_an_energy(figures):
    energy_kwh, carbon_g, water_l, _ = figures()
    assert carbon_g == pytest.approx(energy_kwh * BASE["grid"])
    assert water_l == pytest.approx(energy_kwh / BASE["pue"] * BASE["wue"] + energy_kwh * BASE["ewif"])


@given(st.sampled_from(sorted(BASE)), st.floats(1.0, 4.0))
def test_scaling_one_factor(figures, name, k):
    energy_kwh, carbon_g, water_l, embodied_g = figures()
    on_site_l = energy_kwh / BASE["pue"] * BASE["wue"]
    scaled = {  # times energy, carbon, water on site, water at stations
        "host": (k, k, k, k), "idle": (k, k, k, k), "pue": (k, k, 1, k), "wue": (1, 1, k, 1), "ewif": (1, 1, 1, k),
        "grid": (1, k, 1, 1),
    }[name]  # fmt: skip
    made = figures(**{name: BASE[name] * k})
    assert made[0] == pytest.approx(energy_kwh * scaled[0], rel=1e-9)
    assert made[1] == pytest.approx(carbon_g * scaled[1], rel=1e-9)
    assert made[2] == pytest.approx(on_site_l * scaled[2] + (water_l - on_site_l) * scaled[3], rel=1e-9)
    if name not in ("host", "idle"):
        assert made[3] == embodied_g


@given(st.floats(0, 1e6), st.floats(0, 10), st.floats(1, 3), st.floats(0, 20))
def test_three_forms_of_water_are_one(energy_it_kwh, wue, pue, ewif):
    whole = water.water_l(energy_it_kwh, wue, pue, ewif)
    facility_kwh = energy_it_kwh * pue
    assert water.of_facility_l(facility_kwh, wue, pue, ewif) == pytest.approx(whole)
    assert water.of_facility_wue_l(facility_kwh, wue / pue, ewif) == pytest.approx(whole)
    on_site, stations = water.on_site_l(energy_it_kwh, wue), water.off_site_l(energy_it_kwh, pue, ewif)
    assert on_site + stations == pytest.approx(whole)


def test_water_of_a_mix_and_its_scarcity():
    assert water.ewif_of_mix({"gas": 3, "wind": 1}, {"gas": 1.0, "wind": 0.0, "coal": 2.0}) == pytest.approx(0.75)
    with pytest.raises(KeyError):
        water.ewif_of_mix({"geothermal": 1}, {"gas": 1.0})
    assert water.scarcity_l(consumed_l=2.0, aware=99.0) == 198.0
    with pytest.raises(ValueError, match="AWARE"):
        water.scarcity_l(consumed_l=2.0, aware=990.0)
    with pytest.raises(TypeError):
        water.scarcity_l(withdrawn_l=2.0, aware=1.0)
