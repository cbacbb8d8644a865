"""Every row of every table: bounds in order, unit, source and licence there; look-ups by place."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.factors import grid, table

TABLES = Path(table.TABLES)
FIGURES = ("grid", "grid_water", "datacentre", "hardware")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "factors"


@pytest.mark.parametrize("name", FIGURES)
def test_every_row_is_complete_and_ordered(name):
    assert table.rows(name)
    for row in table.rows(name):
        figure = table.factor(name, row)
        assert 0 <= figure.low <= figure.value <= figure.high, row
        assert figure.value > 0, row
        for text in (figure.unit, figure.scope, figure.place, figure.source, figure.source_url, figure.licence):
            assert text.strip(), row
        assert 2010 <= figure.year <= 2026, row


def test_models_have_ordered_sizes_a_source_and_one_row_each():
    patterns = [row["pattern"] for row in table.rows("models")]
    assert len(patterns) == len(set(patterns)) > 120
    for row in table.rows("models"):
        assert table.source(row["source"]).licence
        assert row["kind"] in ("chat", "embeddings")
        if row["tier"] and not row["pattern"].startswith("tier:"):
            assert f"tier:{row['tier']}" in patterns
            assert not row["total_b"]
            continue
        for size in ("total", "active"):
            low, value, high = (float(row[f"{size}{part}_b"]) for part in ("_low", "", "_high"))
            assert 0 < low <= value <= high, row
        assert float(row["active_b"]) <= float(row["total_b"]), row


def test_no_address_of_a_package_registry_in_the_tables():
    hosts = ("py" + "pi.", "npm" + "js", "deb" + "ian.", "crates" + ".io", "python" + "hosted")
    for path in TABLES.glob("*.csv"):
        assert not any(host in path.read_text(encoding="utf-8") for host in hosts), path


def test_every_source_is_used_and_every_region_has_electricity():
    used = {row["source"] for name in (*FIGURES, "models", "regions") for row in table.rows(name)} | {"named"}
    assert used == set(table.index("sources", "source"))
    places = table.index("grid", "place")
    for row in table.rows("regions"):
        assert row["country"] in places
        assert not row["grid"] or row["grid"] in places


@pytest.mark.parametrize(
    ("iso2", "iso3", "grams"),
    [("FR", "FRA", 41), ("DE", "DEU", 330), ("US", "USA", 384), ("PL", "POL", 589), ("IN", "IND", 670),
     ("SE", "SWE", 35)],
)  # fmt: skip
def test_grid_of_2025(iso2, iso3, grams):
    for place in (iso2, iso3, iso2.lower(), f"{iso2}-XX"):
        found = factors.intensity(place)
        assert round(found.value) == grams
        assert found.year == 2025
        assert "CC BY" in found.licence


def test_steps_from_region_to_country_to_world():
    assert factors.intensity("us-east-1").steps == ("region us-east-1 > eGRID subregion SRVC",)
    water = factors.water("us-east-1")
    assert water.place == "United States"
    assert len(water.steps) == 2
    assert "no row for SRVC" in water.steps[0]
    assert factors.intensity("eu-central-1").value == factors.intensity("DE").value
    assert factors.intensity("germanywestcentral").value == factors.intensity("germany").value
    assert factors.intensity("eu").place == "European Union (27)"
    for nowhere in ("", "global", "mars-north-1", "me-central-9"):  # not Montenegro
        assert factors.intensity(nowhere).place == "World"


def test_unknown_cloud_region_is_wider_than_any_country_it_may_be_in():
    unknown, home = factors.intensity(factors.CLOUD), factors.intensity("US")
    assert unknown.value == home.value
    assert unknown.low < home.low
    assert unknown.high > home.high


def test_hydro_dominates_the_width_of_water():
    norway, poland = factors.water("NO"), factors.water("PL")
    assert norway.low < 0.05
    assert norway.high > 10
    assert norway.high / norway.low > 50 * poland.high / poland.low


def test_pue_follows_region_then_provider_then_survey():
    assert factors.pue("openai", "eu-west-1").value == factors.pue("aws.bedrock").value == 1.14
    assert factors.pue("gcp.gemini").value == 1.09
    unknown = factors.pue("somebody")
    assert unknown.value == 1.54
    assert "Uptime" in unknown.source
    assert factors.wue("azure.ai.openai").value == 0.27


def test_unknown_hardware_is_an_error():
    with pytest.raises(KeyError, match="gpu_embodied"):
        factors.hardware("abacus")


@given(st.text(max_size=30))
def test_any_place_resolves_and_says_how(place):
    found = factors.intensity(place)
    assert 0 < found.low <= found.value <= found.high
    assert found.steps


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here: the tables cannot be compared with it")
def test_grid_carries_the_published_figures():
    published = {}
    with (SHARED / "grid_intensity.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source_title"].startswith("Ember"):
                published[row["zone"], row["year"]] = float(row["gco2e_per_kwh"])
    rows = [row for row in table.rows("grid") if row["source"] == "ember" and len(row["place"]) == 3]
    assert len(rows) > 200
    for row in rows:
        assert float(row["value"]) == pytest.approx(published[row["place"], row["year"]], abs=1e-3)
        assert (row["place"], str(int(row["year"]) + 1)) not in published


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here: the tables cannot be compared with it")
def test_water_agrees_with_the_independent_derivation():
    compared = 0
    with (SHARED / "water_grid.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["metric"].startswith("EWIF derived here, hydro evaporation at 17") and row["zone"]:
                ours = table.index("grid_water", "place").get(row["zone"])
                if ours and ours["year"] == row["year"]:
                    assert float(ours["low"]) <= float(row["l_per_kwh"]) * 1.01
                    assert float(ours["high"]) >= float(row["l_per_kwh"]) * 0.99
                    compared += 1
    assert compared > 100


def test_countries_have_iso2_codes():
    missing = [row["name"] for row in table.rows("grid") if len(row["place"]) == 3 and not row["iso2"]]
    assert missing == []
    assert grid.known("GB") and grid.known("UK")  # noqa: PT018
