"""Whether a run uses more than its base does, beyond what runs of the base scatter by.

For a new run x beside n base runs with mean m and standard deviation s, x is beyond chance where
x / m - t s/m sqrt(1 + 1/n) > 1 + growth, t the one-sided quantile of Student's distribution with n - 1 degrees of
freedom: the prediction interval of one more run (Hahn & Meeker 1991, section 4.7). `LEVEL` is one false alarm in 100.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import msgspec

LEVEL = 0.99
FEWEST = 5
"""Base runs below which a regression is a warning, not a failure."""
_T99 = (31.82, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821, 2.764)
"""Student's t at 99 % for 1 to 10 degrees of freedom (any table)."""


class Regression(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a run beside its base."""

    unit: str
    used: float
    base: float
    """Mean per base run."""
    least: float
    """Lower end of the ratio used / base: what chance leaves of it."""
    growth: float
    """Growth that is allowed, as a share."""
    runs: int

    @property
    def ratio(self) -> float:
        """Used over base; infinite where the base used nothing."""
        return self.used / self.base if self.base else math.inf if self.used else 1.0

    @property
    def shown(self) -> bool:
        """Whether it is more than chance and the growth allowed explain."""
        return self.least > 1 + self.growth

    @property
    def fails(self) -> bool:
        """Whether it is shown by enough base runs."""
        return self.shown and self.runs >= FEWEST


def regression(unit: str, used: float, base: Sequence[float], growth: float) -> Regression:
    """A run that `used` so much beside base runs. ValueError without base runs."""
    if not base:
        raise ValueError("no base runs")
    mean = statistics.fmean(base)
    if not mean:
        least = math.inf if used else 1.0
    else:
        scatter = statistics.stdev(base) / mean if len(base) > 1 else 0.0
        least = used / mean - _t(len(base) - 1) * scatter * math.sqrt(1 + 1 / len(base))
    return Regression(unit=unit, used=used, base=mean, least=least, growth=growth, runs=len(base))


def _t(freedom: int) -> float:
    """Student's t at `LEVEL`: the table, beyond it Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5)."""
    if freedom < 1:
        return 0.0
    if freedom <= len(_T99):
        return _T99[freedom - 1]
    z = statistics.NormalDist().inv_cdf(LEVEL)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
