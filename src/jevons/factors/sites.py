"""Data centres, programmes, operators, sectors and what they are compared with: what was promised, found and used.

One row is one indicator of one site in one year, in ``tables/sites.csv`` or in a user's CSV file, whose rows win. A
cell that is empty is not known; a bound without a value is a bound ("at most 15 %"); a value whose two bounds are
empty is exact.
"""

from __future__ import annotations

from functools import cache

import msgspec

from jevons.factors.places import key, name_of
from jevons.factors.table import index, rows, source

KINDS = ("site", "programme", "operator", "sector", "comparator")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of indicator; a row of ``indicators.csv``."""

    name: str
    unit: str
    least: float
    most: float
    """Bounds of what can be meant."""
    what: str


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a site; None: not known."""

    name: str
    year: int
    value: float | None
    low: float | None
    high: float | None
    unit: str
    scope: str
    source: str
    source_url: str
    licence: str
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether it says anything."""
        return not self.value is self.low is self.high is None


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One site, programme, operator, sector or comparator."""

    name: str
    kind: str
    """One of `KINDS`."""
    operator: str
    serves: tuple[str, ...]
    """Providers (OTel names) whose calls may run there."""
    place: str
    """Zone, as `places.key` spells it."""
    indicators: tuple[Indicator, ...]

    def series(self, name: str) -> tuple[Indicator, ...]:
        """The figures of one indicator, by year."""
        return tuple(sorted((one for one in self.indicators if one.name == name), key=lambda one: one.year))

    def latest(self, name: str) -> Indicator | None:
        """The latest that is known of an indicator, else the latest row; None without a row."""
        series = self.series(name)
        return next((one for one in reversed(series) if one.known), series[-1] if series else None)


@cache
def kinds() -> dict[str, Kind]:
    """All kinds of indicators by name."""
    return {
        row["name"]: Kind(
            name=row["name"], unit=row["unit"], least=float(row["least"]), most=float(row["most"]), what=row["what"]
        )
        for row in rows("indicators")
    }


@cache
def shipped() -> tuple[Site, ...]:
    """The sites of the product's table."""
    found: dict[str, list[Indicator]] = {}
    for row in rows("sites"):
        of = source(row["source"])
        found.setdefault(row["site"], []).append(
            indicator(row, *bounds(row), of.title, of.url, of.licence, int(row["year"]))
        )
    return tuple(site(index("sites", "site")[name], tuple(made)) for name, made in found.items())


def site(row: dict[str, str], figures: tuple[Indicator, ...]) -> Site:
    """A site of the row that names it first."""
    return Site(
        name=row["site"],
        kind=row["kind"],
        operator=row.get("operator", ""),
        serves=tuple(row.get("serves", "").split()),
        place=key(row["place"]) or "WORLD",
        indicators=figures,
    )


def indicator(
    row: dict[str, str], low: float | None, value: float | None, high: float | None, title: str, url: str,
    licence: str, year: int,
) -> Indicator:  # fmt: skip
    """A row's figure."""
    return Indicator(
        name=row["indicator"], year=year, value=value, low=low, high=high, unit=row["unit"], scope=row.get("scope", ""),
        source=title, source_url=url, licence=licence, note=row.get("note", ""),
    )  # fmt: skip


def bounds(row: dict[str, str]) -> tuple[float | None, float | None, float | None]:
    """(low, value, high) of cells that hold numbers or nothing."""
    low, value, high = (float(row[name]) if row[name] else None for name in ("low", "value", "high"))
    return (value, value, value) if low is high is None else (low, value, high)


def place_name(site: Site) -> str:
    """Where a site lies, in English."""
    return name_of(site.place)
