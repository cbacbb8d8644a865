"""`jevons report`: what recorded runs cost."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from jevons.cli.project import find, ledgers, pick_runs, read_runs


@click.command(
    "report",
    epilog="""\b
Examples:
  jevons report                                   the latest run, test by test
  jevons report --by model --format markdown
  jevons report --by day                          also by provider, role and file
  jevons report --run 20261123T1930 --format json -o cost.json
  jevons report --run 2026Q4 --by model           also a branch, a tag, a commit, a date, 2026-11-01..2026-11-15, 7d
""",
)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option("--by", type=click.Choice(["test", "model", "provider", "role", "file", "day"]), default="test")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown", "csv"]), default="text")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(run: str, by: str, form: str, place: str, grid: str | None, output: Path | None) -> None:
    """Show what a recorded run cost: counts first, then the rough level."""
    from jevons.footprint import overrides
    from jevons.report.build import build
    from jevons.report.render import render

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    span = pick_runs(homes, run)
    made, torn = read_runs(homes, span, settings)
    if not any(one.cells for one in made):
        raise click.ClickException(f"{span.name} holds no AI call: `jevons doctor` says what is not seen")
    name = made[0].run.id if len(made) == 1 else span.name
    document = build(made, name=name, by=by, torn=torn, place=place, overrides=overrides(settings, root, grid or ""))
    if form == "text" and output is None:
        from jevons.report.terminal import render as on_terminal

        width = min(shutil.get_terminal_size((80, 24)).columns, 120)
        text = on_terminal(document, width=width, encoding=sys.stdout.encoding or "utf-8", color=sys.stdout.isatty())
    else:
        text = render(document, "term" if form == "text" else form)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
