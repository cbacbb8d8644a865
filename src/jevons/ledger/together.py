"""Runs folded together, exactly: for sums over so many that their tests need not be told apart run by run."""

from __future__ import annotations

from jevons.ledger.cells import Cell, Key, Sums, fold
from jevons.ledger.recorded import Recorded, Whose
from jevons.record import Run


class Together:
    """Adds up runs: one set of cells for each project and place, by test, fixture, file, role and what was repeated,
    failed or retried; by month, or by `hours`, as prices of electricity's carbon may be."""

    def __init__(self, hours: bool = False) -> None:
        self._period = _length(hours)
        self._cells: dict[tuple[str, str], dict[tuple[Key, Whose], Sums]] = {}
        self._users: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {}

    def add(self, one: Recorded) -> None:
        """Take a run, or runs that were folded before, in."""
        at = one.run.project, one.run.place
        cells, users = self._cells.setdefault(at, {}), self._users.setdefault(at, {})
        names = {fixture: _named(users, fixture, tuple(tests)) for fixture, tests in one.users.items()}
        for cell in one.cells:
            of: Whose = cell.group
            fixture = names.get(of.fixture, "")  # one that nobody is known to have used is its test's alone
            period = cell.key.period[: self._period]
            key = cell.key if period == cell.key.period else cell.key._replace(period=period)
            place = key, Whose(of.test, fixture, of.role, of.file, "", of.repeat, of.failed, of.retry)
            sums = cells.get(place)
            if sums is None:
                sums = cells[place] = Sums()
            sums.merge(cell.sums)

    def runs(self) -> list[Recorded]:
        """What was added, as a run for each project and place. Counts of tests are not kept."""
        return [
            Recorded(
                Run(id="", project=at[0], place=at[1]),
                [Cell(key, group, sums) for (key, group), sums in cells.items()],
                self._users[at],
            )
            for at, cells in self._cells.items()
        ]


def _named(users: dict[str, tuple[str, ...]], fixture: str, tests: tuple[str, ...]) -> str:
    """Name of a fixture among those of other runs: its own, and where the same name served other tests there, a new
    one."""
    name, number = fixture, 1
    while users.setdefault(name, tests) != tests:
        number += 1
        name = f"{fixture} ({number})"
    return name


def brief(one: Recorded, hours: bool = False) -> Recorded:
    """A run without what its tests asked: all that comparisons and caps of more than one run want to know."""
    period = _length(hours)
    made = fold(
        one.cells,
        lambda of: Whose(role=of.role, day=of.day, repeat=of.repeat, context=of.context),
        lambda whole: whole[:period],
    )
    return Recorded(one.run, made, {}, one.tests, served=one.served)


def _length(hours: bool) -> int:
    return len("2026-11-23T14" if hours else "2026-11")
