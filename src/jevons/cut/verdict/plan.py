"""Before anything is spent: how many items a verdict will likely need, by how far the list is from the threshold.

Exact, not simulated, for outcomes of pass and fail: over all orders of a list with K passes, the chance of s passes
after n items that did not settle it goes from n to n + 1 with (K - s)/(N - n), of an endless supply with its rate; what
crosses the boundary of `finite`, or of `betting` where there is no end, is settled there. Two models on the same items
have three outcomes an item: there the test itself is run through orders drawn from a seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jevons.cut.verdict.betting import Capital
from jevons.cut.verdict.finite import Decision, boundary, least_passes
from jevons.cut.verdict.question import Question

DISTANCES = (-0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2)
ORDERS = 400
"""Orders that are drawn where it cannot be counted: then a chance is known to 0.04 (two standard errors, at most)."""
ENTRIES = 40_000
"""Outcomes after which no further order is drawn."""
_FEWEST = 20
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
    low: int
    """Items, 90 % interval."""
    high: int
    whole: float
    """Chance that it is not settled before the last item."""


class Ends(NamedTuple):
    """Chances that a verdict is settled, or the list at its end, after 1, 2, ... items; and which it is."""

    chances: list[float]
    passes: float
    fails: float
    orders: int = 0
    """Orders drawn; 0: counted over all."""


def likely(size: int, pass_rate: float, rate: float, confidence: float = 0.95) -> Likely:
    """What a verdict on `size` items against `pass_rate` needs, if a complete run would pass at `rate`.

    Scores between 0 and 1 of the same mean need fewer items, about: they spread less.
    """
    made = ends(Question(pass_rate=pass_rate, confidence=confidence), size, rate)
    return summed([made], size, round(size * rate) / size)


def table(
    size: int, pass_rate: float, confidence: float = 0.95, distances: Sequence[float] = DISTANCES
) -> list[Likely]:
    """By distance of the list's rate from the threshold; distances that no rate has are left out."""
    rates = [pass_rate + distance for distance in distances]
    return [likely(size, pass_rate, rate, confidence) for rate in rates if -1e-9 <= rate <= 1 + 1e-9]


def ends(question: Question, size: int, rate: float) -> Ends:
    """When a question on a pass rate or mean score is settled. `size`: items, or clusters of which each counts once;
    outcomes, and the tries of an item, are taken to be 0 or 1: nothing spreads more."""
    alpha = 1 - question.confidence
    if question.estimand == "list":
        count = round(size * rate)
        settles = boundary(size, least_passes(size, question.threshold), alpha, alpha)
        return _walk(size, settles.decide, lambda seen: (count / (size - seen), -1 / (size - seen)))
    return _walk(size, _Supply(question.threshold, alpha, size).decide, lambda seen: (rate, 0.0))


def drawn(question: Question, size: int, better: float, worse: float, seed: int = 0, entries: int = ENTRIES) -> Ends:
    """When a question with a margin is settled, if of two models the new one is better, or worse, in such shares of the
    items and both do alike in the others. By the test itself on `ORDERS` orders, fewer where that is much work."""
    source = random.Random(seed)  # noqa: S311
    counts = [round(size * share) for share in (better, worse)]
    values = [1.0] * counts[0] + [0.0] * counts[1] + [0.5] * (size - sum(counts))
    chances, said, orders = [0.0] * size, {"pass": 0, "fail": 0}, 0
    while orders < ORDERS and (orders < _FEWEST or entries > 0):
        if question.estimand == "list":
            source.shuffle(values)
        else:
            values = source.choices((1.0, 0.0, 0.5), (better, worse, max(1 - better - worse, 0.0)), k=size)
        test, used = question.test(size), 0
        while not test.decision and used < size:
            test.enter(values[used], values[used])
            used += 1
        chances[max(used, 1) - 1] += 1
        orders, entries = orders + 1, entries - used
        if test.decision:
            said[test.decision] += 1
    return Ends([one / orders for one in chances], said["pass"] / orders, said["fail"] / orders, orders)


