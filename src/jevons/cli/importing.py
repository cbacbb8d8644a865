"""What `jevons import` does: logs to entries to the ledger, in batches, each kept before the next is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

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

BATCH = 4_000
"""Records between two times that what was read is kept."""
_HEAD = 65_536


class Outcome(msgspec.Struct):
    """What an import did."""

    total: Accounted
    logs: list[tuple[str, str, Accounted]] = []
    """(path, source class, what became of its records)."""
    unread: list[tuple[str, str]] = []
    """(path, reason) of logs that could not be read, in part or in whole."""
    passed: int = 0
    """Files under a folder that are no logs."""
    runs: list[str] = []
    """Runs that were added to."""
    billed: list[Billed] = []
    interrupted: bool = False


def run(
    home: Home,
    paths: Iterable[Path],
    wanted: Wanted,
    project: str,
    limit: int,
    full: bool,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Outcome:
    """Import logs; `progress` is told (bytes gone through, bytes in all). Raises OSError where the ledger cannot be
    written, BusyError where another process writes to it."""
    outcome = Outcome(Accounted())
    home.make()
    secret = home.secret()
    files = list(_files(paths, home.path.parent))
    whole = sum(path.stat().st_size for path, _, _ in files)
    with alone(home):
        known = Known(home)
        try:
            known.follow()
            done = 0
            for path, name, named in files:
                before = done
                try:
                    _one(
                        home, known, path, names.clean(name), wanted, project, limit, full, secret, outcome,
                        lambda read, before=before: progress(before + read, whole),  # type: ignore[misc]
                    )  # fmt: skip
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
    outcome.runs = sorted(set(outcome.runs))
    return outcome


def _files(paths: Iterable[Path], root: Path) -> Iterator[tuple[Path, str, bool]]:
    """(path, its name as kept, whether it was named) of every file that may be a log."""
    for path in paths:
        if path.is_dir():
            for item in under(path, "", [], formats.may_be):
                yield Path(item.path), below(path, root) + item.source, False
        else:
            yield path, below(path.parent, root) + path.name, True


def _one(
    home: Home,
    known: Known,
    path: Path,
    name: str,
    wanted: Wanted,
    project: str,
    limit: int,
    full: bool,
    secret: bytes,
    outcome: Outcome,
    progress: Callable[[int], object],
) -> None:
    head = _head(path, wanted, project)
    offset, tally = known.read_so_far(head)
    with Log(path, limit, wanted, offset) as log:
        if not log.resumable:
            tally = Accounted()
        earlier, kept = _copy(tally), _copy(tally)
        into = Import(home, known, As(name, log.kind, project, secret, full))

        def keep() -> None:
            nonlocal kept
            files = into.flush()
            if log.resumable:
                known.read_up_to(into.input, head, log.done, tally)
            known.commit(files)
            outcome.runs += [file.name.removesuffix("-import.jsonl") for file in files]
            kept = _copy(tally)
            progress(log.read_bytes)

        try:
            since, document = 0, log.done
            for entry in log.entries():
                # Between two documents only: what was read of one is no place to go on from.
                if since >= BATCH and (log.done != document or not log.resumable):
                    keep()
                    since, document = 0, log.done
                _take(entry, tally, into, outcome)
                since += 1
            keep()
        except UnreadableError as error:
            outcome.unread.append((name, str(error)))
            keep()
        finally:  # stopped: what was read since the last batch is not kept, and read again
            made = _less(kept, earlier)
            outcome.logs.append((name, log.kind, made))
            outcome.total.add(made)


def _take(entry: Entry, tally: Accounted, into: Import, outcome: Outcome) -> None:
    if isinstance(entry, Skipped):
        tally.skip(entry.reason, entry.count)
        return
    index = tally.records
    if isinstance(entry, Billed):
        outcome.billed.append(entry)
        became = "billed"
    else:
        became = into.metered(entry, index) if isinstance(entry, Metered) else into.seen(entry, index)
    tally.records += 1
    setattr(tally, became, getattr(tally, became) + 1)


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
        begin = file.read(_HEAD)
    line = begin.rpartition(b"\n")[0] if len(begin) < _HEAD else begin
    digest = blake2b(line[:_HEAD], digest_size=16)
    digest.update(msgspec.json.encode((dict(sorted(wanted.columns.items())), project)))
    return digest.digest()
