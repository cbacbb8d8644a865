"""Rebound: how much of what efficiency should save is taken back by more use (Jevons 1865; Khazzoom 1980).

`gain` is the share that one step of efficiency takes off the energy, carbon or water of a unit of use, 0 <= gain < 1;
savings are shares of what was used before, negative where more is used. Whether rebound caused a growth of demand, no
formula here can say. OverflowError where a result is too large for a float.
"""

from __future__ import annotations

import math


def expected_saving(gain: float, steps: float = 1.0) -> float:
    """1 - (1 - g)^n: what n steps save where demand stays (as in Wu et al. 2021, arXiv 2111.00364, sec. III-B)."""
    return -math.expm1(_log_left(gain, steps))


def actual_saving(gain: float, growth: float, steps: float = 1.0) -> float:
    """1 - k (1 - g)^n: what they save where demand is k times what it was. Measured totals: `ratios.reduction`."""
    if not 0 <= growth < math.inf:
        raise ValueError(f"demand grown to {growth} times: finite, 0 at least")
    return 1 - growth * math.exp(_log_left(gain, steps))


def rebound(expected: float, actual: float) -> float:
    """R = 1 - actual / expected saving (Sorrell 2007, UKERC, The Rebound Effect): 0 none, 1 all of it, below 0 saved
    more than expected. ValueError unless 0 < expected <= 1 and actual <= 1: nobody saves more than there was.
    """
    if not 0 < expected <= 1 or not -math.inf < actual <= 1:
        raise ValueError(f"expected saving {expected} above 0, and actual saving {actual}: shares, 1 at most")
    return 1 - actual / expected


def backfires(rebound: float) -> bool:
    """R > 1: more is used than before (Saunders 1992's Khazzoom-Brookes postulate; Jevons' paradox)."""
    return rebound > 1


def demand_growth(net_saving: float, gain: float, steps: float = 1.0) -> float:
    """k = (1 - net) / (1 - g)^n: times by which demand grew, if n steps left a net saving; `actual_saving` inverted."""
    if not -math.inf < net_saving <= 1:
        raise ValueError(f"net saving {net_saving}: 1 at most")
    return (1 - net_saving) * math.exp(-_log_left(gain, steps))


def break_even_growth(gain: float, steps: float = 1.0) -> float:
    """k* = 1 / (1 - g)^n: demand that grows to more than this takes back all that was saved."""
    return demand_growth(0.0, gain, steps)


def energy_elasticity(of_service: float) -> float:
    """eta_eff(E) = eta_eff(S) - 1: elasticity of energy by efficiency, from that of the service that it gives.

    E = S / efficiency (Sorrell & Dimitropoulos 2008, Ecological Economics 65, definition 1).
    """
    return _finite(of_service) - 1


def by_service_elasticity(of_service: float) -> float:
    """R = eta_eff(S), for small steps (the same)."""
    return _finite(of_service)


def by_energy_elasticity(of_energy: float) -> float:
    """R = 1 + eta_eff(E), for small steps (the same)."""
    return 1 + _finite(of_energy)


def by_price_elasticity(of_price: float) -> float:
    """R = -eta_price: only where people answer efficiency just as they answer a lower price (the same)."""
    return -_finite(of_price)


def increment(before: float, after: float, elapsed: float, period: float) -> float:
    """(b - a) period / elapsed: what is added in a period (Jevons 1866, The Coal Question, ch. XII: fifty years).

    `elapsed` and `period` in one unit of time; ValueError unless both > 0.
    """
    return (_finite(after) - _finite(before)) * _periods(elapsed, period)


def growth(before: float, after: float, elapsed: float, period: float) -> float:
    """(b / a)^(period / elapsed) - 1: compound growth in a period, a share (the same). ValueError unless a, b > 0."""
    if not (0 < before < math.inf and 0 < after < math.inf):
        raise ValueError(f"compound growth needs something at both ends; got {before} and {after}")
    return math.expm1((math.log(after) - math.log(before)) * _periods(elapsed, period))


def _log_left(gain: float, steps: float) -> float:
    """ln (1 - g)^n, of what is left."""
    if not 0 <= gain < 1 or not 0 <= steps < math.inf:
        raise ValueError(f"gain {gain} from 0 to below 1, {steps} steps: 0 at least")
    return steps * math.log1p(-gain)


def _periods(elapsed: float, period: float) -> float:
    if not (0 < elapsed < math.inf and 0 < period < math.inf):
        raise ValueError(f"{elapsed} elapsed, a period of {period}: above 0")
    return period / elapsed


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"a finite number, not {number}")
    return number
