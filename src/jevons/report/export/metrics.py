"""Recorded runs as metrics, named as OpenTelemetry names things; the formats are `otlp` and `openmetrics`.

Attributes: ``gen_ai.*`` as in OpenTelemetry's GenAI conventions 1.41 (``gen_ai.response.model``: the model that
answered, or the one asked for where no answer names one), ours are ``jevons.*``. Units: UCUM. No convention for carbon
or water exists. Each point says its rung: ``counted``, exact, or ``level``, modelled and rough. The amounts of a level
add up over attributes; the ends of their 90 % intervals (``.low``, ``.high``) do not, so they are gauges, and those of
the whole are given too (``jevons.whole.*``). What is unknown has no point: never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from jevons.footprint import Overrides
from jevons.footprint.account import Account, Part, priced
from jevons.footprint.units import convert
from jevons.ledger.cells import Cell
from jevons.ledger.recorded import Recorded
from jevons.record import Run
from jevons.report.build import count
from jevons.report.document import Document, Level, Range
from jevons.report.export.machine import of_machines
from jevons.report.export.metric import COUNTED, Metric, Metrics
from jevons.report.text import printable

OPERATIONS = {"completion": "text_completion"}
"""Kinds of calls that ``gen_ai.operation.name`` calls otherwise."""
FIGURES = {
    "energy_wh": ("energy", "J", "Energy of the facility in data centres, of the machine elsewhere"),
    "carbon_g": ("carbon", "g", "CO2e of electricity, location-based"),
    "water_l": ("water", "L", "Water consumed, on site and by power stations"),
    "embodied_g": ("embodied_carbon", "g", "CO2e of the hardware's share"),
}
"""Figure of a level -> (name, unit, what it is)."""
COUNTS = {
    "calls": ("calls", "{call}", "Calls to AI models"),
    "failed": ("calls.failed", "{call}", "Calls that no usable answer came of"),
    "retries": ("calls.retries", "{call}", "Calls that tried again what had failed"),
    "repeats": ("calls.repeats", "{call}", "Calls that asked word for word what the run had asked before"),
    "estimated": ("calls.estimated", "{call}", "Calls whose tokens are estimated from text"),
    "unknown": ("calls.unknown", "{call}", "Calls that used tokens that nobody counted"),
}
"""Field of `Counts` -> (name, unit, what it is)."""
TOKENS = {
    "input_tokens": ("tokens.input", "Tokens of prompts, cached ones included"),
    "cached_tokens": ("tokens.cached", "Tokens of prompts that a cache held, part of the input"),
    "output_tokens": ("tokens.output", "Tokens of answers, reasoning included"),
    "reasoning_tokens": ("tokens.reasoning", "Tokens of reasoning, part of the output"),
}


class _Group(NamedTuple):
    """What the points of calls are told apart by."""

    provider: str
    model: str
    kind: str
    role: str
    mode: str

    @property
    def attributes(self) -> dict[str, str]:
        named = {
            "gen_ai.provider.name": self.provider,
            "gen_ai.response.model": self.model,
            "gen_ai.operation.name": OPERATIONS.get(self.kind, self.kind),
            "jevons.role": self.role,
            "jevons.mode": self.mode,
        }
        return {name: value for name, value in named.items() if value}


def metrics(
    runs: Sequence[Recorded],
    document: Document,
    *,
    place: str = "",
    overrides: Overrides | None = None,
    measurements: Iterable[Run] = (),
) -> list[Metric]:
    """The metrics of runs and of their `document`, made with the same place and overrides."""
    made = Metrics()
    accounts = [one for of_run in priced(runs, place=place, overrides=overrides) for one in of_run]
    groups: dict[_Group, list[Account]] = {}
    for one in accounts:
        groups.setdefault(_group(one.cell), []).append(one)
    for group in sorted(groups):
        _counted(made, group.attributes, [one.cell for one in groups[group]], group.mode)
        _level(made, group, groups[group])
    mode = {"jevons.mode": document.mode}
    if any(one.covered for one in accounts if one.mode == document.mode):
        _ends(made, "whole", document.level, mode)
    if any(one.covered for one in accounts if one.mode == "replayed") and document.avoided is not None:
        _ends(made, "whole.avoided", document.avoided, {})
    if any(one.due for one in accounts):
        about = "Part of the calls that should have figures and do: below 1, levels are lower bounds"
        made.gauge("jevons.coverage", "1", about, COUNTED, mode, document.coverage)
    of_machines(made, [*(one.run for one in runs), *measurements], overrides)
    return made.all


def _group(cell: Cell) -> _Group:
    key, whose = cell.key, cell.group
    return _Group(*map(printable, (key.provider, key.model, key.kind, whose.role, key.mode)))


def _counted(made: Metrics, attributes: dict[str, str], cells: list[Cell], mode: str) -> None:
    counts = count(cells, mode)
    for field, (name, unit, about) in COUNTS.items():
        made.count(f"jevons.{name}", unit, about, attributes, getattr(counts, field))
    if any(cell.key.usage != "unknown" for cell in cells):
        for field, (name, about) in TOKENS.items():
            made.count(f"jevons.{name}", "{token}", about, attributes, getattr(counts, field))
    if any(cell.sums.measured_calls for cell in cells):
        about = "Energy that this machine's counters showed over calls to models on it, shared out where calls overlap"
        joules = sum(cell.sums.measured_mj for cell in cells) * 1e-3
        made.count("jevons.calls.measured_energy", "J", about, attributes, joules)


def _level(made: Metrics, group: _Group, accounts: list[Account]) -> None:
    """Figures of calls that have any; of replayed calls, what was avoided."""
    part = Part()
    for one in accounts:
        part.add(one)
    if not part.covered:
        return
    before = "avoided." if group.mode == "replayed" else ""
    for field, (name, unit, about) in FIGURES.items():
        about = f"{about}, avoided by replays" if before else about
        figure = part.figures.interval(field)
        scaled = [_in_unit(field, end) for end in figure.ends]
        made.amount(f"jevons.{before}{name}", unit, about, group.attributes, scaled[1])
        made.ends(f"jevons.{before}{name}", unit, about, group.attributes, scaled[0], scaled[2])


def _ends(made: Metrics, prefix: str, level: Level, attributes: dict[str, str]) -> None:
    for field, (name, unit, about) in FIGURES.items():
        figure: Range = getattr(level, field)
        about = f"{about}, of all calls together"
        low, high = _in_unit(field, figure.low), _in_unit(field, figure.high)
        made.ends(f"jevons.{prefix}.{name}", unit, about, attributes, low, high)


def _in_unit(field: str, value: float) -> float:
    return convert(value, "Wh", "J") if field == "energy_wh" else value
