"""A ledger's calls as DuckDB sees them: one row a call, in the order of the files; spool files become Parquet first.

A call is known by ``n``: its file's number, then its row. DuckDB spills to a folder of its own, so that memory stays
within `MEMORY` whatever the ledger's size.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from jevons.cut.waste.kinds import BIT
from jevons.ledger.cells import Key
from jevons.ledger.compacted import files
from jevons.ledger.home import Home
from jevons.ledger.parquet import COLUMNS, PREFIXES, CorruptError, column, columns_of, connect, quoted, reach
from jevons.ledger.read import locate, named_run, settle
from jevons.ledger.remote import Remote, fetched, place
from jevons.ledger.spans import Span, started
from jevons.record import Run

MEMORY = "1GB"
HISTORY = 20
"""Runs before the ones looked at that a repeat may go back to."""
TARGET, BEFORE, RECORDING = "target", "before", "recording"
"""Parts that a run can have: it is looked at; it ran before; it is a scan of recordings."""

_LARGEST = 2_000_000_000
"""Token counts up to here have products within 64 bits."""
_TESTS = {"outcome": "VARCHAR"}


class Store:
    """The calls of a span of runs, of the runs before it, and of recordings. Close it, or use it in a ``with``."""

    def __init__(
        self, homes: Sequence[Home], span: Span, known: Iterable[Run] = (), *, mode: str = "", memory: str = MEMORY
    ) -> None:
        """`known`: all runs of the ledgers, for what came before. `mode`: ``live`` or ``recorded``; by the runs if
        empty. Raises ImportError without duckdb, OSError where a file cannot be read."""

        self._folder = tempfile.TemporaryDirectory(prefix="jevons-cut-")
        self.ledger = _shown(place(span.ledger) if span.ledger else homes[0].path) if span.ledger or homes else ""
        """Path of the ledger, as people would name it here."""
        self.swaps: list[Key] = []
        """Physics keys that calls could move to; marks hold their places in this list."""
        self.con = connect(str(Path(self._folder.name) / "marks.duckdb"))
        try:
            self.con.execute(f"SET memory_limit = '{memory}'")
            self.con.execute(f"SET temp_directory = '{quoted(self._folder.name)}'")
            parts = _parts(span, known)
            self._runs([(run, part) for part, runs in parts.items() for run in runs])
            self.torn = self._events(*_files(homes, span, {run.id for runs in parts.values() for run in runs}))
            self._views(mode)
        except BaseException:
            self.close()
            raise

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        found: list[tuple[Any, ...]] = self.con.execute(query).fetchall()
        return found

    def one(self, query: str) -> Any:
        """The only value of a query."""
        return self.rows(query)[0][0]

    def mark(self, kind: str, query: str, swap: int | str = "NULL") -> int:
        """Mark the calls whose ``n`` the query gives; `swap` is where they could move to. How many they are."""
        self.con.execute(f"INSERT INTO marks SELECT n, {BIT[kind]}, {swap} FROM ({query})")  # noqa: S608
        return int(self.one(f"SELECT count(*) FROM marks WHERE bit = {BIT[kind]}"))  # noqa: S608

    def close(self) -> None:
        """Let go of the files."""
        self.con.close()
        self._folder.cleanup()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _runs(self, parts: list[tuple[Run, str]]) -> None:
        """Table ``runs``: a run's id, its place in time, its part, and what is known of its time and machine."""
        self.con.execute(
            "CREATE TABLE runs (run VARCHAR, turn BIGINT, part VARCHAR, place VARCHAR, started_us BIGINT, "
            "ended_us BIGINT, workers BIGINT)"
        )
        parts = sorted(parts, key=lambda pair: (started(pair[0]), pair[0].id))
        rows = [
            (run.id, at, part, run.place, started(run), run.ended_us or 0, run.workers)
            for at, (run, part) in enumerate(parts)
        ]
        if rows:
            self.con.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _events(self, spools: list[Path], parquet: list[Path], doubled: bool) -> int:
        """View ``events`` over all files; how many lines were torn."""
        columns = {name: kind for name, (kind, _) in COLUMNS.items()} | {"event": "VARCHAR"} | _TESTS
        torn = 0
        if spools:
            whole = Path(self._folder.name) / "spools.parquet"
            listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
            listed = listed.replace(PREFIXES, "VARCHAR[][]")
            # list comprehensions read alike in all versions of DuckDB; lambdas do not
            pairs = "[{'hash': pair[1], 'tokens': TRY_CAST(pair[2] AS BIGINT)} FOR pair IN prefixes]"
            self.con.execute(
                f"COPY (SELECT * REPLACE ({pairs} AS prefixes) FROM read_json({_list(spools)}, "  # noqa: S608
                f"format = 'newline_delimited', columns = {{{listed}}}, ignore_errors = true, "
                f"maximum_object_size = 67108864)) TO '{quoted(whole)}' (FORMAT parquet, COMPRESSION snappy)"
            )
            parquet = [whole, *parquet]
            torn = int(self.one(f"SELECT count(*) FROM '{quoted(whole)}' WHERE event IS NULL"))  # noqa: S608
        reads = []
        for number, file in enumerate(fetched(parquet)):
            try:
                found = columns_of(self.con, file)
            except CorruptError:
                torn += 1
                continue
            if "event" in found:
                torn += int(self.one(f"SELECT count(*) FROM '{reach(file)}' WHERE event = ''"))  # noqa: S608
            named = ", ".join(column(name, name in found) for name in columns)
            reads.append(
                f"SELECT {number << 40} + file_row_number AS n, {named} "  # noqa: S608
                f"FROM read_parquet('{reach(file)}', file_row_number = true, hive_partitioning = false)"
            )
        if not reads:
            empty = ", ".join(column(name, False) for name in columns)
            reads = [f"SELECT 0::BIGINT AS n, {empty} WHERE false"]
        self.con.execute(f"CREATE TEMP VIEW events AS {' UNION ALL '.join(reads)}")
        self.con.execute("CREATE TABLE doubles (n BIGINT)")
        several = "SELECT run FROM events WHERE event = 'call' GROUP BY run HAVING count(DISTINCT n >> 40) > 1"
        if doubled or (len(reads) > 1 and self.rows(several)):
            runs = "" if doubled else f"AND run IN ({several})"
            self.con.execute(
                "INSERT INTO doubles SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY run, id ORDER BY n) AS k "  # noqa: S608
                f"FROM events WHERE event = 'call' {runs}) WHERE k > 1"
            )
        self.doubled = bool(self.one("SELECT count(*) FROM doubles"))
        return torn

    def _views(self, mode: str) -> None:
        """Views ``calls``, ``target`` (those of the mode looked at) and ``outcomes``; table ``marks``."""
        once = "AND n NOT IN (SELECT n FROM doubles)" if self.doubled else ""
        self.con.execute(
            "CREATE TEMP VIEW calls AS SELECT events.*, turn, part, place, "  # noqa: S608
            "error = '' AND (status IS NULL OR status < 400) AS ok, "
            "CASE WHEN model_answered = '' THEN model ELSE model_answered END AS answered_by, "
            "coalesce(input_tokens, 0) AS i, coalesce(cached_tokens, 0) AS c, coalesce(output_tokens, 0) AS o, "
            "coalesce(reasoning_tokens, 0) AS r "
            f"FROM events JOIN runs USING (run) WHERE event = 'call' {once}"
        )
        modes = {found for (found,) in self.rows(f"SELECT DISTINCT mode FROM calls WHERE part = '{TARGET}'")}  # noqa: S608
        self.mode = mode or ("live" if modes & {"live", "replayed", "mocked"} or not modes else "recorded")
        self.con.execute(
            f"CREATE TEMP VIEW target AS SELECT * FROM calls WHERE part = '{TARGET}' AND mode = '{self.mode}'"  # noqa: S608
        )
        largest = self.one("SELECT max(greatest(i, o, c)) FROM target") or 0
        self.wide = "HUGEINT" if largest > _LARGEST else "BIGINT"
        """Type that products of tokens fit in."""
        self.con.execute(
            "CREATE TEMP TABLE outcomes AS SELECT turn, part, test, arg_max(outcome, attempt) AS outcome, "
            "max(attempt) AS attempts FROM events JOIN runs USING (run) WHERE event = 'test' GROUP BY turn, part, test"
        )
        self.kept = int(self.one("SELECT count(*) FROM events WHERE event = 'cells'"))
        """Runs of which only cells are kept: they have no calls to look at."""
        self.con.execute("CREATE TABLE marks (n BIGINT, bit INTEGER, swap INTEGER)")
        self.con.execute("CREATE TABLE hits (n BIGINT, more BIGINT)")


