"""Causes of uncertainty, shared by the figures that they touch, and the interval of a sum of such figures.

A term is an amount times a ratio for each of its causes; a ratio is 1 at the middle. Two terms that name the same
cause are off together: what is common cancels in their ratio and adds up in their sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from jevons.footprint.interval import ZERO, Interval

Z90 = 1.6448536269514722
"""Standard normal quantile at 95 %: the end of a 90 % interval."""
NEARLY_NOTHING = 1e-6
"""Stands for a lower end of 0, which has no logarithm."""


class Cause(msgspec.Struct, frozen=True):
    """One thing that is not known exactly: a ratio, log-normal on either side of 1, with its 90 % interval."""

    name: str
    """Kind of cause: ``form``, ``model``, ``serving``, ``parameters``, ``grid``, ``pue`` ..."""
    of: str
    """Which one: the model, the zone, the fleet; empty where there is only one. Same name and `of`: same cause."""
    low: float
    high: float

    @property
    def key(self) -> tuple[str, str]:
        """What makes two causes one."""
        return self.name, self.of

    @property
    def inverse(self) -> Cause:
        """The cause of something that divides."""
        return Cause(self.name, self.of, 1 / self.high, 1 / self.low)


def cause(name: str, of: str, figure: Interval) -> Cause:
    """The cause behind a figure with an interval; `figure.mid` > 0."""
    return Cause(name, of, figure.low / figure.mid, figure.high / figure.mid)


def within(name: str, of: str, ratio: float) -> Cause:
    """A cause whose ratio lies between 1 / `ratio` and `ratio`."""
    return Cause(name, of, 1 / ratio, ratio)


class Term(msgspec.Struct, frozen=True):
    """An amount, and what it depends on."""

    amount: float
    causes: tuple[Cause, ...]

    def __mul__(self, number: float) -> Term:
        """Scaled by an exact number."""
        return Term(self.amount * number, self.causes)


def interval(terms: Iterable[Term]) -> Interval:
    """90 % interval of a sum of terms >= 0, around the sum of their middles.

    For one term the exact rule for products of log-normal figures: logs of the ends add in quadrature. For a sum,
    two approximations, each good where the other is not: `_alone` (few terms, or one that outweighs the rest) and
    `_moments` (many alike, whose errors level out around their mean, which lies above their medians). The upper of
    their ends is taken on either side. ``uncertainty`` draws all causes jointly; the tests hold the two together.
    """
    amounts: dict[tuple[Cause, ...], float] = {}
    for term in terms:  # what rests on the same causes is one term, however it was split
        amounts[term.causes] = amounts.get(term.causes, 0.0) + term.amount
    kept = [Term(amount, causes) for causes, amount in amounts.items() if amount]
    middle = sum(term.amount for term in kept)
    if not middle:
        return ZERO
    alone, moments = _alone(kept, middle), _moments(kept, middle)
    low, high = (max(one, other) for one, other in zip(alone, moments, strict=True))
    return Interval(middle * min(low, 1.0), middle, middle * max(high, 1.0))


def _alone(terms: list[Term], middle: float) -> tuple[float, float]:
    """Ends over the middle: each cause alone at its ends, logs of what the sum moves by combined in quadrature."""
    falls: dict[tuple[str, str], float] = {}
    rises: dict[tuple[str, str], float] = {}
    for term in terms:
        share = term.amount / middle
        for one in term.causes:
            falls[one.key] = falls.get(one.key, 0.0) + share * (1 - one.low)
            rises[one.key] = rises.get(one.key, 0.0) + share * (one.high - 1)
    if any(fall >= 1 for fall in falls.values()):
        low = 0.0
    else:
        low = math.exp(-math.hypot(*(math.log1p(-fall) for fall in falls.values())))
    return low, math.exp(math.hypot(*(math.log1p(rise) for rise in rises.values())))


def _moments(terms: list[Term], middle: float) -> tuple[float, float]:
    """Ends over the middle of the log-normal figure with the sum's mean and variance (Fenton 1960).

    Lower and upper end take all causes as log-normal with the width of that side. Covariances of two terms are
    taken at their mean, so that the work grows with the terms and not with their pairs.
    """
    ends = []
    for side in (-1, 1):
        means, deviations = [], []
        for term in terms:
            sd = {one.key: _log_sd(one, side) for one in term.causes}
            means.append(term.amount / middle * math.exp(sum(s * s for s in sd.values()) / 2))
            deviations.append(sd)
        mean = sum(means)
        weights = [one / mean for one in means]
        own = [sum(s * s for s in sd.values()) for sd in deviations]
        common: dict[tuple[str, str], float] = {}
        for weight, sd in zip(weights, deviations, strict=True):
            for key, s in sd.items():
                common[key] = common.get(key, 0.0) + weight * s
        diagonal = sum(weight * weight for weight in weights)
        pairs = sum(s * s for s in common.values())
        pairs -= sum(weight * weight * variance for weight, variance in zip(weights, own, strict=True))
        # a variance beyond floating point's end has no use for more digits
        spread = sum(w * w * math.exp(min(variance, 500.0)) for w, variance in zip(weights, own, strict=True))
        if diagonal < 1 - 1e-12:
            spread += (1 - diagonal) * math.exp(min(max(pairs, 0.0) / (1 - diagonal), 500.0))
        variance = math.log(max(spread, 1.0))
        ends.append(mean * math.exp(-variance / 2 + side * Z90 * math.sqrt(variance)))
    return ends[0], ends[1]


def _log_sd(one: Cause, side: int) -> float:
    return (math.log(one.high) if side > 0 else -math.log(max(one.low, NEARLY_NOTHING))) / Z90
