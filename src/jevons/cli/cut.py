"""`jevons cut`: what to remove first, what it saves, what it risks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from jevons.cli import smaller
from jevons.cli.project import CouldNotError, find, known_runs, ledgers, pick_runs, write


@click.command(
    "cut",
    epilog="""\b
Examples:
  jevons cut                                  the latest run, with the 20 runs before it
  jevons cut --run main                       all runs of a branch (also a date, 7d, a run's id)
  jevons cut --format markdown -o cut.md
  jevons cut --models results.csv --in-use gpt-4o --margin 0.02

\b
RESULTS has a row for each item and model: item, model, score (0 to 1) or
pass; where known input_tokens, output_tokens, cached_tokens, calls, cluster.
""",
)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@smaller.options
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    run: str, form: str, place: str, grid: str | None, output: Path | None, results: Path | None, **asked: Any
) -> None:
    """Find what of the AI in these tests need not be: what it saves, what it risks, the line that does it."""
    try:
        import duckdb  # noqa: F401
        import scipy  # noqa: F401
    except ImportError as error:
        raise CouldNotError("cut needs duckdb, numpy and scipy: pip install 'jevons[report]'") from error
    if results is not None:
        write(smaller.render(smaller.Asked(results, **asked), form, place, grid or ""), output)
        return
    if asked["in_use"]:
        raise CouldNotError("--in-use asks for a smaller model: give the results of several (--models RESULTS)")
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
