"""Every row of every table: bounds in order, unit, source and licence there; look-ups by place."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.factors import grid, quantities, table
from jevons.factors.providers import PROVIDERS

TABLES = Path(table.TABLES)
FIGURES = ("grid", "grid_margin", "grid_water", "scarcity", "datacentre", "hardware")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "factors"


@pytest.mark.parametrize("name", FIGURES)
def test_every_row_is_complete_and_ordered(name):
    assert table.rows(name)
    for row in table.rows(name):
        figure = table.factor(name, row)
        assert 0 <= figure.low <= figure.value <= figure.high, row
        nothing = row.get("name") == "ewif_without_hydro" and figure.high == 0  # all of the mix is hydropower
        capped = name == "scarcity" and figure.low == 100
        assert nothing or capped or (figure.value > 0 and figure.low < figure.high), row
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
    used = {
        row["source"] for name in (*FIGURES, "models", "regions", "sites", "served") for row in table.rows(name)
    } | {"named"}
    assert used == set(table.index("sources", "source"))
    places, figures = table.index("places", "place"), table.index("grid", "place")
    for row in table.rows("regions"):
        assert row["country"] in figures
        assert not row["grid"] or row["grid"] in figures
        assert bool(row["state"]) == (row["country"] == "USA")
        assert not row["state"] or places[row["state"]]["within"] == "USA"


@pytest.mark.parametrize("name", ["grid", "grid_margin", "grid_water", "scarcity"])
def test_every_figure_is_of_a_known_place_once_a_year(name):
    places = table.index("places", "place")
    rows = [(row.get("name"), row["place"], row["year"]) for row in table.rows(name)]
    assert len(rows) == len(set(rows))
    for _, place, _ in rows:
        assert place in places
    assert {"WORLD", "CLOUD"} <= {place for _, place, _ in rows}


def test_every_place_has_one_code_and_lies_in_the_world():
    places = table.index("places", "place")
    for column in ("place", "iso2", "name"):
        codes = [row[column] for row in table.rows("places") if row[column]]
        assert len(codes) == len(set(codes))
    continents = {row["place"] for row in table.rows("places") if not row["within"]}
    for row in table.rows("places"):
        assert row["within"] in {"", "USA"} | continents
        if len(row["place"]) == 3 and row["place"] != "G20":
            assert len(row["iso2"]) == 2, row
            assert row["within"] in continents, row
    assert places["USA"]["within"] == "NORTH_AMERICA"


def test_quantities_have_the_units_of_their_tables_and_hold_every_row():
    for quantity in quantities().values():
        for row in table.rows(quantity.table) if quantity.table else ():
            if quantity.name in (row.get("name"), row.get("metric"), quantity.table):
                assert row["unit"] == quantity.unit, row
                assert quantity.least <= float(row["value"]) <= quantity.most, row
    assert {row["name"] for row in table.rows("hardware")} <= quantities().keys()


def test_a_file_may_name_every_provider_that_an_address_tells():
    from jevons.wire import hosts

    assert set(hosts.PROVIDERS.values()) | {"aws.bedrock", "gcp.vertex_ai"} <= PROVIDERS


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


def test_steps_from_region_to_country_to_continent_to_world():
    assert factors.intensity("us-east-1").steps == ("region us-east-1 > eGRID subregion SRVC",)
    water = factors.water("us-east-1")
    assert water.place == "United States"
    assert len(water.steps) == 3
    assert "no row for SRVC" in water.steps[0]
    assert factors.intensity("eu-central-1").value == factors.intensity("DE").value
    assert factors.intensity("germanywestcentral").value == factors.intensity("germany").value
    assert factors.intensity("eu").place == "European Union (27)"
    for nowhere in ("", "global", "mars-north-1", "me-central-9"):  # not Montenegro
        assert factors.intensity(nowhere).place == "World"
    andorra = factors.intensity("AD")  # no row of its own
    assert andorra.place == "Europe"
    assert andorra.value == factors.intensity("EUROPE").value
    assert "no row for AND" in andorra.steps[0]
    assert "continent Europe" in andorra.steps[1]
    atlantic = factors.scarcity("GL")  # nor has its continent: the world
    assert atlantic.place == "World"
    assert len(atlantic.steps) == 3


def test_a_year_gives_its_own_figure_or_the_nearest_and_says_so():
    by_year = {int(row["year"]): float(row["value"]) for row in table.rows("grid") if row["place"] == "FRA"}
    assert set(range(2019, 2026)) <= by_year.keys()
    for year, value in by_year.items():
        found = factors.intensity("FR", year)
        assert (found.value, found.year) == (value, year)
        assert len(found.steps) == 1
    assert by_year[2022] > 1.4 * by_year[2023]  # the year of idle reactors
    early = factors.intensity("FR", 2001)
    assert early.year == 2019
    assert "nearest year 2019" in early.steps[-1]
    assert factors.intensity("us-east-1", 2019).year == 2023  # its subregion is nearer than its year


def test_margins_differ_from_the_average_and_from_each_other():
    for place in ("SE", "FR", "PL", "US"):
        average, operating, build = (
            factors.intensity(place), factors.marginal(place), factors.marginal(place, "build")
        )  # fmt: skip
        assert average.value < operating.value
        assert build.value < operating.value
        assert len({average.scope, operating.scope, build.scope}) == 3
        assert "TOOL07" in operating.source
    # Sweden runs on low-cost plants; who knows what follows its demand says 68 (IFI) or 791 g (WattTime).
    assert factors.marginal("SE").low < 68 < 791 < factors.marginal("SE").high
    with pytest.raises(ValueError, match="operating, build"):
        factors.marginal("SE", "average")
    assert factors.market("SE") is None


def test_scarcity_of_a_region_is_that_of_its_state():
    """The figures that the AWARE 2.0 workbook prints for these places."""
    for place, figure in (("westus3", 99.4), ("us-east-1", 1.62), ("US-VA", 1.62), ("CL", 45.5), ("ESP", 35.5)):
        assert factors.scarcity(place).value == figure
    assert "CC BY 4.0" in factors.scarcity("US").licence


def test_losses_and_imports_are_named_in_the_scope_of_each_grid_figure_once():
    for name in ("grid", "grid_margin"):
        assert all(row["scope"].count("without grid losses and imports") == 1 for row in table.rows(name))


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


def test_water_with_and_without_reservoirs():
    whole, none = factors.water("NO", "with"), factors.water("NO", "without")
    # WRI (Reig et al. 2020) has 6.66 L/kWh for 2018, when hydropower was 95.2 % of generation.
    share = float(whole.note.removeprefix("hydro share ").removesuffix("%")) / 100
    assert whole.value == pytest.approx(6.66 * share / 0.952, rel=0.02)
    assert none.high < 0.05
    for place in ("NO", "SE", "US", "PL", ""):
        both, whole, none = (factors.water(place, hydro) for hydro in ("both", "with", "without"))
        assert both.low == none.low
        assert none.value <= both.value <= whole.value <= both.high <= whole.high
    with pytest.raises(ValueError, match="both, with, without"):
        factors.water("NO", "some")


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
            if row["source_title"].startswith("Ember") and int(row["year"]) >= 2019:
                published[row["zone"], row["year"]] = float(row["gco2e_per_kwh"])
    rows = [row for row in table.rows("grid") if len(row["place"]) == 3 and row["place"] != "G20"]
    ours = {(row["place"].replace("XKX", "OWID_KOS"), row["year"]): float(row["value"]) for row in rows}
    assert len(ours) > 1300
    assert ours == {of: value for of, value in published.items() if value > 0 and of in ours}
    assert {of for of in published if len(of[0]) == 3 and published[of] > 0} <= ours.keys()


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here: the tables cannot be compared with it")
def test_water_agrees_with_the_independent_derivation():
    compared = 0
    both = {row["place"]: row for row in table.rows("grid_water") if row["name"] == "ewif"}
    with (SHARED / "water_grid.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["metric"].startswith("EWIF derived here, hydro evaporation at 17") and row["zone"]:
                ours = both.get(row["zone"])
                if ours and ours["year"] == row["year"]:
                    assert float(ours["low"]) <= float(row["l_per_kwh"]) * 1.01
                    assert float(ours["high"]) >= float(row["l_per_kwh"]) * 0.99
                    compared += 1
    assert compared > 100


def test_a_country_is_known_by_either_of_its_codes():
    assert grid.known("GB") and grid.known("UK")  # noqa: PT018
