"""How rows lie in a Parquet file, so that engines read them fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jevons.ledger import columns, parquet

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 122_880
"""Rows; DuckDB's own measure."""
_TO_REPEAT = ("run", "mode", "request_hash", "failed", "started_us", "source", "index", "id")


def write(con: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write rows, a query of SQL with columns of `parquet` and the order ``nth`` (or more: they are left out), as a
    file.

    A row group holds runs that follow each other, so that who asks for one reads little; in it calls of one ``cell``
    lie together, those that tell cached and reasoning tokens apart from those that do not: so a group of rows is added
    up at a stretch, and columns are small. Numbers are written as differences (Parquet's second version): read twice as
    fast, and smaller.
    """
    there = set(con.sql(rows).columns)
    listed = ", ".join(f'"{name}"' for name in (*parquet.COLUMNS, *parquet.OTHERS) if name in there)
    order = ["chunk", *["cell"] * ("cell" in there), "cached_tokens IS NULL", "reasoning_tokens IS NULL", "run", "nth"]
    chunks = f"SELECT run, (sum(count(*)) OVER (ORDER BY run) - 1) // {ROW_GROUP} AS chunk FROM ({rows}) GROUP BY run"  # noqa: S608
    con.execute(
        f"COPY (SELECT {listed} FROM ({rows}) JOIN ({chunks}) USING (run) ORDER BY {', '.join(order)}) "  # noqa: S608
        f"TO '{parquet.quoted(target)}' "
        f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE {ROW_GROUP})"
    )


def celled(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """A query for the same rows, in which each call is there once, with ``cell``; without it where narwhals is missing
    or DuckDB is too old for it: no engine reads them there."""
    try:
        import narwhals.stable.v2 as nw

        names = con.sql(rows).columns
        hidden = {name: f"{name} of the row" for name in names if name in columns.MADE}
        kept = [nw.col(name).alias(other) for name, other in hidden.items()]
        calls = columns.keyed(nw.from_native(con.sql(rows)).drop("cell").with_columns(*kept))
        # What is sorted for it is narrow; the rows themselves are not.
        asked = calls.filter(nw.col("event") == "call").select(*_TO_REPEAT)
        again = columns.repeated(asked).filter(nw.col("repeat")).select("run", "id", "repeat")
        marked = calls.join(again, on=["run", "id"], how="left")
        told = nw.when(nw.col("event") == "call").then(columns.text())
        made = marked.with_columns(repeat=nw.col("repeat").fill_null(False)).with_columns(cell=told)
        query: str = (
            made.select(*[nw.col(hidden.get(name, name)).alias(name) for name in names]).to_native().sql_query()
        )
        return query
    except ImportError:
        return f"SELECT * EXCLUDE (cell) FROM ({rows})"  # noqa: S608
