"""Compaction: spool files become Parquet, by project and day of the run, each event once.

Files are written beside those that count and get their names; then one replacement of the manifest makes them count, in
place of the spool files, and of the Parquet files, whose events are in them. Those are deleted `GRACE_S` later, by the
next compaction: a report that began to read before goes on reading them. A spool file that grew since is read again:
events are known by their ids. So a compaction that is killed has done everything or nothing; what it left behind is
cleared by the next. One compaction, merge or import works on a ledger at a time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jevons.ledger import parquet
from jevons.ledger.combine import alone, sync
from jevons.ledger.compacted import FOLDER, MADE, Manifest, is_in, manifest, parquet_files
from jevons.ledger.days import day
from jevons.ledger.home import Home
from jevons.ledger.read import named_run, runs, settle
from jevons.ledger.rewrite import Compacted, too_old, write
from jevons.record import Run, encode

QUIET_S = 600
"""Spool files that were written to within so many seconds are left for later."""
UNENDED_S = 86_400
"""Those of a run without an end (killed, or still at work), within so many."""
GRACE_S = 600
_DAILY = "-cells.jsonl"


def compact(
    home: Home, *, keep_days: float | None = None, quiet_s: float = QUIET_S, grace_s: float = GRACE_S
) -> Compacted:
    """Bring a ledger's spool files into Parquet; those of runs older than `keep_days` no longer count.

    Raises combine.BusyError where another process works on the ledger, parquet.NoEngineError without duckdb, OSError
    where something cannot be read or written, ValueError where the manifest cannot be read. Then all counts as before.
    """
    made = Compacted()
    _check(home, made)
    home.make()
    with alone(home):
        settle(home)
        (home.path / FOLDER).mkdir(exist_ok=True)
        now = time.time()
        known = manifest(home)
        made.freed = _clear(home, known, now - grace_s)
        fresh = []
        ended = {run.id for run in runs(home.spools()) if run.ended_us}
        for file in home.spools():
            if file.name.endswith(_DAILY) or is_in(file, known):
                continue
            quiet = now - file.stat().st_mtime
            at_work = quiet_s and quiet < UNENDED_S and named_run(file) and named_run(file) not in ended
            if quiet < quiet_s or at_work:
                made.waiting += 1
            else:
                fresh.append((file, file.stat().st_size))
        draft = Path(tempfile.mkdtemp(prefix="compact.", dir=home.path))
        try:
            limit = "" if keep_days is None else day(int((now - keep_days * 86_400) * 1e6))
            written: dict[str, list[Run]] = {}
            replaced: list[str] = []
            if fresh:
                written, replaced = write(home, known, [file for file, _ in fresh], draft, limit, made)
            after = _after(known, written, replaced, {file.name: (size, int(now)) for file, size in fresh}, int(now))
            old = [name for name in after.files if limit and too_old(name, limit)]
            made.forgotten = len(old)
            after = _after(after, {}, old, {}, int(now))
            _move(draft, home, written)
            _commit(home, after)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        made.spools, made.files = len(fresh), len(written)
        made.freed += _clear(home, after, now - grace_s)
    return made


def forget(home: Home, days: float) -> int:
    """Delete the Parquet files of runs that started more than so many days ago, at once. How many.

    Raises combine.BusyError, OSError.
    """
    limit = day(int((time.time() - days * 86_400) * 1e6))
    if not any(too_old(name, limit) for name in (*manifest(home).files, *manifest(home).replaced)):
        return 0
    with alone(home):
        known = manifest(home)
        old = [name for name in (*known.files, *known.replaced) if too_old(name, limit)]
        after = _after(known, {}, old, {}, 0)
        _commit(home, after)
        _clear(home, after, 0)
    return len(old)


def _check(home: Home, made: Compacted) -> None:
    """Note the files that are broken. Raises parquet.NoEngineError before anything is touched."""
    with parquet.connect() as con:
        for file in parquet_files(home, manifest(home)):
            try:
                parquet.columns_of(con, file)
            except parquet.CorruptError:
                made.corrupt.append(file.relative_to(home.path / FOLDER).as_posix())


def _after(
    known: Manifest, written: dict[str, list[Run]], replaced: list[str], spools: dict[str, tuple[int, int]], now: int
) -> Manifest:
    gone = set(replaced)
    return Manifest(
        files=sorted({*known.files, *written} - gone),
        spools=known.spools | spools,
        replaced=known.replaced | dict.fromkeys(replaced, now),
        runs={name: runs for name, runs in (known.runs | written).items() if name not in gone},
    )


def _clear(home: Home, known: Manifest, before: float) -> int:
    """Delete what no longer counts, and drop from `known` what is gone. How many files."""
    top, freed = home.path / FOLDER, 0
    for stale in home.path.glob("compact.*"):
        if stale.is_dir():
            shutil.rmtree(stale)
    counting = {*known.files, *known.replaced}
    for folder, _, names in os.walk(top, topdown=False):
        for name in names:
            path = Path(folder) / name
            where = path.relative_to(top).as_posix()
            left = name.startswith(MADE) and where not in counting  # by one that was killed
            if left or known.replaced.get(where, before + 1) <= before:
                with suppress(OSError):  # Windows: a process reads it
                    path.unlink()
                    known.replaced.pop(where, None)
                    freed += 1
        if Path(folder) != top:
            with suppress(OSError):  # not empty
                Path(folder).rmdir()
    for name in [name for name in known.replaced if not (top / name).exists()]:
        del known.replaced[name]
    for name, (_, when) in list(known.spools.items()):
        spool = home.spool / name
        if when <= before and is_in(spool, known):
            with suppress(OSError):  # Windows: a process has it open
                spool.unlink()
                freed += 1
        if not spool.exists():
            del known.spools[name]
    return freed


def _move(draft: Path, home: Home, written: Iterable[str]) -> None:
    """Bring new files down to the disk and where they belong; they do not count yet."""
    top = home.path / FOLDER
    for name in written:
        with (draft / name).open("rb+") as file:
            os.fsync(file.fileno())
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (draft / name).rename(top / name)
        sync((top / name).parent)
    sync(top)


def _commit(home: Home, after: Manifest) -> None:
    """From here on the new files count."""
    path = home.path / FOLDER / "manifest.json"
    draft = path.with_name(f"manifest.{os.getpid():x}")
    try:
        with draft.open("wb") as out:
            out.write(encode(after))
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)
