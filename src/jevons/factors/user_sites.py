"""Sites of a user's own: CSV files, whose rows win over those of the product."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from jevons.factors.places import key
from jevons.factors.providers import PROVIDERS
from jevons.factors.sheets import FactorFileError, read_rows, year_of
from jevons.factors.sites import KINDS, Indicator, Kind, Site, bounds, indicator, kinds, shipped, site
from jevons.factors.table import index

REQUIRED = ("site", "kind", "place", "indicator", "year", "value", "low", "high", "unit", "source")
COLUMNS = (*REQUIRED, "operator", "serves", "scope", "source_url", "licence", "note")


def load_sites(paths: Iterable[Path]) -> tuple[Site, ...]:
    """The product's sites with the rows of a user's files in place of theirs, site by site and indicator by indicator.

    Raises `FactorFileError` with every fault of every file.
    """
    heads = {row["site"]: (row, "tables/sites.csv") for row in index("sites", "site").values()}
    made: dict[str, dict[tuple[str, int], tuple[Indicator, str]]] = {}
    faults: list[str] = []
    for where, cells in read_rows(paths, REQUIRED, COLUMNS, faults):
        problems: list[str] = []
        figure = _of_user(cells, where, problems)
        problems += _unlike(cells, *heads.setdefault(cells["site"], (cells, where)))
        if figure is not None and not problems:
            place = (figure.name, figure.year)
            _, first = made.setdefault(cells["site"], {}).setdefault(place, (figure, where))
            if first != where:
                problems.append(f"the same site, indicator and year as {first}; keep one of them")
        faults += [f"{where}: {problem}" for problem in problems]
    if faults:
        raise FactorFileError(faults)
    own = {name: tuple(figure for figure, _ in figures.values()) for name, figures in made.items()}
    known = {one.name: one for one in shipped()}
    for name, figures in own.items():
        replaced = {figure.name for figure in figures}
        kept = tuple(one for one in known[name].indicators if one.name not in replaced) if name in known else ()
        known[name] = site(heads[name][0], kept + figures)
    return tuple(known.values())


def _of_user(cells: dict[str, str], where: str, faults: list[str]) -> Indicator | None:
    kind = kinds().get(cells["indicator"])
    if kind is None:
        faults.append(f"indicator {cells['indicator']!r} is not known; indicators are {', '.join(kinds())}")
        return None
    if cells["unit"] != kind.unit:
        faults.append(f"unit {cells['unit']!r}; {kind.name} is in {kind.unit!r}: convert it")
    if not cells["source"]:
        faults.append("no source; name where the figure comes from")
    year = year_of(cells["year"], faults)
    if not cells["year"]:
        faults.append("no year; name the year that the figure is of")
    before = len(faults)
    for name in ("value", "low", "high"):
        faults += _number(name, cells[name], kind)
    if len(faults) > before:
        return None
    low, value, high = bounds(cells)
    told = [one for one in (low, value, high) if one is not None]
    if told != sorted(told):
        faults.append(f"low, value, high are {', '.join(f'{one:g}' for one in told)}: put them in order")
    if faults:
        return None
    licence, url = cells.get("licence") or "the user's own", cells.get("source_url") or where.rpartition(", row ")[0]
    return indicator(cells, low, value, high, f"{cells['source']} ({where})", url, licence, year)


def _number(name: str, text: str, kind: Kind) -> list[str]:
    if not text:
        return []
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return [f"{name} {text!r} is not a number; write it as 12.5, or leave it empty where it is not known"]
    if not kind.least <= number <= kind.most:
        return [f"{name} {text}; {kind.name} lies in {kind.least:g} to {kind.most:g} {kind.unit}: check the unit"]
    return []


def _unlike(cells: dict[str, str], first: dict[str, str], where: str) -> list[str]:
    """What is wrong with a row's site, by itself and beside the first row that names it."""
    faults = []
    if not cells["site"]:
        faults.append("no site; give it a name")
    if cells["kind"] not in KINDS:
        faults.append(f"kind {cells['kind']!r}; kinds are {', '.join(KINDS)}")
    if key(cells["place"]) is None:
        faults.append(f"place {cells['place']!r} is not known; use an ISO 3166 code (SE, US-VA) or a cloud region")
    strangers = [one for one in cells.get("serves", "").split() if one not in PROVIDERS]
    faults += [f"serves {one!r}, no provider that is known; write it as `jevons report --by provider` does"
               for one in strangers]  # fmt: skip
    for name in ("kind", "place", "operator", "serves"):
        mine, theirs = cells.get(name, ""), first.get(name, "")
        same = key(mine) == key(theirs) if name == "place" else mine == theirs or not mine
        if not faults and not same:
            faults.append(f"{name} {mine!r}, but {theirs!r} in {where}: one site has one {name}")
    return faults
