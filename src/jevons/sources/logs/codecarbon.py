"""CodeCarbon's ``emissions.csv``: energy of runs on a machine, measured or modelled.

kg CO2e, kWh, seconds; PUE is in its energies (mlco2/codecarbon, docs: output). Rows of one run are cumulative, the last
holds them all; a row without a run id is a run of its own. `jevons.shelf.codecarbon` reads cards of models from the
same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from jevons.sources.logs.entry import Entry, Metered, Skipped
from jevons.sources.logs.values import moment

KIND = "codecarbon"
NEEDS = ("duration", "emissions", "energy_consumed")
PARTS = ("cpu_energy", "gpu_energy", "ram_energy")
_MJ_PER_KWH = 3_600_000_000


def holds(document: Any) -> bool:
    """Whether a row is of such a file."""
    return isinstance(document, dict) and set(NEEDS) <= document.keys()


def stripped(row: Mapping[str | None, Any]) -> dict[str, str]:
    """A row's texts, without those beyond its columns."""
    return {name: str(row.get(name) or "").strip() for name in row if name}


def empty(row: Mapping[str, str]) -> bool:
    """Whether a row has no emissions or no energy in it."""
    return not row["emissions"] or not row["energy_consumed"]


def fault(row: Mapping[str, str]) -> str:
    """What is wrong with a row's numbers; empty for nothing."""
    try:
        for name in (*NEEDS, *(name for name in PARTS if row.get(name))):
            if not 0 <= float(row[name]) < math.inf:
                return f"{name} {row[name]}: 0 at least"
        if row.get("pue") and float(row["pue"]) < 1:
            return f"pue {row['pue']}: 1 at least"
    except ValueError as error:
        return str(error)
    return ""


def scope(row: Mapping[str, str]) -> str:
    """``facility`` where a PUE is in the row's energy, else ``server``."""
    return "facility" if float(row.get("pue") or 1) > 1 else "server"


def place(row: Mapping[str, str]) -> str:
    """Cloud region, else country (ISO 3166-1 alpha-3); empty where neither is told."""
    return row.get("cloud_region") or row.get("country_iso_code") or ""


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every row: runs by their last."""
    runs: dict[str, Metered] = {}
    for document in documents:
        if not holds(document):
            yield Skipped("row that lacks columns of CodeCarbon's")
            continue
        row = stripped(document)
        if empty(row):
            yield Skipped("row without emissions or energy")
        elif fault(row):
            yield Skipped("row whose numbers cannot be")
        else:
            run = row.get("run_id") or f"{row.get('timestamp')} {row['duration']} {row['energy_consumed']}"
            if run in runs:
                yield Skipped("earlier row of a run, whose last one holds it all")
            runs[run] = _metered(row, run)
    yield from runs.values()


def _metered(row: Mapping[str, str], run: str) -> Metered:
    duration_us = round(float(row["duration"]) * 1e6)
    ended = moment(row.get("timestamp"))
    return Metered(
        id=run,
        started_us=max(ended - duration_us, 0) if ended else 0,
        duration_us=duration_us,
        energy_mj=round(float(row["energy_consumed"]) * _MJ_PER_KWH),
        scope=scope(row),
        tool=f"codecarbon {row.get('codecarbon_version', '')}".strip(),
        project=row.get("project_name", ""),
        place=place(row),
    )
