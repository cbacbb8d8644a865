"""Tables of impact factors: CSV files beside this module, read when first asked for."""

from __future__ import annotations

import csv
import os.path
from functools import cache
from typing import Any

import msgspec

TABLES = os.path.join(os.path.dirname(__file__), "tables")


class Source(msgspec.Struct, frozen=True):
    """Where a figure comes from, and what its licence allows."""

    title: str
    year: int
    url: str
    """Address; or, for the project's own derivations, a path in its repository."""
    licence: str


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its 90 % interval and its source."""

    name: str
    """What it is: ``grid``, ``pue``, ``gpu_embodied`` ..."""
    value: float
    low: float
    high: float
    unit: str
    scope: str
    year: int
    """Year that the figure describes."""
    place: str
    source: str
    source_url: str
    licence: str
    note: str = ""
    steps: tuple[str, ...] = ()
    """How the look-up came to this row."""
    zone: str = ""
    """Key of the place that the row is of (a zone, a region, a fleet); empty for everywhere."""


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """All rows of a table, as text."""
    with open(os.path.join(TABLES, f"{table}.csv"), encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def index(table: str, column: str) -> dict[str, dict[str, str]]:
    """Rows of a table by one column; the first row wins, empty keys are left out."""
    found: dict[str, dict[str, str]] = {}
    for row in rows(table):
        if row[column]:
            found.setdefault(row[column], row)
    return found


def source(key: str) -> Source:
    """A source by its key in ``sources.csv``."""
    row = index("sources", "source")[key]
    return Source(title=row["title"], year=int(row["year"]), url=row["url"], licence=row["licence"])


def factor(name: str, row: dict[str, str], **changes: Any) -> Factor:
    """A row of a table as a `Factor`; `changes` replace its fields."""
    of = source(row["source"])
    fields: dict[str, Any] = {
        "name": name,
        "value": float(row["value"]),
        "low": float(row["low"]),
        "high": float(row["high"]),
        "unit": row["unit"],
        "scope": row["scope"],
        "year": int(row["year"]),
        "place": row["place"],
        "source": of.title,
        "source_url": of.url,
        "licence": of.licence,
        "note": row["note"],
    }
    return Factor(**{**fields, **changes})


def stated(name: str, low: float, value: float, high: float, unit: str) -> Factor:
    """A factor that the user stated in place of a table's."""
    return Factor(
        name=name,
        value=value,
        low=low,
        high=high,
        unit=unit,
        scope="as stated by the user",
        year=0,
        place="",
        source="the user's settings",
        source_url="[tool.jevons]",
        licence="the user's own",
        steps=("stated in the settings, replaces the table",),
    )
