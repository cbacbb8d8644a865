"""`jevons report`: what recorded runs cost."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons.cli.project import (
    CouldNotError,
    drawing,
    engine_option,
    find,
    for_a_file,
    ledgers,
    pick_runs,
    read_runs,
    read_together,
    sites_of,
    write,
)  # fmt: skip
from jevons.ledger.home import Home

if TYPE_CHECKING:
    from jevons.footprint import Overrides
    from jevons.ledger.recorded import Recorded
    from jevons.ledger.spans import Span
    from jevons.report.document import Document
    from jevons.settings import Settings

FOLDER = "jevons-published"
"""Beside pyproject.toml: for the repository."""


@click.command(
    "report",
    epilog="""\b
Examples:
  jevons report                                   the latest run, test by test
  jevons report --by model --format markdown
  jevons report --format junit -o ai.xml          also dotenv (NAME=number lines), badge (SVG), shields (its JSON)
  jevons report --by day                          also by provider, role, file and project
  jevons report --format html -o report.html      one page: where it goes, what changed and why, what to do next
  jevons report --run 20261123T1930 --format json -o cost.json
  jevons report --run 2026Q4 --by model           also a branch, a tag, a commit, a date, 2026-11-01..2026-11-15, 7d
  jevons report --run 2026Q4 --publish 2026Q4     freeze these figures in jevons-published/ (commit it)
  jevons report --run 2026 --engine spark://host:7077   cells by a Spark cluster (pip install 'jevons[spark]', a JDK)
  jevons report --places                          where the calls ran: water, subsidies and jobs, the AI's share
  jevons report --published 2026Q4                what was published, what it would be today, and why
  jevons report --live                            pages of all runs and projects, while they go on; Ctrl-C ends it
