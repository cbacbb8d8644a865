"""Intervals of levels and of ratios, the causes behind them, and the bootstrap that tests them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rows import Rows
from scipy.optimize import nnls

DRAWS = 4000
LINEAGES = ("known lineage", "new lineage")
FORM, LINEAGE, SERVING = CAUSES = ("form", "lineage", "serving")

PAIRS: dict[str, Callable[[Rows, np.ndarray, np.ndarray], np.ndarray]] = {
    "same model, other serving": lambda r, a, b: r.model[a] == r.model[b],
    "other model, same serving": lambda r, a, b: (
        (r.model[a] != r.model[b]) & (r.gpu[a] == r.gpu[b]) & (r.inputs["gpus"][a] == r.inputs["gpus"][b])
        & (np.abs(np.log2(r.batch[a] / r.batch[b])) <= 1)
    ),
    "other model of the lineage, same serving": lambda r, a, b: (
        PAIRS["other model, same serving"](r, a, b) & (r.lineage[a] == r.lineage[b])
    ),
    "other model, other serving": lambda r, a, b: r.model[a] != r.model[b],
}  # fmt: skip
"""Same serving: GPU, count, and batch within a factor of two."""
MEASURED = ("same model, other serving", "other model, same serving", "other model, other serving")
"""Pairs that causes are fitted to; the others test them."""
TWICE = {  # squares of which causes a ratio of two rows holds, once for each row
    "same model, other serving": (SERVING,),
    "other model, same serving": (LINEAGE,),
    "other model of the lineage, same serving": (LINEAGE,),
    "other model, other serving": (LINEAGE, SERVING),
}


def quantile(scores: np.ndarray, level: float = 0.9) -> float:
    """Conformal quantile: the ceil((n + 1) level)-th smallest, the largest where there are too few."""
    rank = min(int(np.ceil((len(scores) + 1) * level)), len(scores))
    return float(np.sort(scores)[rank - 1])


def bands(scores: np.ndarray, lineage: np.ndarray) -> dict[str, float]:
    """90 % half-widths in logs of |errors|: pooled, and one score per lineage."""
    per = [np.quantile(scores[lineage == name], 0.9) for name in sorted(set(lineage))]
    return dict(zip(LINEAGES, (quantile(scores), quantile(np.array(per))), strict=True))


def pairs(rows: Rows, firsts: np.ndarray, seconds: np.ndarray, kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to 4,000 pairs of rows of a kind."""
    draw = np.random.default_rng(seed)
    a, b = draw.choice(np.flatnonzero(firsts), 60_000), draw.choice(np.flatnonzero(seconds), 60_000)
    fits = PAIRS[kind](rows, a, b) & (a != b)
    return a[fits][:4000], b[fits][:4000]


def ratio_bands(rows: Rows, off: np.ndarray, train: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    """90 % half-widths in logs of ratios of two training rows, by kind of pair."""
    found = {}
    for kind in PAIRS:
        a, b = pairs(rows, train, train, kind, seed)
        found[kind] = bands(np.abs(off[a] - off[b]), rows.lineage[a])
    return found


def split(level: float, ratios: dict[str, float]) -> dict[str, float]:
    """Causes of a level's 90 % half-width, so that those of ratios come out as measured; all in logs.

    `serving` is what a serving (GPU, count, batch) adds, `lineage` what a model's pre-training family adds, `form`
    what is common to all: it cancels in every ratio. The squares of the three add up to that of the level (a heavily
    weighted line); those that a ratio holds, twice over, to that of the ratio, as well as non-negative least squares
    can, each line in units of what was measured.
    """
    lines = [(1e4, level**2, 1, CAUSES), *((1.0, ratios[kind] ** 2, 2, TWICE[kind]) for kind in MEASURED)]
    left = np.array([[weight * times * (cause in held) / square for cause in CAUSES]
                     for weight, square, times, held in lines])  # fmt: skip
    squares, _ = nnls(left, np.array([weight for weight, *_ in lines]))
    squares *= level**2 / squares.sum()
    return dict(zip(CAUSES, map(float, np.sqrt(squares)), strict=True))


def of_ratio(causes: dict[str, float], kind: str) -> float:
    """90 % half-width of a ratio, in logs, that the causes give."""
    return float(np.sqrt(2 * sum(causes[cause] ** 2 for cause in TWICE[kind])))


def boot(values: np.ndarray, lineage: np.ndarray) -> tuple[float, float]:
    """95 % range of the mean of `values` when lineages are drawn with replacement."""
    names = sorted(set(lineage))
    sums = np.array([values[lineage == name].sum() for name in names])
    counts = np.array([(lineage == name).sum() for name in names])
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    low, high = np.quantile(sums[drawn].sum(1) / counts[drawn].sum(1), [0.025, 0.975])
    return float(low), float(high)
