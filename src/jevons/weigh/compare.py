"""Two spans of runs compared: greener per run, in total, why, and what cannot be said.

Like with like: only what was counted on both sides (project, job, live or recorded); newcomers and leavers stand apart.
Both sides are priced anew from stored facts by one method, so a new method is no change; a serving is held the same in
all months, so what nobody knows of it cancels where the same model answered.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import msgspec

from jevons.footprint import METHOD_VERSION, Figures, Overrides
from jevons.footprint.account import Account, priced
from jevons.footprint.laws import CPU_TIME
from jevons.footprint.rates import FIGURES
from jevons.ledger.cells import Cell, fold
from jevons.ledger.recorded import Recorded, in_mode
from jevons.record import Run
from jevons.weigh.decomposition import DRIVERS, Side, Sums, factors, lmdi
from jevons.weigh.taken_back import Outcome as TakenBack

SCHEMA = "jevons.compare/1"
SAME = 1e-9
"""Ratios this close to 1 are no change."""
FLOOR = 0.9
"""Share of calls with figures below which no change is claimed."""


class Party(NamedTuple):
    """One side: a name and its runs."""

    name: str
    runs: list[Recorded]


class Group(NamedTuple):
    """What is compared with itself alone."""

    project: str
    job: str
    """CI system and job, or ``desk``; for imported calls, ``by`` and what saw them."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """After over before, with a 90 % interval."""

    verdict: str
    """``less``, ``more``, ``same`` or ``not shown``."""
    ratio: float
    low: float
    high: float
    why_not: str = ""
    """What would show it, where it is not shown: ``more runs``, ``coverage``, ``clock`` (more runs, as processor time
    counts what else the machine did), or ``causes`` (knowing what of `Outcome.remains` is not shared)."""


class Counted(msgspec.Struct, kw_only=True):
    """Exact counts of one side, of what is compared."""

    name: str
    runs: int = 0
    calls: int = 0
    judge_calls: int = 0
    tokens: int = 0
    coverage: float = 1.0
    low: float = 0.0
    amount: float = 0.0
    high: float = 0.0
    """The figure compared with its interval: rough."""


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """A group that was counted on one side only."""

    project: str
    job: str
    calls: int
    low: float
    high: float


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """What one driver did to the total: its effect in the figure's unit, and alone as a ratio."""

    name: str
    effect: float
    ratio: float | None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A model whose calls or tokens differ between the sides."""

    model: str
    calls: tuple[int, int]
    tokens: tuple[int, int]
    """In and out."""
    effect: float
    """After less before, in the figure's unit."""


class Outcome(msgspec.Struct, kw_only=True):
    """The document ``jevons.compare/1``."""

    before: Counted
    after: Counted
    figure: str
    per_run: Change | None
    total: Change | None
    drivers: list[Driver]
    moved: list[Moved]
    """Models that were asked more or less, the largest effect first."""
    newcomers: list[Apart]
    leavers: list[Apart]
    cancels: list[str]
    remains: list[str]
    mode: str
    notes: list[str]
    rebound: TakenBack | None = None
    """Where it was asked for (`between.add_rebound`): never a matter of `drivers`, which are an identity."""
    rebound_not_asked: str = ""
    """Why it is not there, where it was asked for."""
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def compare(
    before: Party, after: Party, *, figure: str = "carbon_g", place: str = "", overrides: Overrides | None = None
) -> Outcome:
    """What changed between two parties in one of `rates.FIGURES`. ValueError for another figure, or without calls.

    Needs numpy and scipy (extra ``report``).
    """
    from jevons.footprint.uncertainty import Joint

    if figure not in FIGURES:
        raise ValueError(f"figure {figure!r}: one of {', '.join(FIGURES)}")
    sides = (before, after)
    modes = {cell.key.mode for side in sides for one in side.runs for cell in one.cells}
    mode = "live" if modes & {"live", "replayed", "mocked"} or not modes else "recorded"
    accounts = _priced(sides, mode, place, overrides)
    groups = [_groups(side) for side in sides]
    both = groups[0].keys() & groups[1].keys()
    kept = [[one for one in made if one.cell.group[1] in both] for made in accounts]
    counted = [
        _counted(side.name, sum(groups[at][group] for group in both), kept[at], figure) for at, side in enumerate(sides)
    ]
    by_clock = any(one.trust == CPU_TIME for made in kept for one in made)
    drawn = Joint([_sum(made) for made in kept])
    made = Outcome(
        before=counted[0], after=counted[1], figure=figure, per_run=None, total=None, drivers=[],
        moved=_moved(kept, figure),
        newcomers=_apart(accounts[1], groups[1].keys() - both, figure),
        leavers=_apart(accounts[0], groups[0].keys() - both, figure),
        cancels=[], remains=[], mode=mode, notes=_notes(counted, bool(both), by_clock),
    )  # fmt: skip
    if not (counted[0].amount and counted[1].amount):
        return made
    compared = drawn.compare(figure)
    made.cancels, made.remains = list(compared.cancels), list(compared.remains)
    sums = drawn.sums(figure)
    ratios = sums[1] / sums[0]
    runs = counted[0].runs / counted[1].runs
    middle = counted[1].amount / counted[0].amount
    noise = _noise([_by_run(one, figure) for one in kept])
    covered = min(one.coverage for one in counted)
    scatter = _scatter(noise, len(ratios))
    once = by_clock and min(one.runs for one in counted) < 2
    clock = [_by_clock(of, figure) if once else 0.0 for of in kept]
    # Runs add up to what they took, whatever they scatter by; but a clock may have told too much of each.
    in_total = (ratios * scatter, noise[0]) if by_clock else (ratios, 0.0)
    made.total = _change(middle, in_total[0], covered, in_total[1], clock)
    made.per_run = _change(middle * runs, ratios * runs * scatter, covered, noise[0], clock)
    made.drivers = _drivers(counted, kept, figure)
    return made


