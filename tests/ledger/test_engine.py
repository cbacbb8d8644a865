"""Engines make the same cells as plain Python, to the bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger.test_compact import named, now
from ledger.test_daily import histories, ledger
from ledger.test_recorded import Made

from jevons.ledger.cells import Cell
from jevons.ledger.compacted import files
from jevons.ledger.home import Home
from jevons.ledger.recorded import of_calls
from jevons.record import Call, Run

nw: Any = pytest.importorskip("narwhals.stable.v2", reason="engines need the extra report")
duckdb = pytest.importorskip("duckdb", reason="engines need the extra report")

from jevons.ledger import engine, parquet  # noqa: E402

ENGINES = ["duckdb", "polars"]


def lazily(path: Path, name: str) -> Any:
    """The calls of a file that compaction wrote, in an engine."""
    if name == "polars":
        polars = pytest.importorskip("polars", reason="polars is a second engine where it is installed")
        return nw.from_native(polars.scan_parquet(path, hive_partitioning=False)).filter(nw.col("event") == "call")
    return nw.from_native(parquet.connect().read_parquet(str(path))).filter(nw.col("event") == "call")


def expected(made: list[Made]) -> dict[str, list[Cell]]:
    found = {run.id: of_calls(run, calls, results).cells for run, calls, results in made}
    return {run: cells for run, cells in found.items() if cells}


def of_engine(made: list[Made], name: str) -> dict[str, list[Cell]]:
    with tempfile.TemporaryDirectory() as place:
        home = Home(ledger(Path(place), made))
        now(home)
        found: dict[str, list[Cell]] = {}
        for file in files(home):
            found |= engine.of_runs(lazily(file, name))
        return found


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=8)
@given(st.data())
def test_cells_of_any_calls(name: str, data: st.DataObject) -> None:
    made = named(data.draw(histories()), "p")
    assert of_engine(made, name) == expected(made)


def test_an_engine_that_would_overflow_refuses(tmp_path: Path) -> None:
    for name in ENGINES[:1]:
        for tokens in (2**33, 2**62):
            run = Run(id="20261119T000001-abcdef", started_us=1, ended_us=2)
            made = [(run, [Call(id="0", run=run.id, input_tokens=tokens, output_tokens=tokens)], [])]
            with pytest.raises(engine.TooLargeError):
                of_engine(made, name)
