"""`jevons compare`: greener or not, per run and in total, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.project import (
    CouldNotError,
    engine_option,
    find,
    known_runs,
    ledgers,
    pick_runs,
    read_runs,
    write,
)  # fmt: skip
from jevons.cli.report import FOLDER

if TYPE_CHECKING:
    from jevons.footprint import Overrides
    from jevons.ledger.recorded import Recorded
    from jevons.weigh.compare import Party

FIGURES = {"carbon": "carbon_g", "energy": "energy_wh", "water": "water_l", "hardware": "embodied_g"}


@click.command(
    "compare",
    epilog="""\b
Examples:
  jevons compare                              the run before the latest, and the latest
  jevons compare main my-branch               all runs of two branches
  jevons compare 2026Q3 2026Q4                two quarters (also days, months, 2026-11-01..2026-11-15, 7d)
  jevons compare 1a2b3c4 latest --figure water
  jevons compare 2026-10 2026-11 --why        and what more use took back of the gain
  jevons compare ../other/.jevons:main main   runs of another ledger

\b
Each side may be a run (or the beginning of its id), latest, previous, a branch, a tag, a commit, a date, or a ledger's
path.
The answer is of projects and jobs that both sides counted; newcomers and leavers are listed apart.
""",
)
@click.argument("before", default="previous")
@click.argument("after", default="latest")
@click.option("--figure", type=click.Choice(list(FIGURES)), default="carbon", show_default=True)
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("--place", default="", metavar="CODE", help="Where these machines stand; each run's own if not given.")
@click.option("--why", is_flag=True, help="Say too what more use took back of a gain, where days of the ledger tell.")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@engine_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    before: str,
    after: str,
    figure: str,
    grid: str | None,
    place: str,
    why: bool,
    form: str,
    engine: str,
    output: Path | None,
) -> None:
    """Compare two sets of runs, BEFORE and AFTER: greener per run? in total? why? how sure?"""
    try:
        import scipy  # noqa: F401  what draws need, looked for before anything is read
    except ImportError as error:
        raise CouldNotError("compare needs numpy and scipy: pip install 'jevons[report]'") from error
    import msgspec

    from jevons.footprint import overrides
    from jevons.report.comparison import markdown, text
    from jevons.weigh.compare import Party, compare

    root, settings, home = find(engine=engine)
    homes = ledgers(root, settings, home)
    spans = [pick_runs(homes, asked) for asked in (before, after)]
    parties = [Party(span.name, read_runs(homes, span, settings)[0]) for span in spans]
    if {run.id for run in spans[0].runs} & {run.id for run in spans[1].runs}:
        raise CouldNotError(f"{before} and {after} name the same runs: nothing to compare")
    stated = overrides(settings, root, grid or "")
    made = compare(*parties, figure=FIGURES[figure], place=place, overrides=stated)
    made.notes += _restatements(root / FOLDER, parties, made.figure, place, stated)
    if why:
        from jevons.ledger.spans import Span
        from jevons.weigh.between import add_rebound

        today = dt.datetime.now(dt.UTC).date()

        def everything() -> list[Recorded]:
            return read_runs(homes, Span("all runs", known_runs(homes), 0, 0), settings)[0]

        add_rebound(made, spans[0], spans[1], everything, place=place, overrides=stated, today=today)
    if form == "json":
        said = msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
    else:
        said = (text if form == "text" else markdown)(made)
    write(said, output)


def _restatements(folder: Path, parties: Sequence[Party], figure: str, place: str, stated: Overrides) -> Iterator[str]:
    """What of a side's figure was published otherwise, where exactly its runs were."""
    from jevons.report.restated import restatement
    from jevons.weigh.published import PublishedError, load, names, restate

    sides = [{one.run.id for one in party.runs} for party in parties]
    for name in names(folder):
        try:
            published, runs = load(folder / f"{name}.json")
        except PublishedError as error:
            yield str(error)
            continue
        if {one.run.id for one in runs} in sides:
            made = restate(published, runs, place=place or published.stated.place, overrides=stated)
            yield restatement(made, figure)
