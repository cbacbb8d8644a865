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

import msgspec

from jevons.cut.waste.kinds import BIT
from jevons.ledger.cells import Key
from jevons.ledger.home import Home
from jevons.ledger.read import locate, named_run, settle
from jevons.ledger.spans import Span, started
from jevons.record import Call, Run

MEMORY = "1GB"
PARQUET = "parquet"
"""Folder of a ledger whose ``*.parquet`` files hold calls: columns named as the fields of `record.Call`, with
``prefixes`` a list of structs ``hash``, ``tokens``; a column that is missing is at its default."""
HISTORY = 20
"""Runs before the ones looked at that a repeat may go back to."""
TARGET, BEFORE, RECORDING = "target", "before", "recording"
"""Parts that a run can have: it is looked at; it ran before; it is a scan of recordings."""

_LARGEST = 2_000_000_000
"""Token counts up to here have products within 64 bits."""
_PREFIXES = "STRUCT(hash VARCHAR, tokens BIGINT)[]"
_TESTS = {"outcome": "VARCHAR"}
_TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}


def _columns() -> dict[str, tuple[str, Any]]:
    """Column -> (type, default) of every field of a call."""
    found: dict[str, tuple[str, Any]] = {}
    for field in msgspec.structs.fields(Call):
        plain = getattr(field.type, "__args__", (field.type,))[0]
        default = field.default if isinstance(field.default, str | int | float) else None
        found[field.name] = ("", None) if field.name == "prefixes" else (_TYPES[plain], default)
    return found


COLUMNS = _columns()


class Store:
    """The calls of a span of runs, of the runs before it, and of recordings. Close it, or use it in a ``with``."""

    def __init__(
        self, homes: Sequence[Home], span: Span, known: Iterable[Run] = (), *, mode: str = "", memory: str = MEMORY
    ) -> None:
        """`known`: all runs of the ledgers, for what came before. `mode`: ``live`` or ``recorded``; by the runs if
        empty. Raises ImportError without duckdb, OSError where a file cannot be read."""
        import duckdb

        self._folder = tempfile.TemporaryDirectory(prefix="jevons-cut-")
        self.ledger = _shown(Path(span.ledger) if span.ledger else homes[0].path) if span.ledger or homes else ""
        """Path of the ledger, as people would name it here."""
        self.swaps: list[Key] = []
        """Physics keys that calls could move to; marks hold their places in this list."""
        self.con = duckdb.connect(str(Path(self._folder.name) / "marks.duckdb"))
        try:
            self.con.execute(f"SET memory_limit = '{memory}'")
            self.con.execute(f"SET temp_directory = '{_quoted(self._folder.name)}'")
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
        columns = {name: kind or "VARCHAR[][]" for name, (kind, _) in COLUMNS.items()} | {"event": "VARCHAR"} | _TESTS
        torn = 0
        if spools:
            whole = Path(self._folder.name) / "spools.parquet"
            listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
            # list comprehensions read alike in all versions of DuckDB; lambdas do not
            pairs = "[{'hash': pair[1], 'tokens': TRY_CAST(pair[2] AS BIGINT)} FOR pair IN prefixes]"
            self.con.execute(
                f"COPY (SELECT * REPLACE ({pairs} AS prefixes) FROM read_json({_list(spools)}, "  # noqa: S608
                f"format = 'newline_delimited', columns = {{{listed}}}, ignore_errors = true, "
                f"maximum_object_size = 67108864)) TO '{_quoted(whole)}' (FORMAT parquet, COMPRESSION snappy)"
            )
            parquet = [whole, *parquet]
            torn = int(self.one(f"SELECT count(*) FROM '{_quoted(whole)}' WHERE event IS NULL"))  # noqa: S608
        reads = []
        for number, file in enumerate(parquet):
            found = {name for name, *_ in self.rows(f"DESCRIBE SELECT * FROM read_parquet('{_quoted(file)}')")}  # noqa: S608
            named = ", ".join(_column(name, kind, name in found) for name, kind in columns.items())
            reads.append(
                f"SELECT {number << 40} + file_row_number AS n, {named} "  # noqa: S608
                f"FROM read_parquet('{_quoted(file)}', file_row_number = true)"
            )
        if not reads:
            empty = ", ".join(_column(name, kind, False) for name, kind in columns.items())
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
        there = locate(Path(span.ledger))
        every, folders = there.files, [there.folder] if there.folder else []
    else:
        for home in homes:
            settle(home)
        every, folders = [file for home in homes for file in home.spools()], [home.path for home in homes]
    spools = [file for file in every if named_run(file) in wanted or not named_run(file)]
    parquet = sorted(file for folder in folders for file in (folder / PARQUET).glob("*.parquet"))
    return spools, parquet, len(folders) > 1


def _column(name: str, kind: str, there: bool) -> str:
    """A column of a file as calls have it: at its default where the file says nothing."""
    if name == "prefixes":
        return f"prefixes::{_PREFIXES} AS prefixes" if there else f"[]::{_PREFIXES} AS prefixes"
    default = "call" if name == "event" else COLUMNS.get(name, ("", ""))[1]
    if name == "event" and there:
        return '"event"'
    value = "NULL" if default is None else f"'{default}'" if isinstance(default, str) else repr(default).lower()
    if not there:
        return f'{value}::{kind} AS "{name}"'
    return f'"{name}"' if default is None else f'coalesce("{name}", {value}) AS "{name}"'


def _shown(path: Path) -> str:
    with suppress(ValueError):  # it lies elsewhere
        path = path.resolve().relative_to(Path.cwd())
    return path.as_posix()


def _quoted(path: object) -> str:
    return str(path).replace("'", "''")


def _list(paths: Iterable[Path]) -> str:
    listed = [f"'{_quoted(path)}'" for path in paths]
    return f"[{', '.join(listed)}]"
