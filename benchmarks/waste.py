"""How long `jevons cut` takes over millions of calls, and how much memory: from Parquet and from a spool's JSON lines.

    python benchmarks/waste.py [--calls 10000000] [--json-calls 1000000] [--quick]

Made calls: 5,000 tests, four models, a quarter of the requests asked before, prompts of log-normal length (median 400
tokens of four bytes, as recorded suites have) that begin as those of 343 neighbours, go on as 49, then as 7. Every
figure is of a process of its own, from opening the ledger to the finished plan; beside it, the time of a bare sum of
one column over the same files. For Linux and macOS.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import machine

from jevons.wire.chain import BLOCK, GROWTH, HASH

RUN = "20261126T000000-benchm"
BARS = (20.0, 2.0)
_CALLS = """
WITH drawn AS (
  SELECT i, CASE WHEN random() < 0.25 THEN (random() * i)::BIGINT ELSE i END AS asked, random() AS a, random() AS b FROM
  range({calls}) t(i)),
sized AS (SELECT *, asked % 5000 AS t,
  greatest(exp(6 + 1.1 * sqrt(-2 * ln(a + 1e-9)) * cos(6.2831853 * b)), 3)::BIGINT AS tokens FROM drawn),
cut AS (SELECT *, {blocks} AS blocks FROM sized)
SELECT 'call' AS event, '{run}-' || i AS id, '{run}' AS run, 'httpx' AS source, i AS "index",
  'tests/test_' || t % 97 || '.py::TestAnswers::test_' || t || '[#0:033a9363]' AS test,
  CASE WHEN asked % 50 = 0 THEN 'setup' ELSE 'call' END AS phase,
  CASE WHEN asked % 10 = 9 THEN 'judge' ELSE 'product' END AS role,
  'src/app/module_' || t % 31 || '.py' AS file, t % 211 AS line, 'openai' AS provider, 'openai.chat' AS api,
  CASE WHEN asked % 4 = 3 THEN 'embeddings' ELSE 'chat' END AS kind,
  ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1', 'text-embedding-3-small'][asked % 4 + 1] AS model,
  md5('request' || asked) AS request_hash, md5('meaning' || asked) AS meaning_hash,
  CASE WHEN asked % 4 = 3 THEN '' ELSE {chain} END AS prompt_chain,
  CASE WHEN asked % 4 = 3 THEN 0 ELSE 4 * tokens END AS prompt_bytes,
  'reported' AS usage, tokens AS input_tokens, tokens // 3 AS output_tokens, 200 AS status,
  1794000000000000 + i * 300 + (b * 2000)::BIGINT AS started_us, (1e5 + a * 2e6)::BIGINT AS duration_us
