"""What other ways would need: a size fixed before, and what looking at it in between does to its error."""

from __future__ import annotations

import math
from statistics import NormalDist

_Z = NormalDist().inv_cdf


def items_for_rate(threshold: float, rate: float, alpha: float = 0.05, beta: float = 0.05) -> float:
    """A fixed size that tells `rate` from `threshold`, one-sided, missing it with `beta`.

    ((z_a sqrt(p(1-p)) + z_b sqrt(q(1-q))) / (q-p))^2 (Fleiss, Levin and Paik 2003, equation 2.14). Infinite at the
    threshold itself.
    """
    if rate == threshold:
        return math.inf
    spread = _Z(1 - alpha) * math.sqrt(threshold * (1 - threshold)) + _Z(1 - beta) * math.sqrt(rate * (1 - rate))
    return float((spread / (rate - threshold)) ** 2)


def items_for_difference(
    between: float, within: tuple[float, float], repeats: tuple[float, float], difference: float, alpha: float,
    power: float,
) -> float:  # fmt: skip
    """A fixed size that shows a paired difference of two models, two-sided.

    n = (z_(a/2) + z_b)^2 (w2 + sA2/KA + sB2/KB) / d^2 (Miller 2024, arXiv:2411.00640, section 5): `between` w2 the
    variance over items of the difference of their true rates, `within` sA2, sB2 the mean variances of one try.
    """
    z = _Z(1 - alpha / 2) + _Z(power)
    variance = between + sum(one / tries for one, tries in zip(within, repeats, strict=True))
    return float(z**2 * variance / difference**2)


def wilson(passes: int, items: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of a rate at a size fixed before (Wilson 1927; Newcombe 1998, method 3). ValueError without items."""
    if items < 1:
        raise ValueError("no items")
    z = _Z((1 + confidence) / 2)
    rate, square = passes / items, z**2 / items
    half = z * math.sqrt(rate * (1 - rate) / items + square / (4 * items))
    return max((rate + square / 2 - half) / (1 + square), 0.0), min((rate + square / 2 + half) / (1 + square), 1.0)


def error_of_peeking(looks: int, alpha: float = 0.05, steps: int = 120) -> float:
    """Chance that a test at `alpha` is significant at some of `looks` evenly spaced looks, with nothing to find.

    Armitage, McPherson and Rowe 1969 (J. R. Stat. Soc. A 132): the density of the sum of normal steps that stayed
    inside the limits, integrated from look to look (Simpson's rule).
    """
    z, density = _Z(1 - alpha / 2), NormalDist().pdf
    points = _points(z, steps)
    inside = [weight * density(x) for x, weight in points]
    for look in range(2, looks + 1):
        after = _points(z * math.sqrt(look), steps)
        inside = [
            weight * sum(mass * density(x - y) for mass, (y, _) in zip(inside, points, strict=True) if abs(x - y) < 8)
            for x, weight in after
        ]
        points = after
    return 1 - sum(inside)


def _points(half: float, steps: int) -> list[tuple[float, float]]:
    width = 2 * half / steps
    return [
        (-half + at * width, width / 3 * (1 if at in (0, steps) else 4 if at % 2 else 2)) for at in range(steps + 1)
    ]
