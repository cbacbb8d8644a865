"""What this machine spent while commands of `jevons run` ran, by how that is known."""

from __future__ import annotations

from collections.abc import Iterable

from jevons.footprint import Overrides
from jevons.footprint.interval import ZERO, Interval
from jevons.footprint.machine import Local, local
from jevons.footprint.units import convert
from jevons.record import Run
from jevons.report.document import Machine, Range


def machines(runs: Iterable[Run], overrides: Overrides | None = None) -> list[Machine]:
    """One for each way of knowing; a command within another is in the other's figures."""
    user = overrides.factors if overrides is not None else None
    found: dict[tuple[str, str], list[tuple[Run, Local]]] = {}
    for run in counted(runs):
        if run.machine is not None:
            priced = local(run.machine, user)
            found.setdefault((priced.how, priced.why), []).append((run, priced))
    return [_added(how, why, parts) for (how, why), parts in sorted(found.items())]


def counted(runs: Iterable[Run]) -> list[Run]:
    """The runs over which a machine counted, without those that were within another of them."""
    made = {run.id: run for run in runs if run.machine is not None}
    return [run for run in made.values() if run.command not in made]


def _added(how: str, why: str, parts: list[tuple[Run, Local]]) -> Machine:
    whole: Interval | None = None
    for _, one in parts:
        if one.kwh is not None:  # known of all, or of none: they share what they rest on, and so their bounds add
            whole = (whole or ZERO) + one.kwh
    facts = [run.machine for run, _ in parts if run.machine is not None]
    cpu_us = [one.cpu_us for one in facts if one.cpu_us is not None]
    return Machine(
        how=how,
        commands=len(parts),
        unended=sum(run.ended_us is None for run, _ in parts),
        energy_wh=None if whole is None else Range(*(convert(end, "kWh", "Wh") for end in whole.ends)),
        duration_s=sum(one.duration_us for one in facts) * 1e-6,
        cpu_s=sum(cpu_us) * 1e-6 if len(cpu_us) == len(facts) else None,
        why=why,
    )
