"""Merging ledgers: what others recorded is added to a ledger, each event once.

Merging only adds: no file of the target is rewritten, so that runs may go on writing to it. New lines are copied as
they stand (a newer version's fields survive an older version's hands), sorted, one file per run, into a folder beside
the spool. One rename of that folder commits all of them; `read.settle` then moves them into the spool, whoever comes
first. So a merge that is killed has added everything or nothing.

As a set of events a merge is a union: idempotent, commutative, associative. The exception is two events that differ
and bear one identity, which no recorder makes: what the target holds stays; among new ones the first to start is
taken (then the least line), in whatever order they come. Of a run's records the latest is taken, of its cells the
fullest.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from jevons.ledger import compacted, parquet
from jevons.ledger.home import Home
from jevons.ledger.lock import take
from jevons.ledger.read import (
    COMMITTED,
    Ledger,
    fuller,
    identity,
    later,
    lines_or_error,
    named_run,
    run_of,
    settle,
)
from jevons.record import Call, Event, Kept, Run, TestResult, decode, encode

_DRAFT = "combine."
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")  # a run id names a file: none may lead out of the spool


class BusyError(RuntimeError):
    """Another process merges into the same ledger."""


class Merged(msgspec.Struct):
    """What a merge added, found there already, and could not take."""

    calls: int = 0
    tests: int = 0
    runs: int = 0
    """Runs that the target did not know."""
    kept: int = 0
    """Runs of which cells were added."""
    known: int = 0
    """Events read that the target, or another source, held already."""
    torn: list[tuple[str, int]] = []
    """(path, line number) of each line that is no record: torn, of a newer version, or of a run whose id names none."""
    conflicts: dict[str, str] = {}
    """Events that differ from the one kept under the same identity -> where the first such one lies."""


class _Part(NamedTuple):
    """A file's lines about one run."""

    file: Path
    lines: list[tuple[int, bytes]] | None
    """(number, line); None where the file is of no other run: it is read again, not kept in memory."""


class _Line(NamedTuple):
    """One event as read, in the order in which a run's new lines are written."""

    started_us: int
    source: str
    place: int
    facts: bytes
    raw: bytes
    event: Event
    where: str


def secrets(target: Home, sources: Iterable[Ledger]) -> tuple[int, int]:
    """(different secrets that the hashes of these ledgers are keyed with, ledgers whose secret is not known)."""
    folders = {folder.resolve() for folder in (target.path, *(one.folder for one in sources if one.folder))}
    unknown = sum(one.folder is None for one in sources)
    found = set()
    for folder in folders:
        try:
            found.add((folder / "secret").read_bytes())
        except OSError:
            unknown += folder.is_dir() and any((folder / "spool").glob("*.jsonl"))
    return len(found), unknown


def combine(target: Home, sources: Iterable[Ledger], progress: Callable[[int], object] = lambda size: None) -> Merged:
    """Add to `target` what `sources` hold and it does not; `progress` is told the bytes read, twice those of sources.

    The lines of one run are held in memory at a time, and those of files that hold several runs. Raises BusyError where
    another merge is at work, OSError where something cannot be read or written; then the target is as it was.
    """
    files = list(dict.fromkeys(file.resolve() for source in sources for file in source.files))
    merged = Merged()
    target.make()
    with alone(target):
        for stale in target.path.glob(f"{_DRAFT}*"):
            if stale.is_dir():
                shutil.rmtree(stale)
        settle(target)
        name = f"{os.getpid():x}{os.urandom(3).hex()}"
        draft = target.path / f"{_DRAFT}{name}"
        try:
            draft.mkdir()
            there = _there(target)
            for run, holding in sorted(_by_run(files, merged, progress).items()):
                _write(draft, run, _new(run, there.get(run, []), holding, merged, progress))
            if any(draft.iterdir()):
                sync(draft)
                draft.rename(target.path / f"{COMMITTED}{name}")
                sync(target.path)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            settle(target)
        sync(target.spool)
    return merged


def _by_run(files: list[Path], merged: Merged, progress: Callable[[int], object]) -> dict[str, list[_Part]]:
    """Run -> where its events lie, by what the files hold; notes the lines that are no record."""
    found: dict[str, list[_Part]] = {}
    for file in files:
        if file.suffix == ".parquet":
            for number, event in parquet.events(file):
                if event is None:
                    merged.torn.append((str(file), number))
                progress(1)
            for run in parquet.runs_of(file):
                if _NAME.fullmatch(run):
                    found.setdefault(run, []).append(_Part(file, None))
            continue
        held: dict[str, list[tuple[int, bytes]]] = {}
        for number, line in lines_or_error(file):
            progress(len(line))
            run = _run(line)
            if run:
                held.setdefault(run, [])
            else:
                merged.torn.append((str(file), number))
        if len(held) > 1:
            for number, line in lines_or_error(file):
                held.get(_run(line), []).append((number, line))
        for run, lines in held.items():
            found.setdefault(run, []).append(_Part(file, lines if len(held) > 1 else None))
    return found


