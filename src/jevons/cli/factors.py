"""`jevons factors`: the figures that footprints rest on, each with its source and the way that led to it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec

SCHEMA = "jevons.factors/1"


@click.command(
    "factors",
    epilog="""\b
Examples:
  jevons factors                                   what there is a figure for, its unit, its source
  jevons factors grid --place SE                   the figure of a place, and how it was found
  jevons factors grid --place us-east-1 --year 2023 --format json
  jevons factors pue --place aws.bedrock           places of pue and wue may be providers
  jevons factors grid --place SE --file ours.csv   with rows of your own, which win
  jevons factors --check ours.csv                  is a file good?

\b
A file is CSV with the columns name, place, year, value, low, high, unit, source; also scope, source_url, licence,
note. An empty place is everywhere, an empty year every year. Units are those of `jevons factors`.
""",
)
@click.argument("name", default="", metavar="[NAME]")
@click.option("--place", default="", metavar="CODE", help="ISO 3166 code, cloud region, continent, provider.")
@click.option("--year", type=click.IntRange(1990, 2100), help="Year that the figure should describe.")
@click.option(
    "--file", "files", multiple=True, type=click.Path(path_type=Path), help="Factors of your own; repeatable."
)
@click.option(
    "--check", "checked", multiple=True, type=click.Path(path_type=Path), help="Only say whether a file is good."
)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
def command(
    name: str, place: str, year: int | None, files: tuple[Path, ...], checked: tuple[Path, ...], form: str
) -> None:
    """Show the figure NAME with its interval, source, licence and every step that led to it; without NAME, the list."""
    from jevons.factors import FactorFileError, figure, load_user

    try:
        user = load_user((*files, *checked))
    except FactorFileError as error:
        click.echo(f"jevons: {_count(len(error.faults), 'fault')}:\n{error}", err=True)
        raise click.exceptions.Exit(2) from None
    if checked:
        _print(
            form,
            [{"files": len({*files, *checked}), "rows": len(user.rows)}],
            f"{_count(len(user.rows), 'factor')}, all good",
        )
        return
    if not name:
        if place or year is not None:
            raise click.UsageError("--place and --year need the NAME of a factor: jevons factors grid --place SE")
        listed = _list()
        wide = max(len(row["name"]) for row in listed)
        lines = [
            f"{row['name']:{wide}}  {row['unit']:14}  {row['rows']:>4} rows  {row['what']}\n  {row['source']}"
            for row in listed
        ]
        _print(form, listed, "\n".join(lines))
        return
    try:
        found = figure(name, place, year, user)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if found is None:
        raise click.UsageError(f"{name}: only your own file can tell; give it with --file ours.csv")
    made = msgspec.to_builtins(found)
    text = [
        f"{found.name} of {found.place}, {found.year or 'every year'}: {found.value:.4g} {found.unit}".removesuffix(
            " 1"
        )
        + f" (90 %: {found.low:.4g} to {found.high:.4g})",
        f"scope    {found.scope}",
        f"source   {found.source}",
        f"         {found.source_url}",
        f"licence  {found.licence}",
        *([f"note     {found.note}"] if found.note else []),
        *(f"{'found by' if not number else '':8} {number + 1}. {step}" for number, step in enumerate(found.steps)),
    ]
    _print(form, [made], "\n".join(text))


def _list() -> list[dict[str, str]]:
    from jevons.factors import quantities
    from jevons.factors.table import rows, source

    listed = []
    for quantity in quantities().values():
        own = [
            row
            for row in (rows(quantity.table) if quantity.table else ())
            if quantity.name in (row.get("name"), row.get("metric")) or not {"name", "metric"} & row.keys()
        ]
        titles = dict.fromkeys(source(row["source"]).title for row in own)
        listed.append({
            "name": quantity.name,
            "unit": quantity.unit,
            "rows": str(len(own)),
            "what": quantity.what,
            "source": " | ".join(titles) or "your own file",
        })  # fmt: skip
    return listed


def _print(form: str, made: Sequence[Mapping[str, object]], text: str) -> None:
    if form == "json":
        from jevons.footprint import METHOD_VERSION

        document = {"schema": SCHEMA, "method": METHOD_VERSION, "factors": made}
        text = msgspec.json.format(msgspec.json.encode(document)).decode()
    elif form == "csv":
        target = io.StringIO()
        writer = csv.DictWriter(target, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: " > ".join(cell) if isinstance(cell, list | tuple) else cell for name, cell in row.items()}
            for row in made
        )
        text = target.getvalue().rstrip("\n")
    click.echo(text)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
