"""Ten million calls on a cluster: the same cells as DuckDB and polars, bit for bit, whoever dies."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from spark.conftest import SECONDS, Cluster

pytest.importorskip("pyspark", reason="Spark needs the extra spark")
pytest.importorskip("duckdb", reason="engines need the extra report")
nw: Any = pytest.importorskip("narwhals.stable.v2", reason="engines need the extra report")
polars = pytest.importorskip("polars", reason="polars is the third engine")

from jevons.ledger import columns, engine, parquet, spark, tables  # noqa: E402
from jevons.ledger.cells import Cell  # noqa: E402
from jevons.ledger.recorded import in_order  # noqa: E402

MILLIONS = max(int(os.environ.get("JEVONS_SPARK_MILLIONS", "10")), 2)
"""Calls; fewer while one works on the tests."""
BLOCK, A_RUN = 1_000_000, 25_000
_FACTS = {
    "id": "'c' || i", "run": "'20260901T000000-r' || {block} || '-' || i // {a_run}", "event": "'call'",
    "started_us": "1788220800000000 + {block} * 86400000000 + i * 80000", "index": "i",
    "test": "'t.py::test_' || h % 2000", "role": "['product', 'judge', 'set-up'][1 + h % 3]",
    "provider": "['openai', 'anthropic', 'cohere'][1 + h % 20000 % 3]",
    "model": "'model-' || h % 20000 % 12",
    "model_answered": "CASE WHEN h % 4 > 0 THEN 'model-' || h % 20000 % 12 || '-2026' ELSE '' END",
    "region": "['', 'eu-west-1'][1 + h // 64 % 2]",
    "mode": "['live', 'live', 'live', 'replayed', 'recorded'][1 + h % 5]",
    "usage": "CASE WHEN h % 50 = 0 THEN 'estimated' ELSE 'reported' END",
    "status": "CASE WHEN h % 71 = 0 THEN 429 WHEN h % 73 > 0 THEN 200 END",
    "error": "CASE WHEN h % 71 = 0 THEN 'http_429' WHEN h % 79 = 0 THEN 'cut' ELSE '' END",
    "request_hash": "CASE WHEN h % 7 > 0 THEN 'q' || h % 20000 ELSE '' END", "retry": "h % 97 // 95",
    "input_tokens": "CASE WHEN h % 31 > 0 THEN 200 + h % 199973 END",
    "cached_tokens": "CASE WHEN h % 3 = 0 THEN 128 END",
    "output_tokens": "20 + h % 997", "reasoning_tokens": "CASE WHEN h % 5 = 0 THEN h % 15 END",
    "duration_us": "300000 + h % 7000 * 1000", "timed": "h % 2 = 0",
    "first_us": "CASE WHEN h % 2 = 0 THEN 200000 + h % 90000 END",
    "decode_us": "CASE WHEN h % 2 = 0 THEN 100000 + h % 6000000 END",
    "measured_mj": "CASE WHEN h % 11 = 0 THEN h % 5000000 END",
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A file a day, as compaction writes them; the first is of an older version, which knew fewer columns."""
    folder, made = tmp_path_factory.mktemp("calls"), []
    with parquet.connect() as con:
        for block in range(MILLIONS):
            told = ", ".join(f"({text.format(block=block, a_run=A_RUN)}) AS {name}" for name, text in _FACTS.items())
            rest = [parquet.column(name, False) for name in parquet.COLUMNS if name not in _FACTS] if block else []
            place = folder / f"project=a%2Fb/day=2026-09-{block + 1:02d}"
            place.mkdir(parents=True)
            made.append(place / "compact-1.parquet")
            con.execute(
                f"COPY (SELECT {', '.join([told, *rest])} FROM (SELECT i, (hash(i + {block * BLOCK}) % 4000000007)"
                f"::BIGINT AS h FROM range({BLOCK}) r(i))) TO '{made[-1]}' (FORMAT parquet, COMPRESSION snappy)"
            )
    return made


