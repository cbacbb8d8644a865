"""Joint draws of all causes: intervals of sums, ratios and differences of figures, and what would narrow them most.

Scrambled Sobol points (Owen 1998; powers of two), in independent replicates whose scatter is the error of the draws.
A cause is drawn once and moves every figure that names it, so what two groups share cancels in their ratio. The
intervals of `causes.interval`, which need no numpy, are checked against these. Needs numpy and scipy (extra `report`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from jevons.footprint.causes import NEARLY_NOTHING, Z90, Cause
from jevons.footprint.figures import Figures
from jevons.footprint.rates import FIGURES

DRAWS, REPLICATES = 16_384, 8
CANCELS = 0.9
"""Part of the weight of a kind of cause that is shared from which it is said to cancel."""
FEWEST = 64
TINY = 1e-7
"""No point lies closer to 0 or 1, where the normal quantile is infinite."""
ROWS = 64
"""Groups whose draws are looked at together."""
LOW, HIGH = 0.05, 0.95


class Spread(msgspec.Struct, frozen=True):
    """90 % interval of something drawn."""

    low: float
    mid: float
    """At the middle of all causes, not the median: it adds up."""
    high: float
    error: float
    """Standard error of the ends over their distance, from the replicates."""


class Comparison(msgspec.Struct, frozen=True):
    """Ratio and difference of two groups, and what they rest on."""

    ratio: Spread
    difference: Spread
    cancels: tuple[str, ...]
    """Kinds of causes that both rest on alike (`CANCELS`): ``serving`` where one serving answered both, ``grid`` ..."""
    remains: tuple[str, ...]
    """Kinds of causes of which only one of them names some, or that weigh on them unequally."""


class Joint:
    """Figures of groups under joint draws."""

    def __init__(
        self, groups: Iterable[Figures], draws: int = DRAWS, replicates: int = REPLICATES, seed: int = 0
    ) -> None:
        """`draws` and `replicates` are powers of two, `FEWEST` draws or more in each; ValueError otherwise."""
        if draws & (draws - 1) or replicates & (replicates - 1) or not 1 <= replicates <= draws // FEWEST:
            raise ValueError(f"draws {draws}, replicates {replicates}: powers of two, {FEWEST} draws or more in each")
        self.groups = list(groups)
        self.draws, self.replicates, self.seed = draws, replicates, seed
        self._rates = {rates: at for at, rates in enumerate(dict.fromkeys(r for g in self.groups for r in g.spent))}
        self._joules = np.zeros((len(self.groups), len(self._rates)), np.float32)
        for at, group in enumerate(self.groups):
            for rates, joules in group.spent.items():
                self._joules[at, self._rates[rates]] = joules

    @cached_property
    def _causes(self) -> dict[tuple[str, str], int]:
        every = (one.key for rates in self._rates for name in FIGURES for t in rates.terms[name] for one in t.causes)
        return {key: at for at, key in enumerate(dict.fromkeys(every))}

    @cached_property
    def _normal(self) -> Any:
        """Standard normal draws over `Z90`: causes x draws."""
        each = self.draws // self.replicates
        made = np.empty((len(self._causes), self.draws), np.float32)
        for number in range(self.replicates):
            points = qmc.Sobol(max(len(self._causes), 1), rng=np.random.default_rng((self.seed, number)))
            drawn = np.maximum(points.random(each).astype(np.float32), np.float32(TINY)).T[: len(made)]
            ndtri(np.minimum(drawn, np.float32(1 - TINY)), out=made[:, number * each : (number + 1) * each])
        made /= np.float32(Z90)
        return made

    def _log_ratio(self, one: Cause) -> Any:
        """Log of a cause's ratio, log-normal on either side of 1."""
        z = self._normal[self._causes[one.key]]
        low = np.log(np.float32(max(one.low, NEARLY_NOTHING)))
        return np.where(z > 0, z * np.log(np.float32(one.high)), z * -low)

    def sums(self, name: str, frozen: frozenset[str] = frozenset()) -> Any:
        """Draws of one of `rates.FIGURES`: groups x draws. Causes of the kinds `frozen` stay at their middle."""
        return self._joules @ self._per_joule(name, frozen)

    def _per_joule(self, name: str, frozen: frozenset[str] = frozenset()) -> Any:
        """Draws of what a joule costs: rates x draws."""
        logs: dict[Cause, Any] = {}
        per_joule = np.zeros((len(self._rates), self.draws), np.float32)
        for rates, at in self._rates.items():
            for term in rates.terms[name]:
                whole = np.zeros(self.draws, np.float32)
                for one in term.causes:
                    if one.name not in frozen:
                        if one not in logs:
                            logs[one] = self._log_ratio(one)
                        whole += logs[one]
                per_joule[at] += np.float32(term.amount) * np.exp(whole)
        return per_joule

    def interval(self, name: str) -> tuple[Any, Any]:
        """Lower and upper ends of a 90 % interval of one of `rates.FIGURES`, for each group."""
        per_joule = self._per_joule(name)
        low, high = np.empty(len(self.groups), np.float32), np.empty(len(self.groups), np.float32)
        drawn = np.empty((ROWS, self.draws), np.float32)
        for start in range(0, len(self.groups), ROWS):  # as many at once as a cache holds
            some = self._joules[start : start + ROWS]
            made = np.matmul(some, per_joule, out=drawn[: len(some)])
            low[start : start + ROWS], high[start : start + ROWS] = _ends(made)
        return low, high

    def spread(self, name: str, group: int = 0) -> Spread:
        """One group's figure with its interval and the error of that."""
        return self._spread(self.sums(name)[group], self.groups[group].amount(name))

    def _spread(self, drawn: Any, middle: float) -> Spread:
        each = np.array(_ends(drawn.reshape(self.replicates, -1).copy()))
        low, high = _ends(drawn[None].copy())
        scatter = each.std(1, ddof=1).max() / np.sqrt(self.replicates) if self.replicates > 1 else np.nan
        wide = float(high[0] - low[0])
        return Spread(float(low[0]), middle, float(high[0]), float(scatter / wide) if wide else 0.0)

    def compare(self, name: str, one: int = 0, other: int = 1) -> Comparison:
        """Group `other` over and minus group `one`, drawn jointly. ValueError where `one` is nothing."""
        drawn = self.sums(name)[[one, other]]
        first, second = (self.groups[at].amount(name) for at in (one, other))
        if not first:
            raise ValueError(f"no {name} to compare with")
        ratio = self._spread(drawn[1] / drawn[0], second / first)
        difference = self._spread(drawn[1] - drawn[0], second - first)
        overlap = _overlap(*(_weights(self.groups[at], name) for at in (one, other)))
        return Comparison(
            ratio,
            difference,
            tuple(kind for kind, share in overlap.items() if share >= CANCELS),
            tuple(kind for kind, share in overlap.items() if share < CANCELS),
        )

    def narrowing(self, name: str, group: int = 0) -> dict[str, float]:
        """By kind of cause: how much of the interval's width in logs would go if it were known, the most first."""
        kinds = dict.fromkeys(
            one.name for rates in self.groups[group].spent for term in rates.terms[name] for one in term.causes
        )

        def width(frozen: frozenset[str]) -> float:
            low, high = _ends(self.sums(name, frozen)[group][None])
            return float(np.log(high[0] / low[0]))

        whole = width(frozenset())
        left = {kind: 1 - width(frozenset({kind})) / whole for kind in kinds} if whole else {}
        return dict(sorted(left.items(), key=lambda pair: -pair[1]))


