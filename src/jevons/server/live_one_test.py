"""The document of one test over the runs where a page stands.

Counts are of the test's own calls; figures hold its shares of the calls of shared fixtures, too, as its row in a report
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jevons.footprint import Overrides
from jevons.footprint.account import Account, priced
from jevons.ledger.cells import Cell
from jevons.ledger.recorded import Recorded
from jevons.ledger.shares import owners
from jevons.report.build import OUTSIDE, build, named, rows
from jevons.report.document import Document, Row, Table
from jevons.report.explain import derivations
from jevons.server.live_places import Stand, key
from jevons.settings import Settings

_BY = ("model", "role", "file")
Belongs = Callable[[Cell], list[tuple[str, float]]]
Periods = Sequence[tuple[str, list[Recorded]]]
"""(its name, its runs) of each period of a page."""


class Given(NamedTuple):
    """What holds for all pages."""

    settings: Settings
    root: Path
    overrides: Overrides
    place: str = ""


def of_test(at: Stand, runs: Sequence[Recorded], periods: Periods, torn: int, given: Given) -> Document | None:
    """Of the test whose key `at` has, rows by period where there are some; None where no run has that test."""
    name = next((name for name in _names(runs) if key(name) == at.test), None)
    if name is None:
        return None
    shares = [_share(one, name) for one in runs]
    mine = [
        one._replace(cells=[cell for cell in one.cells if share(cell) == 1.0], users={}, tests=0, results=())
        for one, share in zip(runs, shares, strict=True)
    ]
    document = build(mine, name=name, torn=torn, place=given.place, overrides=given.overrides)
    made = _priced(runs, given)

    def by(what: Callable[[Recorded], Belongs]) -> list[Row]:
        """Its rows, by what a run's cells belong to."""
        of = zip(runs, made, shares, strict=True)
        return rows([(accounts, _part(what(one), share)) for one, accounts, share in of], (), document.mode)

    whole = by(lambda one: always(name))
    for what in _BY:
        document.tables.append(Table(what, by(lambda one, what=what: named(what, one.users))))  # type: ignore[misc]
    document.by, document.rows = "test", whole
    if periods:
        parts = [
            (accounts, _part(always(period), _share(one, name)))
            for period, folded in periods
            for one, accounts in zip(folded, _priced(folded, given), strict=True)
        ]
        document.by, document.rows = at.parts, rows(parts, (), document.mode)
    every = [(one, share(one.cell)) for accounts, share in zip(made, shares, strict=True) for one in accounts]
    document.derivations = derivations([(one, share) for one, share in every if share])
    document.tests = 1
    if any(0 < share < 1 for _, share in every):
        document.level = whole[0].level
        document.notes.append("counts are of the test's own calls; figures hold its share of shared fixtures', too")
    document.left_out["advice"] = "open a run: what can be cut is found among all of its calls"
    return document


def always(name: str) -> Belongs:
    """All of a cell belongs to one row."""
    return lambda cell: [(name, 1.0)]


def _priced(runs: Iterable[Recorded], given: Given) -> list[list[Account]]:
    return priced(runs, place=given.place, overrides=given.overrides)


def _names(runs: Iterable[Recorded]) -> dict[str, None]:
    """Of tests, as rows have them."""
    found: dict[str, None] = {}
    for one in runs:
        of = owners(one.users)
        for cell in one.cells:
            found |= dict.fromkeys(test for test, _ in of(cell.group.test or OUTSIDE, cell.group.fixture))
    return found


def _share(one: Recorded, name: str) -> Callable[[Cell], float]:
    """How much of a cell of a run is a test's."""
    of = owners(one.users)
    return lambda cell: sum(share for test, share in of(cell.group.test or OUTSIDE, cell.group.fixture) if test == name)


def _part(belongs: Belongs, share: Callable[[Cell], float]) -> Belongs:
    """The rows of a cell, with no more of it than a share."""
    return lambda cell: [(name, whole * of) for name, whole in belongs(cell) if (of := share(cell))]
