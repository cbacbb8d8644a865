"""Rebound on simulated series: how often the interval holds the truth, and how often "backfire" is said wrongly.

    python validation/rebound.py             16 cells of 1,000 series, a minute
    JEVONS_REBOUND=full python ...           all 144 cells of 2,000 series and what stands beside them, half an hour

What is simulated and what must hold: `PROTOCOL.md`, Rebound.
"""

from __future__ import annotations

import importlib
import itertools
import math
import os
import sys
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.stats import beta
from tables import Bar, table

from jevons.weigh import rebound, series

WEEKDAYS = np.array([0.3, 0.35, 0.3, 0.25, 0.2, -0.6, -0.8])
LEVEL, MISSING, DEVIATION = 60.0, 0.05, 0.35
DAYS, PHIS, TRENDS = (28, 56, 112), (0.0, 0.5), (0.0, 1.0)
GAINS, REBOUNDS = (0.2, 0.5, 0.8), (0.0, 0.5, 1.0, 1.4)
FULL, FEW = 2000, 1000
AT_ONCE = 125


class Cell(NamedTuple):
    """What series of one kind have in common."""

    days: int
    phi: float
    trend: float
    """Growth a year."""
    gain: float
    rebound: float
    deviation: float = DEVIATION
    """Of the latent error itself, not of its innovations."""
    level: float = LEVEL

    @property
    def log_factor(self) -> float:
        """ln k."""
        return math.log(rebound.demand_growth(self.gain * (1 - self.rebound), self.gain))


class Judged(NamedTuple):
    """What became of a cell's series."""

    cell: Cell
    many: int
    covered: float
    backfire: int
    below: float
    half: float
    """Mean half-width of R."""
    deviation: float
    """Of the estimates of ln k."""