def _weights(figures: Figures, name: str) -> dict[tuple[str, str], float]:
    """Share of the figure that names each cause."""
    whole = figures.amount(name)
    shares: dict[tuple[str, str], float] = {}
    for term in figures.terms(name):
        for one in term.causes:
            shares[one.key] = shares.get(one.key, 0.0) + (term.amount / whole if whole else 0.0)
    return shares


def _overlap(one: dict[tuple[str, str], float], other: dict[tuple[str, str], float]) -> dict[str, float]:
    """By kind of cause: weight that both sides put on the same causes over the weight that either puts on them."""
    both: dict[str, list[float]] = {}
    for key in dict.fromkeys([*one, *other]):
        least, most = sorted((one.get(key, 0.0), other.get(key, 0.0)))
        sums = both.setdefault(key[0], [0.0, 0.0])
        sums[0] += least
        sums[1] += most
    return {kind: least / most for kind, (least, most) in both.items() if most}


def _ends(drawn: Any) -> tuple[Any, Any]:
    """5 and 95 % points of each row, which is put in another order."""
    count = drawn.shape[1]
    low, high = int(LOW * (count - 1)), int(np.ceil(HIGH * (count - 1)))
    drawn.partition(high, axis=1)  # one after the other: numpy's fast selection finds one point at a time
    drawn[:, :high].partition(low, axis=1)
    return drawn[:, low].copy(), drawn[:, high].copy()