def _parts(span: Span, known: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs looked at, those of the same projects before them, and scans."""
    target = {run.id for run in span.runs}
    projects = {run.project for run in span.runs}
    first = min((started(run) for run in span.runs), default=0)
    others = [run for run in known if run.id not in target]
    before = [run for run in others if not _scan(run) and run.project in projects and started(run) <= first]
    scans = [run for run in others if _scan(run)]
    return {
        TARGET: list(span.runs),
        BEFORE: sorted(before, key=started)[-HISTORY:] if "live" in span.modes else [],
        RECORDING: sorted(scans, key=started)[-HISTORY:] if "live" in span.modes else [],
    }


def _scan(run: Run) -> bool:
    return "-scan-" in run.id


def _files(homes: Sequence[Home], span: Span, wanted: set[str]) -> tuple[list[Path], list[Path], bool]:
    """(spool files, Parquet files, whether one call may lie in two spool files)."""
    if span.ledger:
        there = locate(place(span.ledger))
        every, several = there.files, False
    else:
        for home in homes:
            settle(home)
        every, several = [file for home in homes for file in files(home)], len(homes) > 1
    parquet = [file for file in every if file.suffix == ".parquet"]
    spools = [file for file in every if file.suffix != ".parquet" and named_run(file) in {*wanted, ""}]
    return spools, parquet, several


def _shown(path: Path) -> str:
    if isinstance(path, Remote):
        return str(path)
    with suppress(ValueError):  # it lies elsewhere
        path = path.resolve().relative_to(Path.cwd())
    return path.as_posix()


def _list(paths: Iterable[Path]) -> str:
    listed = [f"'{reach(path)}'" for path in fetched(paths)]
    return f"[{', '.join(listed)}]"
