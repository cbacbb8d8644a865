"""Figures that follow from hours, power, place; FLOPs; and published trainings through a card."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.footprint.units import convert
from jevons.shelf import chips
from jevons.shelf.card import Amount, Spent
from jevons.shelf.chips import chip, said
from jevons.shelf.derive import estimate, figures


def test_by_hand():
    """100 h at 300 W and 500 g/kWh are 30 kWh and 15 kg (Luccioni & Hernandez-Garcia 2023, section 3, has 0.3 kW)."""
    made = figures(Spent(machine_hours=100, power_w=300, grid_g_per_kwh=500))
    assert made.energy.ends == (30, 30, 30)
    assert made.carbon.ends == (15_000, 15_000, 15_000)
    whole = figures(Spent(scope="facility", machine_hours=100, power_w=300, pue=1.5, grid_g_per_kwh=500))
    assert whole.energy.mid == 45
    assert figures(Spent(scope="gpu", machine_hours=100, power_w=300, pue=1.5)).energy.mid == 30


def test_what_is_stated_is_not_computed_again():
    made = figures(Spent(energy=Amount(7, "MWh"), carbon=Amount(3, "t"), machine_hours=1, power_w=1, grid_g_per_kwh=1))
    assert (made.energy.mid, made.carbon.mid, made.steps) == (7_000, 3_000_000, ())


def test_published_trainings_through_a_card(shared_data):
    """Theme 1 of the published results, where hours and power are printed: energy and carbon as printed."""
    cases = json.loads((shared_data / "papers" / "cases.json").read_text(encoding="utf-8"))
    tried = 0
    for case in cases:
        given_, expected, allowed = case["inputs"], case["expected"], case["tolerance"]
        if case["theme"] != 1 or "gpu_hours" not in given_ or not {"tdp_kw", "w"} & set(given_):
            continue
        power = given_.get("w") or given_["tdp_kw"] * 1e3
        grid = given_.get("ci_g_per_kwh") or given_.get("ci_kg_per_kwh", 0) * 1e3
        if not grid:
            continue
        pue = given_.get("pue")
        spent = Spent(
            scope="facility" if pue else "gpu",
            machine_hours=given_["gpu_hours"],
            power_w=power,
            pue=pue,
            grid_g_per_kwh=grid,
        )
        made = figures(spent)
        tonnes = convert(made.carbon.mid, "g", "t")
        assert tonnes == pytest.approx(expected["tco2e"], abs=allowed["tco2e"]["abs"]), case["id"]
        if "mwh" in expected:
            assert made.energy.mid / 1e3 == pytest.approx(expected["mwh"], abs=allowed["mwh"]["abs"]), case["id"]
        tried += 1
    assert tried >= 7


def test_an_estimate_of_hours_carries_its_interval_and_its_way():
    made = estimate(hardware="A100", machine_hours=40, place="FR")
    energy = made.energy
    assert energy.low < energy.value < energy.high
    grid, pue, host = factors.figure("grid", "FR"), factors.pue("", "FR"), factors.host()
    assert energy.value == pytest.approx(40 * 400 * 0.8 / 1e3 * host.value * pue.value)
    assert made.carbon.value == pytest.approx(energy.value * grid.value)
    assert (made.how, made.scope) == ("estimated", "facility")
    assert "France" in made.source


def test_scopes_are_nested():
    energies = [
        estimate(hardware="A100", machine_hours=40, place="FR", scope=scope).energy.value
        for scope in ("gpu", "server", "facility")
    ]
    assert energies == sorted(energies)
    assert energies[0] == pytest.approx(40 * 0.4 * 0.8)


def test_flops_are_hours_at_peak_times_utilisation():
    hours = estimate(hardware="A100", flops=312e12 * 3600 * 0.5 * 8, utilisation=0.5, place="FR").machine_hours
    assert hours == pytest.approx(8)
    wide = estimate(hardware="A100", flops=1e21, place="FR").energy
    narrow = estimate(hardware="A100", flops=1e21, utilisation=0.35, place="FR").energy
    assert wide.high / wide.low > narrow.high / narrow.low


@given(st.floats(1, 1e6), st.floats(1, 100))
def test_energy_is_linear_in_hours(hours, times):
    one, more = (estimate(hardware="H100", machine_hours=h, place="SE").energy for h in (hours, hours * times))
    assert more.value == pytest.approx(one.value * times)
    assert more.high == pytest.approx(one.high * times)


def test_electricity_without_carbon():
    made = estimate(hardware="A100", machine_hours=40, grid_g_per_kwh=0)
    assert made.carbon == Amount(0, "g")


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"machine_hours": -3, "hardware": "A100", "place": "FR"}, "above 0"),
        ({"machine_hours": float("nan"), "hardware": "A100", "place": "FR"}, "above 0"),
        ({"machine_hours": 3, "hardware": "Frobnicator", "place": "FR"}, "not known"),
        ({"machine_hours": 3, "place": "FR"}, "which hardware"),
        ({"machine_hours": 3, "hardware": "A100"}, "where"),
        ({"machine_hours": 3, "hardware": "A100", "place": "Atlantis"}, "Atlantis"),
        ({"hardware": "A100", "place": "FR"}, "either"),
        ({"flops": 1e20, "machine_hours": 3, "hardware": "A100", "place": "FR"}, "either"),
        ({"flops": 1e20, "power_w": 300, "place": "FR"}, "which hardware"),
        ({"machine_hours": 3, "hardware": "A100", "place": "FR", "pue": 0.5}, "PUE"),
        ({"machine_hours": 3, "hardware": "A100", "grid_g_per_kwh": -1}, "grid"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said(given_, says):
    with pytest.raises(ValueError, match=says):
        estimate(**given_)


@pytest.mark.parametrize(
    ("words", "name", "count", "hours"),
    [
        ("8 v100 16GB", "V100", 8, None), ("1 x NVIDIA GeForce RTX 3090", "RTX-3090", 1, None),
        ("P100 for about 1.5 hours", "P100", None, 1.5), ("TPUv3-8 for about 180 hours or 7.5 days", "TPU-v3", 4, 180),
        ("384 A100 80GB", "A100-SXM-80GB", 384, None), ("Google Cloud TPU v4-16", "TPU-v4", 8, None),
        ("1 T4, Google Colab", "T4", 1, None), ("NVIDIA A100-SXM4-40GB", "A100-SXM-40GB", None, None),
        ("Tesla P100-PCIE-16GB", "P100", None, None), ("RTX 2080 Ti.", "RTX-2080-Ti", None, None),
        ("4 RTX3090 24GB GPUs", "RTX-3090", 4, None), ("H100 x 16", "H100-SXM-80GB", 16, None),
    ],
)  # fmt: skip
def test_words_for_hardware(words, name, count, hours):
    made = said(words)
    assert (made.chip.name, made.count, made.hours) == (name, count, hours)


@pytest.mark.parametrize("words", ["", "Not Specified", "Apple Mac Studio 2022 || M1 Max/32GB RAM", "a big machine"])
def test_words_that_name_no_chip(words):
    assert said(words).chip is None


def test_a_v3_8_has_four_chips():
    """Google Cloud: a TPU v3-8 has eight cores on four chips."""
    assert said("1 TPU v3-8 VM").count == 4
    assert chip("TPU-v3").tdp_w == 262


def test_every_chip_has_source_address_and_licence():
    with (Path(chips.__file__).parent / "tables" / "chips.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["source"]
            assert row["url"].startswith("https://")
            assert row["licence"] == "facts, cited"
            assert 10 < float(row["bf16_tflops"]) < 1000
            assert 100 < float(row["tdp_w"]) < 1000
