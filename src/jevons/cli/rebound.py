"""`jevons rebound`: what more use took back of a gain."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from jevons.cli.compare import FIGURES
from jevons.cli.project import CouldNotError, find, known_runs, ledgers, read_runs, write


@click.command(
    "rebound",
    epilog="""\b
Examples:
  jevons rebound --at 2026-09-01           a cheaper model came on that day
  jevons rebound --since 2026-06-01        some day since: twice the data
  jevons rebound --at 2026-09-01 --control web/github
  jevons rebound --at 2026-09-01 --gain 60 the gain as you know it
  jevons rebound --gain 50                 before a change: scenarios

\b
Use is counted in verdicts: tests with an outcome that AI calls served.
With fewer than 28 days on each side of the date (56 where it is looked for)
nothing is shown. Without a control what is found is an association: demand
may have changed for other reasons.
""",
)
@click.option("--at", default="", metavar="DATE", help="First day with the gain, as 2026-09-01 (UTC).")
@click.option(
    "--since", default="", metavar="DATE", help="Look for the day from here on, where AI per verdict changed."
)
@click.option("--gain", type=float, metavar="PERCENT", help="A gain that you know; alone: what it would save.")
@click.option("--control", "controls", multiple=True, metavar="PROJECT/JOB", help="Had no gain, else fares alike.")
@click.option("--figure", type=click.Choice(list(FIGURES)), default="carbon", show_default=True)
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("--place", default="", metavar="CODE", help="Where these machines stand; each run's own if not given.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    at: str, since: str, gain: float | None, controls: tuple[str, ...], figure: str, grid: str | None, place: str,
    form: str, output: Path | None,
) -> None:  # fmt: skip
    """Say how much of a gain in efficiency was taken back by more use, and what cap would have kept it."""
    if bool(at) + bool(since) != 1 and (gain is None or at):
        raise click.UsageError("one of --at DATE and --since DATE; or --gain PERCENT alone, before a change")
    try:
        import scipy  # noqa: F401  what the series needs, looked for before anything is read
    except ImportError as error:
        raise CouldNotError("rebound needs numpy and scipy: pip install 'jevons[report]'") from error
    import msgspec

    from jevons.footprint import overrides
    from jevons.ledger.spans import Span
    from jevons.report import rebound as page
    from jevons.weigh.ahead import Ahead, ahead
    from jevons.weigh.direct import direct
    from jevons.weigh.taken_back import Outcome

    on, later = _date("--at", at), _date("--since", since)
    root, settings, home = find()
    homes = ledgers(root, settings, home)
    runs, _ = read_runs(homes, Span("all runs", known_runs(homes), 0, 0), settings)
    stated = overrides(settings, root, grid or "")
    today = dt.datetime.now(dt.UTC).date()
    made: Outcome | Ahead | None
    gained = None if gain is None else gain / 100
    try:
        if gained is None or on or later:
            made = direct(
                runs,
                at=on,
                since=later,
                controls=controls,
                gained=gained,
                figure=FIGURES[figure],
                place=place,
                overrides=stated,
                today=today,
            )
        else:
            made = ahead(runs, gained, figure=FIGURES[figure], place=place, overrides=stated, today=today)
    except ValueError as error:
        raise CouldNotError(str(error)) from None
    if made is None:
        raise CouldNotError("no run of a suite is recorded before today: pytest --jevons records one")
    if form == "json":
        write(msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n", output)
    else:
        write(page.ahead(made) if isinstance(made, Ahead) else page.text(made), output)


def _date(option: str, told: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(told) if told else None
    except ValueError:
        raise CouldNotError(f"{option} {told}: a day as 2026-09-01") from None
