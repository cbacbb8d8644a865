"""Compaction: spool files become Parquet, by project and day of the run, each event once.

Files are written beside those that count and get their names; then one replacement of the manifest makes them count, in
place of the spool files, and of the Parquet files, whose events are in them. Those are deleted `GRACE_S` later, by the
next compaction: a report that began to read before goes on reading them. A spool file that grew since is read again:
events are known by their ids. So a compaction that is killed has done everything or nothing; what it left behind is
cleared by the next. One compaction, merge or import works on a ledger at a time.

Lines that are no record are kept as they are: torn, or of a version that is newer.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from jevons.ledger import parquet
from jevons.ledger.combine import alone, sync
from jevons.ledger.compacted import FOLDER, MADE, Manifest, is_in, manifest, parquet_files
from jevons.ledger.days import day
from jevons.ledger.home import Home
from jevons.ledger.read import fuller, later, lines_or_error, named_run, run_of, runs, settle
from jevons.ledger.spans import started
from jevons.record import Call, Event, Kept, Run, decode, encode

if TYPE_CHECKING:
    import duckdb

QUIET_S = 600
"""Spool files that were written to within so many seconds are left for later."""
UNENDED_S = 86_400
"""Those of a run without an end (killed, or still at work), within so many."""
GRACE_S = 600
MEMORY = "1GB"
_SMALL = 64 << 20
"""Files up to this many bytes are written anew with what is added to their project and day."""
_DAILY = "-cells.jsonl"
_LARGEST = (1 << 63) - 1
_ALL = {**{name: kind for name, (kind, _) in parquet.COLUMNS.items()}, **parquet.OTHERS}


class Compacted(msgspec.Struct):
    """What a compaction did."""

    spools: int = 0
    """Spool files that are in Parquet now and were not before."""
    events: int = 0
    """Calls and test results that were added, each once."""
    files: int = 0
    """Parquet files that were written."""
    waiting: int = 0
    """Spool files left alone, because they were written to a moment ago."""
    freed: int = 0
    """Files deleted that no longer counted."""
    forgotten: int = 0
    """Parquet files that no longer count: too old to keep."""
    torn: list[tuple[str, int]] = []
    """(file name, line number) of each line that is no record; it is kept."""
    corrupt: list[str] = []
    """Parquet files that cannot be read; they are left alone."""


class _Records(NamedTuple):
    """Records of runs, of which the latest counts, with their lines."""

    runs: dict[str, tuple[Run, str]]
    kept: dict[str, tuple[Kept, str]]

    def add(self, event: Event, raw: str) -> None:
        if isinstance(event, Run):
            have = self.runs.get(event.id)
            if have is None or later(have[0], event) is event:
                self.runs[event.id] = event, raw
        elif isinstance(event, Kept):
            there = self.kept.get(event.of.id)
            if there is None or fuller(there[0], event) is event:
                self.kept[event.of.id] = event, raw


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
            written: list[str] = []
            replaced: list[str] = []
            if fresh:
                written, replaced = _write(home, known, [file for file, _ in fresh], draft, limit, made)
            after = _after(known, written, replaced, {file.name: (size, int(now)) for file, size in fresh}, int(now))
            old = [name for name in after.files if limit and _too_old(name, limit)]
            made.forgotten = len(old)
            after = _after(after, [], old, {}, int(now))
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
    if not any(_too_old(name, limit) for name in (*manifest(home).files, *manifest(home).replaced)):
        return 0
    with alone(home):
        known = manifest(home)
        old = [name for name in (*known.files, *known.replaced) if _too_old(name, limit)]
        after = _after(known, [], old, {}, 0)
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
    known: Manifest, written: list[str], replaced: list[str], spools: dict[str, tuple[int, int]], now: int
) -> Manifest:
    gone = set(replaced)
    return Manifest(
        files=sorted({*known.files, *written} - gone),
        spools=known.spools | spools,
        replaced=known.replaced | dict.fromkeys(replaced, now),
    )


def _too_old(name: str, limit: str) -> bool:
    found = re.search(r"/day=([0-9-]{10})/", name)
    return found is not None and found[1] < limit


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


def _write(
    home: Home, known: Manifest, spools: list[Path], draft: Path, limit: str, made: Compacted
) -> tuple[list[str], list[str]]:
    """Write what spool files hold, and the files that it goes together with. (files written, files they replace)"""
    records = _Records({}, {})
    lines = draft / "lines.jsonl"
    with parquet.connect(str(draft / "events.duckdb")) as con:
        con.execute(f"SET memory_limit = '{MEMORY}'")
        con.execute(f"SET temp_directory = '{parquet.quoted(draft)}'")
        _spell(spools, lines, records, made)
        listed = ", ".join(f"'{name}': '{kind}'" for name, kind in {"nth": "BIGINT", **_ALL}.items())
        pairs = "[{'hash': pair[1], 'tokens': pair[2]::BIGINT} FOR pair IN prefixes]"
        listed = listed.replace(parquet.PREFIXES, "VARCHAR[][]")
        filled = ", ".join(parquet.column(name, True) for name in _ALL)
        con.execute(
            f"CREATE TABLE fresh AS SELECT nth, {filled} FROM (SELECT * REPLACE ({pairs} AS prefixes) FROM read_json("  # noqa: S608
            f"'{parquet.quoted(lines)}', format = 'newline_delimited', columns = {{{listed}}}, "
            "maximum_object_size = 67108864))"
        )
        lines.unlink()
        replaced = _beside(con, home, known, records)
        return _partitions(con, draft, records, limit, made), replaced


def _spell(spools: Iterable[Path], target: Path, records: _Records, made: Compacted) -> None:
    """Calls, tests and lines that are no record, as rows; records of runs are kept apart."""
    nth = 0
    with target.open("wb") as out:
        for file in spools:
            for number, line in lines_or_error(file):
                nth += 1
                raw = line.strip()
                event, text = _event(raw)
                if isinstance(event, Run | Kept):
                    records.add(event, text)
                    continue
                if event is None or not _fits(event):
                    if event is None:
                        made.torn.append((file.name, number))
                    run = run_of(event) if event else named_run(file)
                    facts = encode({"event": "", "run": run, "id": f"{file.name}:{number}", "raw": text})
                else:
                    facts = encode(event)
                    if not isinstance(event, Call) or facts != raw:
                        facts = facts[:-1] + b',"raw":' + encode(text) + b"}"
                out.write(b'{"nth":%d,' % nth + facts[1:] + b"\n")


def _event(raw: bytes) -> tuple[Event | None, str]:
    try:
        return decode(raw), raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, raw.decode(errors="replace")


def _fits(event: Event) -> bool:
    """Whether columns can hold its numbers."""
    numbers = [value for value in msgspec.structs.astuple(event) if isinstance(value, int)]
    if isinstance(event, Call):
        numbers += [tokens for _, tokens in event.prefixes]
    return all(abs(number) <= _LARGEST for number in numbers)


def _beside(con: duckdb.DuckDBPyConnection, home: Home, known: Manifest, records: _Records) -> list[str]:
    """Add to the fresh events those of files that hold the same runs, or the same days and are small: both are
    written anew. Files of a newer version stay: their columns are not known here."""
    top = home.path / FOLDER
    con.execute("CREATE TABLE old AS SELECT * FROM fresh LIMIT 0")
    con.execute("CREATE TABLE known (run VARCHAR)")
    fresh = {run for (run,) in con.execute("SELECT DISTINCT run FROM fresh").fetchall()}
    fresh |= {*records.runs, *records.kept}
    con.executemany("INSERT INTO known VALUES (?)", [[run] for run in sorted(fresh)] or [[""]])
    places = {_place(run, records) for run in fresh}
    taken: list[str] = []
    for name in known.files:
        path = top / name
        try:
            there = parquet.columns_of(con, path)
            if there - _ALL.keys():
                continue
            same = f"SELECT count(*) FROM read_parquet('{parquet.quoted(path)}') SEMI JOIN known USING (run)"  # noqa: S608
            small = path.parent.relative_to(top).as_posix() in places and path.stat().st_size <= _SMALL
            if not small and not con.execute(same).fetchall()[0][0]:
                continue
            for _, event in parquet.events(path, only="'run', 'cells'"):
                if event is not None:
                    records.add(event, encode(event).decode())
            listed = ", ".join(parquet.column(column, column in there) for column in _ALL)
            con.execute(
                f"INSERT INTO old SELECT file_row_number + {len(taken) << 40}, {listed} FROM "  # noqa: S608
                f"read_parquet('{parquet.quoted(path)}', file_row_number = true, hive_partitioning = false) "
                "WHERE event NOT IN ('run', 'cells')"
            )
            taken.append(name)
        except parquet.CorruptError:
            continue  # noted already
    return taken


def _partitions(
    con: duckdb.DuckDBPyConnection, draft: Path, records: _Records, limit: str, made: Compacted
) -> list[str]:
    """Write each event once, a file a project and day. Their names."""
    con.execute("CREATE TABLE records AS SELECT * FROM fresh LIMIT 0")
    rows = [(-2, "run", run.id, run.started_us, raw) for run, raw in records.runs.values()]
    rows += [(-1, "cells", one.of.id, one.of.started_us, raw) for one, raw in records.kept.values()]
    if rows:
        con.executemany("INSERT INTO records (nth, event, run, started_us, raw) VALUES (?, ?, ?, ?, ?)", rows)
    con.execute(
        "CREATE TABLE once AS SELECT * EXCLUDE (turn, again) FROM (SELECT *, row_number() OVER (PARTITION BY event, "
        "run, id, CASE WHEN event = 'test' THEN [test, attempt::VARCHAR, phase, worker, started_us::VARCHAR] END "
        "ORDER BY turn, nth) AS again FROM (SELECT 0 AS turn, * FROM old UNION ALL SELECT 1, * FROM fresh)) "
        "WHERE again = 1 UNION ALL SELECT * FROM records"
    )
    counts = [
        con.execute(f"SELECT count(*) FROM {table} WHERE event IN ('call', 'test')").fetchall()[0][0]  # noqa: S608
        for table in ("once", "old")
    ]
    made.events = int(counts[0] - counts[1])
    con.execute("CREATE TABLE places (run VARCHAR, place VARCHAR)")
    runs = [run for (run,) in con.execute("SELECT DISTINCT run FROM once").fetchall()]
    con.executemany("INSERT INTO places VALUES (?, ?)", [(run, _place(run, records)) for run in runs])
    con.execute(f"CREATE TABLE sorted AS SELECT place, nth, {_named(_ALL)} FROM once JOIN places USING (run) "  # noqa: S608
                "ORDER BY place, run, nth")  # fmt: skip
    made_here, name = [], f"{MADE}{os.getpid():x}{os.urandom(4).hex()}.parquet"
    for (place,) in con.execute("SELECT DISTINCT place FROM sorted ORDER BY place").fetchall():
        if limit and _too_old(f"{place}/", limit):
            continue
        (draft / place).mkdir(parents=True)
        con.execute(
            f"COPY (SELECT {_named(_ALL)} FROM sorted WHERE place = ? ORDER BY run, nth) "  # noqa: S608
            f"TO '{parquet.quoted(draft / place / name)}' (FORMAT parquet, COMPRESSION zstd)",
            [place],
        )
        made_here.append(f"{place}/{name}")
    return made_here


def _place(run: str, records: _Records) -> str:
    """The folder of a run: its project and the day on which it started."""
    record, _ = records.runs.get(run) or (records.kept[run][0].of if run in records.kept else Run(id=run), "")
    project = quote(record.project, safe="")[:180]
    project = re.sub(r"\.+$", lambda dots: "%2E" * len(dots[0]), project)  # Windows drops dots at the end of a name
    began = day(started(record))
    return f"project={project}/day={began}"


def _named(columns: Iterable[str]) -> str:
    """A list of columns for SQL."""
    return ", ".join(f'"{name}"' for name in columns)


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
