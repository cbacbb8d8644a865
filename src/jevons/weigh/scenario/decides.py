"""What a comparison rests on: where each input would turn it, and which of them its uncertainty comes from."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from jevons.weigh.scenario.amount import Input
from jevons.weigh.scenario.document import BreakEven, Decides
from jevons.weigh.scenario.draws import Inputs, Values

Asked = Callable[[Values], Any]
"""Difference of two figures at some values of the inputs."""
POINTS = 601
SPAN = 1_000.0
LEAST = 1e-6
"""Total effect from which a group counts."""
GROUPS = 7
"""Groups that are told apart; the others are one."""
SAMPLES = 1_024
STATED_GROUPS = {
    "form": "energy model of AI servers", "model": "energy model of AI servers", "serving": "how models are served",
    "parameters": "sizes of closed models", "precision": "how models are served", "engine": "how models are served",
    "local law": "energy of local models", "grid": "the grid", "grid_operating": "the grid (operating margin)",
    "grid_build": "the grid (build margin)", "pue": "data centres (PUE)", "wue": "water of data centres",
    "ewif": "water of power stations", "host": "host beside the accelerator", "idle": "idle reserve of fleets",
}  # fmt: skip
"""What kinds of causes are called; kinds of one name are one group."""


class Lever(NamedTuple):
    """Something that may be moved: inputs that move together, each to a multiple of its middle."""

    what: str
    unit: str
    stands: float
    low: float
    high: float
    keys: tuple[str, ...]


def levers(inputs: Inputs, needed: set[str]) -> list[Lever]:
    """All that a comparison needs: the file's inputs as they are, factors as multiples of their value."""
    columns: dict[str, list[str]] = {}
    for key in inputs.of:
        if key in needed:
            columns.setdefault(inputs.columns[key], []).append(key)
    made = []
    for keys in columns.values():
        one = inputs.of[keys[0]]
        factor = one.source == "factors"
        unit = "times its value" if factor else one.unit
        label = called(one) if factor else one.label
        made.append(Lever(label, unit, one.mid, one.low, one.high, tuple(keys)))
    return made


def break_evens(inputs: Inputs, asked: Asked, needed: set[str]) -> list[BreakEven]:
    """For each input the value nearest to its own at which the difference is 0, all others at their middle."""
    found = []
    for one in levers(inputs, needed):
        if not one.stands:
            continue
        share = one.unit == "1" and one.high <= 1
        low, high = one.stands / SPAN, 1.0 if share else one.stands * SPAN
        grid = np.geomspace(low, high, POINTS)
        if share:
            grid = np.concatenate([[0.0], grid])

        def at(x: Any, one: Lever = one) -> Any:
            moved = {key: x * (inputs.of[key].mid / one.stands) for key in one.keys}
            return asked(Values(inputs, {}, moved))

        made = np.broadcast_to(np.asarray(at(grid), float), grid.shape)
        if np.ptp(made) <= 1e-12 * max(np.abs(made).max(), 1e-300):
            continue  # it does not matter here
        sign = np.sign(made)
        turns = np.flatnonzero(sign[:-1] * sign[1:] <= 0)
        turn = None
        if len(turns):
            # a curve may touch 0 more than once: the nearest counts
            where = turns[np.abs(np.log(np.maximum(grid[turns], low) / one.stands)).argmin()]
            turn = _between(at, float(grid[where]), float(grid[where + 1]))
        within = turn is not None and one.low < turn < one.high
        found.append(BreakEven(what=one.what, unit=one.unit, stands=one.stands, at=turn, within=within))
    order = [math.inf if one.at is None else abs(math.log(max(one.at, 1e-300) / one.stands)) for one in found]
    return [one for _, one in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]


