"""Write the grid tables of `jevons.factors` from the published data in ../shared/data/factors.

    python tools/derive_grid.py

grid.csv        gCO2e/kWh, lifecycle, latest year: countries and world (Ember via OWID), US subregions
                (eGRID2023 x 1.124), and `CLOUD`, a cloud region that is not known.
grid_water.csv  L/kWh evaporated for the electricity (EWIF): shares of the mix x water by fuel.

Carbon band: yearly averages of one country differ between sources. x / r ... x * r with r = 1.5 + 25 g / x
covers about 90 % of the 272 country-years that Ember and Electricity Maps (2024, 2025) both publish; the
script prints the share.

Water band: low = once-through cooling, no reservoir evaporation; value = cooling towers, hydro at 0.9 L/kWh
(MESSAGEix); high = towers' maxima, gas as steam plants, hydro at 17 L/kWh (Macknick et al. 2012, all
evaporation of reservoirs charged to power). Litres consumed, not withdrawn.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "factors"
TABLES = ROOT / "src" / "jevons" / "factors" / "tables"

LIFECYCLE_PER_DIRECT = 1.124
"""US mean, lifecycle (Ember) over direct (eGRID)."""

# low, value, high in litres per kWh; MESSAGEix-Nexus: once-through median, tower median, tower maximum
WATER_L_PER_KWH = {
    "coal": (0.5292, 2.0052, 4.3524),
    "gas": (0.378, 0.7956, 2.7648),  # combined cycle; high: steam plant with tower, median
    "oil": (1.098, 2.7648, 4.1652),
    "nuclear": (1.5156, 2.5164, 3.0456),
    "hydro": (0.0, 0.9, 17.0),
    "solar": (0.0, 0.0036, 0.0072),
    "wind": (0.0, 0.0, 0.0),
    "other_incl_bioenergy": (1.098, 2.7648, 4.1652),
}
ISO2 = {  # countries missing from the zone lists
    "ASM": "AS", "BMU": "BM", "CHL": "CL", "COK": "CK", "GRD": "GD", "KIR": "KI", "KNA": "KN", "MSR": "MS",
    "NRU": "NR", "RUS": "RU", "SHN": "SH", "TCA": "TC", "UKR": "UA", "VGB": "VG", "EU27": "EU",
}  # fmt: skip
UNIONS = {"WORLD": "WORLD", "OWID_WRL": "WORLD", "OWID_EU27": "EU27"}
HEADER = ["place", "iso2", "name", "year", "scope", "value", "low", "high", "unit", "source", "note"]


def rows(name: str, folder: Path = DATA) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def band(value: float) -> tuple[float, float]:
    ratio = 1.5 + 25 / value
    return value / ratio, value * ratio


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


def write(name: str, table: list[list[object]]) -> None:
    with (TABLES / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([[round(cell, 4) if isinstance(cell, float) else cell for cell in row] for row in table])


def cloud(figures: dict[str, tuple[float, float, float]]) -> tuple[float, float, float]:
    """A region that is not known: the US figure; 5 % and 95 % of the main regions of three clouds."""
    served = [figures.get(row["grid"]) or figures[row["country"]] for row in rows("regions.csv", TABLES)]
    middle = [value for _, value, _ in served]
    low, value, high = figures["USA"]
    return min(low, quantile(middle, 0.05)), value, max(high, quantile(middle, 0.95))


def carbon() -> dict[str, str]:
    table: list[list[object]] = []
    latest: dict[str, dict[str, str]] = {}
    iso2 = dict(ISO2)
    maps: dict[tuple[str, str], float] = {}
    both: list[bool] = []
    everything = list(rows("grid_intensity.csv"))
    for row in everything:
        if row["iso3"] and len(row["zone"]) == 2:
            iso2[row["iso3"]] = row["zone"]
            if row["source_title"].startswith("Electricity Maps") and row["year"] in ("2024", "2025"):
                maps[row["iso3"], row["year"]] = float(row["gco2e_per_kwh"])
    for row in everything:
        if row["source_title"].startswith("Ember"):
            zone = UNIONS.get(row["zone"], row["zone"])
            wanted = zone in UNIONS.values() or len(zone) == 3
            if wanted and (zone not in latest or row["year"] > latest[zone]["year"]):
                latest[zone] = row
            other = maps.get((row["iso3"], row["year"]))
            if other and float(row["gco2e_per_kwh"]) > 0:
                low, high = band(float(row["gco2e_per_kwh"]))
                both.append(low <= other <= high)
    print(f"carbon band covers {sum(both) / len(both):.1%} of {len(both)} country-years published by both sources")
    figures: dict[str, tuple[float, float, float]] = {}
    for zone, row in sorted(latest.items()):
        value = float(row["gco2e_per_kwh"])
        if value <= 0:
            continue
        low, high = band(value)
        figures[zone] = low, value, high
        scope = "average, generation, lifecycle"
        code = iso2.get(zone, "")
        table.append([zone, code, row["zone_name"], row["year"], scope, value, low, high, "gCO2e/kWh", "ember", ""])
    for row in everything:
        if "eGRID2023 rev2" in row["source_title"] and row["zone"] != "egrid:US":
            value = float(row["gco2e_per_kwh"]) * LIFECYCLE_PER_DIRECT
            low, high = band(value)
            name = row["zone"].removeprefix("egrid:")
            figures[name] = low, value, high
            scope = "average, generation, lifecycle (direct x 1.124)"
            table.append([name, "", row["zone_name"], 2023, scope, value, low, high, "gCO2e/kWh", "egrid", ""])
    low, value, high = cloud(figures)
    note = "United States; 5 % and 95 % of the main regions of AWS, Azure and Google Cloud"
    table.append(["CLOUD", "", "cloud region not known", 2025, "average, generation, lifecycle", value, low, high,
                  "gCO2e/kWh", "ember", note])  # fmt: skip
    write("grid.csv", table)
    return iso2


def water(iso2: dict[str, str]) -> None:
    latest: dict[str, dict[str, str]] = {}
    for row in rows("grid_mix.csv"):
        zone = UNIONS.get(row["iso3"], row["iso3"])
        complete = math.isclose(sum(float(row[f"share_{fuel}"] or 0) for fuel in WATER_L_PER_KWH), 1, abs_tol=0.05)
        wanted = (zone in UNIONS.values() or len(zone) == 3) and complete
        if wanted and (zone not in latest or row["year"] > latest[zone]["year"]):
            latest[zone] = row
    table: list[list[object]] = []
    figures: dict[str, tuple[float, float, float]] = {}
    scope = "consumed by generation (EWIF)"
    for zone, row in sorted(latest.items()):
        share = {fuel: float(row[f"share_{fuel}"] or 0) for fuel in WATER_L_PER_KWH}
        low, value, high = (
            sum(part * WATER_L_PER_KWH[fuel][bound] for fuel, part in share.items()) for bound in range(3)
        )
        figures[zone] = low, value, high
        note = f"hydro share {share['hydro']:.0%}"
        code = iso2.get(zone, "")
        table.append([zone, code, row["zone_name"], row["year"], scope, value, low, high, "L/kWh", "ewif", note])
    low, value, high = cloud(figures)
    note = "United States; 5 % and 95 % of the main regions of AWS, Azure and Google Cloud"
    table.append(["CLOUD", "", "cloud region not known", 2025, scope, value, low, high, "L/kWh", "ewif", note])
    write("grid_water.csv", table)


if __name__ == "__main__":
    water(carbon())