FROM cut ORDER BY i
"""
_EVEN = BLOCK * GROWTH * 2  # bytes up to which all blocks are as long
_BLOCKS = (  # blocks of a prompt, at most: from there on, their ends grow by a sixth or a little less
    f"CASE WHEN tokens < {_EVEN // 4} THEN 4 * tokens // {BLOCK} "
    f"ELSE floor({_EVEN // BLOCK} + ln(4 * tokens / {_EVEN}) / ln(1 + 1 / {GROWTH})) END::BIGINT"
)


def _chain() -> str:
    """The chain of a prompt in SQL: what many begin with, what some of them go on with, then few, then nobody else."""
    shared = ((343, 8, 24), (49, 0, 8), (7, 0, 4))  # neighbours that share a part; its fewest hashes, and how many more
    parts = [
        f"substr(repeat(md5('p' || asked // {by}), 4), 1, {HASH} * ({fewest} + asked // {by} % {more}))"
        for by, fewest, more in shared
    ]
    own = f"repeat(md5('p' || asked), 9), 1, {HASH} * (blocks + (blocks > 0)::INT))"
    return f"substr({' || '.join(parts)} || {own} || substr(md5('w' || asked), 1, {2 * HASH})"


def make(folder: Path, form: str, calls: int) -> None:
    """Make a ledger of so many calls, in one file; says which."""
    import duckdb

    spool, parquet = folder / "spool", folder / "parquet"
    spool.mkdir(parents=True)
    parquet.mkdir()
    run = {"event": "run", "id": RUN, "project": "benchmark", "started_us": 1_793_999_999_000_000,
           "ended_us": 1_794_000_000_000_000 + calls * 300 + 10_000_000, "workers": 2}  # fmt: skip
    (spool / f"{RUN}-run.jsonl").write_text(json.dumps(run, separators=(",", ":")) + "\n")
    file = parquet / "calls.parquet" if form == "parquet" else spool / f"{RUN}-calls.jsonl"
    options = "FORMAT parquet" if form == "parquet" else "FORMAT json"
    query = _CALLS.format(calls=calls, run=RUN, chain=_chain(), blocks=_BLOCKS)
    con = duckdb.connect()
    con.execute("SELECT setseed(0.5)")
    con.execute(f"COPY ({query}) TO '{file}' ({options})")
    con.close()
    print(json.dumps(str(file)))


def finder(folder: Path) -> None:
    """The plan over a ledger, in this process; says what it took."""
    import resource

    begun = time.perf_counter()
    from jevons.cut.waste import Store, plan
    from jevons.ledger.home import Home
    from jevons.ledger.read import runs
    from jevons.ledger.spans import Span

    home = Home(folder)
    span = Span("all", runs([folder / "spool" / f"{RUN}-run.jsonl"]), 0, 0)
    with Store([home], span) as store:
        found = plan(store)
    took, spent = time.perf_counter() - begun, time.process_time()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps([found.calls, len(found.findings), took, spent, peak]))


def bare(file: Path) -> None:
    """A sum of one column, in this process; says what it took."""
    import duckdb

    begun = time.perf_counter()
    read = "read_json('{}', format = 'newline_delimited', columns = {{'input_tokens': 'BIGINT'}})"
    source = f"'{file}'" if file.suffix == ".parquet" else read.format(file)
    duckdb.sql(f"SELECT sum(input_tokens) FROM {source}").fetchall()
    print(time.perf_counter() - begun)


def alone(step: str, path: Path, *more: str) -> object:
    """What a step says that runs in a process of its own: a child's peak memory begins at its parent's size."""
    command = [sys.executable, __file__, step, str(path), *more]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("step", nargs="?", choices=["make", "finder", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("path", nargs="?", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("form", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--calls", type=int, default=10_000_000, help="from Parquet")
    parser.add_argument("--json-calls", type=int, default=10_000_000, help="from JSON lines, about 800 bytes each")
    parser.add_argument("--quick", action="store_true", help="20,000 calls: shows that it runs")
    options = parser.parse_args()
    if options.step == "make":
        make(options.path, options.form, options.calls)
        return
    if options.step:
        {"finder": finder, "bare": bare}[options.step](options.path)
        return
    print(
        f"{machine()}\n\n"
        "| ledger | calls | findings | seconds | bar | of processor | peak GB | bar | times a bare sum |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for form, calls in (("parquet", options.calls), ("json lines", options.json_calls)):
        count = 20_000 if options.quick else calls
        with tempfile.TemporaryDirectory() as folder:
            file = Path(str(alone("make", Path(folder) / ".jevons", form, "--calls", str(count))))
            found = alone("finder", file.parent.parent)
            sums = alone("bare", file)
        assert isinstance(found, list)
        assert isinstance(sums, float)
        seen, findings, took, spent, peak = found
        assert seen == count, (seen, count)
        bars = [f"<= {bar * count / 10_000_000:.3g}" if bar == BARS[0] else f"<= {bar:g}" for bar in BARS]
        print(
            f"| {form} | {seen:,} | {findings} | {took:.1f} | {bars[0]} | {spent:.1f} | {peak / 1e9:.2f} | {bars[1]} | "
            f"{took / sums:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
