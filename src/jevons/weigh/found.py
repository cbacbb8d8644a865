"""The day on which intensity changed, where nobody tells it; and the step of demand on a day that was found so.

The day is looked for where the gain is, in what a verdict takes, never in demand, whose scatter would choose its own
step. What was found is found again in each of `TIMES` bootstrapped histories: intensity by resampled weeks of its
residuals (Kuensch 1989, Ann. Statistics 17), demand as fitted; by how much the step on that day is off the step on the
day that the history was made with, comes on top of what the step scatters by. Needs numpy and scipy (extra `report`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jevons.weigh import series, taken_back

FEWEST_DAYS = 2 * taken_back.FEWEST_DAYS
"""On each side of the earliest and the latest day that may be found."""
TIMES = 100
BLOCK = 7
NEAR, SURE = 3, 0.9
LEVEL = 0.05
"""Chance at most that a history without any change shows one as large."""
SAME = 1e-6
"""A change of the log so small is none."""
_AT_ONCE = 100
_LEAST = 1e-3


class Found(NamedTuple):
    """A day, and the days found in bootstrapped histories."""

    at: int
    again: Any
    """times."""
    chance: float
    """That a history without any change shows one as large."""

    @property
    def stands_out(self) -> bool:
        """Whether there was a change, and its day is found again within `NEAR` days nearly always: an interval of a
        step on a vague day is too short."""
        return self.chance <= LEVEL and float((np.abs(self.again - self.at) <= NEAR).mean()) >= SURE


def find(intensity: Any, since: int, draw: np.random.Generator) -> Found | None:
    """The day `since` or later on which the level of `intensity` changed most (least squares on logs); one entry a
    day, nan where unknown. None where no day may be found."""
    intensity = np.asarray(intensity, float)
    days = np.flatnonzero(np.isfinite(intensity))
    may = (days >= max(since, FEWEST_DAYS)) & (days <= len(intensity) - FEWEST_DAYS)
    if not may.any():
        return None
    known = intensity[days]
    logs = np.log(np.maximum(known, _LEAST * known.mean()))[None]
    places, size = _largest(logs, may)
    at = int(places[0])
    before, after = logs[0, :at].mean(), logs[0, at:].mean()
    fitted = np.where(np.arange(len(days)) < at, before, after)
    scatter = _blocks(logs[0] - fitted, draw)
    again, _ = _largest(fitted + scatter, may)
    chance = (1 + (_largest(scatter, may)[1] >= size[0]).sum()) / (1 + TIMES)
    return Found(int(days[at]), days[again], float(chance) if abs(after - before) > SAME else 1.0)


def draws(
    made: series.Step, found: Found, weekdays: Any, present: Any, counted: Any, many: int, draw: np.random.Generator
) -> Any:
    """many: log factors, with the choice of the day among what they scatter by. `made` is the step on `found.at`."""
    other = found.again[found.again != found.at]
    apart = np.zeros(len(found.again))
    counted = np.asarray(counted, bool)
    phi, latent = float(made.autocorrelation[0]), np.log1p(made.latent[0])
    for first in range(0, len(other), _AT_ONCE):
        days = other[first : first + _AT_ONCE]
        error = draw.standard_normal((len(days), len(counted)))
        for day in range(1, len(counted)):
            error[:, day] = phi * error[:, day - 1] + np.sqrt(1 - phi**2) * error[:, day]
        counts = draw.poisson(made.means[0] * np.exp(np.sqrt(latent) * error - latent / 2))
        seen = np.repeat(counted[None], len(days), 0)
        columns = np.stack([series.design(weekdays, int(at), present) for at in days])
        there = series.step(counts, columns, seen).middle
        here = series.step(counts, series.design(weekdays, found.at, present), seen).middle
        apart[first : first + len(days)] = there - here
    return made.draws(many, draw)[0] - draw.choice(apart, many)


def _largest(logs: Any, may: Any) -> tuple[Any, Any]:
    """For each of s rows: where the means before and after differ most, and the squares that this explains as a share
    of the rest."""
    size = logs.shape[1]
    before = np.arange(1, size)
    sums = logs.cumsum(1)[:, :-1]
    whole = logs.sum(1, keepdims=True)
    squares = (sums / before - (whole - sums) / (size - before)) ** 2 * before * (size - before) / size
    squares = np.where(may[1:], squares, -1.0)
    at = squares.argmax(1)
    most = np.take_along_axis(squares, at[:, None], 1)[:, 0]
    rest = ((logs - whole / size) ** 2).sum(1) - most
    return at + 1, most / np.maximum(rest, 1e-12)


def _blocks(residuals: Any, draw: np.random.Generator) -> Any:
    """times x n: residuals in resampled blocks of neighbours."""
    size = len(residuals)
    starts = draw.integers(0, size - BLOCK + 1, (TIMES, -(-size // BLOCK)))
    return residuals[(starts[:, :, None] + np.arange(BLOCK)).reshape(TIMES, -1)[:, :size]]
