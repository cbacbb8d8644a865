"""A ledger, opened: `jevons.Ledger`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jevons.api.cells import BY, OF_RUN, Cells
from jevons.api.figures import Footprint
from jevons.footprint import overrides
from jevons.ledger.home import DIRECTORY, Home
from jevons.ledger.recorded import Recorded
from jevons.ledger.spans import Span, started
from jevons.project import find, known_runs, ledgers, pick_runs, read_runs, read_together
from jevons.record import Run
from jevons.report.notebook import Displayed, Shown

ALL = "all"
_SHOWN = 10
_ADDED_UP = frozenset(BY) - frozenset(OF_RUN) - {"test", "fixture"} | {"project"}


class Ledger(Displayed):
    """The ledger of a project: what its test runs asked of AI.

    `path` is a folder in the project, or a ledger's own folder (``.jevons``); settings are the project's. `place` and
    `grid` are as in `jevons report`: where these machines stand, and which carbon intensity. Nothing is read before it
    is asked for; nothing is ever written.

    Examples
    --------
    >>> ledger = jevons.Ledger(folder)
    >>> [run.branch for run in ledger.runs]
    ['main']
    >>> cells = ledger.cells(by=["test"])
    >>> sorted(cell.group for cell in cells)
    [('tests/test_ai.py::test_0',), ('tests/test_ai.py::test_1',)]
    >>> sum(cells.columns()["calls"])
    4
    >>> ledger.footprint("latest").calls
    4
    """

    def __init__(self, path: str | Path = ".", *, place: str = "", grid: str = "") -> None:
        asked = Path(path)
        if not asked.is_dir():
            raise FileNotFoundError(f"{asked} is no folder: name a project's, or a ledger's (.jevons)")
        own = Home(asked.resolve())
        bare = asked.resolve().name == DIRECTORY or (not (asked / DIRECTORY).is_dir() and bool(own.spools()))
        root, self._settings, home = find(own.path.parent if bare else asked)
        self._homes = [own] if bare else ledgers(root, self._settings, home)
        self._stated = overrides(self._settings, root, grid)
        self._place = place

    @property
    def path(self) -> Path:
        """The ledger's folder; it need not be there yet."""
        return self._homes[0].path

    @property
    def runs(self) -> list[Run]:
        """Its runs, oldest first; where the settings name a shared ledger, that one's too."""
        return sorted(known_runs(self._homes), key=lambda run: (started(run), run.id))

    def cells(self, runs: str = ALL, *, by: str | Sequence[str] = ()) -> Cells:
        """Cells of some runs: ``all``, or as the commands name them (an id, ``latest``, a branch, ``2026-11``, ``7d``).

        `by` names what they are grouped by, beside what decides energy: one or more of `jevons.api.cells.BY` (``test``,
        ``role``, ``day``, ``run``, ``branch`` ...). Raises jevons.ledger.spans.SpanError (a ValueError) for runs that
        are not there, ValueError for another group. Where neither runs nor tests are told apart, the engine adds all
        runs up: memory does not grow with them.
        """
        by = (by,) if isinstance(by, str) else by
        return Cells(self._read(runs, by), by, place=self._place, overrides=self._stated)

    def footprint(self, runs: str = ALL) -> Footprint:
        """What some runs took, as `jevons report` has it."""
        return replace(self.cells(runs).footprint(), of=f"runs: {runs}")

    def _read(self, runs: str, by: Sequence[str]) -> list[Recorded]:
        span = Span(ALL, self.runs, 0, 0) if runs == ALL else pick_runs(self._homes, runs)
        if len(span.runs) == 1 or not _ADDED_UP.issuperset(by):
            return read_runs(self._homes, span, self._settings)[0]
        hours = self._stated.signal is not None
        return read_together(self._homes, span, self._settings, by_file="file" in by, hours=hours)[0]

    def _shown(self) -> Shown:
        known = self.runs
        rows = [
            (run.id, time.strftime("%Y-%m-%d %H:%M", time.gmtime(started(run) / 1e6)), run.project, run.branch)
            for run in known[: -_SHOWN - 1 : -1]
        ]
        notes = [f"and {len(known) - _SHOWN:,} runs before"] if len(known) > _SHOWN else []
        if not known:
            notes = ["nothing is recorded yet: pytest --jevons, or jevons.scan(save=True)"]
        return Shown(f"{len(known):,} runs in {self.path}", ("run", "started (UTC)", "project", "branch"), rows, notes)
