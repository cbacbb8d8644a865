"""An interrupted time series of daily counts: by what factor they changed at a date, with its uncertainty.

Log mean = level + trend + weekday + step; around it a latent AR(1) error and Poisson noise, so that counts are
overdispersed and days resemble their neighbours (Zeger 1988, Biometrika 75; Bernal, Cummins & Gasparrini 2017, Int. J.
Epidemiology 46). Coefficients solve Zeger's estimating equation; what the series says of the
autocorrelation is integrated over, with the restricted likelihood of Harville (1977, JASA 72) as its weight, and so is
the variance: the step is a mixture of Student's t. Many series at once; needs numpy and scipy (extra `report`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtr

from jevons.weigh import poisson

LOW, HIGH = -0.25, 0.95
"""Autocorrelation from day to day that is thought of, each value as likely as the others."""
_GRID = 12
_STEPS = 15
_CLOSE, _LONGEST = 5e-3, 1.0
"""Change of any day's log mean at which the fit is done, and the most that one step may change it."""
_LEAST = 1e-3
"""Least variance of the latent error relative to the mean, squared."""


class Step(NamedTuple):
    """The log of the factor for each of s series: a mixture over g autocorrelations of Student's t."""

    weights: Any
    """s x g, sum 1."""
    centres: Any
    scales: Any
    freedom: Any
    """s."""
    autocorrelations: Any
    """g."""
    latent: Any
    """s: variance of the latent error, relative to the mean squared."""
    means: Any
    """s x n: the fitted mean of each day."""

    @property
    def middle(self) -> Any:
        """s."""
        return (self.weights * self.centres).sum(1)

    @property
    def deviation(self) -> Any:
        """s: standard deviation, as if its degrees of freedom were many."""
        return np.sqrt((self.weights * (self.scales**2 + self.centres**2)).sum(1) - self.middle**2)

    def below(self, log_factor: Any) -> Any:
        """s: probability that the log of the factor is less than these s."""
        at = (np.asarray(log_factor)[..., None] - self.centres) / self.scales
        return (self.weights * stdtr(self.freedom[:, None], at)).sum(1)

    @property
    def autocorrelation(self) -> Any:
        """s: middle of what the series says of it."""
        return self.weights @ self.autocorrelations

    def draws(self, many: int, draw: np.random.Generator) -> Any:
        """s x many log factors."""
        pick = (draw.random((len(self.weights), many))[:, :, None] > self.weights.cumsum(1)[:, None, :-1]).sum(2)
        spread = draw.standard_t(self.freedom[:, None], pick.shape)
        return np.take_along_axis(self.centres, pick, 1) + np.take_along_axis(self.scales, pick, 1) * spread

    def quantile(self, share: float) -> Any:
        """s: log factors below which this share lies."""
        reach = 4 + 1000 * self.scales.max(1)
        low, high = self.centres.min(1) - reach, self.centres.max(1) + reach
        for _ in range(60):
            half = (low + high) / 2
            under = self.below(half) < share
            low, high = np.where(under, half, low), np.where(under, high, half)
        return (low + high) / 2


def design(weekdays: Any, at: int, present: Iterable[int] = range(7)) -> Any:
    """n x p: level, trend, step from day `at` on, and the weekdays (0 to 6) that are `present` but one."""
    weekdays = np.asarray(weekdays)
    days = np.arange(len(weekdays))
    others = sorted(present)[1:]
    return np.column_stack([
        np.ones(len(days)), (days - at) / len(days), days >= at, *(weekdays == one for one in others)
    ]).astype(float)  # fmt: skip


STEP = 2
"""Column of the design."""


