"""`jevons explain`: the derivation of a figure, to named sources."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from jevons.cli.project import CouldNotError, find, ledgers, pick_runs, read_runs, sites_of


@click.command(
    "explain",
    epilog="""\b
Examples:
  jevons explain                                   the latest run's total
  jevons explain test_answers                      a test, by a part of its name
  jevons explain gpt-4o                            a model (also a provider, role, file or day)
  jevons explain llama-3.3-70b                     a model that no run has called yet: one usual request
  jevons explain "AWS New Carlisle"                a site or programme of `jevons report --places`
  jevons explain total --format json -o why.json
""",
)
@click.argument("what", default="total")
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(what: str, run: str, place: str, grid: str | None, form: str, output: Path | None) -> None:
    """Show how the figures of WHAT come about: formulas, counts, factors and where each comes from."""
    import msgspec

    from jevons.footprint import overrides
    from jevons.ledger.read import runs
    from jevons.ledger.recorded import Recorded
    from jevons.report.explain import TOTAL, NotFoundError, explain
    from jevons.report.tree import render

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    name = ""
    found: list[Recorded] = []
    if what == TOTAL or any(runs(one) for one in homes):
        span = pick_runs(homes, run)
        found, _ = read_runs(homes, span, settings)
        name = found[0].run.id if len(found) == 1 else span.name
    place = place or ("" if found else settings.place)
    try:
        known = overrides(settings, root, grid or "")
        made = explain(found, name, what, place=place, overrides=known, sites=sites_of(settings, root))
    except NotFoundError as error:
        raise CouldNotError(str(error)) from error
    if form == "json":
        text = msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    else:
        to_file = output is not None
        width = 120 if to_file else min(shutil.get_terminal_size((100, 24)).columns, 140)
        text = render(made, width=width, encoding="utf-8" if to_file else sys.stdout.encoding or "utf-8")
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
