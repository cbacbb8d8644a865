"""Reading a ledger back: torn lines, and Parquet files that are broken, are skipped and counted, never fatal."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from jevons.ledger import compacted, parquet
from jevons.ledger.home import DIRECTORY, Home
from jevons.ledger.remote import Remote, fetched
from jevons.record import Call, Event, Kept, Run, TestResult, decode, encode

COMMITTED = "combined."
"""Folders of the ledger whose name begins so hold spool files that belong to the spool: see `settle`."""
_SPOOL_NAME = re.compile(r"([0-9]{8}T[0-9]{6}-.+)-[^-]+\.jsonl")
_RUN = b'"event":"run"'


class NoLedgerError(ValueError):
    """A path that holds no ledger: names it and the remedy."""


class Reading(msgspec.Struct):
    """Records read, and what could not be."""

    runs: dict[str, Run] = {}
    calls: list[Call] = []
    tests: list[TestResult] = []
    kept: dict[str, Kept] = {}
    """Run -> its cells, of runs that were kept as cells."""
    torn: list[tuple[str, int]] = []
    """(file name, line number) of each line that is no record; line 0 for a Parquet file that cannot be read."""

    def add(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, Call):
            self.calls.append(event)
        elif isinstance(event, TestResult):
            self.tests.append(event)
        elif isinstance(event, Kept):
            self.kept[event.of.id] = fuller(self.kept.get(event.of.id), event)
            self.runs[event.of.id] = later(self.runs.get(event.of.id), event.of)
        else:
            self.runs[event.id] = later(self.runs.get(event.id), event)


class Ledger(msgspec.Struct):
    """What a path names: spool and Parquet files, and the folder of the ledger they are of."""

    files: list[Path]
    folder: Path | None = None
    """Where its secret would lie; None for files that lie in no ledger."""


def later(one: Run | None, other: Run) -> Run:
    """Of two records of a run the one that ended, or ended later; else `other`, which comes after `one`."""
    if one is not None and (one.ended_us or 0) > (other.ended_us or 0):
        return one
    return other


def fuller(one: Kept | None, other: Kept) -> Kept:
    """Of two sets of a run's cells the one of the later record, with more calls, told apart more finely."""
    return other if one is None or _fullness(other) > _fullness(one) else one


def _fullness(one: Kept) -> tuple[int, int, int, bytes]:
    calls = sum(int(row.get("calls", 0)) for row in one.rows)
    return one.of.ended_us or 0, calls, len(one.rows), encode(one)


def run_of(event: Event) -> str:
    """Id of the run that an event is of."""
    if isinstance(event, Kept):
        return event.of.id
    return event.id if isinstance(event, Run) else event.run


def identity(event: Event) -> tuple[str | int, ...]:
    """What makes an event one and the same, wherever it is found.

    A call's id is unique within its run (a second scan of the same recordings repeats ids in another run). A test's
    attempt is told apart by worker and start too: ``--dist each`` runs every test once per worker.
    """
    if isinstance(event, Call):
        return "call", event.run, event.id
    if isinstance(event, TestResult):
        return "test", event.run, event.test, event.attempt, event.phase, event.worker, event.started_us
    return ("cells", event.of.id) if isinstance(event, Kept) else ("run", event.id)


