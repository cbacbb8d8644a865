"""Daily cells: what is kept of runs for years, small enough for a branch of a repository.

One file a day, ``spool/2026-11-25-cells.jsonl``, one line a run (`record.Kept`); runs younger than `DAYS_WITH_TESTS`
before the newest are told apart by test and file, older ones by what the footprint needs alone. The same runs give the
same bytes, in whatever order and however often they are added; each file is replaced as a whole or not at all.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from jevons.ledger.combine import alone, sync
from jevons.ledger.days import UNKNOWN, day
from jevons.ledger.home import Home
from jevons.ledger.read import Ledger, Reading, events, fuller, named_run
from jevons.ledger.recorded import kept, opened, recorded
from jevons.ledger.spans import started
from jevons.record import Kept, encode

DAYS_WITH_TESTS = 30
_NAME = "{}-cells.jsonl"


class Added(msgspec.Struct):
    """What was added to daily cells."""

    runs: int = 0
    """Runs that are new, or of which more is known."""
    known: int = 0
    """Runs that were there as they are."""
    days: int = 0
    """Files that were written."""
    torn: list[tuple[str, int]] = []
    """(file name, line number) of each line that is no record."""


def add(target: Home, sources: Iterable[Ledger], progress: Callable[[int], object] = lambda size: None) -> Added:
    """Add the runs of ledgers to daily cells; `progress` is told the bytes read. Sources are not changed.

    Raises combine.BusyError where another process adds to them, OSError where something cannot be read or written.
    """
    made = Added()
    target.spool.mkdir(parents=True, exist_ok=True)
    with alone(target):
        there: dict[str, Kept] = {}
        for event in events(target.spools(), made.torn, strict=True):
            if isinstance(event, Kept):
                there[event.of.id] = fuller(there.get(event.of.id), event)
        before = dict(there)
        for reading in _by_run(dict.fromkeys(file.resolve() for one in sources for file in one.files), progress):
            made.torn += reading.torn
            for one in recorded(reading):
                if one.cells or one.tests:
                    there[one.run.id] = fuller(there.get(one.run.id), kept(one))
        newest = max((_day(one) for one in there.values() if _day(one) != UNKNOWN), default=UNKNOWN)
        files: dict[str, list[Kept]] = {}
        for run in there.values():
            old = _days_between(_day(run), newest) > DAYS_WITH_TESTS
            files.setdefault(_day(run), []).append(kept(opened(run), with_tests=False) if old else run)
        changed = [name for name, run in there.items() if before.get(name) is not run]
        made.runs, made.known = len(changed), len(there) - len(changed)
        for name, of_day in files.items():
            of_day.sort(key=lambda one: (started(one.of), one.of.id))
            made.days += _replace(target.spool / _NAME.format(name), b"".join(encode(one) + b"\n" for one in of_day))
        sync(target.spool)
    return made


def _by_run(files: Iterable[Path], progress: Callable[[int], object]) -> Iterable[Reading]:
    """Readings of whole runs, those of one named run at a time."""
    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault(named_run(file), []).append(file)
    for of_run in named.values():
        reading = Reading()
        for event in events(of_run, reading.torn, strict=True):
            reading.add(event)
        progress(sum(file.stat().st_size for file in of_run))
        yield reading


def _day(one: Kept) -> str:
    return day(started(one.of))


def _days_between(early: str, late: str) -> int:
    if UNKNOWN in (early, late):
        return 0
    return (dt.date.fromisoformat(late) - dt.date.fromisoformat(early)).days


def _replace(path: Path, data: bytes) -> bool:
    """Write a file as a whole, unless it holds that already."""
    if path.exists() and path.read_bytes() == data:
        return False
    draft = path.with_name(f"{path.name}.{os.getpid():x}")
    try:
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True
