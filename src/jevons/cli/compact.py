"""`jevons compact`: spool files become Parquet."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import msgspec

from jevons.cli.project import CouldNotError, find
from jevons.ledger.home import DIRECTORY, Home

SCHEMA = "jevons.compact/1"
_MOST = 20


@click.command(
    "compact",
    epilog="""\b
Examples:
  jevons compact                          this project's ledger: its spool files into Parquet
  jevons compact /mnt/team/ledger --keep 90d    a shared one; runs older than 90 days go
  jevons compact --quiet-for 0            also files that were written to a moment ago
\b
Files lie in parquet/project=.../day=.../ and hold each event once; every command reads them beside the spool files.
What they replace is deleted by the next compaction, ten minutes later at the earliest: whoever reads goes on reading.
""",
)
@click.argument("path", required=False, metavar="[PATH]", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--keep", default="", metavar="DAYS", help="Delete runs that started longer ago (90d). Default: keep all."
)
@click.option(
    "--quiet-for", type=click.FloatRange(min=0), default=600, show_default=True, metavar="SECONDS",
    help="Leave spool files that were written to within so many seconds.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 if a line or a file could not be read.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(path: Path | None, keep: str, quiet_for: float, strict: bool, form: str) -> None:
    """Bring a ledger's spool files into Parquet, by project and day. Nothing is lost, nothing counts twice."""
    from jevons.ledger.combine import BusyError
    from jevons.ledger.compact import compact

    home = find()[2] if path is None else _home(path)
    match = re.fullmatch(r"([0-9]{1,5})\s*d?", keep)
    if keep and not match:
        raise CouldNotError(f"--keep {keep}: name a number of days (90d)")
    if not home.path.is_dir():
        raise CouldNotError(f"{home.path} holds no ledger: record a run with `pytest --jevons`")
    try:
        made = compact(home, keep_days=float(match[1]) if match else None, quiet_s=quiet_for)
    except BusyError as error:
        raise CouldNotError(str(error)) from error
    except OSError as error:
        raise CouldNotError(
            f"{error.filename or home.path}: {error.strerror}: check its rights and the space left. Nothing was lost"
        ) from error
    if form == "json":
        document = {"schema": SCHEMA, "ledger": str(home.path), **msgspec.structs.asdict(made)}
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        for name, number in made.torn[:_MOST]:
            click.echo(f"warning: {name}:{number} is no record: torn, or written by a newer jevons; kept", err=True)
        for name in made.corrupt[:_MOST]:
            click.echo(f"warning: {name} is no Parquet, or broken: left alone", err=True)
        left = len(made.torn) + len(made.corrupt) - min(len(made.torn), _MOST) - min(len(made.corrupt), _MOST)
        if left:
            click.echo(f"and {left:,} more: --format json lists them", err=True)
        click.echo(f"compacted: {made.spools:,} spool files into {made.files:,} Parquet files")
        click.echo(f"added:     {made.events:,} calls and test results that were not in Parquet yet")
        if made.waiting:
            click.echo(f"waiting:   {made.waiting:,} spool files that a run may still write to")
        if made.forgotten:
            click.echo(f"forgotten: {made.forgotten:,} Parquet files, older than --keep {keep}")
        if made.freed:
            click.echo(f"deleted:   {made.freed:,} files that no longer counted")
    if strict and (made.torn or made.corrupt):
        sys.exit(1)


def _home(path: Path) -> Home:
    for folder in (path / DIRECTORY, path):
        if (folder / "spool").is_dir():
            return Home(folder)
    raise CouldNotError(f"{path} holds no ledger: name a {DIRECTORY} folder, or a folder that holds one")
