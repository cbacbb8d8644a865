"""Eco-CI's JSON (``lap-data.json``, ``total-data.json``): energy of a CI job's machine, modelled from its utilisation.

``{repository, branch, workflow, run_id, label, cpu_avg_percent, energy_joules, power_avg_watts}``; it tells no time.
The ``TOTAL`` of a job holds its laps. Source: green-coding-solutions/eco-ci-energy-estimation, scripts/add-data.sh,
display_results.sh.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import mapping
from jevons.sources.logs.entry import Entry, Metered, Skipped
from jevons.wire.base import number, text

KIND = "eco_ci"


def holds(document: Any) -> bool:
    """Whether a document is such a measurement."""
    of = mapping(document)
    return "energy_joules" in of and "label" in of


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every measurement; laps are in their total and not added to it."""
    for document in documents:
        of = mapping(document)
        energy, power = number(_figure(of.get("energy_joules"))), number(_figure(of.get("power_avg_watts")))
        if not holds(of) or energy is None or energy < 0:
            yield Skipped("no measurement of Eco-CI's")
        elif text(of.get("label")) != "TOTAL":
            yield Skipped("lap of a job, whose total holds it")
        else:
            run = "/".join(str(of.get(name, "")) for name in ("repository", "workflow", "run_id"))
            yield Metered(
                id=run,
                started_us=0,
                duration_us=round(energy / power * 1e6) if power else 0,
                energy_mj=round(energy * 1e3),
                scope="server",
                tool="eco-ci (modelled)",
                project=text(of.get("repository")),
            )


def _figure(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return None
