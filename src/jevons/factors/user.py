"""Factors that users know better: CSV files, whose rows win over the tables of the product.

Columns: name (see ``quantities.csv``), place (as for `places.chain`; empty: everywhere; for pue and wue also a
provider), year (empty: every year), value, low, high (empty: as value), unit, scope, source, source_url, licence, note.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from jevons.factors.places import WORLD, key, name_of
from jevons.factors.providers import PROVIDERS
from jevons.factors.quantities import Quantity, quantities
from jevons.factors.sheets import FactorFileError, read_rows, year_of
from jevons.factors.table import Factor

REQUIRED = ("name", "place", "year", "value", "low", "high", "unit", "source")
COLUMNS = (*REQUIRED, "scope", "source_url", "licence", "note")
Item = TypeVar("Item")


class Row(msgspec.Struct, frozen=True):
    """One row of a user's file."""

    place: str
    """As `places.key` spells it, or a provider; empty: everywhere."""
    where: str
    """``ours.csv, row 3``; the head is row 1."""
    factor: Factor
    """Year 0: every year."""


class User(msgspec.Struct, frozen=True, cache_hash=True):
    """All rows of a user's files."""

    rows: tuple[Row, ...] = ()

    def find(self, name: str, places: Iterable[tuple[str, str]], year: int | None = None) -> Factor | None:
        """The row of the first of `places` (each with the step that leads there) that has one; None without."""
        found = _index(self)
        for place, step in (*places, ("", "everywhere")):
            of_place = found.get((name, place))
            if of_place:
                row, closest = nearest(of_place, year)
                steps = (f"{row.where}, replaces the tables", step, *closest)
                return msgspec.structs.replace(row.factor, steps=steps)
        return None


@lru_cache(maxsize=64)
def _index(user: User) -> dict[tuple[str, str], list[tuple[int, Row]]]:
    found: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for row in user.rows:
        found.setdefault((row.factor.name, row.place), []).append((row.factor.year, row))
    return found


def nearest(dated: Sequence[tuple[int, Item]], year: int | None) -> tuple[Item, tuple[str, ...]]:
    """The item of a year, or of the nearest (of two, the later), with the step that says so; without a year the latest.
    Year 0 holds for every year that no other item is of."""
    timeless = next((item for of, item in dated if of == 0), None)
    if year is not None:
        if same := next((item for of, item in dated if of == year), None):
            return same, ()
        if timeless is not None:
            return timeless, ()
        of, item = min(dated, key=lambda pair: (abs(pair[0] - year), -pair[0]))
        return item, (f"no row for {year}: nearest year {of}",)
    return (timeless if timeless is not None else max(dated, key=lambda pair: pair[0])[1]), ()


def load_user(paths: Iterable[Path]) -> User:
    """Read factor files. Raises `FactorFileError` with every fault of every file."""
    rows: dict[tuple[str, str, int], Row] = {}
    faults: list[str] = []
    for where, found in read_rows(paths, REQUIRED, COLUMNS, faults):
        row, problems = _row(found, where)
        faults.extend(f"{where}: {problem}" for problem in problems)
        if row is not None:
            same = rows.setdefault((row.factor.name, row.place, row.factor.year), row)
            if same is not row:
                faults.append(f"{where}: the same name, place and year as {same.where}; keep one of them")
    if faults:
        raise FactorFileError(faults)
    return User(tuple(rows.values()))


def _row(cells: dict[str, str], where: str) -> tuple[Row | None, list[str]]:
    quantity = quantities().get(cells["name"])
    if quantity is None:
        return None, [f"name {cells['name']!r} is not known; names are {', '.join(quantities())}"]
    faults: list[str] = []
    if cells["unit"] != quantity.unit:
        faults.append(f"unit {cells['unit']!r}; {quantity.name} is in {quantity.unit!r}: convert it")
    if not cells["source"]:
        faults.append("no source; name where the figure comes from")
    place = _place(cells["place"], quantity, faults)
    year = year_of(cells["year"], faults)
    value, low, high = _figures(cells, quantity, faults)
    if faults:
        return None, faults
    return Row(
        place=place,
        where=where,
        factor=Factor(
            name=quantity.name,
            value=value,
            low=low,
            high=high,
            unit=quantity.unit,
            scope=cells.get("scope") or "as stated by the user",
            year=year,
            place=name_of(place) if place else "everywhere",
            zone=place,
            source=f"{cells['source']} ({where})",
            source_url=cells.get("source_url") or where.rpartition(", row ")[0],
            licence=cells.get("licence") or "the user's own",
            note=cells.get("note", ""),
        ),
    ), []


def _place(text: str, quantity: Quantity, faults: list[str]) -> str:
    if not quantity.by:
        if key(text) not in ("", WORLD):
            faults.append(f"place {text!r}; {quantity.name} is the same everywhere: leave it empty")
        return ""
    if quantity.by == "provider" and text.lower() in PROVIDERS:
        return text.lower()
    found = key(text)
    if found is None:
        other = " or a provider (openai)" if quantity.by == "provider" else ""
        faults.append(
            f"place {text!r} is not known; use an ISO 3166 code (SE), a cloud region (eu-north-1){other}, or leave it "
            "empty for everywhere"
        )
    return found or ""


def _figures(cells: dict[str, str], quantity: Quantity, faults: list[str]) -> tuple[float, float, float]:
    """(value, low, high); what is wrong goes to `faults`."""
    found: dict[str, float] = {}
    for name in ("value", "low", "high"):
        text = cells[name] or cells["value"]
        try:
            number = float(text) if "_" not in text else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            faults.append(f"{name} {text!r} is not a number; write it as 12.5")
        elif number < 0:
            faults.append(f"{name} {text} is negative; factors are zero or more")
        elif not quantity.least <= number <= quantity.most:
            bounds = f"{quantity.least:g} to {quantity.most:g} {quantity.unit}"
            faults.append(f"{name} {text}; {quantity.name} lies in {bounds}: check the unit")
        found[name] = number
    value, low, high = found["value"], found["low"], found["high"]
    if all(map(math.isfinite, found.values())):
        if low > high:
            faults.append(f"low {cells['low']} is above high {cells['high']}; swap or correct them")
        elif not low <= value <= high:
            faults.append(f"value {cells['value']} is not within {low:g} to {high:g}; correct it or its bounds")
        elif value == 0 < high:
            faults.append(f"value 0 with high {high:g}; a value above 0, or 0 for all three")
    return value, low, high
