"""Demand by day: how many verdicts AI calls served, and what these took.

A day (UTC, by when runs started) without a run had no demand, unless `PAUSE` such days follow one another: then nobody
recorded. The day that is not over is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from jevons.footprint import Figures, Overrides
from jevons.footprint.account import priced
from jevons.ledger.days import UNKNOWN, day
from jevons.ledger.recorded import Recorded, in_mode
from jevons.ledger.spans import started

PAUSE = 7


class Daily(NamedTuple):
    """One entry a day from `first` on."""

    first: dt.date
    verdicts: list[int]
    counted: list[bool]
    """False where nobody counted: in a pause, or where a run does not tell its verdicts."""
    calls: list[int]
    """Live ones."""
    figures: list[Figures]
    """Of live calls."""
    due: list[float]
    covered: list[float]
    """Calls that should have figures, and those that do."""

    def __len__(self) -> int:
        return len(self.verdicts)

    def day(self, date: dt.date) -> int:
        """Its place; below 0 or beyond the end where it is not among them."""
        return (date - self.first).days

    def date(self, at: int) -> dt.date:
        """The date of a place."""
        return self.first + dt.timedelta(at)

    def cut(self, first: int, end: int) -> Daily:
        """The days from `first` to before `end`."""
        some = slice(first, end)
        return Daily(
            self.date(first), self.verdicts[some], self.counted[some], self.calls[some], self.figures[some],
            self.due[some], self.covered[some],
        )  # fmt: skip


def date_of(one: Recorded) -> dt.date | None:
    """Day on which a run started; None where nobody knows."""
    name = day(started(one.run))
    return None if name == UNKNOWN else dt.date.fromisoformat(name)


def daily(
    runs: Iterable[Recorded], first: dt.date, last: dt.date, *, place: str = "", overrides: Overrides | None = None
) -> Daily:
    """Days from `first` to `last` of these runs, all priced at one serving state."""
    dated = [(date, one) for one in runs if (date := date_of(one)) is not None and first <= date <= last]
    size = (last - first).days + 1
    found = Daily(
        first, [0] * size, [True] * size, [0] * size, [Figures() for _ in range(size)], [0.0] * size, [0.0] * size
    )
    live = in_mode((one for _, one in dated), "live")
    ran = set()
    for (date, one), accounts in zip(
        dated, priced(live, lambda whose: (), place=place, overrides=overrides, held=True), strict=True
    ):
        at = found.day(date)
        ran.add(at)
        found.verdicts[at] += one.served or 0
        found.counted[at] &= one.served is not None
        for account in accounts:
            found.calls[at] += account.cell.sums.calls
            found.figures[at].add(account.figures)
            found.due[at] += account.due
            found.covered[at] += account.covered
    idle = 0
    for at in range(size + 1):
        if at < size and at not in ran:
            idle += 1
            continue
        if idle >= PAUSE:
            found.counted[at - idle : at] = [False] * idle
        idle = 0
    return found
