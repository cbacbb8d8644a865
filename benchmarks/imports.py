"""Importing a large log: OTLP JSON lines made on the fly, one span with a conversation in it each.

python benchmarks/imports.py [MB ...]: for each size: calls, processor seconds, peak memory (MB) of the import, and what
a second import adds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_RUN = """
import resource, sys
from jevons.cli import main
try:
    main(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = used.ru_maxrss // (1 << 10 if sys.platform != "darwin" else 1 << 20)
    print(used.ru_utime + used.ru_stime, peak, file=sys.stderr)
"""
_DAY_NS = 86_400 * 10**9
_START_NS = 1_788_220_800 * 10**9
_PROMPT = "Say in one word which of these two cities lies further north, and nothing else. " * 8


def write(path: Path, size_mb: int) -> int:
    """Write a log of about so many MB; how many records it holds."""
    records = 0
    with path.open("w") as out:
        while out.tell() < size_mb << 20:
            lines = []
            for _ in range(1000):
                start = _START_NS + records * 90 * _DAY_NS // 4_000_000
                facts = {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": f"gpt-{records % 7}",
                    "gen_ai.response.id": f"chatcmpl-{records:016x}",
                    "gen_ai.input.messages": _PROMPT,
                }
                counts = {
                    "gen_ai.usage.input_tokens": 100 + records % 977,
                    "gen_ai.usage.output_tokens": records % 89,
                }
                attributes = [{"key": key, "value": {"stringValue": value}} for key, value in facts.items()]
                attributes += [{"key": key, "value": {"intValue": str(value)}} for key, value in counts.items()]
                span = {
                    "traceId": f"{records // 3 + 1:032x}",
                    "spanId": f"{records + 1:016x}",
                    "startTimeUnixNano": str(start),
                    "endTimeUnixNano": str(start + 10**9),
                    "attributes": attributes,
                }
                lines.append(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
                records += 1
            out.write("\n".join(lines) + "\n")
    return records


def run(folder: Path, *arguments: str) -> tuple[float, int, dict[str, int]]:
    """(seconds of processor time, peak MB, what became of the records) of one import."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, "import", *arguments, "--format", "json"],
        cwd=folder, capture_output=True, text=True, check=True, env=dict(os.environ),
    )  # fmt: skip
    took, peak = done.stderr.split()[-2:]
    return float(took), int(peak), json.loads(done.stdout)["accounted"]


def main() -> None:
    """Print one line a size."""
    for size_mb in [int(one) for one in sys.argv[1:]] or [64, 256, 1024]:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            (folder / "pyproject.toml").touch()
            records = write(folder / "log.jsonl", size_mb)
            took, peak, first = run(folder, "log.jsonl")
            again, _, second = run(folder, "log.jsonl")
            assert first["added"] == records
            assert second["added"] == 0
            index = (folder / ".jevons" / "known.sqlite").stat().st_size >> 20
            print(
                f"{size_mb:>6} MB  {records:>9,} calls  {took:6.1f} s CPU  {records / took:>8,.0f} calls/s"
                f"  peak {peak} MB  index {index} MB  again: {again:.1f} s, adds {second['added']}"
            )


if __name__ == "__main__":
    main()
