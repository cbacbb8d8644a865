"""The finder beside independent counts: recorded suites of others (repeats, prefixes) and Mooncake's trace.

How the suites were counted is in ../shared/data/README.md. Prefixes there are chained blocks of 64 characters of the
prompt's texts; a ledger keeps hashes of blocks that grow, of the canonical prompt (`jevons.wire.chain`).
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="the finder needs duckdb, numpy and scipy: extra report")
pytest.importorskip("scipy", reason="the finder needs duckdb, numpy and scipy: extra report")

from jevons.cut.waste import Plan, Store, plan
from jevons.cut.waste.prefixes import serve
from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.spans import pick
from jevons.ledger.spool import Spool
from jevons.record import Call, Run
from jevons.sources.calls import Options
from jevons.sources.scan import scan

SUITES = (
    "simonw+llm", "simonw+llm-anthropic", "simonw+llm-gemini", "mlco2+ecologits", "langchain-ai+langchain-aws",
    "open-telemetry+opentelemetry-python-contrib", "Arize-ai+openinference", "crewAIInc+crewAI",
    "llamastack+llama-stack", "pydantic+pydantic-ai",
)  # fmt: skip


@cache
def oracle(data: Path) -> dict[str, dict[str, str]]:
    with (data / "suites" / "stats.csv").open(newline="") as file:
        return {row["repo"].replace("/", "+"): row for row in csv.DictReader(file)}


def scanned(folder: Path, data: Path, suite: str) -> tuple[Home, list[Call]]:
    """A ledger that holds the scan of a suite's archive."""
    archive = data / "suites" / f"{suite}.tar.zst"
    if not archive.exists():
        pytest.skip(f"{archive} is not here")
    run = Run(id="20261101T000000-0001-scan-0123456789ab", started_us=1, ended_us=2)
    home, calls = Home(folder / ".jevons"), []
    spool = Spool(home, run.id)
    spool(run)

    def sink(call: Call) -> None:
        calls.append(call)
        spool(call)

    scan([archive], Options(run.id, "k", b"secret", True), root=archive.parent, sink=sink, workers=1)
    spool.close()
    return home, calls


def with_store(home: Home, ask: Callable[[Store], Any]) -> Any:
    known = runs(home)
    with Store([home], pick(known, "latest"), known) as store:
        return ask(store)


def reused(store: Store, minimum: int) -> float:
    """Part of the input of all generation calls that a cache would serve that forgets nothing, cached tokens too."""
    store.con.execute("DELETE FROM hits")
    serve(store, minimum, lifetime_us=None, any_host=True, net=False)
    kinds = "ok AND usage = 'reported' AND kind IN ('chat', 'completion')"
    return float(store.one(f"SELECT (SELECT coalesce(sum(more), 0) FROM hits) / sum(i) FROM target WHERE {kinds}"))


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_repeats_equal_the_oracle(suite: str, tmp_path: Path, shared_data: Path) -> None:
    home, calls = scanned(tmp_path, shared_data, suite)
    row = oracle(shared_data)[suite]
    made: Plan = with_store(home, plan)
    good = sum(not call.failed for call in calls)
    # What passed for a success there: errors without a status, and any of llama-stack's. Each moves a share by a call.
    errors = max(int(row["ok"]) - good, 0) / int(row["ok"])
    assert errors < 0.011
    assert made.repeats / good == pytest.approx(float(row["exact_dup_share"]), abs=0.01 + errors)
    assert made.same_meaning / good == pytest.approx(float(row["content_dup_share"]), abs=0.01 + errors)


@pytest.mark.slow
def test_repeats_of_llama_stack_are_the_oracles_to_the_call(tmp_path: Path, shared_data: Path) -> None:
    """Of all recordings whose bodies the oracle read (``req_bytes``), failures too, which it takes for successes."""
    _, calls = scanned(tmp_path, shared_data, "llamastack+llama-stack")
    with gzip.open(shared_data / "suites" / "index.csv.gz", "rt", newline="") as file:
        of_suite = [row for row in csv.DictReader(file) if row["repo"] == "llamastack/llama-stack"]
    with_bodies = [row for row in of_suite if row["is_inference"] == "1" and int(row["req_bytes"])]
    read = {row["cassette"]: row["exact_hash"] for row in with_bodies}
    ours = [call.request_hash for call in calls if call.source.partition("/")[2] in read]
    assert len(ours) == len(read) > 2_800
    assert len(ours) - len(set(ours)) == len(read) - len(set(read.values()))


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_prefixes_equal_the_oracle(suite: str, tmp_path: Path, shared_data: Path) -> None:
    """Within 3 points, whatever their length and from 1,024 tokens on."""
    home, _ = scanned(tmp_path, shared_data, suite)
    row = oracle(shared_data)[suite]
    for minimum, column in ((0, "prefix_share_suite_nomin"), (1_024, "prefix_share_suite_min1024")):
        share = with_store(home, lambda store, minimum=minimum: reused(store, minimum))
        assert share == pytest.approx(float(row[column]), abs=0.03), column


def test_mooncake_conversation(tmp_path: Path, shared_data: Path) -> None:
    """37.4 % of input is reusable with an unlimited cache: its blocks of 512 tokens through the same search."""
    trace = shared_data / "traces" / "mooncake_conversation_trace.jsonl.gz"
    if not trace.exists():
        pytest.skip(f"{trace} is not here")
    with gzip.open(trace, "rt") as file:
        home = mooncake(tmp_path, map(json.loads, file))
    assert with_store(home, lambda store: reused(store, 0)) == pytest.approx(0.374, abs=0.001)


def mooncake(folder: Path, rows: Iterable[dict[str, Any]]) -> Home:
    run = Run(id="20261101T000000-0001", started_us=1, ended_us=2)
    home = Home(folder / ".jevons")
    spool = Spool(home, run.id)
    spool(run)
    for at, row in enumerate(rows):
        length = row["input_length"]
        blocks = [(str(one), min(512 * nth, length)) for nth, one in enumerate(row["hash_ids"], 1)]
        spool(
            Call(
                id=f"{run.id}-{at}", run=run.id, model="kimi", usage="reported", input_tokens=length,
                output_tokens=row["output_length"], started_us=1 + row["timestamp"] * 1_000,
                prefixes=[*blocks, (f"whole {at}", length)],  # a prompt sent again is served whole, as the trace counts
            )
        )  # fmt: skip
    spool.close()
    return home
