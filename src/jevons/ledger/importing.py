"""Going through logs: entries to the ledger in batches, each kept before the next is read.

Memory: one record, one batch, and what a reader keeps (of sessions and measurements, a little of each).
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from jevons.ledger.billed import Reconciled, keep, reconcile
from jevons.ledger.combine import alone
from jevons.ledger.home import Home
from jevons.ledger.imports import As, Import
from jevons.ledger.known import Known
from jevons.sources import names
from jevons.sources.exchange import UnreadableError
from jevons.sources.files import below, under
from jevons.sources.logs import formats
from jevons.sources.logs.entry import Billed, Entry, Metered, Skipped
from jevons.sources.logs.formats import Wanted
from jevons.sources.logs.opened import Log
from jevons.sources.tally import Accounted

BATCH_S, BATCH = 1.0, 40_000
"""Seconds, and records at most, between two times that what was read is kept: longer where keeping takes long, so that
it takes a tenth of the time."""
_HEAD = 65_536


class Asked(NamedTuple):
    """What is to be imported, and how."""

    wanted: Wanted
    project: str
    """Whose calls these are, where nothing else is said."""
    named: str = ""
    """Whose they are, as the user says."""
    limit: int = 64 << 20
    """Bytes of the largest record, or document, that is read."""
    full: bool = False
    """Whether free text in names is kept."""


class Outcome(msgspec.Struct):
    """What an import did."""

    total: Accounted = msgspec.field(default_factory=Accounted)
    logs: list[tuple[str, str, Accounted]] = []
    """(path, source class, what became of its records)."""
    unread: list[tuple[str, str]] = []
    """(path, reason) of logs that could not be read, in part or in whole."""
    passed: int = 0
    """Files under a folder that are no logs."""
    runs: list[str] = []
    """Runs that were added to."""
    metered_mj: int = 0
    """Energy of the measurements that were added, millijoules."""
    billed: list[Billed] = []
    reconciled: list[Reconciled] = []
    """What was billed beside what the ledger saw."""
    interrupted: bool = False


def run(
    home: Home,
    paths: Iterable[Path],
    asked: Asked,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Outcome:
    """Import logs; `progress` is told (bytes gone through, bytes in all). Raises OSError where the ledger cannot be
    written, BusyError where another process writes to it."""
    outcome = Outcome()
    home.make()
    files = list(_files(paths, home.path.parent))
    whole, done = sum(path.stat().st_size for path, _, _ in files), 0
    with alone(home):
        known = Known(home)
        try:
            known.follow()
            importing = _Importing(home, known, asked, outcome)
            for path, name, named in files:
                try:
                    importing.one(path, name, lambda read, done=done: progress(done + read, whole))  # type: ignore[misc]
                except UnreadableError as error:
                    if named:
                        outcome.unread.append((name, str(error)))
                    else:
                        outcome.passed += 1
                done += path.stat().st_size
        except KeyboardInterrupt:
            outcome.interrupted = True
        finally:
            known.close()
        if outcome.billed:
            keep(home, outcome.billed)
            outcome.reconciled = reconcile(home, outcome.billed)
    outcome.runs = sorted(set(outcome.runs))
    return outcome


def _files(paths: Iterable[Path], root: Path) -> Iterator[tuple[Path, str, bool]]:
    """(path, its name as kept, whether it was named) of every file that may be a log."""
    for path in paths:
        if path.is_dir():
            for item in under(path, "", [], formats.may_be):
                yield Path(item.path), names.clean(below(path, root) + item.source), False
        else:
            yield path, names.clean(below(path.parent, root) + path.name), True


class _Importing:
    def __init__(self, home: Home, known: Known, asked: Asked, outcome: Outcome) -> None:
        self._home, self._known, self._asked, self._outcome = home, known, asked, outcome
        self._secret = home.secret()

    def one(self, path: Path, name: str, progress: Callable[[int], object]) -> None:
        """Import one log. Raises UnreadableError where it is none."""
        asked, known, outcome = self._asked, self._known, self._outcome
        project = asked.named or asked.project
        head = _head(path, asked.wanted, project)
        offset, tally = known.read_so_far(head)
        with Log(path, asked.limit, asked.wanted, offset) as log:
            if not log.resumable:
                tally = Accounted()
            earlier, kept = _copy(tally), _copy(tally)
            source = names.masked(name, self._secret, asked.full)
            into = Import(self._home, known, As(source, log.kind, project, self._secret, asked.full))

            def keep() -> float:
                """When to keep again."""
                nonlocal kept
                begun = time.monotonic()
                with _in_one_piece():
                    files = into.flush()
                    if log.resumable:
                        known.read_up_to(into.input, head, log.done, tally)
                    known.commit(files)
                    outcome.runs += [file.name.removesuffix("-import.jsonl") for file in files]
                    kept = _copy(tally)
                progress(log.read_bytes)
                done = time.monotonic()
                return done + max(BATCH_S, 9 * (done - begun))

            try:
                since, document, due = 0, log.done, time.monotonic() + BATCH_S
                for entry in log.entries():
                    # Between two documents only: what was read of one is no place to go on from.
                    if log.done != document or not log.resumable:
                        document = log.done
                        if since >= BATCH or (since % 64 == 0 and time.monotonic() > due):
                            due, since = keep(), 0
                    self._take(entry, tally, into)
                    since += 1
                keep()
            except UnreadableError as error:
                outcome.unread.append((name, str(error)))
                keep()
            finally:  # stopped: what was read since the last batch is not kept, and read again
                made = _less(kept, earlier)
                outcome.logs.append((name, log.kind, made))
                outcome.total.add(made)

    def _take(self, entry: Entry, tally: Accounted, into: Import) -> None:
        if isinstance(entry, Skipped):
            tally.skip(entry.reason, entry.count)
            return
        index = tally.records
        if isinstance(entry, Billed):
            self._outcome.billed.append(msgspec.structs.replace(entry, project=self._asked.named or entry.project))
            became = "billed"
        else:
            became = into.metered(entry, index) if isinstance(entry, Metered) else into.seen(entry, index)
            if isinstance(entry, Metered) and became == "metered":
                self._outcome.metered_mj += entry.energy_mj
        tally.records += 1
        setattr(tally, became, getattr(tally, became) + 1)


@contextmanager
def _in_one_piece() -> Iterator[None]:
    """Ctrl-C waits until what is within is done, so that what was said to be kept is what is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def _copy(tally: Accounted) -> Accounted:
    return msgspec.structs.replace(tally, skipped=dict(tally.skipped))


def _less(tally: Accounted, earlier: Accounted) -> Accounted:
    """What this import did: records that an earlier one accounted for are known now."""
    made = _copy(tally)
    for name in ("added", "merged", "metered"):
        before = getattr(earlier, name)
        setattr(made, name, getattr(made, name) - before)
        made.known += before
    return made


def _head(path: Path, wanted: Wanted, project: str) -> bytes:
    """What a log that has grown, or was renamed, is known again by: how it begins, and how it is read."""
    with path.open("rb") as file:
        digest = blake2b(file.read(_HEAD), digest_size=16)
    digest.update(msgspec.json.encode((dict(sorted(wanted.columns.items())), project)))
    return digest.digest()
