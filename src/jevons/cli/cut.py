"""`jevons cut`: what to remove first, what it saves, what it risks."""

from __future__ import annotations

from pathlib import Path

import click

from jevons.cli.project import CouldNotError, find, known_runs, ledgers, pick_runs, write


@click.command(
    "cut",
    epilog="""\b
Examples:
  jevons cut                                  the latest run, with the 20 runs before it
  jevons cut --run main                       all runs of a branch (also a date, 7d, a run's id)
  jevons cut --format markdown -o cut.md
""",
)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(run: str, form: str, place: str, grid: str | None, output: Path | None) -> None:
    """Find what of the AI in these tests need not be: what it saves, what it risks, the line that does it."""
    try:
        import duckdb  # noqa: F401
        import scipy  # noqa: F401
    except ImportError as error:
        raise CouldNotError("cut needs duckdb, numpy and scipy: pip install 'jevons[report]'") from error
    import msgspec

    from jevons.cut.waste import Store, plan
    from jevons.footprint import overrides
    from jevons.report.waste import markdown, text

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    span = pick_runs(homes, run)
    placed = msgspec.structs.replace(
        span, runs=[msgspec.structs.replace(one, place=one.place or settings.place) for one in span.runs]
    )
    known = [] if span.ledger else known_runs(homes)
    with Store(homes, placed, known) as store:
        made = plan(store, name=span.name, place=place, overrides=overrides(settings, root, grid or ""))
    if not made.calls:
        raise CouldNotError(f"{span.name} holds no AI call to look at: `jevons doctor` says what is not seen")
    if form == "json":
        said = msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    else:
        said = (text if form == "text" else markdown)(made)
    write(said, output)
