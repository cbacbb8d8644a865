"""The finder beside independent counts: recorded suites of others (repeats, prefixes) and Mooncake's trace.

How the suites were counted is in ../shared/data/README.md. Prefixes there are chained blocks of 64 characters of the
canonical request, base64 and encrypted parts among them; a ledger keeps the ends of messages, with estimated tokens.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
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
from jevons.sources import scan
from jevons.sources.calls import Options
from jevons.wire import fingerprint

BLOCK = 64
SUITES = (
    "simonw+llm", "simonw+llm-anthropic", "simonw+llm-gemini", "mlco2+ecologits", "langchain-ai+langchain-aws",
    "open-telemetry+opentelemetry-python-contrib", "Arize-ai+openinference", "crewAIInc+crewAI",
    "llamastack+llama-stack", "pydantic+pydantic-ai",
)  # fmt: skip
MORE_INPUT = {"Arize-ai+openinference"}
"""26 calls to Bedrock agents, which the oracle takes for no inference, are a third of the suite's input here."""


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
    serve(store, minimum, lifetime_us=None, any_host=True)
    kinds = "ok AND usage = 'reported' AND kind IN ('chat', 'completion')"
    served = store.one("SELECT coalesce(sum(more + c), 0) FROM hits JOIN target USING (n)")
    return float(served / store.one(f"SELECT sum(i) FROM target WHERE {kinds}"))


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_repeats_equal_the_oracle(suite: str, tmp_path: Path, shared_data: Path) -> None:
    home, calls = scanned(tmp_path, shared_data, suite)
    row = oracle(shared_data)[suite]
    made: Plan = with_store(home, plan)
    good = sum(not call.failed for call in calls)
    # An error without a status passed for a success there; each can move a share by one call at most.
    errors = max(int(row["ok"]) - good, 0) / int(row["ok"])
    assert errors < 0.011
    assert made.repeats / good == pytest.approx(float(row["exact_dup_share"]), abs=0.01 + errors)
    assert made.same_meaning / good == pytest.approx(float(row["content_dup_share"]), abs=0.01 + errors)


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_prefixes_of_blocks_equal_the_oracle(
    suite: str, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same search, fed with what the oracle counted: blocks of characters in place of ends of messages."""
    of_messages = fingerprint.of_json
    monkeypatch.setattr(fingerprint, "of_json", lambda *asked: of_blocks(of_messages(*asked), *asked[-3:]))
    home, _ = scanned(tmp_path, shared_data, suite)
    row = oracle(shared_data)[suite]
    for minimum, column in ((0, "prefix_share_suite_nomin"), (1_024, "prefix_share_suite_min1024")):
        share = with_store(home, lambda store, minimum=minimum: reused_net_of_nothing(store, minimum))
        assert share == pytest.approx(float(row[column]), abs=0.03), column


@pytest.mark.slow
@pytest.mark.parametrize("suite", sorted(set(SUITES) - {"pydantic+pydantic-ai"}))
def test_prefixes_that_a_provider_caches_equal_the_oracle(suite: str, tmp_path: Path, shared_data: Path) -> None:
    """From 1,024 tokens on, with what the ledger keeps. In pydantic-ai base64 and encrypted parts, which are characters
    but few tokens, make the oracle's share smaller: 17 % there, 27 % here."""
    home, _ = scanned(tmp_path, shared_data, suite)
    share = with_store(home, lambda store: reused_net_of_nothing(store, 1_024))
    assert share == pytest.approx(float(oracle(shared_data)[suite]["prefix_share_suite_min1024"]), abs=0.03)


def reused_net_of_nothing(store: Store, minimum: int) -> float:
    """`reused`, as if no provider had cached anything: what the oracle counts."""
    store.con.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT * REPLACE (0::BIGINT AS c) FROM target")
    store.con.execute("DROP VIEW target; CREATE TEMP VIEW target AS SELECT * FROM fresh")
    return reused(store, minimum)


def of_blocks(made: fingerprint.Prints, model: str, body: dict[str, Any], reader: Any) -> fingerprint.Prints:
    """Prints whose prefixes are chained blocks of characters; the last stands for the whole prompt."""
    if reader.kind not in ("chat", "completion"):
        return made
    items = body.get(reader.items)
    parts = [body[name] for name in sorted(reader.head) if body.get(name)]
    parts += items if isinstance(items, list) else [] if items is None else [items]
    whole = "\x1e".join(
        one if isinstance(one, str) else json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for one in parts
    )
    chain, prefixes = model.encode(), []
    for start in range(0, len(whole) - BLOCK + 1, BLOCK):
        chain = blake2b(chain + whole[start : start + BLOCK].encode("utf-8", "surrogatepass"), digest_size=8).digest()
        prefixes.append((chain.hex(), start + BLOCK))
    last = blake2b(f"{model}\0{whole}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return made._replace(prefixes=[*prefixes, (f"whole {last}", len(whole))], tokens=len(whole))


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