""",
)
@click.option("--run", default="latest", show_default=True, help="Runs: an id, latest, a branch, a date ...")
@click.option(
    "--by", type=click.Choice(["test", "model", "provider", "role", "file", "day", "project"]), default="test"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "json", "markdown", "csv", "junit", "dotenv", "badge", "shields"]),
    default="text",
)
@click.option(
    "--against", default="", metavar="BASE", help="Runs that html and json compare with; else the run before."
)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of --format json.")
@click.option("--place", default="", metavar="CODE", help="Where these machines stand: ISO 3166 code or cloud region.")
@click.option(
    "--grid", type=click.Choice(["average", "operating", "build"]), help="Carbon intensity: average or margin."
)
@click.option("--places", "by_place", is_flag=True, help="Where the calls ran: water, subsidies, jobs, AI's share.")
@click.option("--publish", default="", metavar="NAME", help="Freeze the figures under a name, in jevons-published/.")
@click.option(
    "--published",
    is_flag=False,
    flag_value="*",
    default="",
    metavar="[NAME]",
    help="Show a published figure beside today's, and why they differ; all of them without a name.",
)
@click.option("--live", is_flag=True, help="Serve pages of all runs, from a quarter down to a test, as they go on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --live: address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --live: instead of one that is free.")
@click.option("--open", "browse", is_flag=True, help="With --live: open a browser.")
@engine_option
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(
    run: str,
    by: str,
    form: str,
    against: str,
    schema: bool,
    place: str,
    grid: str | None,
    by_place: bool,
    publish: str,
    published: str,
    live: bool,
    host: str,
    port: int,
    browse: bool,
    engine: str,
    output: Path | None,
) -> None:
    """Show what recorded runs cost: counts first, then the rough level."""
    from jevons.footprint import overrides

    if live:
        from jevons.cli.live import serve

        others = {"--run": run != "latest", "--by": by != "test", "--against": against, "--places": by_place}
        others |= {"--publish": publish, "--published": published, "--output": output}
        if any(others.values()) or form not in ("text", "json"):
            named = ", ".join(name for name, given in others.items() if given) or f"--format {form}"
            raise CouldNotError(f"--live shows all runs, each by each: leave out {named}")
        serve(host, port, place, grid or "", browse=browse, form=form)
        return
    if schema:
        write(_schema(), output)
        return
    if form == "html":
        for_a_file(output, "jevons report --format html -o report.html")
    if against and form not in ("html", "json"):
        raise CouldNotError(f"--against is for html and json: jevons compare {against} {run} says it in text")
    root, settings, home = find(engine=engine)
    homes = ledgers(root, settings, home)
    known = overrides(settings, root, grid or "")
    if published:
        write(_restated(root / FOLDER, homes, published, form, place, known), output)
        return
    from jevons.report.build import build
    from jevons.report.render import render

    span = pick_runs(homes, run)
    # By test, runs are read one by one; by what all runs share they are added up by the engine, however many.
    apart = by == "test" or len(span.runs) == 1 or by_place or bool(publish) or form in ("html", "json", "junit")
    if apart:
        made, torn = read_runs(homes, span, settings)
    else:
        made, torn = read_together(homes, span, settings, by_file=by == "file", hours=known.signal is not None)
    if not any(one.cells for one in made):
        from jevons.report.build import measured
        from jevons.report.machine import machines
        from jevons.report.sentences import machine

        told = "".join(f". {note}" for note in measured(span.measurements))
        told += "".join(f". This machine: {line}" for line in machine(machines(span.measurements, known)))
        raise CouldNotError(f"{span.name} holds no AI call: `jevons doctor` says what is not seen{told}")
    if publish:
        from jevons.weigh.published import PublishedError
        from jevons.weigh.published import publish as freeze

        asked = made[0].run.id if run in ("latest", "previous") else run
        try:
            freeze(root / FOLDER, publish, asked, made, place=place, overrides=known)
        except PublishedError as error:
            raise CouldNotError(str(error)) from error
        click.echo(f"published as {publish}: commit {FOLDER}/{publish}.json and .jsonl", err=True)
    name = made[0].run.id if len(span.runs) == 1 else span.name
    if by_place:
        write(_places(made, name, form, place, known, settings, root), output)
        return
    notes = _billed(home, span)
    document = build(
        made, name=name, by=by, torn=torn, place=place, overrides=known, extra_notes=notes,
        measurements=span.measurements, records=() if apart else span.runs,
    )  # fmt: skip
    if form in ("html", "json"):
        _complete(document, made, homes, span, against, place, known, settings, root)
    if form == "text" and output is None:
        from jevons.report.terminal import render as on_terminal

        width = min(shutil.get_terminal_size((80, 24)).columns, 120)
        text = on_terminal(document, width=width, encoding=sys.stdout.encoding or "utf-8", color=sys.stdout.isatty())
    else:
        with drawing():
            text = render(document, "term" if form == "text" else form)
    write(text, output)


def _schema() -> str:
    import msgspec

    from jevons.report.schema import schema

    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _complete(
    document: Document, made: Sequence[Recorded], homes: Sequence[Home], span: Span, against: str, place: str,
    known: Overrides, settings: Settings, root: Path,
) -> None:  # fmt: skip
    """What a page shows beside the counts, from the ledger and the settings."""
    from jevons.factors.sheets import FactorFileError
    from jevons.report.complete import complete

    before = pick_runs(homes, against) if against else None
    if before and {run.id for run in before.runs} & {run.id for run in span.runs}:
        raise CouldNotError(f"{against} and {span.name} name the same runs: nothing to compare")
    try:
        complete(
            document, made, homes=homes, span=span, against=before,
            read=lambda other: read_runs(homes, other, settings)[0],
            settings=settings, root=root, place=place, overrides=known,
        )  # fmt: skip
    except FactorFileError as error:
        raise CouldNotError(str(error)) from error


def _places(
    made: Sequence[Recorded], name: str, form: str, place: str, known: Overrides, settings: Settings, root: Path
) -> str:
    """Where the calls ran."""
    import msgspec

    from jevons.report.places import markdown, text
    from jevons.weigh.society.places import places

    if form not in ("text", "json", "markdown"):
        raise CouldNotError("--places as text, json or markdown")
    society = places(made, name=name, place=place, overrides=known, sites=sites_of(settings, root))
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(society), indent=2).decode() + "\n"
    return text(society) if form == "text" else markdown(society)


def _billed(home: Home, span: Span) -> list[str]:
    """How much of what providers billed on a span's days was seen; nothing where no usage report was imported."""
    from jevons.ledger.billed import coverage, kept, reconcile
    from jevons.ledger.days import day

    first, last = day(span.starts), day(span.ends)
    made = reconcile(home, [row for row in kept(home) if first <= day(row.started_us) <= last])
    share = coverage(made)
    if share is None:
        return []
    unseen = sum(max(row.unseen.tokens, 0) for row in made)
    providers = ", ".join(sorted({row.provider for row in made}))
    return [
        f"{share:.0%} of the tokens that {providers} billed on these days were seen; {unseen:,} are billed, not seen"
    ]


def _restated(folder: Path, homes: Sequence[Home], name: str, form: str, place: str, known: Overrides) -> str:
    """Publications, all or one of them, beside what they would be today."""
    import msgspec

    from jevons.report.restated import markdown, text
    from jevons.weigh.published import PublishedError, load, names, restate

    chosen = names(folder) if name == "*" else [name]
    if not chosen:
        raise CouldNotError(f"nothing is published in {folder} yet: jevons report --run 2026Q4 --publish 2026Q4")
    made = []
    for one in chosen:
        try:
            publication, runs = load(folder / f"{one}.json")
        except PublishedError as error:
            raise CouldNotError(str(error)) from error
        of = restate(publication, runs, place=place or publication.stated.place, overrides=known)
        of.later_runs = _later(homes, publication.asked, {one.run.id for one in runs})
        made.append(of)
    if form == "json":
        whole = made if name == "*" else made[0]
        return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"
    if form not in ("text", "json", "markdown"):
        raise CouldNotError("--published as text, json or markdown")
    return "\n".join((text if form == "text" else markdown)(one) for one in made)


def _later(homes: Sequence[Home], asked: str, known: set[str]) -> int:
    """Runs that go by the name now and were not published."""
    try:
        return len({run.id for run in pick_runs(homes, asked).runs} - known)
    except CouldNotError:  # a ledger that no longer holds them
        return 0
