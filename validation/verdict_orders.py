"""Many random orders at once, in numpy: the boundaries and bets are the product's, only the walking is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jevons.cut.verdict.alternatives import octaves
from jevons.cut.verdict.confidence import stitched
from jevons.cut.verdict.finite import boundary, least_passes
from jevons.cut.verdict.wald import lines

Limits = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Of the first n items: least passes to pass, most passes to fail."""


class Ends(NamedTuple):
    """Of each order: whether it was said to pass, and how many items it took."""

    passed: np.ndarray
    items: np.ndarray


def orders(outcomes: np.ndarray, many: int, draw: np.random.Generator) -> np.ndarray:
    """The outcomes in `many` random orders, a row each."""
    return draw.permuted(np.broadcast_to(outcomes, (many, len(outcomes))), axis=1)


def walk(sums: np.ndarray, limits: Limits, passes: bool) -> Ends:
    """Where each order settles; `passes`: what the whole list says, which decides where nothing did before."""
    many, size = sums.shape
    passed, items, left, width, done = np.full(many, passes), np.full(many, size), np.arange(many), 64, 0
    while done < size and len(left):
        width = min(width, size)
        over, under = limits(width)
        part = sums[left, done:width]
        ends = (part >= over[done:]) | (part <= under[done:])
        first, settled = ends.argmax(1), ends.any(1)
        rows = left[settled]
        items[rows] = done + first[settled] + 1
        passed[rows] = part[settled, first[settled]] >= over[done:][first[settled]]
        left, done, width = left[~settled], width, width * 2
    return Ends(passed, items)


def ours(size: int, threshold: float, alpha: float) -> Limits:
    """The product's."""
    made = boundary(size, least_passes(size, threshold), alpha, alpha)

    def limits(width: int) -> tuple[np.ndarray, np.ndarray]:
        seen = np.arange(1, width + 1)
        over = np.array([made.passes.least(n) for n in seen])
        return over, seen - np.array([made.failures.least(n) for n in seen])

    return limits


def wald(threshold: float, apart: float, alpha: float) -> Limits:
    """Wald's test of threshold - apart against threshold + apart."""
    low, high = max(threshold - apart, 1e-6), min(threshold + apart, 1 - 1e-6)
    made = lines(low, high, alpha, alpha)

    def limits(width: int) -> tuple[np.ndarray, np.ndarray]:
        seen = np.arange(1, width + 1)
        return made.slope * seen + made.upper, made.slope * seen - made.lower

    return limits


def hoeffding(threshold: float, alpha: float) -> Limits:
    """A stitched sequence that knows only that outcomes lie from 0 to 1; each side has all of alpha."""

    def limits(width: int) -> tuple[np.ndarray, np.ndarray]:
        seen = np.arange(1, width + 1)
        far = np.array([stitched(n / 4, alpha) for n in seen])
        return seen * threshold + far, seen * threshold - far

    return limits


def bet(scores: np.ndarray, threshold: float, alpha: float, *, finite: bool = True, size: int | None = None) -> Ends:
    """`betting.Graded` on many orders: rows of scores. Never settled: not passed, and all items."""
    many, width = scores.shape
    size = size or width
    passed, items, left = np.zeros(many, bool), np.full(many, width), np.arange(many)
    made = [octaves(one, alpha, size, finite=finite) for one in (threshold, 1 - threshold)]
    rates = [np.array([rate for rate, _ in one]) for one in made]
    logs = [np.tile(np.log([share for _, share in one]), (many, 1)) for one in made]
    totals = [np.zeros(many), np.zeros(many)]
    for seen in range(width):
        score = scores[left, seen]
        refuted = []
        for side, x in enumerate((score, 1 - score)):
            mean, total = (threshold, 1 - threshold)[side], totals[side]
            rest = size - seen
            null = (size * mean - total) / rest if finite else np.full(len(left), mean)
            bets = (size * rates[side] - total[:, None]) / rest if finite else rates[side][None, :]
            inside = (null > 0) & (null < 1)
            safe = np.where(inside, null, 0.5)[:, None]
            bets = np.clip(bets, safe, 1.0)
            with np.errstate(divide="ignore"):
                step = np.log(x[:, None] * bets / safe + (1 - x)[:, None] * (1 - bets) / (1 - safe))
            logs[side] = np.where(inside[:, None], logs[side] + step, logs[side])
            totals[side] = total + x
            highest = logs[side].max(1)
            shift = np.where(np.isinf(highest), 0.0, highest)
            with np.errstate(divide="ignore"):
                capital = shift + np.log(np.exp(logs[side] - shift[:, None]).sum(1))
            refuted.append(capital >= np.log(1 / alpha))
        if finite:
            refuted[0] |= totals[0] >= size * (threshold - 1e-9)
            refuted[1] |= totals[1] > size * (1 - threshold + 1e-9)
        settled = refuted[0] | refuted[1]
        if settled.any():
            passed[left[settled]], items[left[settled]] = refuted[0][settled], seen + 1
            left = left[~settled]
            logs, totals = [one[~settled] for one in logs], [one[~settled] for one in totals]
            if not len(left):
                break
    return Ends(passed, items)
