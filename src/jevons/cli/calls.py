"""`jevons calls`: every recorded call, one a line."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from jevons.cli.project import find, ledgers, pick_runs
from jevons.ledger.read import each, events, named_run
from jevons.ledger.spans import Span, files_of
from jevons.record import Call
from jevons.report.text import sheet_cell

COLUMNS = (
    "source", "index", "test", "provider", "kind", "model", "model_answered", "streamed", "status", "mode", "usage",
    "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cache_write_tokens", "role", "attempt",
    "phase", "fixture", "file", "line", "api", "error", "retry", "started_us", "duration_us", "first_us",
    "decode_us", "chunks", "timed", "host_class", "region", "temperature", "seed", "effort", "max_tokens", "images",
    "audio_ms", "characters", "measured_mj", "cpu_us", "request_hash", "meaning_hash", "answer_hash", "run", "id",
)  # fmt: skip


@click.command(
    "calls",
    epilog="""\b
Examples:
  jevons calls                                the latest run, as CSV
  jevons calls --format jsonl --run all       everything that is kept
  jevons calls --repeats                      only what had been asked before, word for word
""",
)
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ..., all.")
@click.option("--repeats", is_flag=True, help="Only exact repeats of an earlier live call of the same run.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(form: str, run: str, repeats: bool, output: Path | None) -> None:
    """List recorded calls: facts only, no prompts or answers."""
    root, settings, home = find()
    homes = ledgers(root, settings, home)
    span = None if run == "all" else pick_runs(homes, run)
    wanted = None if span is None else {one.id for one in span.runs}
    torn: list[tuple[str, int]] = []
    listed = files_of(homes, span or Span("all", [], 0, 0))
    files = (file for file in listed if wanted is None or not named_run(file) or named_run(file) in wanted)
    calls: Iterator[Call] = (
        event
        for event in each(events(files, torn, runs=wanted))
        if isinstance(event, Call) and (wanted is None or event.run in wanted)
    )
    if repeats:
        from jevons.ledger.repeats import exact

        calls = iter(exact(calls))
    target = output.open("w", encoding="utf-8", newline="") if output else sys.stdout
    try:
        if form == "jsonl":
            for call in calls:
                target.write(msgspec.json.encode(row(call)).decode() + "\n")
        else:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(COLUMNS)
            for call in calls:
                writer.writerow([_cell(value) for value in row(call).values()])
    finally:
        if output:
            target.close()
    if torn:
        click.echo(f"skipped {len(torn)} torn line(s): {', '.join(f'{n}:{i}' for n, i in torn[:5])}", err=True)


def row(call: Call) -> dict[str, Any]:
    """A call as column -> value."""
    return {name: getattr(call, name) for name in COLUMNS}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return sheet_cell(value) if isinstance(value, str) else value
