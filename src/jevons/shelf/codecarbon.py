"""CodeCarbon's ``emissions.csv``: runs of one training as one stretch of work.

What its columns mean is told in `jevons.sources.logs.codecarbon`, which reads the same rows into a ledger.
"""

from __future__ import annotations

import csv
import math
from typing import NamedTuple

from jevons.footprint.claims import Quantity, check
from jevons.shelf.card import Amount, Spent
from jevons.shelf.text import CardError, Fault
from jevons.sources.logs.codecarbon import NEEDS, PARTS, empty, fault, scope, stripped


class Runs(NamedTuple):
    """What a file says."""

    spent: Spent
    project: str
    first: str
    """Date."""
    last: str
    notes: tuple[str, ...]
    """Rows that were left out, and rows that contradict themselves."""


def is_one(text: str) -> bool:
    """Whether a text is CodeCarbon's, by its head."""
    head = text.partition("\n")[0].split(",")
    return {"emissions", "energy_consumed"} <= {name.strip() for name in head}


def read(text: str, file: str) -> Runs:
    """The sum of the runs of a file; CardError says the line."""
    reader = csv.DictReader(text.splitlines())
    lacking = [name for name in NEEDS if name not in (reader.fieldnames or ())]
    if lacking:
        raise CardError([Fault(file, 1, f"no column {', '.join(lacking)}: not a file of CodeCarbon's")])
    runs: dict[str, tuple[int, dict[str, str]]] = {}
    faults: list[Fault] = []
    notes: list[str] = []
    for row in reader:
        line = reader.line_num
        given = stripped(row)
        if empty(given):
            notes.append(f"{file}:{line}: left out: no emissions or no energy in it")
            continue
        wrong = fault(given)
        if wrong:
            faults.append(Fault(file, line, wrong))
            continue
        notes += [f"{file}:{line}: {found}" for found in _contradictions(given)]
        runs[given.get("run_id") or f"line {line}"] = (line, given)
    if faults:
        raise CardError(faults)
    if not runs:
        raise CardError([Fault(file, 2, "no run with emissions and energy in it")])
    rows = [row for _, row in runs.values()]
    return Runs(_spent(rows, len(rows)), rows[-1].get("project_name", ""), _day(rows[0]), _day(rows[-1]), tuple(notes))


def _spent(rows: list[dict[str, str]], runs: int) -> Spent:
    def total(name: str) -> float:
        return math.fsum(float(row.get(name) or 0) for row in rows)

    def words(*names: str) -> str:
        return "; ".join(dict.fromkeys(text for row in rows for name in names if (text := row.get(name) or "")))

    pues = {float(row.get("pue") or 1) for row in rows}
    water = total("water_consumed")
    version = words("codecarbon_version")
    gpus = max(float(row.get("gpu_count") or 0) for row in rows)
    hours = total("duration") / 3600
    return Spent(
        how="measured",
        scope="facility" if any(scope(row) == "facility" for row in rows) else "server",
        energy=Amount(total("energy_consumed"), "kWh"),
        carbon=Amount(total("emissions"), "kg"),
        water=Amount(water, "L") if water else None,
        machine_hours=hours * max(gpus, 1),
        pue=pues.pop() if len(pues) == 1 else None,
        hardware=words("gpu_model") or words("cpu_model"),
        place=words("cloud_region") or words("country_iso_code"),
        tool=f"codecarbon {version}".strip(),
        source=f"CodeCarbon, {runs} run{'s' * (runs != 1)}",
        licence="the user's own",
    )


def _contradictions(row: dict[str, str]) -> list[str]:
    """Energy of the parts adds up to the whole."""
    parts = [float(row[name]) for name in PARTS if row.get(name)]
    if not parts:
        return []
    whole = float(row["energy_consumed"])
    rows = [Quantity(kind="energy", value=part, unit="kWh", step=1e-6 * whole, role="row") for part in parts]
    total = Quantity(kind="energy", value=whole, unit="kWh", step=1e-6 * whole, role="total")
    return [str(found) for found in check([*rows, total])]


def _day(row: dict[str, str]) -> str:
    return (row.get("timestamp") or "")[:10]
