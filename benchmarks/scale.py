"""How cells scale: synthetic calls in a ledger's Parquet, cells of all of them, beside a bare sum of the same columns.

    python benchmarks/scale.py [MILLION ...]      1 and 10 by default; 100 needs 4 GB of disk and ten minutes

Files lie as compaction writes them. A process for each size and question, with a memory limit of 1 GB: its peak memory
is its own. The bare sum adds up every number and the length of every text that cells are made of, in one row: what
reading them costs at the least; then the same of the columns as they are read, one of which (``cell``) stands for most
of the texts. Each is done three times (from 50 million calls on twice); the least counts. The ratio is of processor
seconds, which others on the machine disturb least. Then a year of kept cells, and, where EcoLogits is installed, its
loop over calls.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import narwhals.stable.v2 as nw
from figures import machine

from jevons.cli import main as jevons
from jevons.ledger import columns, engine, layout, parquet, tables
from jevons.ledger.compacted import FOLDER, MADE, Manifest
from jevons.ledger.days import DAY_US, HOUR_US, day
from jevons.ledger.gather import gather
from jevons.ledger.home import Home
from jevons.ledger.read import runs
from jevons.ledger.recorded import kept, of_calls
from jevons.ledger.spans import pick
from jevons.record import Call, Run, encode

START_US = 1_788_220_800_000_000
BLOCK = 1_000_000
"""Calls a file: of one project and day."""
QUESTIONS = (
    "bare sum", "bare sum, columns as read", "cells by key x project x day (x role)", "cells by test of one run",
    "repeats by model", "jevons report --by project",
)  # fmt: skip
YEAR, ECOLOGITS = "a year of kept cells", "EcoLogits, call by call"
_NUMBERS = (
    "input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "duration_us",
    "first_us", "decode_us", "measured_mj", "cpu_us", "images", "audio_ms", "characters", "started_us", "status",
)  # fmt: skip
_PROVIDERS = ("openai", "anthropic", "aws.bedrock", "gcp.gemini", "deepseek", "mistral_ai", "cohere", "unknown")
_TEXTS = ("kind", "provider", "host_class", "model", "model_answered", "region", "mode", "usage", "error")
_READ = [name for name in _NUMBERS if name not in ("started_us", "status")]


def write(folder: Path, millions: int) -> None:
    """A ledger of calls of 20 projects on up to 90 days, 400 runs a file, 2,000 tests, 40 models of 8 providers."""
    home = Home(folder / ".jevons")
    home.make()
    (folder / "pyproject.toml").touch()
    made = Manifest()
    with parquet.connect() as con:
        for block in range(millions):
            project, date = f"p{block % 20}", f"2026-{9 + block // 20 % 3:02d}-{1 + block // 60 % 28:02d}"
            name = f"project={project}/day={date}/{MADE}{block}.parquet"
            (home.path / FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
            start_us = START_US + (block // 20) * DAY_US
            facts = {
                "id": "'c' || i", "run": f"'20260901T{block:06d}-' || (i // 2500)", "event": "'call'",
                "started_us": f"{start_us} + i * 80000",
                "test": "'tests/test_' || (h % 97) || '.py::test_' || (h % 2000)",
                "role": "['product', 'product', 'judge', 'set-up'][1 + h % 4]",
                "provider": f"[{', '.join(map(repr, _PROVIDERS))}][1 + h % 8]",
                "model": "'model-' || (h % 40)", "model_answered": "'model-' || (h % 40) || '-2026-08-06'",
                "region": "['', '', 'eu-west-1', 'us-east-1', 'eu-north-1', 'us-west-2'][1 + h // 64 % 6]",
                "usage": "CASE WHEN h % 50 = 0 THEN 'estimated' ELSE 'reported' END",
                "status": "CASE WHEN h % 71 = 0 THEN 429 ELSE 200 END",
                "error": "CASE WHEN h % 71 = 0 THEN 'http_429' ELSE '' END",
                "request_hash": "substr(md5((h % 700000)::VARCHAR), 1, 16)",
                "input_tokens": "200 + h % 9973", "cached_tokens": "CASE WHEN h % 3 = 0 THEN 128 END",
                "output_tokens": "20 + h % 997", "reasoning_tokens": "CASE WHEN h % 5 = 0 THEN h % 15 END",
                "duration_us": "300000 + h % 7000000", "streamed": "h % 2 = 0", "timed": "h % 2 = 0",
                "first_us": "CASE WHEN h % 2 = 0 THEN 200000 + h % 90000 END",
                "decode_us": "CASE WHEN h % 2 = 0 THEN 100000 + h % 6000000 END",
            }  # fmt: skip
            told = ", ".join(f"{text} AS {name}" for name, text in facts.items())
            rest = ", ".join(
                parquet.column(name, False) for name in [*parquet.COLUMNS, *parquet.OTHERS] if name not in facts
            )
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE calls AS SELECT i AS nth, {told}, {rest} FROM (SELECT i, "
                f"(hash(i + {block * BLOCK}) % 4000000007)::BIGINT AS h FROM range({BLOCK}) r(i))"
            )
            layout.write(con, layout.celled(con, "SELECT * FROM calls"), home.path / FOLDER / name)
            runs = [f"20260901T{block:06d}-{number}" for number in range(BLOCK // 2500)]
            made.files.append(name)
            made.runs[name] = [Run(id=run, project=project, started_us=start_us, ended_us=start_us + 1) for run in runs]
    (home.path / FOLDER / "manifest.json").write_bytes(encode(made))


def ask(folder: Path, question: str) -> tuple[float, float, int]:
    """(seconds, processor seconds, cells) of a question, in this process."""
    top = folder / ".jevons" / FOLDER
    began, used = time.perf_counter(), time.process_time()
    if question == "jevons report --by project":
        os.chdir(folder)
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
            jevons(["report", "--run", "2026", "--by", "project"])
        assert "energy, rough" in said.getvalue()
        return time.perf_counter() - began, time.process_time() - used, 1
    with parquet.connect() as con:
        con.execute("SET memory_limit = '1GB'")
        con.execute("SET threads = 2")
        files = f"read_parquet('{top}/*/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
        if question.startswith("bare sum"):
            as_read = question != "bare sum"
            texts, numbers = (["cell"], _READ) if as_read else ([*_TEXTS, "project"], list(_NUMBERS))
            sums = [f"sum({name})" for name in numbers] + [f"sum(strlen({name}))" for name in texts]
            query = f"SELECT {', '.join(sums)}{'' if as_read else ', count(*) FILTER (timed)'} FROM {files}"
            con.execute(query).fetchall()
            made = 1
        elif question == "cells by key x project x day (x role)":
            made = sum(
                len(engine.together(nw.from_native(calls)))
                for project in sorted(top.glob("project=*"))
                for calls in parquet.calls(con, sorted(project.rglob("*.parquet")))
            )
        elif question == "repeats by model":  # file by file: each run lies in one
            of_files = (calls for file in sorted(top.rglob("*.parquet")) for calls in parquet.calls(con, [file]))
            made = len(tables.repeats(columns.keyed(nw.from_native(calls)) for calls in of_files))
        else:
            file, run = top / f"project=p0/day=2026-09-01/{MADE}0.parquet", "20260901T000000-7"
            (one,) = parquet.calls(con, [file], [run])
            made = sum(map(len, engine.of_runs(nw.from_native(one)).values()))
        return time.perf_counter() - began, time.process_time() - used, made


def keep(folder: Path) -> None:
    """A ledger of daily cells: a year of four runs a day, 40 cells each."""
    home = Home(folder)
    home.make()
    for day_us in range(START_US, START_US + 365 * DAY_US, DAY_US):
        lines = []
        for number in range(4):
            run = Run(id=f"{day(day_us).replace('-', '')}T{number:06d}-abcdef", project="p", started_us=day_us)
            calls = [
                Call(id=str(model), run=run.id, provider="openai", model=f"model-{model}", usage="reported", status=200,
                     input_tokens=500 + model, output_tokens=90, started_us=day_us + model * HOUR_US // 2)
                for model in range(40)
            ]  # fmt: skip
            lines.append(encode(kept(of_calls(run, calls), with_tests=False)))
        (home.spool / f"{day(day_us)}-cells.jsonl").write_bytes(b"\n".join(lines) + b"\n")


def year(folder: Path) -> tuple[float, float, int]:
    """(seconds, processor seconds, cells) of all runs of a year, from naming them to their cells."""
    began, used = time.perf_counter(), time.process_time()
    home = Home(folder)
    found, _ = gather([home], pick(runs(home), "2026-01-01..2027-12-31"))
    return time.perf_counter() - began, time.process_time() - used, sum(len(one.cells) for one in found)


def ecologits(calls: int) -> tuple[float, float, int]:
    """(seconds, processor seconds, calls) of what EcoLogits does for each call."""
    from ecologits.tracers.utils import llm_impacts

    began, used = time.perf_counter(), time.process_time()
    for number in range(calls):
        llm_impacts(
            provider="openai", model_name="gpt-4o-mini", output_token_count=20 + number % 997, request_latency=1.5
        )
    return time.perf_counter() - began, time.process_time() - used, calls


def apart(*arguments: str) -> str:
    """What this script prints in a process of its own."""
    return subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True).stdout


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
        return
    if sys.argv[1:2] == ["--ask"]:
        folder, question, times = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
        how = {YEAR: lambda: year(folder), ECOLOGITS: lambda: ecologits(2000)}
        once = how.get(question, lambda: ask(folder, question))
        seconds, used, cells = map(min, zip(*(once() for _ in range(times)), strict=True))
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        print(json.dumps([seconds, used, cells, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit]))
        return
    print(machine(), "\n")
    print("| million calls | GB | what | seconds | processor s | x bare sum | cells | peak MB |")
    print("|--:|--:|---|--:|--:|--:|--:|--:|")
    for millions in [int(size) for size in sys.argv[1:]] or [1, 10]:
        with tempfile.TemporaryDirectory(prefix="jevons-scale-") as place:
            apart("--write", place, str(millions))
            size = sum(file.stat().st_size for file in Path(place).rglob("*.parquet")) / 1e9
            bare = 0.0
            for question in QUESTIONS:
                times = "2" if millions >= 50 else "3"
                seconds, used, cells, peak = json.loads(apart("--ask", place, question, times))
                bare = bare or used  # of the first question
                figures = f"{seconds:.2f} | {used:.2f} | {used / bare:.2f} | {cells:,} | {peak:.0f}"
                print(f"| {millions} | {size:.2f} | {question} | {figures} |", flush=True)
    with tempfile.TemporaryDirectory(prefix="jevons-scale-") as place:
        keep(Path(place))
        for question in (YEAR, *([ECOLOGITS] if find_spec("ecologits") else [])):
            seconds, used, cells, peak = json.loads(apart("--ask", place, question, "3"))
            print(f"| | | {question} | {seconds:.2f} | {used:.2f} | | {cells:,} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