def _priced(
    sides: Iterable[Party], mode: str, place: str, overrides: Overrides | None
) -> tuple[list[Account], list[Account]]:
    """Accounts of cells of one mode by (run, group, role), for each side; one serving state for both."""
    parts = [(at, one) for at, side in enumerate(sides) for one in in_mode(side.runs, mode)]
    found: tuple[list[Account], list[Account]] = ([], [])
    of_runs = priced(
        [one._replace(cells=_grouped(one)) for _, one in parts], place=place, overrides=overrides, held=True
    )
    for (at, _), accounts in zip(parts, of_runs, strict=True):
        found[at].extend(accounts)
    return found


def _grouped(one: Recorded) -> list[Cell]:
    run, group = one.run.id, group_of(one.run)
    return fold(one.cells, lambda whose: (run, group, whose.role))


def group_of(run: Run) -> Group:
    seen_by = f"by {run.source}" if run.source else ""
    return Group(run.project, " ".join(filter(None, (seen_by or run.ci or "desk", run.job))))


def _groups(side: Party) -> dict[Group, int]:
    """Runs of each group."""
    found: dict[Group, int] = defaultdict(int)
    for one in side.runs:
        found[group_of(one.run)] += 1
    return found


def _sum(accounts: Iterable[Account]) -> Figures:
    made = Figures()
    for one in accounts:
        made.add(one.figures)
    return made


def _counted(name: str, runs: int, accounts: list[Account], figure: str) -> Counted:
    made = Counted(name=name, runs=runs)
    for one in accounts:
        sums = one.cell.sums
        made.calls += sums.calls
        made.judge_calls += sums.calls if one.cell.group[2] == "judge" else 0
        made.tokens += sums.input + sums.output
    due = sum(one.due for one in accounts)
    made.coverage = sum(one.covered for one in accounts) / due if due else 1.0
    level = _sum(accounts).interval(figure)
    made.low, made.amount, made.high = level.ends
    return made


def _apart(accounts: list[Account], groups: Iterable[Group], figure: str) -> list[Apart]:
    found = []
    for group in sorted(groups):
        of = [one for one in accounts if one.cell.group[1] == group]
        interval = _sum(of).interval(figure)
        calls = sum(one.cell.sums.calls for one in of)
        found.append(Apart(project=group.project, job=group.job, calls=calls, low=interval.low, high=interval.high))
    return found


def _by_run(accounts: list[Account], figure: str) -> list[float]:
    """Middle of the figure for each run that made calls."""
    of: dict[str, Figures] = defaultdict(Figures)
    for one in accounts:
        of[one.cell.group[0]].add(one.figures)
    return [figures.amount(figure) for figures in of.values()]


def _noise(by_run: list[list[float]]) -> tuple[float, float]:
    """Standard error of the log of the ratio of means per run, and its degrees of freedom (Welch 1947); 0 where no side
    has two runs: then two runs are compared as they were, not what they stand for."""
    spread = [statistics.stdev(of) / statistics.fmean(of) if len(of) > 1 else None for of in by_run]
    known = [(one, len(of)) for one, of in zip(spread, by_run, strict=True) if one is not None]
    if not known:
        return 0.0, math.inf
    # a side with one run is taken to scatter as the other does
    usual = max(one for one, _ in known)
    parts = [(usual if one is None else one) ** 2 / len(of) for one, of in zip(spread, by_run, strict=True)]
    whole = sum(parts)
    if not whole:
        return 0.0, math.inf
    below = sum(part**2 / max(len(of) - 1, 1) for part, of in zip(parts, by_run, strict=True))
    return math.sqrt(whole), whole**2 / below


