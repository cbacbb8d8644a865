"""`jevons estimate`: a table of servings in, the same with energy, carbon, water and hardware out."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.footprint.table import COLUMNS, RESULT_COLUMNS, row

SCHEMA = "jevons.estimate/1"
_HINT = f"columns: {', '.join(COLUMNS)}"


@click.command(
    "estimate",
    epilog="""\b
Examples:
  jevons estimate servings.csv                     a line for each row
  jevons estimate servings.csv --format csv        the same rows, results as columns
  jevons estimate - --format json < servings.csv

\b
Columns, any of which may be missing or empty:
  model, architecture (dense, moe, hybrid, encdec), total_params_b, active_params_b, weight_bits,
  gpu, n_gpus, engine, batch_avg, input_tokens, output_tokens, itl_s (seconds between tokens), place
Tokens are those of one answer; joules are of the GPUs for that answer, the rest of the whole data centre.
""",
)
@click.argument("table", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def command(table: Path, form: str, output: Path | None) -> None:
    """Estimate what each row of TABLE (a CSV file, or - for standard input) costs, as far as it is known."""
    head, rows = _read(table)
    target = output.open("w", encoding="utf-8", newline="") if output else sys.stdout
    try:
        if form == "csv":
            names = [*head, *(name for name in (*RESULT_COLUMNS, "trust", "note") if name not in head)]
            writer = csv.DictWriter(target, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        elif form == "json":
            document = {"schema": SCHEMA, "method": METHOD_VERSION, "rows": rows}
            target.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
        else:
            for number, made in enumerate(rows, 1):
                target.write(_line(number, made) + "\n")
    finally:
        if output:
            target.close()


def _read(table: Path) -> tuple[list[str], list[dict[str, str]]]:
    name = "standard input" if str(table) == "-" else str(table)
    try:
        text = sys.stdin.buffer.read() if str(table) == "-" else table.read_bytes()
        reader = csv.DictReader(text.decode("utf-8-sig").splitlines(), strict=True)
        head = [column.strip() for column in reader.fieldnames or []]
        reader.fieldnames = head
        if not set(head) & set(COLUMNS):
            _fail([f"{name}, row 1: no column that is known; {_HINT}"])
        rows = []
        faults = []
        for given in reader:
            if None in given:
                faults.append(f"{name}, row {reader.line_num}: more cells than the head has columns")
                continue
            given = {column: value or "" for column, value in given.items()}
            try:
                rows.append(given | row(given))
            except ValueError as error:
                faults.append(f"{name}, row {reader.line_num}: {error}")
    except UnicodeDecodeError as error:
        _fail([f"{name}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"])
    except csv.Error as error:
        _fail([f"{name}: not CSV: {error}"])
    if faults:
        _fail(faults)
    return head, rows


def _fail(faults: list[str]) -> NoReturn:
    more = [f"and {len(faults) - 20} more"] if len(faults) > 20 else []
    click.echo("\n".join(["jevons: nothing was estimated:", *faults[:20], *more]), err=True)
    sys.exit(2)


def _line(number: int, made: dict[str, str]) -> str:
    name = made.get("model") or "-"
    if not made["energy_wh_mid"]:
        return f"{number}. {name}: unknown ({made['note']})"
    parts = [
        f"{float(made[f'{what}_mid']):.3g} {unit} ({float(made[f'{what}_low']):.2g}-{float(made[f'{what}_high']):.2g})"
        for what, unit in (
            ("energy_wh", "Wh"),
            ("carbon_g", "gCO2e"),
            ("water_l", "L"),
            ("embodied_g", "gCO2e hardware"),
        )
    ]
    note = f"; {made['note']}" if made["note"] else ""
    return f"{number}. {name}: {', '.join(parts)}; {made['trust']}{note}"
