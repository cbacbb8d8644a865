"""`jevons sci`: Software Carbon Intensity (ISO/IEC 21031) of runs, and a check of other reports."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import msgspec

from jevons.cli.project import CouldNotError, find, ledgers, pick_runs, read_runs, write

_MOST_BYTES = 5_000_000


@click.command(
    "sci",
    epilog="""\b
Examples:
  jevons sci                              the latest run, per 1,000 calls
  jevons sci --run 2026Q4 --per verdict -o SCI.md
  jevons sci --own acme-7b                tests that call a model of your own: its Provider's part, apart
  jevons sci --format json
  jevons sci --check REPORT.md            do a report's own figures agree? (any text or Markdown)

\b
SCI = (E x I + M) / R by ISO/IEC 21031:2024, with the personas of the Green Software Foundation's SCI for AI. Training
is in no score of these: it is the Provider's, in full, and never spread over those who use a model.
Exit 0: done; 1: --check found figures that contradict each other; 2: it could not be done.
""",
)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option(
    "--per", type=click.Choice(["calls", "run", "verdict", "tokens"]), default="calls", show_default=True,
    help="Functional unit: 1,000 calls, a run, a verdict, a million tokens.",
)  # fmt: skip
@click.option("--own", default="", metavar="MODEL", help="A model that you provide, and these tests evaluate.")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option(
    "--check", "checked", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Check the figures of an SCI report against each other.",
)  # fmt: skip
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    run: str, per: str, own: str, place: str, grid: str | None, checked: Path | None, form: str, output: Path | None
) -> None:
    """Score the AI of recorded runs: carbon per functional unit, by ISO/IEC 21031."""
    if checked is not None:
        _check(checked, form, output)
        return
    from jevons.footprint import overrides
    from jevons.ledger.spans import started
    from jevons.report.sci import NoScoreError, report
    from jevons.report.sci.text import markdown

    root, settings, home = find()
    homes = ledgers(root, settings, home)
    span = pick_runs(homes, run)
    made, _ = read_runs(homes, span, settings)
    begun = min((started(one.run) for one in made if started(one.run)), default=0)
    try:
        document = report(
            made,
            name=made[0].run.id if len(made) == 1 else span.name,
            started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun / 1e6)) if begun else "",
            per=per,
            own=own,
            place=place,
            overrides=overrides(settings, root, grid or ""),
        )
    except NoScoreError as error:
        raise CouldNotError(str(error)) from None
    write(_json(document) if form == "json" else markdown(document), output)


def _check(file: Path, form: str, output: Path | None) -> None:
    from jevons.report.sci.check import check, text

    try:
        if file.stat().st_size > _MOST_BYTES:
            raise CouldNotError(f"{file}: larger than {_MOST_BYTES:,} bytes: no report; name the page itself")
        told = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CouldNotError(f"{file} cannot be read ({error}): name a file of UTF-8 text") from error
    made = check(told, str(file))
    write(_json(made) if form == "json" else text(made), output)
    sys.exit(1 if made.findings else 0)


def _json(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