def in_duckdb(con: Any, files: list[Path], runs: Iterable[str]) -> Any:
    (calls,) = parquet.calls(con, files, list(runs))
    return columns.keyed(nw.from_native(calls))


def in_polars(files: list[Path], runs: Iterable[str]) -> Any:
    told = {name: value for name, (_, value) in parquet.COLUMNS.items() if value is not None}
    read = polars.scan_parquet(files[::-1], hive_partitioning=False, missing_columns="insert")
    return columns.keyed(
        nw.from_native(
            read.filter(polars.col("run").is_in(list(runs))).with_columns(
                *[polars.col(name).fill_null(value) for name, value in told.items()]
            )
        )
    )


def in_spark(url: str, files: list[Path], runs: Iterable[str]) -> Any:
    return columns.keyed(nw.from_native(spark.calls(spark.session(url), files, list(runs))))


def by_role_and_day(calls: Any) -> list[Cell]:
    return in_order(engine.cells(calls, ["role"], "day"))


def by_run(calls: Any) -> tuple[Any, ...]:
    """What needs more than one pass, in an order that is not the engine's."""
    return (
        in_order(engine.cells(columns.repeated(calls), ["run", "repeat", "context"])),
        tables.repeats([calls]),
        tables.quantiles(calls, "duration_us", ["model", "role"], [0, 50, 95, 100]),
    )


class Expected(NamedTuple):
    """What DuckDB makes, and of which runs."""

    runs: set[str]
    whole: list[Cell]
    some: set[str]
    """Runs of two files, of which several calls ask the same."""
    of_some: tuple[Any, ...]


@pytest.fixture(scope="module")
def expected(files: list[Path]) -> Expected:
    of_files = [parquet.runs_of(file) for file in files]
    runs, some = set().union(*of_files), {sorted(of_file)[0] for of_file in of_files[:2]}
    with parquet.connect() as con:
        whole = by_role_and_day(in_duckdb(con, files, runs))
        of_some = by_run(in_duckdb(con, files, some))
    assert sum(cell.sums.calls for cell in whole) == MILLIONS * BLOCK
    assert sum(cell.sums.calls for cell in of_some[0]) == len(some) * A_RUN
    marked = sum(cell.sums.calls for cell in of_some[0] if cell.group[1])
    assert 0 < marked == sum(repeats for _, repeats in of_some[1].values())
    return Expected(runs, whole, some, of_some)


def test_polars_makes_the_same(files: list[Path], expected: Expected) -> None:
    assert by_role_and_day(in_polars(files, expected.runs)) == expected.whole
    assert by_run(in_polars(files, expected.some)) == expected.of_some


def test_the_cluster_makes_the_same(cluster: Cluster, files: list[Path], expected: Expected) -> None:
    assert by_role_and_day(in_spark(cluster.url, files, expected.runs)) == expected.whole
    assert by_run(in_spark(cluster.url, files, expected.some)) == expected.of_some


def test_a_worker_killed_in_the_middle_changes_nothing(cluster: Cluster, files: list[Path], expected: Expected) -> None:
    """It is killed, with its executor, once tasks of the query have ended and others are at work."""
    calls = in_spark(cluster.url, files, expected.runs)
    tracker = spark.session(cluster.url).sparkContext.statusTracker()
    found: list[Any] = []
    query = threading.Thread(target=lambda: found.append(by_role_and_day(calls)))
    query.start()

    def amid() -> bool:
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return any(stage and stage.numCompletedTasks >= 2 and stage.numActiveTasks >= 2 for stage in stages)

    _until(amid, query)
    cluster.kill(cluster.workers[0])
    assert query.is_alive()
    cluster.lost()
    query.join()
    assert found == [expected.whole]


def _until(holds: Callable[[], bool], query: threading.Thread) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert query.is_alive()
        assert time.monotonic() < until
        time.sleep(0.05)
