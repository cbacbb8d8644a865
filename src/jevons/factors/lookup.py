"""A figure by name, place and year: the user's row first, then the tables along the chain of places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from jevons.factors.places import chain, exact, name_of
from jevons.factors.quantities import quantities
from jevons.factors.table import Factor, factor, rows
from jevons.factors.user import User, nearest


def by_place(name: str, place: str, year: int | None, user: User | None) -> Factor:
    """The figure of a place: user > cloud region or subregion > country > continent > world; the year asked for or the
    nearest. Every step is recorded, also those that found nothing. A user's row for a wider place wins as well."""
    of_user = from_user(name, place, year, user)
    if of_user:
        return of_user
    table = quantities()[name].table
    figures = _index(table, name)
    steps: list[str] = []
    for zone, step in chain(place):
        of_zone = figures.get(zone)
        if of_zone:
            row, closest = nearest(of_zone, year)
            return factor(name, row, place=name_of(zone), zone=zone, steps=(*steps, step, *closest))
        steps.append(f"{step}: no row for {zone} in {table}.csv")
    raise LookupError(f"{table}.csv has no row for {name} of the world")


def from_user(name: str, place: str, year: int | None, user: User | None) -> Factor | None:
    """The user's row for a place or what it lies within; None without."""
    return user.find(name, _places(place), year) if user else None


def _places(place: str) -> Iterator[tuple[str, str]]:
    if exact(place):
        yield exact(place), place.strip()
    yield from chain(place)


@cache
def _index(table: str, name: str) -> dict[str, list[tuple[int, dict[str, str]]]]:
    """Rows of a quantity by place; a table without a column of names holds one quantity."""
    found: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row in rows(table):
        if row.get("name", name) == name:
            found.setdefault(row["place"], []).append((int(row["year"]), row))
    return found
