"""What compaction writes: the events of spool files as Parquet, a file a project and day, each event once.

Lines that are no record are kept as they are: torn, or of a version that is newer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import msgspec

from jevons.ledger import layout, parquet
from jevons.ledger.compacted import FOLDER, MADE, Manifest
from jevons.ledger.days import day
from jevons.ledger.home import Home
from jevons.ledger.read import fuller, later, lines_or_error, named_run, run_of
from jevons.ledger.spans import started
from jevons.record import Call, Event, Kept, Run, decode, encode

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
_SMALL = 64 << 20
"""Files up to this many bytes are written anew with what is added to their project and day."""
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


def write(
    home: Home, known: Manifest, spools: list[Path], draft: Path, limit: str, made: Compacted
) -> tuple[dict[str, list[Run]], list[str]]:
    """Write what spool files hold, and the files that it goes together with. (files written, with the runs in them;
    files they replace)"""
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
) -> dict[str, list[Run]]:
    """Write each event once, a file a project and day. Their names, and the runs in each."""
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
    names = [run for (run,) in con.execute("SELECT DISTINCT run FROM once").fetchall()]
    con.executemany("INSERT INTO places VALUES (?, ?)", [(run, _place(run, records)) for run in names])
    query = layout.celled(con, "SELECT * FROM once JOIN places USING (run)")
    con.execute(f"CREATE TABLE placed AS SELECT * FROM ({query}) ORDER BY place")  # noqa: S608
    held: dict[str, list[str]] = {}
    for place, run in con.execute("SELECT DISTINCT place, run FROM placed ORDER BY place, run").fetchall():
        held.setdefault(place, []).append(run)
    made_here, name = {}, f"{MADE}{os.getpid():x}{os.urandom(4).hex()}.parquet"
    for place, runs in held.items():
        if limit and too_old(f"{place}/", limit):
            continue
        (draft / place).mkdir(parents=True)
        of_place = f"SELECT * FROM placed WHERE place = '{parquet.quoted(place)}'"  # noqa: S608
        layout.write(con, of_place, draft / place / name)
        made_here[f"{place}/{name}"] = [_record(run, records) for run in runs]
    return made_here


def _record(run: str, records: _Records) -> Run:
    """What is known of a run, as `read.runs` tells it."""
    found = Run(id=run)
    for told in (records.runs.get(run), records.kept.get(run)):
        if told:
            found = later(found, told[0] if isinstance(told[0], Run) else told[0].of)
    return found


def _place(run: str, records: _Records) -> str:
    """The folder of a run: its project and the day on which it started."""
    record, _ = records.runs.get(run) or (records.kept[run][0].of if run in records.kept else Run(id=run), "")
    project = quote(record.project, safe="")[:180]
    project = re.sub(r"\.+$", lambda dots: "%2E" * len(dots[0]), project)  # Windows drops dots at the end of a name
    began = day(started(record))
    return f"project={project}/day={began}"


def too_old(name: str, limit: str) -> bool:
    """Whether the day that a file's path names lies before another."""
    found = re.search(r"/day=([0-9-]{10})/", name)
    return found is not None and found[1] < limit
