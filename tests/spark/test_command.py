"""`jevons report --engine` and `jevons compare --engine`: the same documents, whoever adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from command import process
from ledger.test_compact import now
from ledger.test_daily import ledger
from spark.conftest import Cluster

pytest.importorskip("pyspark", reason="Spark needs the extra spark")
pytest.importorskip("duckdb", reason="Parquet needs the extra report")

from jevons.ledger import engine, gather
from jevons.ledger.home import Home
from jevons.ledger.parquet import NoEngineError
from jevons.ledger.read import runs
from jevons.ledger.recorded import of_calls
from jevons.ledger.remote import Remote
from jevons.ledger.spans import Span
from jevons.record import Call, Run, TestResult

TOKENS = 2**33
"""Whose square does not fit in 64 bits."""


def made(number: int, tokens: int = 1000) -> tuple[Run, list[Call], list[TestResult]]:
    run = Run(id=f"2026111{number}T000000-abcdef", project="a b", started_us=1_795_046_400_000_000, ended_us=2)
    calls = [
        Call(
            id=str(nth), run=run.id, test="t.py::ü", provider="openai", model="gpt-4o", usage="reported", status=200,
            input_tokens=tokens + nth % 3, output_tokens=50, request_hash=f"h{nth % 3}", index=nth, source="httpx",
            started_us=run.started_us + nth, streamed=True, timed=True, first_us=5, decode_us=7 * nth,
        )
        for nth in range(8)
    ]  # fmt: skip
    return run, calls, [TestResult(run=run.id, test="t.py::ü", outcome="passed")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One run in Parquet, one in the spool; in a folder whose name has signs that mean something elsewhere."""
    root = tmp_path / "a {b} [c]*"
    home = Home(ledger(root / ".jevons", [made(1)]))
    now(home)
    ledger(home.path, [made(2, 900)])
    return root


def test_documents_are_the_same(project: Path) -> None:
    asked = ("report", "--run", "2026", "--format", "json")
    duckdb = process(project, *asked)
    assert '"calls": 16' in duckdb.stdout
    found = process(project, *asked, "--engine", "local[1]")
    assert found.stdout == duckdb.stdout, found.stderr


def test_runs_are_the_same(project: Path, cluster: Cluster) -> None:
    home = Home(project / ".jevons")
    span = Span("all", runs(home), 0, 0)
    found = gather.gather([home], span, cluster.url)
    assert found == gather.gather([home], span)
    assert [sum(cell.sums.calls for cell in one.cells) for one in found[0]] == [8, 8]
    added = gather.together([home], span, cluster.url, by_file=True)
    assert added == gather.together([home], span, by_file=True)
    assert [sum(cell.sums.calls for cell in one.cells) for one in added[0]] == [16]


def test_what_leaves_64_bits_is_added_up_in_python(tmp_path: Path, cluster: Cluster) -> None:
    run, calls, results = made(1, TOKENS)
    calls = [msgspec.structs.replace(call, output_tokens=TOKENS) for call in calls]
    home = Home(ledger(tmp_path, [(run, calls, results)]))
    now(home)
    span = Span("x", [run], 0, 0)
    split = gather._split(list(home.path.rglob("*.parquet")), span)
    assert split.runs
    assert gather._asked(split.runs, False, cluster.url, engine.of_runs) is None
    (one,), torn = gather.gather([home], span, cluster.url)
    assert one == of_calls(run, calls, results)
    assert torn == 0


@pytest.mark.parametrize("scheme", ["s3", "memory"])
def test_a_store_that_this_spark_cannot_reach_is_named(cluster: Cluster, scheme: str) -> None:
    file: Any = Remote(f"{scheme}://bucket/compact-1.parquet", None)
    with pytest.raises(NoEngineError, match=rf"cannot read {scheme}a?://.*spark-defaults.conf"):
        gather._asked({file: {"r"}}, False, cluster.url, engine.of_runs)


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("sparc://x:1", {}, "is no engine"),
        ("spark://127.0.0.1:1", {}, "no Spark master answers"),
        ("", {"JEVONS_ENGINE": "yarn"}, "yarn is no engine"),
        ("local[1]", {"JAVA_HOME": "/nowhere"}, "JAVA_HOME, /nowhere, holds no bin/java"),
        ("local[1]", {"PATH": "/nowhere"}, "apt-get install openjdk-17-jre-headless"),
    ],
)
def test_what_is_missing_is_said(project: Path, name: str, environment: dict[str, str], said: str) -> None:
    found = process(project, "report", "--run", "2026", "--engine", name, **environment)
    assert (found.returncode, found.stdout) == (2, "")
    assert said in found.stderr
    assert "Traceback" not in found.stderr
