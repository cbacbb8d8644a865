"""Burn-down of a cap: what of a month's or a project's was used up, day by day."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence

import msgspec

from jevons.cut.caps import MONEY, Price, Use, Verdict, by
from jevons.footprint import Overrides
from jevons.ledger.days import UNKNOWN
from jevons.ledger.recorded import Recorded

SPANS = ("month", "project")
"""Spans of caps that last for more than a day."""


class Day(msgspec.Struct, frozen=True):
    """One day with live calls."""

    day: str
    """UTC (``2026-11-25``), or ``unknown``, which comes first."""
    used: float
    """Since the span began, this day included."""


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """How one cap was used up."""

    span: str
    """One of `SPANS`."""
    name: str
    unit: str
    cap: float
    days: list[Day]
    first: str
    """Day on which the span begins and, of a month, ends; empty where that is not known."""
    last: str


def burn(
    ledger: Iterable[Recorded],
    caps: Sequence[Verdict],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Price | None = None,
) -> list[Burn]:
    """Of those of `caps` that are over one of `SPANS`. `ledger`: the project's runs, on which the caps were judged: so
    the last day's sum is what the verdict has."""
    wanted = [one for one in caps if one.span in SPANS]
    if not wanted:
        return []
    asked = price if any(one.unit == MONEY for one in wanted) else None
    of_days = by(ledger, lambda run, whose: [(whose.day, 1.0)], place=place, overrides=overrides, price=asked)
    return [_burn(one, of_days) for one in wanted]


def _burn(cap: Verdict, of_days: dict[str, Use]) -> Burn:
    within = cap.name if cap.span == "month" else ""
    days: list[Day] = []
    used = 0.0
    for day in sorted((one for one in of_days if one.startswith(within)), key=lambda one: (one != UNKNOWN, one)):
        used += of_days[day].amounts[cap.unit]
        days.append(Day(day, used))
    dated = [one.day for one in days if one.day != UNKNOWN]
    first, last = (dated[0], dated[-1]) if dated else ("", "")
    if cap.span == "month" and cap.name != UNKNOWN:
        year, month = map(int, cap.name.split("-"))
        first, last = f"{cap.name}-01", f"{cap.name}-{calendar.monthrange(year, month)[1]:02}"
    return Burn(span=cap.span, name=cap.name, unit=cap.unit, cap=cap.cap, days=days, first=first, last=last)