def _between(asked: Callable[[Any], Any], low: float, high: float) -> float:
    """Where a curve crosses 0 between two points: twice on a finer grid, then on a straight line."""
    for _ in range(2):
        grid = np.linspace(low, high, POINTS)
        made = np.broadcast_to(np.asarray(asked(grid), float), grid.shape)
        sign = np.sign(made)
        if sign[0] == 0:
            return low
        turns = np.flatnonzero(sign[:-1] * sign[1:] <= 0)
        if not len(turns):
            break
        low, high = float(grid[turns[0]]), float(grid[turns[0] + 1])
    ends = [float(np.asarray(asked(end), float)) for end in (low, high)]
    return low - ends[0] * (high - low) / (ends[1] - ends[0]) if ends[1] != ends[0] else (low + high) / 2


def groups(inputs: Inputs) -> dict[str, list[str]]:
    """Columns by what people call them; a column is in one group, so that groups are independent."""
    found: dict[str, list[str]] = {}
    seen = set()
    for key, one in inputs.of.items():
        column = inputs.columns[key]
        if one.exact or column in seen:
            continue
        seen.add(column)
        found.setdefault(called(one), []).append(column)
    return found


def called(one: Input) -> str:
    """What people call an input, or the kind of factor that it is."""
    return STATED_GROUPS.get(one.group) or one.group.replace("_", " ") or one.label


def shapley(inputs: Inputs, asked: Asked, seed: int = 1) -> list[Decides]:
    """Shapley effects of independent groups (Owen 2014; Song, Nelson & Staum 2016): each group's share of the variance,
    interactions divided evenly; they add to 1.

    v(S) = Var E[f | S] by pick and freeze (Sobol' 2001; Janon et al. 2014): the covariance of f(x) and of f with the
    inputs outside S drawn anew.
    """
    named = groups(inputs)
    told = {key for key, of in inputs.of.items() if of.stated}
    one, other = inputs.normal(SAMPLES, seed, 2)
    base = np.asarray(asked(Values(inputs, one)), float)
    if base.ndim == 0 or not np.isfinite(base).all() or base.var() <= 1e-24 * max(base.mean() ** 2, 1e-300):
        return []

    def closed(names: frozenset[str]) -> float:
        kept = {column for name in names for column in named[name]}
        mixed = {name: one[name] if name in kept else other[name] for name in one}
        made = np.asarray(asked(Values(inputs, mixed)), float)
        middle = (base + made).mean() / 2
        whole = ((base**2 + made**2) / 2).mean() - middle**2
        return float(((base * made).mean() - middle**2) / whole) if whole > 0 else 0.0

    # what a group leaves unexplained if it alone is drawn anew (its total effect) says which are worth telling apart
    everything = frozenset(named)
    total = {name: 1 - closed(everything - {name}) for name in named}
    heavy = sorted((name for name in named if total[name] > LEAST), key=lambda name: -total[name])
    mine = {name for name, columns in named.items() if told & set(columns)}
    # what its author can find out is told in any case
    first = next((name for name in heavy[GROUPS - 1 :] if not mine & set(heavy[: GROUPS - 1]) and name in mine), "")
    heavy = [*heavy[: GROUPS - 1 - bool(first)], *filter(None, [first])]
    rest = [name for name in named if name not in heavy]
    players = [frozenset({name}) for name in heavy] + ([frozenset(rest)] if any(total[n] > LEAST for n in rest) else [])
    worth = {frozenset[int](): 0.0}
    for size in range(1, len(players) + 1):
        for chosen in combinations(range(len(players)), size):
            joined = frozenset().union(*(players[at] for at in chosen))
            worth[frozenset(chosen)] = 1.0 if size == len(players) else closed(joined)
    effects = []
    count = len(players)
    for at, player in enumerate(players):
        share = 0.0
        for some, value in worth.items():
            if at not in some:
                weight = math.factorial(len(some)) * math.factorial(count - len(some) - 1) / math.factorial(count)
                share += weight * (worth[some | {at}] - value)
        name = next(iter(player)) if len(player) == 1 else "all others"
        effects.append(Decides(name, share, name in mine))
    return sorted(effects, key=lambda effect: -effect.share)
