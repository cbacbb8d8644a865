"""Write grid.csv of `jevons.factors` from the published data in ../shared/data/factors.

    python tools/derive_places.py && python tools/derive_grid.py
    (then derive_water.py, derive_margin.py, derive_scarcity.py)

gCO2e/kWh, lifecycle, by year from 2019: countries, Ember's regions and the world (Ember via OWID), US subregions
(eGRID2023 x 1.124), and `CLOUD`, a cloud region that is not known.

Band: yearly averages of one country differ between sources. `jevons.factors.grid.band` covers about 90 % of the
country-years that Ember (by generation) and Electricity Maps (by consumption, imports traced; 2024, 2025) both
publish; the script prints the share, and the share when 8 % of losses come on top.
"""

from __future__ import annotations

from derive_common import CLOUD_NOTE, FIGURES, cloud, rows, write, zone

from jevons.factors.grid import band

FIRST_YEAR = 2019
LIFECYCLE_PER_DIRECT = 1.124
"""US mean, lifecycle (Ember) over direct (eGRID)."""
LOSSES = 1.08
SCOPE = "average, generation, lifecycle"
LEFT_OUT = "; without grid losses and imports"


def figure(place: str, year: int, value: float, source: str, scope: str = SCOPE) -> dict[str, object]:
    low, high = band(value)
    return {"place": place, "year": year, "scope": scope + LEFT_OUT, "value": value, "low": low, "high": high,
            "unit": "gCO2e/kWh", "source": source, "note": ""}  # fmt: skip


def table() -> list[dict[str, object]]:
    found = []
    latest: dict[str, tuple[float, float, float]] = {}
    for row in rows("grid_intensity.csv"):
        year, value = int(row["year"]), float(row["gco2e_per_kwh"])
        if row["source_title"].startswith("Ember") and zone(row["zone"]) and year >= FIRST_YEAR and value > 0:
            found.append(figure(zone(row["zone"]), year, value, "ember"))
        elif "eGRID2023 rev2" in row["source_title"] and row["zone"] != "egrid:US":
            scope = f"{SCOPE} (direct x {LIFECYCLE_PER_DIRECT})"
            subregion = row["zone"].removeprefix("egrid:")
            found.append(figure(subregion, year, value * LIFECYCLE_PER_DIRECT, "egrid", scope))
    found.sort(key=lambda row: (row["source"] != "ember", row["place"], row["year"]))
    for row in found:
        latest[row["place"]] = row["low"], row["value"], row["high"]
    low, value, high = cloud(latest)
    year = next(row["year"] for row in reversed(found) if row["place"] == "USA")
    bounds = {"low": low, "high": high, "note": CLOUD_NOTE}
    return [*found, figure("CLOUD", year, value, "ember") | bounds]


def check() -> None:
    ember = {}
    pairs = []
    for row in rows("grid_intensity.csv"):
        if row["source_title"].startswith("Ember") and float(row["gco2e_per_kwh"]) > 0:
            ember[row["zone"], row["year"]] = float(row["gco2e_per_kwh"])
    for row in rows("grid_intensity.csv"):
        of = row["iso3"], row["year"]
        mapped = row["source_title"].startswith("Electricity Maps") and len(row["zone"]) == 2
        if mapped and of in ember and row["year"] in ("2024", "2025"):
            pairs.append((band(ember[of]), float(row["gco2e_per_kwh"])))
    for losses in (1.0, LOSSES):
        inside = sum(low <= other * losses <= high for (low, high), other in pairs) / len(pairs)
        print(f"band covers {inside:.1%} of {len(pairs)} country-years of both sources, losses x {losses}")


if __name__ == "__main__":
    check()
    write("grid.csv", FIGURES, table())
