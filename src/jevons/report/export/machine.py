"""Metrics of machines: what their counters showed, by OpenTelemetry's hardware conventions; what is estimated apart.

``hw.energy`` is of components (``hw.id``, ``hw.type``) alone: the convention keeps the host as a whole out of it
(opentelemetry.io/docs/specs/semconv/hardware/common, host).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from jevons.footprint import Overrides
from jevons.footprint.units import convert
from jevons.record import Run
from jevons.report.export.metric import Metrics
from jevons.report.machine import counted, machines
from jevons.report.text import printable


def of_machines(made: Metrics, runs: Iterable[Run], overrides: Overrides | None) -> None:
    """Add what machines spent while commands of `jevons run` ran, and what other tools told of machines."""
    runs = list({run.id: run for run in runs}.values())
    for parts, kind, field in (("processors", "cpu", "processor_mj"), ("graphics cards", "gpu", "card_mj")):
        mj = [value for run in counted(runs) if (value := getattr(run.machine, field)) is not None]
        if mj:
            about = "Energy that the component's own counter showed while commands of jevons run ran"
            made.count("hw.energy", "J", about, {"hw.id": parts, "hw.type": kind}, sum(mj) * 1e-3)
    for one in machines(runs, overrides):
        how = {"jevons.how": one.how}
        if one.cpu_s is not None:
            made.count("jevons.machine.cpu_time", "s", "Processor time of commands of jevons run", how, one.cpu_s)
        if one.energy_wh is not None:
            ends = (one.energy_wh.low, one.energy_wh.mid, one.energy_wh.high)
            low, mid, high = (convert(end, "Wh", "J") for end in ends)
            about = (
                "Energy of the machine over commands of jevons run, in no figure of calls; local calls may be in both"
            )
            made.amount("jevons.machine.energy", "J", about, how, mid)
            made.ends("jevons.machine.energy", "J", about, how, low, high)
    told: dict[str, int] = defaultdict(int)
    for run in runs:
        if run.metered is not None:
            told[printable(run.metered.tool)] += run.metered.energy_mj
    for tool, energy_mj in sorted(told.items()):
        about = "Energy of machines that another tool measured or modelled, in no figure of calls"
        made.amount("jevons.imported.energy", "J", about, {"jevons.tool": tool}, energy_mj * 1e-3)
