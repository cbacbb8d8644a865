"""What one complete run of a list would say, from part of it: passed or failed, drawn without replacement.

A list of N items has K that pass, and passes if K >= `least`. The chance of the outcomes seen so far, in order, is
P_K = K!/(K-s)! (N-K)!/(N-K-f)! (N-s-f)!/N! after s passes and f failures. Against "it fails" stands the ratio
sum_j w_j P_Kj / P_(least-1) over alternatives K_j >= least. Under K = least - 1 it is a martingale that starts at 1;
under smaller K, where passes are rarer still at every step, a supermartingale. So it reaches 1/alpha with a chance of
at most alpha, however often one looks (Ville 1939; the mixture is Robbins' 1970, the finite population Waudby-Smith
and Ramdas' 2020, "Confidence sequences for sampling without replacement", their prior-posterior ratio). "It passes" is
tried in the same way at K = least. A list either passes or fails, so only one of the two verdicts can be wrong, and
each may use all of alpha. Where the outcomes leave no K of the other side the ratio is infinite: certain, and never
later than at the last item.
"""

from __future__ import annotations

import functools
import itertools
import math
from fractions import Fraction
from typing import Literal

from jevons.cut.verdict.alternatives import octaves

Decision = Literal["pass", "fail"]
ROUNDING = 1e-9
"""Of logarithms: a ratio that comes to 1/alpha exactly is there."""


def least_passes(size: int, pass_rate: float) -> int:
    """The fewest passes of `size` items that are at least the rate: equality passes. Rates are read to six decimals."""
    return math.ceil(size * Fraction(pass_rate).limit_denominator(1_000_000))


class Side:
    """One side: how many successes among n items refute that the list holds no more than `null` of them."""

    def __init__(self, size: int, null: int, alpha: float) -> None:
        self.size, self.null, self.need = size, null, math.log(1 / alpha)
        self.at = [0 if null < 0 else 1]
        shares: dict[int, float] = {}
        if 0 <= null < size:
            for rate, share in octaves(null / size, alpha, size, finite=True):
                count = min(max(round(rate * size), null + 1), size)
                shares[count] = shares.get(count, 0.0) + share
        self.bets = [(count, math.log(share)) for count, share in shares.items()]

    def least(self, seen: int) -> int:
        """Fewest successes among the first `seen` items that refute; more than `seen` where none do.

        One more failure lowers the ratio, one more success raises it, so the figure grows by 0 or 1 an item.
        """
        while len(self.at) <= seen:
            items, successes = len(self.at), self.at[-1]
            if self.null >= 0 and successes <= items and not self.refuted(items, successes):
                successes += 1
            self.at.append(successes)
        return self.at[seen]

    def refuted(self, items: int, successes: int) -> bool:
        """Whether these outcomes refute."""
        return self.log_ratio(items, successes) >= self.need - ROUNDING

    def log_ratio(self, items: int, successes: int) -> float:
        """Natural logarithm of the ratio; infinite where there are more successes than `null`."""
        if successes > self.null:
            return math.inf
        failures = items - successes
        if failures > self.size - self.null:
            return -math.inf
        base = self._path(self.null, successes, failures)
        terms = [
            share + self._path(count, successes, failures) - base
            for count, share in self.bets
            if failures <= self.size - count
        ]
        if not terms:
            return -math.inf
        highest = max(terms)
        return highest + math.log(sum(math.exp(term - highest) for term in terms))

    def _path(self, count: int, successes: int, failures: int) -> float:
        logs, rest = log_factorials(self.size), self.size - count
        return logs[count] - logs[count - successes] + logs[rest] - logs[rest - failures]


class Boundary:
    """When a list of `size` that passes with `least` passes is settled; the two errors may differ."""

    def __init__(self, size: int, least: int, alpha_pass: float, alpha_fail: float) -> None:
        self.size, self.least = size, least
        self.passes = Side(size, least - 1, alpha_pass)
        self.failures = Side(size, size - least, alpha_fail)

    def decide(self, seen: int, passes: int, most: int | None = None) -> Decision | None:
        """The verdict on `passes` among the first `seen`; or on `passes` to `most`, where some have no outcome."""
        if passes >= self.passes.least(seen):
            return "pass"
        if seen - (passes if most is None else most) >= self.failures.least(seen):
            return "fail"
        return None


class Finite:
    """A list of `size` items against a pass rate; enter outcomes in the order that was drawn."""

    def __init__(self, size: int, pass_rate: float, alpha_pass: float = 0.05, alpha_fail: float = 0.05) -> None:
        self.size, self.least = size, least_passes(size, pass_rate)
        self.boundary = boundary(size, self.least, alpha_pass, alpha_fail)
        self.seen, self.low, self.high = 0, 0, 0
        self.decision = self.boundary.decide(0, 0)

    def enter(self, low: float, high: float) -> None:
        """An outcome of 0 or 1; ``(0, 1)`` where there is none. ValueError past the last; settled, it is ignored."""
        if self.decision:
            return
        if self.seen >= self.size:
            raise ValueError(f"the list has {self.size} items")
        self.seen, self.low, self.high = self.seen + 1, self.low + int(low), self.high + int(high)
        self.decision = self.boundary.decide(self.seen, self.low, self.high)

    @property
    def certain(self) -> bool:
        """Whether no outcome of the rest could change the verdict."""
        return self.low >= self.least or self.high + self.size - self.seen < self.least


@functools.lru_cache(maxsize=64)
def boundary(size: int, least: int, alpha_pass: float, alpha_fail: float) -> Boundary:
    """A boundary, kept: it grows as far as it is asked for."""
    return Boundary(size, least, alpha_pass, alpha_fail)


@functools.lru_cache(maxsize=8)
def log_factorials(size: int) -> list[float]:
    """ln 0! to ln size!."""
    return [0.0, *itertools.accumulate(math.log(number) for number in range(1, size + 1))]
