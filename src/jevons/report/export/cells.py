"""Recorded runs as a table of cells in Parquet: a row for each physics key and group of a run. Needs duckdb.

Columns: the run; `ledger.cells.Key` and `ledger.recorded.Whose`; the exact integers of `ledger.cells.Sums`; then
``due``, ``covered`` (calls that should have figures, and do), ``trust``, and each figure of a level with the ends of
its 90 % interval, empty where it is unknown. Sums and middles add up over rows of one ``mode``; low and high do not.
The figures of replayed rows are what replays avoided. Schema and method versions are in the file's metadata.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.account import Account, priced
from jevons.ledger import parquet
from jevons.ledger.cells import Key, Sums
from jevons.ledger.recorded import Recorded, Whose
from jevons.ledger.spans import started
from jevons.record import Run
from jevons.report.document import Level

SCHEMA = "jevons.cells/1"
_TYPES = {str: "VARCHAR", int: "BIGINT", bool: "BOOLEAN"}
_RUN = ("run", "project", "branch", "commit")
_FIGURES = tuple(f"{name}_{end}" for name in Level.__struct_fields__ for end in ("low", "mid", "high"))
COLUMNS = {
    **dict.fromkeys(_RUN, "VARCHAR"),
    "started_us": "BIGINT",
    **dict.fromkeys(Key._fields, "VARCHAR"),
    **{name: _TYPES[type(default)] for name, default in Whose()._asdict().items()},
    **dict.fromkeys(Sums.__struct_fields__, "BIGINT"),
    "due": "BIGINT",
    "covered": "BIGINT",
    "trust": "VARCHAR",
    **dict.fromkeys(_FIGURES, "DOUBLE"),
}
"""Column -> type."""


def write(runs: Sequence[Recorded], path: Path, *, place: str = "", overrides: Overrides | None = None) -> int:
    """Write the table; how many rows it has. Raises parquet.NoEngineError, OSError."""
    count = 0
    made = priced(runs, place=place, overrides=overrides)
    with tempfile.TemporaryDirectory(prefix="jevons-") as folder:
        lines = Path(folder) / "cells.jsonl"
        with lines.open("wb") as out:
            for one, accounts in zip(runs, made, strict=True):
                for row in _rows(one.run, accounts):
                    out.write(msgspec.json.encode(row) + b"\n")
                    count += 1
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        told = f"{{schema: '{SCHEMA}', method: '{METHOD_VERSION}'}}"
        with parquet.connect() as con:
            import duckdb

            try:
                con.execute(
                    f"COPY (SELECT * FROM read_json('{parquet.quoted(lines)}', format = 'newline_delimited', "  # noqa: S608
                    f"columns = {{{types}}})) TO '{parquet.quoted(path)}' (FORMAT parquet, KV_METADATA {told})"
                )
            except duckdb.Error as error:
                raise OSError(0, str(error).splitlines()[0], str(path)) from error
    return count


def _rows(run: Run, accounts: Sequence[Account]) -> Iterator[dict[str, Any]]:
    of_run = {
        "run": run.id, "project": run.project, "branch": run.branch, "commit": run.commit, "started_us": started(run),
    }  # fmt: skip
    for one in accounts:
        cell = one.cell
        figures: dict[str, float] = {}
        if one.covered:
            for name in Level.__struct_fields__:
                ends = one.figures.interval(name).ends
                figures |= {f"{name}_{end}": value for end, value in zip(("low", "mid", "high"), ends, strict=True)}
        yield {
            **of_run, **cell.key._asdict(), **cell.group._asdict(), **msgspec.structs.asdict(cell.sums),
            "due": one.due, "covered": one.covered, "trust": one.trust, **figures,
        }  # fmt: skip
