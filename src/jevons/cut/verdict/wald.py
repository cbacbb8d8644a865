"""Wald's sequential probability ratio test: two rates that must be named before, and no verdict on those between."""

from __future__ import annotations

import math
from typing import NamedTuple


class Lines(NamedTuple):
    """Reject above `slope` n + `upper` events, accept below `slope` n - `lower`."""

    lower: float
    upper: float
    slope: float


def lines(p0: float, p1: float, alpha: float, beta: float) -> Lines:
    """k = ln[p1(1-p0)/(p0(1-p1))]; h1 = ln((1-a)/b)/k, h2 = ln((1-b)/a)/k, s = ln((1-p0)/(1-p1))/k.

    Wald 1945; NIST/SEMATECH e-Handbook of Statistical Methods, 6.2.6.
    """
    k = math.log(p1 * (1 - p0) / (p0 * (1 - p1)))
    return Lines(math.log((1 - alpha) / beta) / k, math.log((1 - beta) / alpha) / k, math.log((1 - p0) / (1 - p1)) / k)
