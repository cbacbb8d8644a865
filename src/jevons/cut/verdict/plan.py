"""Before anything is spent: how many items a verdict will likely need, by how far the list is from the threshold.

Exact, not simulated: over all orders of a list with K passes, the chance of s passes after n items that did not settle
it goes from n to n + 1 with (K - s)/(N - n), and what crosses the boundary of `finite` is settled there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jevons.cut.verdict.finite import boundary, least_passes

DISTANCES = (-0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2)
_NOTHING = 1e-12
"""Chances below this are left out."""


class Likely(NamedTuple):
    """What to expect of a list that passes at `rate`."""

    rate: float
    mean: float
    median: int
    most: int
    """Enough in nine of ten orders."""
    passes: float
    """Chance that it is said to pass."""
    fails: float


def likely(size: int, pass_rate: float, rate: float, confidence: float = 0.95) -> Likely:
    """What a verdict on `size` items against `pass_rate` needs, if a complete run would pass at `rate`.

    Scores between 0 and 1 of the same mean need fewer items, about: they spread less.
    """
    alpha, count = 1 - confidence, round(size * rate)
    settles = boundary(size, least_passes(size, pass_rate), alpha, alpha)
    open_, first = [1.0], 0  # chances of first, first + 1, ... passes, not settled
    ends: list[float] = []
    said = {"pass": 0.0, "fail": 0.0}
    for seen in range(size):
        after = [0.0] * (len(open_) + 1)
        for at, chance in enumerate(open_):
            passes = min(max((count - first - at) / (size - seen), 0.0), 1.0)
            after[at] += chance * (1 - passes)
            after[at + 1] += chance * passes
        ended = 0.0
        for at, chance in enumerate(after):
            decision = settles.decide(seen + 1, first + at) if chance > _NOTHING else None
            if decision or chance <= _NOTHING:
                ended, after[at] = ended + chance, 0.0
                if decision:
                    said[decision] += chance
        ends.append(ended)
        held = [at for at, chance in enumerate(after) if chance]
        if not held:
            break
        open_, first = after[held[0] : held[-1] + 1], first + held[0]
    mean = sum((at + 1) * chance for at, chance in enumerate(ends))
    return Likely(count / size, mean, _quantile(ends, 0.5), _quantile(ends, 0.9), said["pass"], said["fail"])


def table(
    size: int, pass_rate: float, confidence: float = 0.95, distances: Sequence[float] = DISTANCES
) -> list[Likely]:
    """By distance of the list's rate from the threshold; distances that no rate has are left out."""
    rates = [pass_rate + distance for distance in distances]
    return [likely(size, pass_rate, rate, confidence) for rate in rates if -1e-9 <= rate <= 1 + 1e-9]


def _quantile(ends: Sequence[float], share: float) -> int:
    left = share - 1e-9
    for at, chance in enumerate(ends):
        left -= chance
        if left <= 0:
            return at + 1
    return len(ends)