def step(counts: Any, columns: Any, counted: Any = None) -> Step:
    """The step of each of s series: `counts` s x n (one row a series, one column a day), `columns` from `design` (n x p
    for all, or s x n x p), `counted` s x n, False for days that are missing.
    """
    counts = np.asarray(counts, float)
    seen = np.ones_like(counts, bool) if counted is None else np.asarray(counted, bool)
    counts = np.where(seen, counts, 0.0)
    columns = np.broadcast_to(columns, (len(counts), *columns.shape[-2:]))
    freedom = seen.sum(1) - columns.shape[2]
    edges = np.linspace(LOW, HIGH, _GRID + 1)
    grid = (edges[1:] + edges[:-1]) / 2
    predictor = np.log(poisson.fit(counts, columns, counted=seen).means)
    parts = [np.zeros((len(counts), *shape)) for shape in ((_GRID,), (_GRID,), (_GRID,), ())]
    left = np.arange(len(counts))
    for number in range(_STEPS):
        means = np.exp(predictor[left])
        relative = np.where(seen[left], (counts[left] - means) / means, 0.0)
        latent = np.maximum((seen[left] * (relative**2 - 1 / means)).sum(1) / freedom[left], _LEAST)
        weights, coefficients, covariance = _integrated(
            predictor[left] + relative, columns[left], seen[left], 1 / means, latent, grid, freedom[left]
        )
        scales = np.sqrt(covariance[:, :, STEP, STEP])
        for part, found in zip(parts, (weights, coefficients[:, :, STEP], scales, latent), strict=True):
            part[left] = found
        change = np.einsum("sg,sgp,snp->sn", weights, coefficients, columns[left], optimize=True) - predictor[left]
        most = np.abs(change).max(1)
        # a day far above its mean would throw the next mean beyond it; where two fits take turns, half-way ends it
        damped = np.minimum(1.0, _LONGEST / np.maximum(most, _LONGEST)) * (1.0 if number < _STEPS // 3 else 0.5)
        predictor[left] += damped[:, None] * change
        left = left[most > _CLOSE]
        if not len(left):
            break
    return Step(parts[0], parts[1], parts[2], freedom, grid, parts[3], np.exp(predictor))


def deviations(made: Step, weekdays: Any, at: int, counted: Any, weeks: int) -> Any:
    """weeks + 1: the standard deviation of the first series' log factor with 0, 1, 2 ... more weeks after its last day,
    if days to come scatter as those so far and are counted where their weekday ever was."""
    weekdays, counted = np.asarray(weekdays), np.asarray(counted, bool)
    size = len(weekdays)
    later = (weekdays[-1] + 1 + np.arange(7 * weeks)) % 7
    usual = {one: made.means[0, (weekdays == one) & counted].mean() for one in np.unique(weekdays[counted])}
    seen = np.concatenate([counted, np.isin(later, list(usual))])[None]
    means = np.concatenate([made.means[0], [usual.get(one, 1.0) for one in later]])[None]
    columns = design(np.concatenate([weekdays, later]), at, usual)[None]
    white, _ = _whitened(np.zeros_like(means), columns, seen, 1 / means, made.latent[:1], made.autocorrelation[:1])
    normal = (white[0, 0, :, 1:, None] * white[0, 0, :, None, 1:]).cumsum(0)[size - 1 :: 7]
    found = np.sqrt(np.linalg.inv(normal + poisson.RIDGE * np.eye(columns.shape[2]))[:, STEP, STEP])
    return found * (made.deviation[0] / found[0])


def _integrated(
    working: Any, columns: Any, seen: Any, noise: Any, latent: Any, grid: Any, freedom: Any
) -> tuple[Any, Any, Any]:
    """Weights of autocorrelations s x g, coefficients s x g x p and their covariances, scale included."""
    white, logs = _whitened(working, columns, seen, noise, latent, grid)
    normal = np.matmul(white.transpose(0, 1, 3, 2), white)
    inner = normal[:, :, 1:, 1:] + poisson.RIDGE * np.eye(columns.shape[2])
    inverse = np.linalg.inv(inner)
    coefficients = np.einsum("sgpq,sgq->sgp", inverse, normal[:, :, 1:, 0])
    rest = np.maximum(normal[:, :, 0, 0] - (coefficients * normal[:, :, 1:, 0]).sum(2), 1e-12)
    restricted = -0.5 * (logs + np.linalg.slogdet(inner)[1] + freedom[:, None] * np.log(rest))
    weights = np.exp(restricted - restricted.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    return weights, coefficients, inverse * (rest / freedom[:, None])[:, :, None, None]


def _whitened(working: Any, columns: Any, seen: Any, noise: Any, latent: Any, grid: Any) -> tuple[Any, Any]:
    """(response and columns, s x g x n x (1 + p), and log determinant, s x g) of V^-1/2: a Kalman filter of the
    latent error (variance `latent`, s) under `noise` (s x n); it steps over days that are missing."""
    series, days = working.shape
    width = columns.shape[2] + 1
    made = np.zeros((series, len(grid), days, width))
    logs = np.zeros((series, len(grid)))
    state = np.zeros((series, len(grid), width))
    ahead = np.repeat(latent[:, None], len(grid), 1)
    row = np.empty((series, 1, width))
    for day in range(days):
        row[:, 0, 0], row[:, 0, 1:] = working[:, day], columns[:, day]
        here = seen[:, day, None]
        spread = ahead + noise[:, day, None]
        gain = np.where(here, ahead / spread, 0.0)
        apart = row - state
        made[:, :, day] = apart * np.where(here, spread**-0.5, 0.0)[:, :, None]
        logs += np.where(here, np.log(spread), 0.0)
        state = (state + gain[:, :, None] * apart) * grid[:, None]
        ahead = grid**2 * ahead * (1 - gain) + latent[:, None] * (1 - grid**2)
    return made, logs