def simulate(cell: Cell, many: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(counts, whether counted, weekdays) of so many series."""
    days = np.arange(2 * cell.days)
    error = draw.standard_normal((many, len(days)))
    for day in days[1:]:
        error[:, day] = cell.phi * error[:, day - 1] + math.sqrt(1 - cell.phi**2) * error[:, day]
    log_mean = math.log1p(cell.trend) * days / 365 + WEEKDAYS[days % 7] + cell.log_factor * (days >= cell.days)
    counts = draw.poisson(cell.level * np.exp(log_mean + cell.deviation * error))
    return counts, draw.random(counts.shape) >= MISSING, days % 7


def ratio(log_factor: np.ndarray, gain: float) -> np.ndarray:
    """R of ln k, by the product's own identities."""
    expected = rebound.expected_saving(gain)
    return np.array(
        [rebound.rebound(expected, rebound.actual_saving(gain, math.exp(min(one, 700)))) for one in log_factor]
    )


def judge(cell: Cell, many: int, seed: int = 0) -> Judged:
    """Simulate and estimate."""
    draw = np.random.default_rng([seed, *(round(1000 * part) for part in cell)])
    counts, counted, weekdays = simulate(cell, many, draw)
    columns = series.design(weekdays, cell.days)
    made = [
        series.step(counts[at : at + AT_ONCE], columns, counted[at : at + AT_ONCE]) for at in range(0, many, AT_ONCE)
    ]
    lowest, low, high = (
        ratio(np.concatenate([one.quantile(share) for one in made]), cell.gain) for share in (0.025, 0.05, 0.95)
    )
    return Judged(
        cell, many, float(((low <= cell.rebound + 1e-9) & (cell.rebound - 1e-9 <= high)).mean()),
        int((lowest > 1).sum()), float((high < 1).mean()), float((high - low).mean() / 2),
        float(np.concatenate([one.middle for one in made]).std()),
    )  # fmt: skip


def bound(cell: Cell) -> float:
    """Least standard deviation of ln k without bias (Cramer-Rao) where phi, deviation and means are known: that of
    generalised least squares on log counts, by dense matrices; mean over 50 patterns of missing days."""
    days = np.arange(2 * cell.days)
    columns = series.design(days % 7, cell.days)
    mean = cell.level * np.exp(math.log1p(cell.trend) * days / 365 + WEEKDAYS[days % 7])
    mean *= np.exp(cell.log_factor * (days >= cell.days))
    latent = cell.deviation**2 * cell.phi ** np.abs(np.subtract.outer(days, days))
    draw, found = np.random.default_rng(1), []
    for _ in range(50):
        here = draw.random(len(days)) >= MISSING
        spread = (latent + np.diag(1 / mean))[np.ix_(here, here)]
        found.append(np.linalg.inv(columns[here].T @ np.linalg.solve(spread, columns[here]))[series.STEP, series.STEP])
    return math.sqrt(float(np.mean(found)))


def upper(wrong: int, many: int) -> float:
    """Upper 95 % limit of a share (Clopper & Pearson 1934)."""
    return 1.0 if wrong == many else float(beta.ppf(0.95, wrong + 1, many - wrong))


def bars(judged: Iterable[Judged]) -> list[Bar]:
    """What the protocol asks."""
    judged = list(judged)
    least, most = (end(judged, key=lambda one: one.covered) for end in (min, max))
    false = [one for one in judged if one.cell.rebound <= 1]
    worst = max(false, key=lambda one: one.backfire / one.many)
    asked = [one for one in judged if one.cell[0] == 56 and one.cell.gain == 0.5 and one.cell.rebound == 0]
    missed = sum(not 0.85 <= one.covered <= 0.95 for one in judged)
    over = sum(upper(one.backfire, one.many) > 0.05 for one in false)
    shown, widest = min(asked, key=lambda one: one.below), max(asked, key=lambda one: one.half)
    return [
        Bar("90 % interval covers R", "85 to 95 % in every cell",
            f"{least.covered:.1%} to {most.covered:.1%}; {missed} of {len(judged)} cells outside", not missed),
        Bar('"backfire" at R <= 1', "<= 5 % in every cell, upper limit",
            f"at most {worst.backfire / worst.many:.1%} (upper limit {upper(worst.backfire, worst.many):.1%}); "
            f"{over} of {len(false)} cells above", not over),
        Bar("R = 0 shown below 1 (g 0.5, 56 days)", ">= 80 %",
            f"{shown.below:.0%} at least (phi {shown.cell.phi:g})", shown.below >= 0.8),
        Bar("half-width at R = 0 (g 0.5, 56 days)", "<= 0.7",
            f"{widest.half:.2f} at most (phi {widest.cell.phi:g})", widest.half <= 0.7),
    ]  # fmt: skip


def by_kind(judged: Iterable[Judged]) -> str:
    """A line for each trend, autocorrelation and length: the worst of its gains and rebounds."""
    kinds: dict[tuple[object, ...], list[Judged]] = {}
    for one in judged:
        kinds.setdefault((one.cell.days, one.cell.phi, one.cell.trend), []).append(one)
    lines = []
    for (days, phi, trend), of in sorted(kinds.items()):  # type: ignore[misc]
        covered = [one.covered for one in of]
        false = max((one.backfire / one.many for one in of if one.cell.rebound <= 1), default=math.nan)
        at = {(one.cell.gain, one.cell.rebound): one for one in of}
        usual = at.get((0.5, 0.0))
        real = [one.backfire / one.many for one in of if one.cell.rebound > 1]
        told = ["", "", "", ""]
        if usual:
            told = [f"{usual.half:.2f}", f"{usual.below:.0%}", f"{usual.deviation:.3f}", f"{bound(usual.cell):.3f}"]
        lines.append([
            f"{days}", f"{phi:g}", f"{trend:.0%}", f"{min(covered):.1%} to {max(covered):.1%}", f"{false:.1%}",
            f"{min(real):.0%} to {max(real):.0%}" if real else "", *told,
        ])  # fmt: skip
    return table(
        ["days a side", "phi", "trend", "coverage", "false backfire, at most", "backfire found at R = 1.4",
         "half-width", "shown below 1", "deviation of ln k", "its bound"], lines,
    )  # fmt: skip


def cells(*, full: bool) -> list[Cell]:
    """All cells of the protocol, or one for each trend, autocorrelation and length."""
    made = itertools.starmap(Cell, itertools.product(DAYS, PHIS, TRENDS, GAINS, REBOUNDS))
    return [one for one in made if full or ((one.gain, one.rebound) in ((0.5, 0.0), (0.5, 1.0)) and one.days < 112)]


def section(_: object = None, *, full: bool | None = None) -> str:
    """The chapter of VALIDATION.md; in full if JEVONS_REBOUND=full or asked to."""
    full = os.environ.get("JEVONS_REBOUND") == "full" if full is None else full
    many = FULL if full else FEW
    judged = []
    for one in cells(full=full):
        judged.append(judge(one, many))
        print(f"{judged[-1]}", file=sys.stderr, flush=True)
    found = bars(judged)
    missed = sum(not bar.met for bar in found)
    return "\n\n".join([
        f"Simulated daily counts, {many:,} series in each of {len(judged)} cells (`PROTOCOL.md`, Rebound)."
        + ("" if full else " All cells: JEVONS_REBOUND=full."),
        f"{len(found) - missed} bars met, {missed} missed.",
        table(["what", "bar", "found", ""], [bar.cells() for bar in found]),
        "By length, autocorrelation and trend: lowest and highest coverage over the gains and rebounds; half-width of "
        "R, share shown below 1 and scatter of ln k at a gain of 0.5 without rebound, beside the least scatter that is "
        "possible where autocorrelation and variance are known (Cramer and Rao).",
        by_kind(judged),
        *(beyond(many) if full else ()),
        *((importlib.import_module("rebound_found").section(),) if full else ()),
    ])  # fmt: skip


def beyond(many: int) -> list[str]:
    """What the bars do not ask: the other reading of 0.35, few counts, other autocorrelations, a longer series."""
    kinds = {
        "0.35 of the innovations": {"phi": 0.5, "deviation": 0.35 / math.sqrt(0.75)},
        "6 a day": {"phi": 0.5, "level": 6.0},
        "1.5 a day": {"phi": 0.5, "level": 1.5},
        "phi 0.8": {"phi": 0.8},
        "phi 0.9": {"phi": 0.9},
        "deviation 0.7": {"phi": 0.5, "deviation": 0.7},
    }
    lines = []
    for name, told in kinds.items():
        for days in (28, 56, 112, 182) if name.startswith("0.35") else (28, 56, 112):
            made = [judge(Cell(days, gain=0.5, rebound=r, trend=1.0, **told), many // 2) for r in (0.0, 1.0)]
            print(f"{name}: {made}", file=sys.stderr, flush=True)
            none, whole = made
            lines.append([
                name, f"{days}", f"{none.covered:.1%}, {whole.covered:.1%}", f"{whole.backfire / whole.many:.1%}",
                f"{none.half:.2f}", f"{none.below:.0%}", f"{none.deviation:.3f}", f"{bound(none.cell):.3f}",
            ])  # fmt: skip
    head = ["", "days a side", "coverage at R = 0, 1", "false backfire", "half-width", "shown below 1",
            "deviation of ln k", "its bound"]  # fmt: skip
    return [f"Demand that is not like the protocol's (no bar; g = 0.5, trend 100 %, {many // 2:,} "
            "series a cell):", table(head, lines)]  # fmt: skip


if __name__ == "__main__":
    print(section())
