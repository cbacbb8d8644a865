"""A ledger's events as rows of Parquet: one a call, with a column for each of its facts.

Columns are named as the fields of `record.Call`, ``prefixes`` is a list of structs ``hash``, ``tokens``; a column that
is missing, or empty in a row, is at its default: so files of older versions, and of others, are read. ``event`` tells
calls (or is missing: all are) from ``test``, ``run``, ``cells`` and, empty, lines that were no record. ``raw`` is the
line as it was written, where the columns do not say all of it; ``cell`` what a call tells of its cell (`columns.text`).
Needs duckdb.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jevons.ledger.remote import fetched, local
from jevons.record import Call, Event, decode

if TYPE_CHECKING:
    import duckdb

PREFIXES = "STRUCT(hash VARCHAR, tokens BIGINT)[]"
_TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}
_ROWS = 10_000


class NoEngineError(ImportError):
    """An engine that is not installed, or cannot be reached, or failed: says which, and the remedy."""


class CorruptError(OSError):
    """A file that is no Parquet, or broken."""


def _columns() -> dict[str, tuple[str, Any]]:
    """Column -> (type, default) of every field of a call."""
    found: dict[str, tuple[str, Any]] = {}
    for field in msgspec.structs.fields(Call):
        plain = getattr(field.type, "__args__", (field.type,))[0]
        default = field.default if isinstance(field.default, str | int | float) else None
        found[field.name] = (PREFIXES, None) if field.name == "prefixes" else (_TYPES[plain], default)
    return found


COLUMNS = _columns()
_DEFAULTS: dict[str, Any] = {name: default for name, (_, default) in COLUMNS.items()} | {"prefixes": []}
OTHERS = {"event": "VARCHAR", "outcome": "VARCHAR", "worker": "VARCHAR", "raw": "VARCHAR", "cell": "VARCHAR"}
"""Columns beside those of a call."""


def connect(database: str = "") -> duckdb.DuckDBPyConnection:
    """DuckDB, in memory without a file. Raises NoEngineError."""
    try:
        import duckdb
    except ImportError as error:
        raise NoEngineError("this ledger holds Parquet, which needs duckdb: pip install 'jevons[report]'") from error
    if database:
        con = duckdb.connect(database)
    else:
        if os.getpid() not in _memory:
            _memory[os.getpid()] = duckdb.connect(":memory:")
        con = _memory[os.getpid()].cursor()
    con.execute("SET enable_progress_bar = false")  # it would stand among what a command prints
    return con


def reach(path: Path) -> str:
    """A file's name on this machine, within single quotes of SQL. Raises CorruptError where it is gone."""
    try:
        return quoted(local(path))
    except FileNotFoundError as error:
        raise CorruptError(0, "is gone", str(path)) from error


_memory: dict[int, duckdb.DuckDBPyConnection] = {}
"""Process -> the one of all its readers. A child made by fork needs its own, and must not close its parent's."""


def quoted(path: object) -> str:
    """A path within single quotes of SQL."""
    return str(path).replace("'", "''")


