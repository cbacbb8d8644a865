"""What the scripts that derive tables share: the published data, the tables they write, zones, bands."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "factors"
TABLES = ROOT / "src" / "jevons" / "factors" / "tables"
FUELS = ("coal", "gas", "oil", "nuclear", "hydro", "solar", "wind", "other_incl_bioenergy")
FIGURES = ["place", "year", "scope", "value", "low", "high", "unit", "source", "note"]
"""Columns of a table of figures by place."""
ZONES = {
    "OWID_WRL": "WORLD", "OWID_EU27": "EU27", "OWID_KOS": "XKX",
    "Africa (Ember)": "AFRICA", "Asia (Ember)": "ASIA", "Europe (Ember)": "EUROPE",
    "Middle East (Ember)": "MIDDLE_EAST", "Latin America and Caribbean (Ember)": "LATIN_AMERICA",
    "North America (Ember)": "NORTH_AMERICA", "Oceania (Ember)": "OCEANIA",
    "ASEAN (Ember)": "ASEAN", "G7 (Ember)": "G7", "G20 (Ember)": "G20", "OECD (Ember)": "OECD",
}  # fmt: skip
"""Aggregates by their names in the published data; a continent is one of Ember's regions."""


def rows(name: str, folder: Path = DATA) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def zone(name: str) -> str:
    """Our place of a published zone; empty for those that we leave out."""
    found = ZONES.get(name, name)
    return found if found in ZONES.values() or (len(found) == 3 and found.isupper()) else ""


def write(name: str, head: list[str], table: Iterable[Mapping[str, object]]) -> None:
    made = list(table)  # before the old file goes
    with (TABLES / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head, lineterminator="\n")
        writer.writeheader()
        for row in made:
            writer.writerow({key: f"{cell:.6g}" if isinstance(cell, float) else cell for key, cell in row.items()})


def quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))]


@cache
def mixes() -> dict[str, dict[int, tuple[dict[str, float], float]]]:
    """Shares by fuel and TWh, by place and year, where the shares are complete."""
    found: dict[str, dict[int, tuple[dict[str, float], float]]] = {}
    for row in rows("grid_mix.csv"):
        place = zone(row["iso3"] or row["zone_name"])
        share = {fuel: float(row[f"share_{fuel}"] or 0) for fuel in FUELS}
        if place and math.isclose(sum(share.values()), 1, abs_tol=0.05):
            found.setdefault(place, {})[int(row["year"])] = (share, float(row["total_twh"] or 0))
    return found


CLOUD_NOTE = "United States; bounds hold 5 % and 95 % of the main regions of AWS, Azure and Google Cloud"


def cloud(figures: Mapping[str, tuple[float, float, float]]) -> tuple[float, float, float]:
    """(low, value, high) of a region that is not known: the US figure; 5 % and 95 % of the main regions of three
    clouds."""
    served = [
        next(figures[place] for place in (row["grid"], row["state"], row["country"]) if place in figures)
        for row in rows("regions.csv", TABLES)
        if row["country"] in figures
    ]
    middle = [value for _, value, _ in served]
    low, value, high = figures["USA"]
    return min(low, quantile(middle, 0.05)), value, max(high, quantile(middle, 0.95))
