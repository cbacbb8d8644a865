"""`jevons purge`: delete what is kept."""

from __future__ import annotations

import click

from jevons.cli.project import CouldNotError, find
from jevons.ledger.combine import BusyError


@click.command(
    "purge",
    epilog="""\b
Examples:
  jevons purge                        delete the whole ledger of this project, after asking
  jevons purge --older-than 90 --yes  delete runs older than 90 days
""",
)
@click.option("--older-than", "days", type=click.FloatRange(min=0), metavar="DAYS", help="Only runs older than this.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(days: float | None, yes: bool) -> None:
    """Delete recorded runs (and, without --older-than, the ledger's secret)."""
    _, _, home = find()
    files, size = home.size()
    if not files:
        click.echo(f"nothing is kept in {home.path}")
        return
    what = "everything" if days is None else f"runs older than {days:g} days"
    if not yes:
        click.confirm(f"Delete {what} in {home.path} ({files} files, {size / 1e6:.1f} MB)?", abort=True)
    try:
        gone, freed = home.purge(days)
        if days is not None:
            from jevons.ledger.compact import forget

            _, before = home.size()
            gone += forget(home, days)
            freed += before - home.size()[1]
    except (ValueError, OSError, BusyError) as error:
        raise CouldNotError(str(error)) from error
    click.echo(f"deleted {gone} files, {freed / 1e6:.1f} MB")
