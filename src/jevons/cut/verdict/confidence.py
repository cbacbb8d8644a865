"""Bounds on a mean or rate that hold at every look at once, without a threshold: confidence sequences."""

from __future__ import annotations

import math


def stitched(v: float, alpha: float, v_min: float = 1.0, c: float = 0.0, s: float = 1.4, eta: float = 2.0) -> float:
    """How far a sum may stray from its mean, ever, with a chance of at most `alpha`, at intrinsic time `v`.

    The polynomial stitched boundary (Howard, Ramdas, McAuliffe and Sekhon 2021, Ann. Stat. 49, theorem 1, equations 8
    to 10): sub-gamma with scale `c`; 0: sub-Gaussian, as outcomes from 0 to 1 are with v = n/4 (Hoeffding).
    """
    v = max(v, v_min)
    reach = s * math.log(1 + math.log(v / v_min) / math.log(eta)) + math.log(_zeta(s) / alpha)
    k1, k2 = (eta**0.25 + eta**-0.25) / math.sqrt(2), (math.sqrt(eta) + 1) / 2
    return math.sqrt(k1**2 * v * reach + (k2 * c * reach) ** 2) + k2 * c * reach


def rate_interval(passes: int, items: int, alpha: float = 0.05, best_at: float = 100.0) -> tuple[float, float]:
    """Interval of the true rate that holds at every look; narrowest about `best_at` items.

    The beta-binomial mixture (Robbins 1970; Howard et al. 2021, proposition 7), both sides at once: rates p at which
    Beta(kp + s, k(1-p) + f) / (Beta(kp, k(1-p)) p^s (1-p)^f) stays under 1/alpha. k = t/C - 1 as for the normal
    mixture that is best at t items, C = 2 ln(1/a) + ln(1 + 2 ln(1/a)) at a = 0.05. ValueError without items.
    """
    if items < 1:
        raise ValueError("no items")
    nats = 2 * math.log(20)
    k, rate = max(best_at / (nats + math.log1p(nats)) - 1, 1e-3), passes / items

    def inside(p: float) -> bool:
        if p in (0.0, 1.0):  # reached by rounding alone
            return False
        log = passes * math.log(p) + (items - passes) * math.log1p(-p)
        ratio = _log_beta(k * p + passes, k * (1 - p) + items - passes) - _log_beta(k * p, k * (1 - p)) - log
        return ratio < math.log(1 / alpha)

    def edge(outside: float) -> float:
        if rate == outside:
            return outside
        out, within = outside, rate
        for _ in range(60):
            middle = (out + within) / 2
            out, within = (out, middle) if inside(middle) else (middle, within)
        return within

    return edge(0.0), edge(1.0)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _zeta(s: float, terms: int = 20) -> float:
    """Riemann's zeta by Euler and Maclaurin's formula (Abramowitz & Stegun 23.2.3); s > 1."""
    n = float(terms)
    head = math.fsum(math.pow(k, -s) for k in range(1, terms))
    tail = n / (s - 1) + 0.5 + s / (12 * n) - s * (s + 1) * (s + 2) / (720 * n**3)
    return head + tail * math.pow(n, -s)
