"""`jevons report`: what recorded runs cost."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from jevons.cli.project import find, pick_run


@click.command(
    "report",
    epilog="""\b
Examples:
  jevons report                                   the latest run, test by test
  jevons report --by model --format markdown
  jevons report --by day                          also by provider, role and file
  jevons report --run 20261123T1930 --format json -o cost.json
""",
)
@click.option("--run", default="latest", show_default=True, help="Run id or its beginning, or 'latest'.")
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
    from jevons.ledger.read import read
    from jevons.record import Run
    from jevons.report.build import build
    from jevons.report.render import render

    root, settings, home = find()
    chosen = pick_run(home, run)
    reading = read(home, chosen)
    if not reading.calls:
        raise click.ClickException(f"run {chosen} holds no AI call: `jevons doctor` says what is not seen")
    record = reading.runs.get(chosen) or Run(id=chosen)
    document = build(
        reading, record, by=by, place=place or settings.place, overrides=overrides(settings, root, grid or "")
    )
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
