"""Places by the names that clouds, ISO 3166 and people give them, and what each lies within.

Chain: cloud region > US grid subregion or state > country > continent > world. A cloud region that is not known has
rows of its own (`CLOUD`), as wide as the main regions of three clouds.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from jevons.factors.table import index

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

    `place` is a cloud region (``eu-west-1``), an ISO 3166 code (``DE``, ``DEU``, ``DE-BY``, ``US-VA``), an English
    name of a country, an eGRID subregion (``CAMX``), a continent (``EUROPE``), ``EU``, `CLOUD` or empty.
    """
    place = place.strip()
    if place == CLOUD:
        return ((CLOUD, "cloud region not known: US figure, as wide as the main cloud regions"),)
    steps: list[tuple[str, str]] = []
    region = index("regions", "region").get(place.lower())
    if region:
        if region["grid"]:
            steps.append((region["grid"], f"region {place} > eGRID subregion {region['grid']}"))
        if region["state"]:
            steps.append((region["state"], f"region {place} > state {region['state']}"))
        steps.append((region["country"], f"region {place} > country {region['country']}"))
        steps.extend(_around(region["country"]))
    elif row := _row(place):
        steps.append((row["place"], f"{place} > {row['name']}"))
        steps.extend(_around(row["place"]))
    steps.append((WORLD, f"{place or 'no place'} > world average"))
    return tuple(steps)


def _around(zone: str) -> list[tuple[str, str]]:
    """What a zone lies within, the smallest first, without the world."""
    found = []
    row = index("places", "place")[zone]
    while row["within"]:
        outer = index("places", "place")[row["within"]]
        kind = "country" if len(outer["place"]) == 3 else "continent"
        found.append((outer["place"], f"{row['name']} > {kind} {outer['name']}"))
        row = outer
    return found


def _row(place: str) -> dict[str, str] | None:
    if place.lower() in _UNKNOWN:
        return None
    whole = _SUBDIVISION.match(place)
    for code in (place, whole[1]) if whole else (place,):
        upper = code.upper()
        if upper.lower() != code.lower():  # of other letters: "ß" is not SS, South Sudan
            continue
        code = _SAME.get(upper, upper)
        row = index("places", "place").get(code) or index("places", "iso2").get(code) or _names().get(code)
        if row and row["place"] not in (CLOUD, WORLD):
            return row
    return None


@cache
def _names() -> dict[str, dict[str, str]]:
    return {row["name"].upper(): row for row in index("places", "place").values()}


def known(place: str) -> bool:
    """Whether a place resolves to more than the world average."""
    return chain(place)[0][0] != WORLD


def key(place: str) -> str | None:
    """The one spelling of a place in a user's file: a cloud region, an ISO 3166-2 code or a zone of ``places.csv``;
    empty for everywhere; None where it is not known."""
    place = place.strip()
    if not place:
        return ""
    if place.lower() in _UNKNOWN:
        return WORLD
    if place == CLOUD:
        return CLOUD
    return exact(place) or (chain(place)[0][0] if known(place) else None)


def exact(place: str) -> str:
    """A cloud region or an ISO 3166-2 code as `key` spells it; empty for other places."""
    place = place.strip()
    if place.lower() in index("regions", "region"):
        return place.lower()
    return place.upper() if _SUBDIVISION.match(place) and known(place) else ""


def name_of(zone: str) -> str:
    """English name of a zone; the zone itself where it has none."""
    row = index("places", "place").get(zone)
    return row["name"] if row else zone


def cloud_of(region: str) -> str:
    """The cloud that a region belongs to (``aws``, ``azure``, ``gcp``); empty if none is known."""
    row = index("regions", "region").get(region.strip().lower())
    return row["cloud"] if row else ""
