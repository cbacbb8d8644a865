"""Scores from 0 to 1: betting against "the mean is below the threshold" and "it is not", with or without an end.

Waudby-Smith and Ramdas 2024 ("Estimating means of bounded random variables by betting", J. R. Stat. Soc. B 86, theorem
1 and, without replacement, section 5): if the mean were at the threshold, the next score would have on average
m = (N p - S) / (N - n) after n scores that add up to S, or p where there is no end. A capital that is multiplied by
x q/m + (1 - x)(1 - q)/(1 - m) then stays the same on average, and shrinks if the mean is smaller: it reaches 1/alpha
with a chance of at most alpha. q is what the next score would have on average under an alternative; for outcomes of 0
and 1 the capital is the ratio of chances of `finite`. Bets stand on several alternatives side by side.
"""

from __future__ import annotations

import math

from jevons.cut.verdict.alternatives import octaves
from jevons.cut.verdict.finite import Decision

ROUNDING = 1e-9
"""Scores are sums of floats: a mean is told from the threshold to this."""


class Capital:
    """What bets on "the mean is over `threshold`" have made of 1.

    `size` items in the whole list; `finite` False: an endless supply, of which about `size` may be looked at.
    """

    def __init__(self, threshold: float, alpha: float, size: int, *, finite: bool) -> None:
        self.threshold, self.need, self.size, self.finite = threshold, math.log(1 / alpha), size, finite
        self.rates, shares = zip(*octaves(threshold, alpha, size, finite=finite), strict=True)
        self.logs = [math.log(share) for share in shares]
        self.seen, self.total = 0, 0.0

    def enter(self, score: float, times: int = 1) -> None:
        """The next score. `times`: so many alike, of an endless supply, where their order makes no difference.

        ValueError unless it is from 0 to 1, or where the order does make one.
        """
        if not 0 <= score <= 1:
            raise ValueError(f"a score of {score} is not from 0 to 1")
        if self.finite and times != 1:
            raise ValueError("scores of a list that ends enter one by one")
        null = self._next(self.threshold)
        if 0 < null < 1:  # else certain, one way or the other
            won, lost = score / null, (1 - score) / (1 - null)
            left = self.size - self.seen
            per, had = (self.size / left, self.total / left) if self.finite else (1.0, 0.0)
            for at, rate in enumerate(self.rates):
                bet = per * rate - had  # as `_next`, which a loop of every item and alternative has no time for
                bet = null if bet < null else 1.0 if bet > 1 else bet
                factor = won * bet + lost * (1 - bet)
                self.logs[at] = self.logs[at] + times * math.log(factor) if factor > 0 else -math.inf
        elif score > 0 and not self.finite and null <= 0:  # no score over 0 was possible
            self.logs = [math.inf for _ in self.logs]
        self.seen, self.total = self.seen + times, self.total + score * times

    def _next(self, mean: float) -> float:
        return (self.size * mean - self.total) / (self.size - self.seen) if self.finite else mean

    @property
    def log(self) -> float:
        """Natural logarithm of the capital."""
        highest = max(self.logs)
        return highest if math.isinf(highest) else highest + math.log(sum(math.exp(one - highest) for one in self.logs))

    @property
    def refuted(self) -> bool:
        """Whether "the mean is not over the threshold" is refuted."""
        most = max(self.logs) + math.log(len(self.logs))  # the sum of so many is no larger
        return most >= self.need and self.log >= self.need


class Graded:
    """A list of `size` scores against a mean score, or (`finite` False) a supply that these are a sample of."""

    def __init__(
        self, size: int, mean: float, alpha_pass: float = 0.05, alpha_fail: float = 0.05, *, finite: bool = True
    ) -> None:
        self.size, self.mean, self.finite = size, mean, finite
        self.over = Capital(mean, alpha_pass, size, finite=finite)
        self.under = Capital(1 - mean, alpha_fail, size, finite=finite)
        self.decision: Decision | None = "pass" if mean <= 0 else None

    def enter(self, low: float, high: float) -> None:
        """A score; from `low` to `high` where there is none. ValueError past the last; settled, it is ignored."""
        if self.decision:
            return
        if self.finite and self.over.seen >= self.size:
            raise ValueError(f"the list has {self.size} items")
        self.over.enter(low)
        self.under.enter(1 - high)
        if self._surely_passes or self.over.refuted:
            self.decision = "pass"
        elif self._surely_fails or self.under.refuted:
            self.decision = "fail"

    @property
    def certain(self) -> bool:
        """Whether no score of the rest could change the verdict."""
        return self._surely_passes or self._surely_fails

    @property
    def _surely_passes(self) -> bool:
        return self.finite and self.over.total >= self.size * (self.mean - ROUNDING)

    @property
    def _surely_fails(self) -> bool:
        return self.finite and self.under.total > self.size * (1 - self.mean + ROUNDING)
