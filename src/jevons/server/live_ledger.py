"""Ledgers that grow while they are looked at: what changed is read again, the rest is kept as cells.

Runs that have ended are read by the day and folded together (`jevons.ledger.together`); a run that goes on, and what a
scan found, is read by itself. What is kept is bounded; what is not kept is read again.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from jevons.ledger import compacted
from jevons.ledger.days import UNKNOWN, day
from jevons.ledger.home import Home
from jevons.ledger.read import later, runs, settle
from jevons.ledger.recorded import Recorded
from jevons.ledger.remote import Remote
from jevons.ledger.spans import counted, scan_of, started
from jevons.ledger.together import Together, brief
from jevons.record import Run
from jevons.server.live_kept import KeptDays
from jevons.server.live_part import Part

SILENT_S = 900
"""A run that has not ended and of which nothing was heard for so long is taken for killed."""
_MOST_CELLS = 300_000
"""Cells kept: about a quarter of a gigabyte."""
_RUNS, _BYTES = 300, 32 << 20
"""Runs, and bytes of their spool files, that are read at once."""

Read = Callable[[list[Run]], tuple[list[Recorded], int]]
"""Reads runs: (they, lines that could not be read)."""


class StoppedError(Exception):
    """The server was told to stop."""


class _File(NamedTuple):
    size: int
    changed_ns: int
    runs: list[Run]


class _Kept(NamedTuple):
    stamp: str
    parts: list[Part]
    cells: int


class LiveLedger:
    """The runs of some ledgers; `refresh` says what there is now. `hours`: whether hours are to be told apart; `kept`:
    where days that are over are kept from one start to the next."""

    def __init__(self, homes: Sequence[Home], read: Read, hours: bool = False, kept: KeptDays | None = None) -> None:
        self.homes, self._read, self._hours, self._disk = homes, read, hours, kept
        self.runs: dict[str, Run] = {}
        """By id, the oldest first; of scans that count the same, the last."""
        self.stopping = False
        self._files: dict[Path, _File] = {}
        self._of: dict[str, list[Path]] = {}
        self._last = ""
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def refresh(self) -> None:
        """Look at the files, and read the records of runs in those that changed."""
        files: dict[Path, _File] = {}
        homes: list[dict[str, Run]] = []
        for home in self.homes:
            settle(home)
            if isinstance(home.path, Remote):
                home.path.again()
            found: dict[str, Run] = {}
            for path in compacted.files(home):
                try:
                    status = path.stat()
                except OSError:  # compacted or purged meanwhile
                    continue
                had = self._files.get(path)
                if had is None or (had.size, had.changed_ns) != (status.st_size, status.st_mtime_ns):
                    had = _File(status.st_size, status.st_mtime_ns, runs([path]))
                files[path] = had
                for run in had.runs:
                    bare = run == Run(id=run.id)
                    found[run.id] = found.get(run.id, run) if bare else later(found.get(run.id), run)
            homes.append(found)
        merged = {run.id: run for found in reversed(homes) for run in found.values()}
        ordered = sorted(merged.values(), key=lambda run: (started(run), run.id))
        of: dict[str, list[Path]] = {}
        for path, file in files.items():
            for run in file.runs:
                of.setdefault(run.id, []).append(path)
        self._files, self._of = files, of
        first = not self.runs
        self.runs = {run.id: run for run in counted(ordered)}
        self._last = max((_day(run) for run in ordered if _day(run) != UNKNOWN), default="")
        if first and self._disk is not None:
            self._disk.only({place[0] for place in map(_place, self.runs.values()) if self._over(place)})

    def _over(self, place: tuple[str, str]) -> bool:
        """Whether what is read together is a day that others followed: nothing more is expected of it."""
        return not place[1] and place[0] < self._last

    def stamp(self, of: Iterable[Run]) -> str:
        """What changes when a record of some runs is added, changed or lost."""
        made = sha256()
        for run in of:
            made.update(f"{run.id}\0{run.ended_us}".encode("utf-8", "replace"))
            for path in self._of.get(run.id, ()):
                file = self._files[path]
                made.update(f"\0{path}\0{file.size}\0{file.changed_ns}".encode("utf-8", "replace"))
        return made.hexdigest()[:32]

    def goes_on(self, run: Run) -> bool:
        """Whether a run has not ended, and was heard of."""
        if run.ended_us is not None:
            return False
        heard = max((self._files[path].changed_ns for path in self._of.get(run.id, ())), default=0)
        return time.time() - heard / 1e9 < SILENT_S

    def parts(self, of: Sequence[Run]) -> Iterator[Part]:
        """The runs of whole days of some projects. Raises StoppedError."""
        projects = {run.project for run in of}
        groups: dict[tuple[str, str], list[Run]] = {place: [] for place in map(_place, of)}
        for run in self.runs.values():
            if (place := _place(run)) in groups:
                groups[place].append(run)
        places = list(groups)
        for at, place in enumerate(places):
            if self._missing(place, groups[place]):
                missing = takewhile(lambda one: self._missing(one, groups[one]), places[at:])
                self._take_in([(one, groups[one]) for one in missing])
            self._kept.move_to_end(place)
            yield from (part for part in self._kept[place].parts if part.runs[0].run.project in projects)

    def _missing(self, place: tuple[str, str], group: Sequence[Run]) -> bool:
        """Whether it has to be read, as it is kept neither here nor on disk."""
        stamp = self.stamp(group)
        kept = self._kept.get(place)
        if kept is not None and kept.stamp == stamp:
            return False
        found = self._disk.load(place[0], stamp) if self._disk is not None and self._over(place) else None
        if found is None:
            return True
        self._keep(place, stamp, found)
        self._bound({place})
        return False

    def _keep(self, place: tuple[str, str], stamp: str, parts: list[Part]) -> None:
        cells = sum(len(one.cells) for part in parts for one in [*part.runs, *part.whole])
        self._kept.pop(place, None)
        self._kept[place] = _Kept(stamp, parts, cells)

    def one(self, run: Run) -> tuple[Recorded, int]:
        """(a run whole, with its tests' results, lines that could not be read). Others' records of the same calls count
        once: where some were imported on its day, that day is read."""
        beside = [other for other in self.runs.values() if _day(other) == _day(run)]
        among = beside if any(other.source for other in beside) else [run]
        made, torn = self._read(among)
        return next((one for one in made if one.run.id == run.id), Recorded(run, [], {})), torn

    def _take_in(self, missing: Sequence[tuple[tuple[str, str], list[Run]]]) -> None:
        """Read the first of what is missing, as much as is read at once."""
        if self.stopping:
            raise StoppedError
        taken, size, batch = 0, 0, list[Run]()
        for _, group in missing:
            more = sum(self._files[path].size for run in group for path in self._of[run.id] if path.suffix == ".jsonl")
            if taken and (len(batch) + len(group) > _RUNS or size + more > _BYTES):
                break
            taken, size = taken + 1, size + more
            batch += group
        made, torn = self._read(batch)
        if torn and taken > 1:  # whose lines they are is known where they are read alone
            for one in missing[:taken]:
                self._take_in([one])
            return
        found = {one.run.id: one for one in made}
        for place, group in missing[:taken]:
            of_group = [found.get(run.id, Recorded(run, [], {})) for run in group]
            parts = [
                self._folded(place[0], [one for one in of_group if one.run.project == project], torn)
                for project in dict.fromkeys(run.project for run in group)
            ]
            self._keep(place, self.stamp(group), parts)
            if self._disk is not None and self._over(place):
                self._disk.save(place[0], self.stamp(group), parts)
        self._bound({place for place, _ in missing[:taken]})

    def _folded(self, of: str, found: list[Recorded], torn: int) -> Part:
        whole = Together(self._hours)
        for one in found:
            whole.add(one)
        return Part(of, [brief(one, self._hours) for one in found], whole.runs(), torn)

    def _bound(self, just: set[tuple[str, str]]) -> None:
        """Let go of what was longest not asked for."""
        cells = sum(one.cells for one in self._kept.values())
        for place in list(self._kept):
            if cells <= _MOST_CELLS:
                return
            if place not in just:
                cells -= self._kept.pop(place).cells


def _place(run: Run) -> tuple[str, str]:
    """What is read together: (day, empty), or (day, run) for a run by itself."""
    return _day(run), run.id if run.ended_us is None or scan_of(run) else ""


def _day(run: Run) -> str:
    return day(started(run))