def named_run(path: Path) -> str:
    """Id of the run that a spool file is of, by its name; empty for a name that no spool gives."""
    match = _SPOOL_NAME.fullmatch(path.name)
    return match[1] if match else ""


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number, line) of each line of a file that is not empty; nothing if it cannot be opened."""
    with suppress(OSError):
        yield from lines_or_error(path)


def lines_or_error(path: Path) -> Iterator[tuple[int, bytes]]:
    """The same; the rows of a Parquet file as lines. Raises OSError."""
    if path.suffix == ".parquet":
        for row, event in parquet.events(path):
            yield row, b"{}" if event is None else encode(event)
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line


def events(
    paths: Iterable[Path], torn: list[tuple[str, int]], strict: bool = False, runs: Collection[str] | None = None
) -> Iterator[Event]:
    """The events of a ledger's files, in order; lines that are no record are noted in `torn`, files that cannot be read
    are passed over, or raise OSError if `strict`. `runs`: of a Parquet file, those of these runs alone."""
    for path in fetched(paths):
        if path.suffix == ".parquet":
            yield from _rows(path, torn, strict, runs)
            continue
        for number, line in lines_or_error(path) if strict else lines(path):
            try:
                yield decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                torn.append((path.name, number))


def _rows(path: Path, torn: list[tuple[str, int]], strict: bool, runs: Collection[str] | None) -> Iterator[Event]:
    try:
        # without a run: lines that were no record, of spool files whose names tell none
        for row, event in parquet.events(path, None if runs is None else {*runs, ""}):
            if event is None:
                torn.append((path.name, row))
            else:
                yield event
    except parquet.CorruptError:
        if strict:
            raise
        torn.append((path.name, 0))


def each(found: Iterable[Event]) -> Iterator[Event]:
    """Each call and each attempt of a test once, the first; all records of runs."""
    seen: set[tuple[str | int, ...]] = set()
    for event in found:
        if not isinstance(event, Run | Kept):
            if identity(event) in seen:
                continue
            seen.add(identity(event))
        yield event


def locate(path: Path) -> Ledger:
    """The ledger at `path`: its folder, a folder that holds it or nothing but spool files, or one spool file.

    Raises NoLedgerError.
    """
    if path.is_file():
        if path.suffix != ".jsonl":
            raise NoLedgerError(f"{path} is no spool file: name a *.jsonl file, or the ledger's folder ({DIRECTORY})")
        folder = path.absolute().parent.parent if path.absolute().parent.name == "spool" else None
        return Ledger([path], folder)
    for folder in (path, path / DIRECTORY):
        if (folder / "spool").is_dir() or (folder / compacted.FOLDER / "manifest.json").is_file():
            settle(Home(folder))
            return Ledger(compacted.files(Home(folder)), folder)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else []
    if not files:
        missing = "holds no ledger" if path.is_dir() else "is no file or folder"
        raise NoLedgerError(
            f"{path} {missing}: name a {DIRECTORY} folder, a folder that holds one, or a spool file (*.jsonl)"
        )
    return Ledger(files, path.absolute().parent if path.absolute().name == "spool" else None)


def settle(home: Home) -> None:
    """Move what `combine` has committed into the spool, where it was killed before it could do so itself."""
    if isinstance(home.path, Remote):  # `combine` writes on this machine only
        return
    with suppress(OSError):
        for folder in sorted(home.path.glob(f"{COMMITTED}*")):
            for file in folder.glob("*.jsonl"):
                with suppress(FileNotFoundError):  # another process is at it too
                    file.replace(home.spool / file.name)
            folder.rmdir()


def read(home: Home, run: str = "") -> Reading:
    """Everything recorded under `home`, or one run of it. A directory that is not there reads as empty."""
    settle(home)
    reading = Reading()
    files = compacted.files(home, run)
    found = events(files, reading.torn, runs=[run] if run else None)
    for event in each(found) if any(file.suffix == ".parquet" for file in files) else found:
        reading.add(event)
    return reading


def runs(files: Home | Iterable[Path]) -> list[Run]:
    """The runs of a ledger or of spool files, without reading their calls; a bare `Run` where no record is kept."""
    if isinstance(files, Home):
        settle(files)
        files = compacted.files(files)
    files = list(files)
    held = compacted.held(files)
    found: dict[str, Run] = {}
    fetched(path for path in files if path not in held)
    for path in files:
        if path in held:
            for run in held[path]:
                if run != Run(id=run.id):
                    found[run.id] = later(found.get(run.id), run)
                elif run.id:  # no record of it is kept
                    found.setdefault(run.id, run)
            continue
        if path.suffix == ".parquet":
            _runs_in(path, found)
            continue
        named = named_run(path)
        if named:
            found.setdefault(named, Run(id=named))
        for _, line in lines(path):
            if named and _RUN not in line:
                continue
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                event = decode(line)
                run = event if isinstance(event, Run) else event.of if isinstance(event, Kept) else Run(id=event.run)
                told = isinstance(event, Run | Kept)
                found[run.id] = later(found.get(run.id), run) if told else found.get(run.id, run)
    return list(found.values())


def _runs_in(path: Path, found: dict[str, Run]) -> None:
    with suppress(parquet.CorruptError):  # whoever reads its calls says so
        for run in sorted(parquet.runs_of(path)):
            found.setdefault(run, Run(id=run))
        for _, event in parquet.events(path, only="'run', 'cells'"):
            if isinstance(event, Run | Kept):
                run_ = event.of if isinstance(event, Kept) else event
                found[run_.id] = later(found.get(run_.id), run_)
