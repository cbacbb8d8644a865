"""`jevons import`: add what other tools logged of AI calls to the ledger."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jevons.cli.project import CouldNotError, find
from jevons.report.terminal import fit

if TYPE_CHECKING:
    from jevons.ledger.importing import Outcome

SCHEMA = "jevons.import/1"
_MOST = 15


@click.command(
    "import",
    epilog="""\b
Examples:
  jevons import traces.jsonl                    OTLP of a collector (JSON or Protobuf), each span that calls a model
  jevons import logs/ --project shop            every log that is known under a folder
  jevons import spend.jsonl.gz                  LiteLLM's log, compressed
  jevons import calls.csv --map model=Model --map started=Time \\
      --map input_tokens=In --map output_tokens=Out --map provider==openai
  jevons import --sessions                      what agent programs did here (Claude Code, Codex CLI, Gemini CLI)
\b
Calls are live ones, made elsewhere: one run a day, project and kind of log. A second import of the same log adds
nothing, a log that has grown adds what is new, and a call that jevons or another log saw too is counted once. Stopped
or killed, run it again: it goes on where it was. What providers say they billed is compared with calls and never added.
""",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
@click.option("--project", default="", metavar="NAME", help="Project whose calls these are; else this one.")
@click.option(
    "--map", "mapped", multiple=True, metavar="FIELD=COLUMN", help="A table's column for a field (FIELD==CONSTANT)."
)
@click.option("--sessions", is_flag=True, help="Read sessions of agent programs too; without PATH, those of this user.")
@click.option("--max-mb", type=click.IntRange(1, 4096), default=64, show_default=True, help="Largest record to read.")
@click.option("--strict", is_flag=True, help="Exit 1 if a log could not be read.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    paths: tuple[Path, ...], project: str, mapped: tuple[str, ...], sessions: bool, max_mb: int, strict: bool, form: str
) -> None:
    """Add AI calls that were logged elsewhere: traces, gateways, evaluations, agents' sessions, tables."""
    from jevons.ledger.combine import BusyError
    from jevons.ledger.importing import Asked, run
    from jevons.sources.logs.formats import Wanted
    from jevons.sources.logs.sessions import homes
    from jevons.sources.logs.table import MapError, columns

    root, settings, home = find()
    chosen = list(paths) or (homes() if sessions else [])
    if not chosen:
        raise CouldNotError(
            "no log of an agent program lies in this user's folder: name PATH"
            if sessions
            else "name a log, or a folder"
        )
    try:
        wanted = Wanted(columns(mapped), sessions)
        asked = Asked(wanted, settings.project or root.name, project, limit=max_mb << 20, full=settings.ids == "full")
        with _progress() as progress:
            outcome = run(home, chosen, asked, progress)
    except MapError as error:
        raise CouldNotError(str(error)) from error
    except BusyError as error:
        raise CouldNotError(str(error)) from error
    except OSError as error:
        raise CouldNotError(
            f"{error.filename or home.path}: {error.strerror}: check its rights and the space left. What was added "
            "before is kept; run it again to go on"
        ) from error
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_document(outcome)), indent=2).decode())
    else:
        for path, reason in outcome.unread[:_MOST]:
            click.echo(fit(f"warning: {path}: {reason}", "utf-8"), err=True)
        if len(outcome.unread) > _MOST:
            click.echo(f"and {len(outcome.unread) - _MOST:,} more warnings: --format json lists them", err=True)
        click.echo("\n".join(_lines(outcome)))
    if outcome.interrupted:
        click.echo("jevons: interrupted: what is said above is kept; run it again to go on", err=True)
        sys.exit(130)
    if strict and outcome.unread:
        sys.exit(1)
    if not outcome.logs and outcome.unread:
        raise CouldNotError("no log could be read (above)")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal: progress(done, total) in bytes."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("importing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "accounted": msgspec.structs.asdict(outcome.total),
        "logs": [
            {"path": path, "kind": kind, "accounted": msgspec.structs.asdict(tally)}
            for path, kind, tally in outcome.logs
        ],
        "not_read": [{"path": path, "reason": reason} for path, reason in outcome.unread],
        "billed": [
            {**msgspec.structs.asdict(row), "unseen": row.unseen, "coverage": row.coverage}
            for row in outcome.reconciled
        ],
        "metered_wh": outcome.metered_mj / 3.6e6,
        "passed_over": outcome.passed,
        "runs": outcome.runs,
        "interrupted": outcome.interrupted,
    }


def _lines(outcome: Outcome) -> Iterator[str]:
    total = outcome.total
    kinds = sorted({kind for _, kind, _ in outcome.logs})
    yield textwrap.fill(
        f"{total.records:,} records in {len(outcome.logs):,} logs ({', '.join(kinds) or 'none'}): "
        f"{total.added:,} calls added",
        80,
    )
    rows = [
        (total.merged, "seen by something else too: counted once"),
        (total.known, "added before"),
        (total.metered, f"measurements of energy ({outcome.metered_mj / 3.6e6:,.3g} Wh): kept apart from calls"),
        (total.billed, "rows of what providers billed: compared with calls, never added"),
        *((count, reason) for reason, count in sorted(total.skipped.items(), key=lambda pair: (-pair[1], pair[0]))),
    ]
    for count, what in [row for row in rows if row[0]][:_MOST]:
        yield f"{count:>12,}  {what}"
    if outcome.reconciled:
        yield from _reconciled(outcome)
    if outcome.passed:
        yield f"{outcome.passed:,} other files are no logs that jevons knows"
    if outcome.runs:
        yield "\nNext step"
        yield f"  jevons report --run {outcome.runs[-1]}"


def _reconciled(outcome: Outcome) -> Iterator[str]:
    """What was billed, day by day, beside what was seen."""
    from jevons.ledger.billed import coverage

    yield "\nBilled, and seen (tokens in and out)"
    rows = [("day", "provider", "project", "model", "billed", "seen", "not seen")]
    rows += [
        (
            row.day, row.provider, row.project or "all", row.model or "all", f"{row.billed.tokens:,}",
            f"{row.seen.tokens:,}", f"{row.unseen.tokens:,}",
        )
        for row in outcome.reconciled[:_MOST]
    ]  # fmt: skip
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    for line in rows:
        columns = enumerate(zip(line, widths, strict=True))
        yield "  ".join(text.ljust(width) if n < 4 else text.rjust(width) for n, (text, width) in columns).rstrip()
    if len(outcome.reconciled) > _MOST:
        yield f"and {len(outcome.reconciled) - _MOST:,} more: --format json lists them"
    share = coverage(outcome.reconciled)
    if share is not None:
        yield f"{share:.1%} of the tokens that were billed were seen: the rest is billed, not seen"
