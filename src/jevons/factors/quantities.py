"""What there is a factor for: the one list of names, with the unit, the bounds and what each is looked up by."""

from __future__ import annotations

from functools import cache

import msgspec

from jevons.factors.table import rows


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """One name that a factor is looked up by; a row of ``quantities.csv``."""

    name: str
    unit: str
    least: float
    most: float
    """Bounds of what can be meant; outside, the unit is wrong."""
    by: str
    """``place``, ``provider`` (then also a place) or empty: one figure for everywhere."""
    table: str
    """Table of the product; empty where there is none and only a user's file can tell."""
    what: str


@cache
def quantities() -> dict[str, Quantity]:
    """All quantities by name."""
    return {
        row["name"]: Quantity(
            name=row["name"],
            unit=row["unit"],
            least=float(row["least"]),
            most=float(row["most"]),
            by=row["by"],
            table=row["table"],
            what=row["what"],
        )
        for row in rows("quantities")
    }
