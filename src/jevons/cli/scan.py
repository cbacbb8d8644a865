"""`jevons scan`: count the calls that are already recorded."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jevons.cli.project import CouldNotError, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jevons.sources.tally import Scan

SCHEMA = "jevons.scan/1"
_MOST_ROWS = 15
_MOST_LINES = 20


@click.command(
    "scan",
    epilog="""\b
Examples:
  jevons scan                                  all recordings in this folder
  jevons scan tests/cassettes other-suite.tar.zst
  jevons scan --format json --no-save > found.json
  jevons scan --sessions                       what agent programs did: Claude Code, Codex CLI, Gemini CLI
\b
Reads vcrpy and VCR (YAML, JSON), langchain (.yaml.gz), nock, llama-stack, ddapm and HAR, only under PATH.
Scanning the same PATHs again replaces what the earlier scan of them found.
""",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--sessions", is_flag=True, help="Read sessions of agent programs too; without PATH, those in this user's folder."
)
@click.option("--strict", is_flag=True, help="Exit 1 if anything could not be read.")
@click.option("--no-save", is_flag=True, help="Leave the ledger as it is.")
@click.option(
    "--max-mb", type=click.IntRange(1, 4096), default=64, show_default=True, help="Largest recording to read."
)
@click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")
def command(
    paths: tuple[Path, ...], sessions: bool, form: str, strict: bool, no_save: bool, max_mb: int, quiet: bool
) -> None:
    """Count the AI calls that others recorded: a folder, a recording, or a tar archive (gz, zst).

    They go to the ledger as mode `recorded` and are never added to live ones.
    """
    from jevons.ledger.scanned import scan
    from jevons.sources.logs.sessions import homes

    root, settings, home = find()
    chosen = list(paths) or (homes() if sessions else [Path.cwd()])
    if not chosen:
        raise CouldNotError("no sessions of an agent program lie in this user's folder: name PATH")
    begun = time.monotonic()
    try:
        with _progress(quiet) as progress:
            made = scan(
                chosen, home, root=root, project=settings.project, full_ids=settings.ids == "full", sessions=sessions,
                save=not no_save, most_bytes=max_mb << 20, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        click.echo("jevons: interrupted: the ledger is as it was", err=True)
        sys.exit(130)
    found, saved = made.found, made.saved
    if form == "json":
        click.echo(
            msgspec.json.format(msgspec.json.encode(_document(found, made.run.id if saved else "")), indent=2).decode()
        )
    else:
        _warnings(found)
        if not quiet:
            click.echo("\n".join(_lines(found, time.monotonic() - begun, saved)))
    if not no_save and not saved:
        raise CouldNotError(f"could not write to {home.path} ({made.lost_reason}): the ledger is as it was")
    if strict and found.warned:
        sys.exit(1)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn("line"), TextColumn("reading"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda size: bar.advance(task, size)


def _document(found: Scan, run: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": run,
        "files": found.files,
        "recordings": found.recordings,
        "calls": found.calls,
        "tests": len(found.tests),
        "models": [
            {"provider": provider, "model": model, **msgspec.structs.asdict(row)}
            for (provider, model), row in _rows(found)
        ],
        "ai_not_read": [msgspec.structs.asdict(one) for one in found.not_read],
        "other_requests": dict(sorted(found.others.items())),
        "archives_not_opened": found.archives,
        "warnings": [msgspec.structs.asdict(one) for one in found.warned],
    }


def _rows(found: Scan) -> list[tuple[tuple[str, str], Any]]:
    return sorted(found.rows.items(), key=lambda pair: (-pair[1].calls, pair[0]))


def _warnings(found: Scan) -> None:
    for one in found.warned[:_MOST_LINES]:
        click.echo(f"warning: {one}", err=True)
    if len(found.warned) > _MOST_LINES:
        click.echo(f"and {len(found.warned) - _MOST_LINES} more warnings: --format json lists them", err=True)


def _lines(found: Scan, seconds: float, saved: bool) -> Iterator[str]:
    yield (
        f"{found.calls:,} recorded AI calls of {len(found.tests):,} tests in {found.recordings:,} recordings "
        f"({found.files:,} files looked at, {seconds:.1f} s)"
    )
    if found.rows:
        yield ""
        yield from _table(found)
    if found.not_read:
        kinds = _sum((one.what, one.count) for one in found.not_read)
        places = len({one.file for one in found.not_read})
        yield f"\nAI, not read: {_listed(kinds)} in {places:,} files (no HTTP: they are in no figure)"
    if found.others:
        yield f"\nAI services asked for something else, or in a form not known: {_listed(found.others)}"
    if found.archives:
        yield f"\n{len(found.archives)} archives were not opened: name them to scan them ({found.archives[0]} ...)"
    if found.warned:
        yield f"\n{len(found.warned):,} warnings (above): what they name is not counted, all else is"
    yield "\nNext step"
    if not found.calls:
        yield "  pytest --jevons               no call is recorded here: count a real run"
    elif saved:
        yield "  jevons report --by model      what these calls cost when they were recorded"
        yield "  jevons report --by test       the same, test by test"
    else:
        yield "  jevons scan                   without --no-save, to see what these calls cost"


def _table(found: Scan) -> Iterator[str]:
    head = ("provider", "model", "calls", "input tokens", "output tokens", "repeats", "unknown")
    rows = _rows(found)
    shown = [_cells(provider, model, row) for (provider, model), row in rows[:_MOST_ROWS]]
    if len(rows) > _MOST_ROWS:
        shown.append(_added(f"and {len(rows) - _MOST_ROWS} more", [row for _, row in rows[_MOST_ROWS:]]))
    shown.append(_added("total", [row for _, row in rows]))
    widths = [max(len(line[column]) for line in (head, *shown)) for column in range(len(head))]
    for line in (head, *shown):
        columns = enumerate(zip(line, widths, strict=True))
        yield "  ".join(text.ljust(width) if n < 2 else text.rjust(width) for n, (text, width) in columns).rstrip()
    if any(row.estimated for _, row in rows):
        count = sum(row.estimated for _, row in rows)
        yield f"~ of these, {count:,} calls show no usage: their tokens are estimated from text"


def _cells(provider: str, model: str, row: Any) -> tuple[str, ...]:
    mark = "~" if row.estimated else ""
    return (
        provider, model if len(model) <= 44 else model[:41] + "...", f"{row.calls:,}", f"{mark}{row.input_tokens:,}",
        f"{mark}{row.output_tokens:,}", f"{row.repeats:,}", f"{row.unknown:,}",
    )  # fmt: skip


def _added(label: str, rows: list[Any]) -> tuple[str, ...]:
    sums = type(rows[0])()
    for row in rows:
        for field in row.__struct_fields__:
            setattr(sums, field, getattr(sums, field) + getattr(row, field))
    return _cells(label, "", sums)


def _sum(pairs: Iterator[tuple[str, int]] | Any) -> dict[str, int]:
    counted: dict[str, int] = {}
    for what, count in pairs:
        counted[what] = counted.get(what, 0) + count
    return counted


def _listed(counted: dict[str, int]) -> str:
    top = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    text = ", ".join(f"{count:,} x {what}" for what, count in top[:6])
    rest = sum(count for _, count in top[6:])
    return text + (f" and {rest:,} more" if rest else "")
