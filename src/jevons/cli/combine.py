"""`jevons combine`: merge ledgers into one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from jevons.cli.project import CouldNotError, find
from jevons.ledger.home import DIRECTORY, Home

if TYPE_CHECKING:
    from jevons.ledger import daily
    from jevons.ledger.combine import Merged

SCHEMA, CELLS = "jevons.combine/1", "jevons.cells/1"
_MOST_LINES = 20


@click.command(
    "combine",
    epilog="""\b
Examples:
  jevons combine artifacts/*                    add what CI jobs recorded to this project's ledger
  jevons combine ../api ../web -o all           two projects' ledgers into a new one, in the folder all
  jevons combine worker-3.jsonl --strict        one spool file; exit 1 if anything could not be taken
  jevons combine .jevons -o history --cells     keep sums by day, not calls: small enough for a branch of its own
\b
PATH is a ledger (.jevons), a folder that holds one or spool files, or one spool file (*.jsonl). Events are known by
their ids: adding the same ledger twice, or ledgers in another order, changes nothing.
""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Ledger to add to, not this project's."
)
@click.option("--cells", is_flag=True, help="Keep each run's sums (daily cells), not its calls: for years.")
@click.option("--strict", is_flag=True, help="Exit 1 if events conflict or a line could not be read.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: tuple[Path, ...], output: Path | None, cells: bool, strict: bool, form: str) -> None:
    """Add what other ledgers hold to a ledger, each event once. Nothing that is there is lost or changed."""
    from jevons.ledger import daily
    from jevons.ledger.combine import BusyError, combine, secrets
    from jevons.ledger.read import NoLedgerError, locate

    if cells and output is None:
        raise CouldNotError("--cells needs -o DIR: a ledger of cells of its own, beside the calls of this project")
    target = find()[2] if output is None else _target(output)
    try:
        sources = [locate(path) for path in paths]
        size = sum(file.stat().st_size for source in sources for file in source.files)
        with _progress(size if cells else 2 * size) as progress:
            if cells:
                _added(daily.add(target, sources, progress), target, strict, form)
                return
            merged = combine(target, sources, progress)
        different, unknown = secrets(target, sources)
    except (NoLedgerError, BusyError) as error:
        raise CouldNotError(str(error)) from error
    except OSError as error:
        raise CouldNotError(
            f"{error.filename or target.path}: {error.strerror}: check its rights and the space left. "
            f"Nothing was added to {target.path}"
        ) from error
    except KeyboardInterrupt:
        click.echo(f"jevons: interrupted: all of it was added to {target.path}, or nothing; run it again", err=True)
        sys.exit(130)
    if form == "json":
        document = {"schema": SCHEMA, "ledger": str(target.path), "secrets": different, "secrets_unknown": unknown}
        document |= msgspec.structs.asdict(merged)
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        _say(merged, target, len(sources))
    if different > 1:
        click.echo(f"note: {different} different secrets key these hashes: {_REPEATS}", err=True)
    elif unknown and different:
        click.echo(
            f"note: {unknown} ledger(s) came without the secret of their hashes: {_REPEATS} if it differs", err=True
        )
    if strict and (merged.conflicts or merged.torn):
        sys.exit(1)


def _added(made: daily.Added, target: Home, strict: bool, form: str) -> None:
    """Say what was added to a ledger of cells."""
    if form == "json":
        document = {"schema": CELLS, "ledger": str(target.path), **msgspec.structs.asdict(made)}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        click.echo(
            f"kept {made.runs:,} more runs as daily cells in {target.path} ({made.days:,} files written); "
            f"{made.known:,} were there already"
        )
        if made.torn:
            click.echo(
                f"warning: {len(made.torn):,} lines are no record (torn, or of a newer jevons): skipped", err=True
            )
    if strict and made.torn:
        sys.exit(1)


_REPEATS = "repeats across such ledgers cannot be seen (share JEVONS_SECRET from the next run on)"


def _target(path: Path) -> Home:
    """The ledger at `path`, or a new one there: never amid the files of something else."""
    if (path / DIRECTORY).is_dir():
        return Home(path / DIRECTORY)
    empty = path.is_dir() and not any(entry.name != ".git" for entry in path.iterdir())
    if (path / "spool").is_dir() or not path.exists() or empty:
        return Home(path)
    if path.name == DIRECTORY and path.is_dir():
        return Home(path)
    raise CouldNotError(f"{path} is neither a ledger nor empty: name a new folder, or {path / DIRECTORY}")


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("combining", total=size)
        yield lambda done: bar.advance(task, done)


def _say(merged: Merged, target: Home, sources: int) -> None:
    for file, number in merged.torn[:_MOST_LINES]:
        click.echo(f"warning: {file}:{number} is no record: torn, or written by a newer jevons; skipped", err=True)
    for what, where in list(merged.conflicts.items())[:_MOST_LINES]:
        click.echo(f"warning: {where}: not the {what} that is kept; the first stays", err=True)
    for left in (len(merged.torn) - _MOST_LINES, len(merged.conflicts) - _MOST_LINES):
        if left > 0:
            click.echo(f"and {left:,} more: --format json lists them", err=True)
    click.echo(
        f"added {merged.calls:,} calls and {merged.tests:,} test results ({merged.runs:,} new runs) "
        f"of {sources:,} ledgers to {target.path}; {merged.known:,} events were there already"
        + (f"; cells of {merged.kept:,} runs" if merged.kept else "")
    )
    if merged.torn or merged.conflicts:
        click.echo(f"skipped {len(merged.torn):,} torn lines, {len(merged.conflicts):,} events in conflict (above)")
