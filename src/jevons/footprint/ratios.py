"""What papers make of totals: figures per unit, reductions, times as much."""

from __future__ import annotations

import math


def per_unit(total: float, count: float, per: float = 1.0) -> float:
    """`total` for each `per` of `count`: grams per billion tokens, Wh per query. ValueError unless count > 0."""
    if not count > 0:
        raise ValueError(f"a figure per unit needs units; got {count}")
    return total / count * per


def total(*rows: float) -> float:
    """Sum of the rows of a table."""
    return math.fsum(rows)


def times(larger: float, smaller: float) -> float:
    """How many times one figure is the other; infinite over 0, and 1 where both are 0 (a grid of 0 g/kWh)."""
    if smaller == 0:
        return math.inf if larger else 1.0
    return larger / smaller


def reduction(before: float, after: float) -> float:
    """Share of what was before that is gone: (before - after) / before, never over the new value."""
    if not before > 0:
        raise ValueError(f"a reduction needs something before; got {before}")
    return (before - after) / before


def improvement(*steps: tuple[float, float]) -> float:
    """Times better after steps that each take a factor from before to after: product of before / after.

    Patterson et al. 2021 (arXiv 2104.10350), figure 1: model, chip, PUE and grid multiply.
    """
    return math.prod(times(before, after) for before, after in steps)
