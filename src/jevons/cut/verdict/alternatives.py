"""Against a threshold, the rates worth betting on: one for each number of items that a verdict might take.

A verdict at error `alpha` on a true rate q against the threshold p takes about ln(1/alpha) / KL(q, p) items (Wald 1945;
on an endless supply no test needs fewer on average). So for a list of N there is one alternative for
each of N, N/2, N/4, ... items: the rate that takes as many.
"""

from __future__ import annotations

import math


def divergence(rate: float, other: float) -> float:
    """Kullback and Leibler's divergence of two pass rates, in nats for an item: KL(rate, other)."""
    nats = 0.0
    for one, two in ((rate, other), (1 - rate, 1 - other)):
        if one > 0:
            nats += one * math.log(one / two) if two > 0 else math.inf
    return nats


def reference_items(rate: float, threshold: float, alpha: float, size: float = math.inf) -> float:
    """What a test at error `alpha` needs on average: min(size, ln(1/alpha) / KL(rate, threshold)).

    No test needs fewer on an endless supply; a list that comes to an end can settle before.
    """
    nats = divergence(rate, threshold)
    return min(size, math.log(1 / alpha) / nats) if nats > 0 else size


def above(threshold: float, nats: float) -> float:
    """The rate over a threshold that lies `nats` from it, or 1: by bisection."""
    if threshold <= 0 or nats >= -math.log(threshold):
        return 1.0
    low, high = threshold, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if divergence(middle, threshold) < nats else (low, middle)
    return high


def octaves(threshold: float, alpha: float, size: int, *, finite: bool) -> list[tuple[float, float]]:
    """Rates over a threshold with their shares of the bet, nearest first; the last is 1.

    In a finite list those that take a good part of it get a smaller share (1 / (1 + 10 n/N) before they add up to 1):
    there what is still unseen helps, and the near ones would cost the far ones more than they gain. The shares weigh
    nothing in the error, only in how many items are needed; 10 was chosen on expected counts at 200 to 14,000 items.
    """
    found: list[tuple[float, float]] = []
    items = float(max(size, 1))
    while not found or found[-1][0] < 1:
        found.append((above(threshold, math.log(1 / alpha) / items), 1 / (1 + 10 * items / size) if finite else 1.0))
        items /= 2
    whole = sum(share for _, share in found)
    return [(rate, share / whole) for rate, share in found]