def columns_of(con: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """Names of a file's columns. Raises CorruptError."""
    import duckdb

    try:
        described = f"DESCRIBE SELECT * FROM read_parquet('{reach(path)}', hive_partitioning = false)"  # noqa: S608
        return {name for name, *_ in con.execute(described).fetchall()}
    except duckdb.Error as error:
        raise CorruptError(0, f"is no Parquet, or broken ({str(error).splitlines()[0]})", str(path)) from error


def column(name: str, there: bool, kind: str = "") -> str:
    """A column of a file as calls have it: at its default where the file says nothing."""
    kind, default = COLUMNS.get(name) or (kind or OTHERS[name], None)
    if name == "event":
        default = None if there else "call"
    elif name in ("outcome", "worker"):
        default = ""
    value = "[]" if name == "prefixes" else _literal(default)
    if not there:
        return f'{value}::{kind} AS "{name}"'
    return f'"{name}"::{kind} AS "{name}"' if value == "NULL" else f'coalesce("{name}"::{kind}, {value}) AS "{name}"'


def events(path: Path, runs: Collection[str] | None = None, only: str = "") -> Iterator[tuple[int, Event | None]]:
    """(row, event) of a file, None for a row that is no record; of some runs, or of some kinds (``'run', 'cells'``), if
    asked. Raises CorruptError, NoEngineError."""
    with connect() as con:
        import duckdb

        names = columns_of(con, path)
        asked = [*COLUMNS, "event", "raw"]
        listed = ", ".join(column(name, name in names) for name in asked)
        where, given = ["true"], []
        if runs is not None and "run" in names:
            where.append("list_contains(?, run)")
            given.append(list(runs))
        if only:
            where.append(f"event IN ({only})" if "event" in names else "false")
        try:
            con.execute(
                f"SELECT file_row_number, {listed} FROM read_parquet('{reach(path)}', file_row_number = true, "  # noqa: S608
                f"hive_partitioning = false) WHERE {' AND '.join(where)} ORDER BY file_row_number",
                given,
            )
            while rows := con.fetchmany(_ROWS):
                for number, *values, kind, raw in rows:
                    yield number + 1, _event(kind, values, raw)
        except duckdb.Error as error:
            raise CorruptError(0, f"is broken ({str(error).splitlines()[0]})", str(path)) from error


def calls(
    con: duckdb.DuckDBPyConnection, paths: Collection[Path], runs: Collection[str] | None = None
) -> list[duckdb.DuckDBPyRelation]:
    """The calls of some runs in files, or of all, as relations of `con`, lazily: of files whose calls have a ``cell``,
    and of files that do not. Raises CorruptError."""
    alike: dict[frozenset[str], list[str]] = {}
    for path in fetched(paths):
        alike.setdefault(frozenset(columns_of(con, path)), []).append(f"'{reach(path)}'")
    wanted = ""
    if runs is not None:
        con.execute("CREATE OR REPLACE TEMP TABLE wanted (run VARCHAR)")
        con.execute("INSERT INTO wanted SELECT unnest(?)", [list(runs)])
        wanted = "SEMI JOIN wanted USING (run)"
    found = []
    for celled in (True, False):
        reads = [
            f"SELECT {', '.join(column(name, name in names) for name in [*COLUMNS, 'event', *['cell'] * celled])} FROM "  # noqa: S608
            f"read_parquet([{', '.join(listed)}], hive_partitioning = false)"
            for names, listed in alike.items()
            if celled == ("cell" in names)
        ]
        if reads:
            found.append(con.sql(f"SELECT * FROM ({' UNION ALL '.join(reads)}) {wanted} WHERE event = 'call'"))  # noqa: S608
    return found


def _event(kind: str, values: list[Any], raw: str | None) -> Event | None:
    try:
        if raw is not None or kind != "call":
            event: Event = decode((raw or "").encode())
            return event
        # What is at its default is left out, so that the call is written as it was: msgspec knows defaults by identity.
        facts = {
            name: value for name, value in zip(COLUMNS, values, strict=True) if value not in (_DEFAULTS[name], None)
        }
        if "prefixes" in facts:
            facts["prefixes"] = [(pair["hash"], pair["tokens"]) for pair in facts["prefixes"]]
        return Call(**facts)
    except (msgspec.DecodeError, UnicodeError, TypeError):
        return None


def runs_of(path: Path) -> set[str]:
    """Ids of the runs that a file holds events of. Raises CorruptError, NoEngineError."""
    with connect() as con:
        import duckdb

        columns_of(con, path)
        try:
            found = con.execute(f"SELECT DISTINCT run FROM read_parquet('{reach(path)}')").fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise CorruptError(0, f"is broken ({str(error).splitlines()[0]})", str(path)) from error
    return {run for (run,) in found if run}


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else repr(value).lower()
