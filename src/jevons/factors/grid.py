"""Electricity of a place: carbon intensity and the water that its power stations evaporate.

Fallback chain: cloud region or US subregion > country > world; a cloud region that is not known has a
row of its own (`CLOUD`), as wide as the main regions of three clouds. Each step is recorded.
"""

from __future__ import annotations

import re
from functools import lru_cache

from jevons.factors.table import Factor, factor, index

CLOUD = "CLOUD"
"""A data centre somewhere: the call went to a cloud, its region is not known."""
WORLD = "WORLD"
_UNKNOWN = frozenset({"", "global", "world", "unknown"})
_SUBDIVISION = re.compile(r"^([A-Za-z]{2})-[A-Za-z0-9]{1,3}$")
"""ISO 3166-2; a cloud region such as ``me-central-9`` must not read as Montenegro."""
_SAME = {"UK": "GB", "EL": "GR", "EU": "EU27"}


@lru_cache(maxsize=1024)
def chain(place: str) -> tuple[tuple[str, str], ...]:
    """Zones to look up for a place, best first, each with the step that led to it.

    `place` is a cloud region (``eu-west-1``), an ISO 3166 code (``DE``, ``DEU``, ``DE-BY``), a country's
    English name, an eGRID subregion (``CAMX``), ``EU``, `CLOUD` or empty.
    """
    place = place.strip()
    if place == CLOUD:
        return ((CLOUD, "cloud region not known: US figure, as wide as the main cloud regions"),)
    steps: list[tuple[str, str]] = []
    if place.lower() not in _UNKNOWN:
        region = index("regions", "region").get(place.lower())
        if region:
            if region["grid"]:
                steps.append((region["grid"], f"region {place} > eGRID subregion {region['grid']}"))
            steps.append((region["country"], f"region {place} > country {region['country']}"))
        else:
            steps.extend(_country(place))
    steps.append((WORLD, f"{place or 'no place'} > world average"))
    return tuple(steps)


def _country(place: str) -> list[tuple[str, str]]:
    whole = _SUBDIVISION.match(place)
    for code in (place, whole[1]) if whole else (place,):
        code = _SAME.get(code.upper(), code.upper())
        row = index("grid", "place").get(code) or index("grid", "iso2").get(code) or _named(code)
        if row and row["place"] not in (CLOUD, WORLD):
            return [(row["place"], f"{place} > {row['name']}")]
    return []


@lru_cache(maxsize=1)
def _names() -> dict[str, dict[str, str]]:
    return {row["name"].upper(): row for row in index("grid", "place").values()}


def _named(name: str) -> dict[str, str] | None:
    return _names().get(name)


def _look_up(name: str, table: str, place: str) -> Factor:
    zones = index(table, "place")
    steps: list[str] = []
    for zone, step in chain(place):
        row = zones.get(zone)
        if row:
            return factor(name, row, place=row["name"], steps=(*steps, step))
        steps.append(f"{step}: no row for {zone} in {table}.csv")
    raise LookupError(f"{table}.csv has no row for the world")


@lru_cache(maxsize=1024)
def intensity(place: str) -> Factor:
    """Carbon intensity of a place's electricity, gCO2e/kWh: yearly average, lifecycle, location-based."""
    return _look_up("grid", "grid", place)


@lru_cache(maxsize=1024)
def water(place: str) -> Factor:
    """Water consumed to generate a place's electricity, L/kWh (EWIF); low without, high with reservoir evaporation."""
    return _look_up("ewif", "grid_water", place)


def known(place: str) -> bool:
    """Whether a place resolves to more than the world average."""
    return chain(place)[0][0] != WORLD


def cloud_of(region: str) -> str:
    """The cloud that a region belongs to (``aws``, ``azure``, ``gcp``); empty if none is known."""
    row = index("regions", "region").get(region.strip().lower())
    return row["cloud"] if row else ""