def _there(target: Home) -> dict[str, list[_Part]]:
    """Run -> where the target holds its events: by a file's name where a spool gave it, else by what it holds."""
    found: dict[str, list[_Part]] = {}
    for file in compacted.files(target):
        named = named_run(file)
        parts = {named: [_Part(file, None)]} if named else _by_run([file], Merged(), lambda size: None)
        for run, held in parts.items():
            found.setdefault(run, []).extend(held)
    return found


def _run(line: bytes) -> str:
    """Id of the run that a line is of; empty where it is no record."""
    try:
        run = run_of(decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return run if _NAME.fullmatch(run) else ""


def _lines(part: _Part, run: str) -> Iterator[_Line]:
    for number, raw in _of_run(part.file, run) if part.lines is None else part.lines:
        try:
            event = decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if run_of(event) == run:
            source, place = (event.source, event.index) if isinstance(event, Call) else ("", 0)
            started_us = (event.of if isinstance(event, Kept) else event).started_us
            yield _Line(started_us, source, place, encode(event), raw.strip(), event, f"{part.file}:{number}")


def _of_run(file: Path, run: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file; of a Parquet file, those of one run."""
    if file.suffix != ".parquet":
        return lines_or_error(file)
    return ((row, encode(event)) for row, event in parquet.events(file, [run]) if event is not None)


def _new(
    run: str, there: list[_Part], parts: list[_Part], merged: Merged, progress: Callable[[int], object]
) -> list[_Line]:
    """The lines about a run that `parts` hold and the target (`there`) does not, each identity once."""
    known: dict[tuple[str | int, ...], bytes] = {}
    record: Run | None = None
    full: Kept | None = None
    for part in there:
        for line in _lines(part, run):
            if isinstance(line.event, Run):
                record = later(record, line.event)
            elif isinstance(line.event, Kept):
                full = fuller(full, line.event)
            else:
                known.setdefault(identity(line.event), _digest(line.facts))
    new: dict[tuple[str | int, ...], _Line] = {}
    records: list[tuple[Run, _Line]] = []
    for part in parts:
        last: tuple[Run, _Line] | None = None
        for line in _lines(part, run):
            progress(len(line.raw))
            if isinstance(line.event, Kept):
                if fuller(full, line.event) is line.event:
                    full = line.event
                    new[identity(full)] = line
                else:
                    merged.known += 1
            elif not isinstance(line.event, Run):
                _take(line, known, new, merged)
            elif last is None or later(last[0], line.event) is line.event:
                last = line.event, line
        if last is not None:
            records.append(last)
    # Only the latest records of a run can be in conflict: whether two do must not hang on which is read first.
    end = max((one.ended_us or 0 for one in [record, *(found for found, _ in records)] if one), default=0)
    if record is not None and (record.ended_us or 0) == end:
        known[identity(record)] = _digest(encode(record))
    for found, line in records:
        if (found.ended_us or 0) == end:
            _take(line, known, new, merged)
        else:
            merged.known += 1
    for line in new.values():
        merged.calls += isinstance(line.event, Call)
        merged.tests += isinstance(line.event, TestResult)
        merged.kept += isinstance(line.event, Kept)
    merged.runs += not there
    return sorted(new.values(), key=lambda line: (not isinstance(line.event, Run), line[:5]))


def _take(
    line: _Line, known: dict[tuple[str | int, ...], bytes], new: dict[tuple[str | int, ...], _Line], merged: Merged
) -> None:
    """Take a line in among the new ones, unless it is known; where another bears its identity, keep one of them."""
    key = identity(line.event)
    rival = new.get(key)
    if rival is None and key not in known:
        new[key] = line
    elif rival is None or rival.facts == line.facts:
        merged.known += 1
        if rival is not None:  # the same facts; perhaps one has fields that only a newer version knows
            new[key] = max(rival, line, key=lambda one: (len(one.raw), one.raw))
        elif known[key] != _digest(line.facts):
            _conflict(merged, line)
    else:
        new[key], loser = sorted((rival, line), key=lambda one: (one.started_us or 1 << 63, one.facts))
        _conflict(merged, loser)


def _conflict(merged: Merged, line: _Line) -> None:
    merged.conflicts.setdefault(" ".join(map(str, identity(line.event)[:3])), line.where)


def _digest(facts: bytes) -> bytes:
    return blake2b(facts, digest_size=16).digest()


def _write(folder: Path, run: str, new: list[_Line]) -> None:
    """Write a run's new lines into one file, down to the disk. The same lines get the same name everywhere."""
    if not new:
        return
    data = b"".join(line.raw + b"\n" for line in new)
    file = folder / f"{run}-combined{blake2b(data, digest_size=8).hexdigest()}.jsonl"
    with file.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    ran = max(max(line.started_us, getattr(line.event, "ended_us", None) or 0) for line in new)
    if ran > 0:  # `purge --older-than` goes by it
        with suppress(OSError, OverflowError):  # a clock gone mad
            os.utime(file, (ran / 1e6, ran / 1e6))


def sync(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One merge, import or compaction of a ledger at a time. Raises BusyError.

    The system drops the lock of a process that dies."""
    with (home.path / "combine.lock").open("ab") as file:
        try:
            take(file.fileno())
        except OSError as error:
            raise BusyError(
                f"another `jevons combine`, `import` or `compact` is writing to {home.path}: try again when it is done"
            ) from error
        yield
