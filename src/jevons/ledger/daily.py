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
from jevons.ledger.read import Ledger, Reading, each, events, fuller, lines_or_error, named_run
from jevons.ledger.recorded import kept, opened, recorded
from jevons.ledger.spans import started
from jevons.record import Kept, decode, encode

DAYS_WITH_TESTS = 30
_NAME = "{}-cells.jsonl"
_TOLD_APART = {"test", "fixture", "file"}


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
        for stale in target.spool.glob(_NAME.format("*") + ".*"):  # of one that was killed
            stale.unlink()
        there, lines, others = _there(target, made.torn)
        known = dict(there)
        for reading in _by_run(dict.fromkeys(file.resolve() for one in sources for file in one.files), progress):
            made.torn += reading.torn
            for one in recorded(reading):
                if one.cells or one.tests:
                    there[one.run.id] = fuller(there.get(one.run.id), kept(one))
        newest = max((_day(one) for one in there.values() if _day(one) != UNKNOWN), default=UNKNOWN)
        files: dict[Path, list[bytes]] = {file: [] for file in target.spool.glob(_NAME.format("*"))}
        for run in sorted(there.values(), key=lambda one: (started(one.of), one.of.id)):
            had, final = known.get(run.of.id), run
            if _days_between(_day(run), newest) > DAYS_WITH_TESTS and any(_TOLD_APART & row.keys() for row in run.rows):
                final = kept(opened(run), with_tests=False)
            made.known += had in (run, final)
            line = lines[run.of.id] if had == final else encode(final)
            files.setdefault(target.spool / _NAME.format(_day(run)), []).append(line)
        made.runs = len(there) - made.known
        made.days = _replace({file: [*of_day, *others.get(file, ())] for file, of_day in files.items()})
        sync(target.spool)
    return made


def _there(
    target: Home, torn: list[tuple[str, int]]
) -> tuple[dict[str, Kept], dict[str, bytes], dict[Path, list[bytes]]]:
    """What is there: runs, their lines as they stand (a newer version may know more of them), and by file the lines
    that are no record (or of a newer version: they stay)."""
    found: dict[str, Kept] = {}
    as_is: dict[str, bytes] = {}
    others: dict[Path, list[bytes]] = {}
    for file in target.spools():
        for number, line in lines_or_error(file):
            try:
                event = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                torn.append((file.name, number))
                others.setdefault(file, []).append(line.rstrip(b"\n"))
                continue
            if isinstance(event, Kept) and fuller(found.get(event.of.id), event) is event:
                found[event.of.id], as_is[event.of.id] = event, line.rstrip(b"\n")
    return found, as_is, others


def _by_run(files: Iterable[Path], progress: Callable[[int], object]) -> Iterable[Reading]:
    """Readings of whole runs, those of one named run at a time."""
    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault(named_run(file), []).append(file)
    for of_run in named.values():
        reading = Reading()
        for event in each(events(of_run, reading.torn, strict=True)):
            reading.add(event)
        progress(sum(file.stat().st_size for file in of_run))
        yield reading


def _day(one: Kept) -> str:
    return day(started(one.of))


def _days_between(early: str, late: str) -> int:
    if UNKNOWN in (early, late):
        return 0
    return (dt.date.fromisoformat(late) - dt.date.fromisoformat(early)).days


def _replace(files: dict[Path, list[bytes]]) -> int:
    """Write files of lines, each as a whole, but those that hold them already; one without lines goes. How many."""
    wanted = {file: b"".join(line + b"\n" for line in lines) for file, lines in files.items()}
    changed = {file: data for file, data in wanted.items() if not file.exists() or file.read_bytes() != data}
    drafts = {file: file.with_name(f"{file.name}.{os.getpid():x}") for file, data in changed.items() if data}
    try:
        for file, draft in drafts.items():
            with draft.open("wb") as out:
                out.write(changed[file])
                out.flush()
                os.fsync(out.fileno())
        for file, draft in drafts.items():
            draft.replace(file)
        for file in changed.keys() - drafts.keys():
            file.unlink()
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return len(changed)
