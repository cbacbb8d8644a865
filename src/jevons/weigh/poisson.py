"""Poisson regression with a log link, of many series at once (McCullagh & Nelder 1989, Generalized Linear
Models, ch. 2).

Needs numpy (extra `report`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_STEPS = 50
_CLOSE = 1e-10
_MOST = 30.0
"""|log mean| stays below: where a class of days has no count at all its coefficient has no end."""
RIDGE = 1e-9
Z95 = 1.959963984540054


class Fit(NamedTuple):
    """A regression of each of s series of n counts on p columns."""

    coefficients: Any
    """s x p."""
    covariance: Any
    """s x p x p, of a Poisson variance; times `dispersion` of a quasi-Poisson one (Wedderburn 1974, Biometrika 61)."""
    means: Any
    """s x n."""
    deviance: Any
    """s."""
    dispersion: Any
    """s: Pearson's chi square over its degrees of freedom; 1 where counts are Poisson."""

    def errors(self, *, quasi: bool) -> Any:
        """s x p: standard errors of the coefficients."""
        variance = np.diagonal(self.covariance, axis1=1, axis2=2)
        return np.sqrt(variance * self.dispersion[:, None] if quasi else variance)

    def factor(self, column: int, *, quasi: bool) -> tuple[Any, Any, Any]:
        """exp of a coefficient with its 95 % Wald interval, each s: by what a unit of the column multiplies counts."""
        middle, error = self.coefficients[:, column], self.errors(quasi=quasi)[:, column]
        return np.exp(middle), np.exp(middle - Z95 * error), np.exp(middle + Z95 * error)


def fit(counts: Any, design: Any, offset: Any = 0.0, counted: Any = None) -> Fit:
    """Iteratively reweighted least squares. `counts` s x n, `design` n x p or s x n x p, `offset` added to the log of
    the mean, `counted` s x n: False for what is missing. ValueError for counts that are negative or not finite.
    """
    counts, design = np.asarray(counts, float), np.asarray(design, float)
    weight = np.ones_like(counts) if counted is None else np.asarray(counted, float)
    counts = np.where(weight > 0, counts, 0.0)
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("counts must be finite and not negative")
    design = np.broadcast_to(design, (len(counts), *design.shape[-2:]))
    offset = np.broadcast_to(np.asarray(offset, float), counts.shape)
    predictor = np.where(weight > 0, np.log(counts + 0.5), 0.0)
    deviance, covariance, coefficients = np.inf, np.empty(0), np.empty(0)
    for _ in range(_STEPS):
        means = np.exp(predictor)
        weights = weight * means
        working = predictor - offset + (counts - means) / means
        covariance = np.linalg.inv(
            np.einsum("sn,snp,snq->spq", weights, design, design, optimize=True) + _ridge(design)
        )
        coefficients = np.einsum("spq,sn,snq->sp", covariance, weights * working, design, optimize=True)
        predictor = np.clip(np.einsum("snp,sp->sn", design, coefficients) + offset, -_MOST, _MOST)
        before, deviance = deviance, _deviance(counts, np.exp(predictor), weight)
        if np.all(np.abs(deviance - before) <= _CLOSE * (1 + deviance)):
            break
    means = np.exp(predictor)
    chi = (weight * (counts - means) ** 2 / means).sum(1)
    return Fit(coefficients, covariance, means, deviance, chi / (weight.sum(1) - design.shape[2]))


def harmonics(time: Any, pairs: int, period: float) -> Any:
    """n x 2 pairs: sine and cosine of 1 to `pairs` cycles a period, a season in few columns."""
    angle = 2 * np.pi * np.outer(np.asarray(time, float), np.arange(1, pairs + 1)) / period
    return np.hstack([np.sin(angle), np.cos(angle)])


def _ridge(design: Any) -> Any:
    return RIDGE * np.eye(design.shape[2])


def _deviance(counts: Any, means: Any, weight: Any) -> Any:
    logs = np.where(counts > 0, counts * np.log(np.where(counts > 0, counts, 1.0) / means), 0.0)
    return 2 * (weight * (logs - (counts - means))).sum(1)