def _scatter(noise: tuple[float, float], count: int) -> Any:
    """Draws of what runs scatter by: exp of Student's t times the standard error."""
    import numpy as np

    error, freedom = noise
    if not error:
        return np.ones(count)
    # a few runs that scatter wildly have tails beyond any number
    return np.exp(np.clip(error * np.random.default_rng(0).standard_t(freedom, count), -300, 300))


def _by_clock(accounts: Iterable[Account], figure: str) -> float:
    """Share of a side's figure that a clock told: any part of it may be what else the machine did."""
    accounts = list(accounts)
    told = sum(one.figures.amount(figure) for one in accounts if one.trust == CPU_TIME)
    whole = sum(one.figures.amount(figure) for one in accounts)
    return min(told / whole, 0.99) if whole else 0.0


def _change(middle: float, ratios: Any, covered: float, noise: float, clock: list[float]) -> Change:
    """`clock`: share of each side that rests on a clock which was read in one run, so that nobody knows how far it
    errs; it counts too much, never too little."""
    import numpy as np

    low, high = (float(end) for end in np.quantile(ratios, [0.05, 0.95]))
    low, high = min(low, middle), max(high, middle)
    if low > 1 - SAME and high < 1 + SAME:
        return Change(verdict="same", ratio=1.0, low=1.0, high=1.0)
    shown = high < 1 or low > 1
    model = math.log(high / low)
    low, high = low * (1 - clock[1]), high / (1 - clock[0])
    verdict = "less" if high < 1 else "more" if low > 1 else "not shown"
    why_not = ""
    if covered < FLOOR:
        verdict, why_not = "not shown", "coverage"
    elif verdict == "not shown":
        why_not = "clock" if shown else "more runs" if noise * 3.3 > model / 2 else "causes"
    return Change(verdict=verdict, ratio=middle, low=low, high=high, why_not=why_not)


def _moved(kept: list[list[Account]], figure: str) -> list[Moved]:
    """What each model was asked on both sides, where that differs."""
    of: dict[str, list[list[float]]] = defaultdict(lambda: [[0, 0, 0.0], [0, 0, 0.0]])
    for at, accounts in enumerate(kept):
        for one in accounts:
            sums, side = one.cell.sums, of[one.cell.key.model][at]
            side[0] += sums.calls
            side[1] += sums.input + sums.output
            side[2] += one.figures.amount(figure)
    found = [
        Moved(
            model=model,
            calls=(int(before[0]), int(after[0])),
            tokens=(int(before[1]), int(after[1])),
            effect=after[2] - before[2],
        )
        for model, (before, after) in of.items()
        if before[:2] != after[:2]
    ]
    return sorted(found, key=lambda one: (-abs(one.effect), one.model))


def _drivers(counted: list[Counted], kept: list[list[Account]], figure: str) -> list[Driver]:
    """LMDI-I by serving of each project and job, no residual. The last is the figure per Wh: of carbon, the grid."""
    tables = factors(*(_side(one, made, figure) for one, made in zip(counted, kept, strict=True)))
    found = lmdi(*tables, DRIVERS)
    ratios = found.ratios or {}
    return [Driver(name=name, effect=effect, ratio=ratios.get(name)) for name, effect in found.effects.items()]


def _side(counted: Counted, accounts: list[Account], figure: str) -> Side:
    sums: dict[Hashable, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for one in accounts:
        key, of = one.cell.key, one.cell.sums
        parts = sums[one.cell.group[1], key.provider, key.model, key.place, key.kind]
        for at, more in enumerate(
            (of.calls, of.input + of.output, one.figures.amount("energy_wh"), one.figures.amount(figure))
        ):
            parts[at] += more
    made = {
        name: Sums(calls=calls, tokens=tokens, energy_wh=energy, carbon_g=amount)
        for name, (calls, tokens, energy, amount) in sums.items()
    }
    return Side(runs=counted.runs, categories=made)


def _notes(counted: list[Counted], any_group: bool, by_clock: bool) -> list[str]:
    notes = []
    if not any_group:
        notes.append("no project and job was counted on both sides: there is nothing to compare")
    elif max(one.runs for one in counted) == 1:
        notes.append("one run a side, compared as they were: what runs differ by chance is not in the interval")
    if by_clock:
        notes.append("processor time of local models is in it: what else the machine did meanwhile counts, too")
    for one in counted:
        if any_group and not one.calls:
            notes.append(f"{one.name}: no AI call")
        elif one.coverage < 1 - 1e-9:
            notes.append(f"{one.name}: figures for {one.coverage:.0%} of calls")
    return notes