def summed(made: Sequence[Ends], size: int, rate: float) -> Likely:
    """What to expect if each of these is as likely as the other."""
    longest = max(len(one.chances) for one in made)
    chances = [0.0] * longest
    for one in made:
        for at, chance in enumerate(one.chances):
            chances[at] += chance / len(made)
    mean = sum((at + 1) * chance for at, chance in enumerate(chances))
    low, median, most, high = (_quantile(chances, share) for share in (0.05, 0.5, 0.9, 0.95))
    passes, fails = (sum(share) / len(made) for share in ([o.passes for o in made], [o.fails for o in made]))
    whole = chances[size - 1] if longest == size else 0.0
    return Likely(rate, mean, median, most, passes, fails, low, high, whole)


class _Supply:
    """An endless supply of outcomes of pass and fail: when `betting` has settled it."""

    def __init__(self, threshold: float, alpha: float, size: int) -> None:
        self.sides = [_Needs(Capital(one, alpha, size, finite=False)) for one in (threshold, 1 - threshold)]

    def decide(self, seen: int, passes: int) -> Decision | None:
        if passes >= self.sides[0].least(seen):
            return "pass"
        return "fail" if seen - passes >= self.sides[1].least(seen) else None


class _Needs:
    """The fewest outcomes of 1 among so many that make enough of a bet: one more raises it, so it grows by 0 or 1."""

    def __init__(self, bet: Capital) -> None:
        self.need, self.start = bet.need, list(bet.logs)
        self.gains = [self._gain(bet, score) for score in (1.0, 0.0)]
        self.at = [1]

    def _gain(self, bet: Capital, score: float) -> list[float]:
        bet.logs = list(self.start)
        bet.enter(score)
        return [after - before for after, before in zip(bet.logs, self.start, strict=True)]

    def least(self, seen: int) -> int:
        while len(self.at) <= seen:
            items, ones = len(self.at), self.at[-1]
            if ones <= items and not self._enough(ones, items - ones):
                ones += 1
            self.at.append(ones)
        return self.at[seen]

    def _enough(self, ones: int, zeros: int) -> bool:
        logs: list[float] = [
            start + (ones * one if ones else 0) + (zeros * zero if zeros else 0)
            for start, one, zero in zip(self.start, *self.gains, strict=True)
        ]
        highest = max(logs)
        if math.isinf(highest) or math.isnan(highest):
            return highest > 0
        return highest + math.log(sum(math.exp(one - highest) for one in logs)) >= self.need


def _walk(
    size: int, decide: Callable[[int, int], Decision | None], chance_of: Callable[[int], tuple[float, float]]
) -> Ends:
    """`chance_of`: after so many items, the chance that the next one passes: (a, b) for a + b times the passes."""
    open_, first = [1.0], 0  # chances of first, first + 1, ... passes, not settled
    chances: list[float] = []
    said = {"pass": 0.0, "fail": 0.0}
    for seen in range(size):
        base, slope = chance_of(seen)
        after, passes = [0.0] * (len(open_) + 1), base + slope * first
        for at, chance in enumerate(open_):
            after[at + 1] = chance * passes
            after[at] += chance - after[at + 1]
            passes += slope
        ended = 0.0
        for end in (-1, 0):  # many passes settle it one way, few the other
            while after:
                decision = decide(seen + 1, first + (len(after) - 1 if end else 0))
                if not decision and after[end] > _NOTHING:
                    break
                chance = after.pop(end)
                first, ended = first + (not end), ended + chance
                if decision:
                    said[decision] += chance
        chances.append(ended)
        if not after:
            break
        open_ = after
    else:
        chances[-1] += sum(open_)  # at its end, and still open
    return Ends(chances, said["pass"], said["fail"])


def _quantile(chances: Sequence[float], share: float) -> int:
    left = share - 1e-9
    for at, chance in enumerate(chances):
        left -= chance
        if left <= 0:
            return at + 1
    return len(chances)
