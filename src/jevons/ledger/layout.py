"""How rows lie in a Parquet file, so that engines read them fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jevons.ledger import engine, parquet

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 122_880
"""Rows; DuckDB's own measure."""
_TO_REPEAT = ("run", "mode", "request_hash", "failed", "started_us", "source", "index", "id")


def write(con: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write rows, a query of SQL with all columns of `parquet` and their order ``nth``, each call once, as a file.

    A row group holds runs that follow each other, so that who asks for one reads little; in it calls of one ``cell``
    lie together, those that tell cached and reasoning tokens apart from those that do not: so a group of rows is added
    up at a stretch, and columns are small. Numbers are written as differences (Parquet's second version): read twice as
    fast, and smaller.
    """
    columns = [*parquet.COLUMNS, *parquet.OTHERS]
    chunks = f"SELECT run, (sum(count(*)) OVER (ORDER BY run) - 1) // {ROW_GROUP} AS chunk FROM ({rows}) GROUP BY run"  # noqa: S608
    try:
        rows = _celled(con, rows)
    except ImportError:  # without narwhals, or with a DuckDB that is too old for it, no engine reads them either
        columns.remove("cell")
    listed = ", ".join(f'"{name}"' for name in columns)
    together = [*["cell"] * ("cell" in columns), "cached_tokens IS NULL", "reasoning_tokens IS NULL", "run", "nth"]
    con.execute(
        f"COPY (SELECT {listed} FROM ({rows}) JOIN ({chunks}) USING (run) ORDER BY chunk, {', '.join(together)}) "  # noqa: S608
        f"TO '{parquet.quoted(target)}' "
        f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE {ROW_GROUP})"
    )


def _celled(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """The rows with ``cell``, of calls. Raises ImportError."""
    import narwhals.stable.v2 as nw

    calls = engine.keyed(nw.from_native(con.sql(rows)).drop("cell"))
    # What is sorted for it is narrow; the rows themselves are not.
    asked = calls.filter(nw.col("event") == "call").select(*_TO_REPEAT)
    again = engine.repeated(asked).filter(nw.col("repeat")).select("run", "id", "repeat")
    marked = calls.join(again, on=["run", "id"], how="left")
    told = nw.when(nw.col("event") == "call").then(engine.text())
    repeat = nw.col("repeat").fill_null(False)
    made = marked.with_columns(repeat=repeat).with_columns(cell=told)
    query: str = made.select("nth", *parquet.COLUMNS, *parquet.OTHERS).to_native().sql_query()
    return query
