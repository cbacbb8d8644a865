"""Figures of which a bound, or nothing, may be known, in words."""

from __future__ import annotations

from jevons.factors.sites import Indicator
from jevons.report.numbers import digits
from jevons.weigh.society.jobs import Ratio

UNKNOWN = "unknown"
Ladder = tuple[tuple[float, str], ...]
USD: Ladder = ((1e9, " billion USD"), (1e6, " million USD"), (1.0, " USD"))
PERCENT: Ladder = ((1e-2, " %"),)
TINY: Ladder = (
    (1e-2, " %"),
    (1e-6, " per million"),
    (1e-9, " per billion"),
    (1e-12, " per trillion"),
    (1e-15, " per quadrillion"),
)
"""Steps of a unit, largest first: size and words."""


def bounded(one: Ratio | Indicator, steps: Ladder, significant: int = 3) -> str:
    """A figure with what is known of its bounds, all on one step; ``unknown`` where nothing is known."""
    told = [end for end in (one.low, one.value, one.high) if end is not None]
    if not told:
        return UNKNOWN
    size, words = next((step for step in steps if told[-1] >= step[0]), steps[-1])

    def show(end: float) -> str:
        shown = digits(end / size, significant)
        return shown.rstrip("0").rstrip(".") if "." in shown else shown

    low, value, high = one.low, one.value, one.high
    if value is None:
        ends = ((word, end) for word, end in (("at least", low), ("at most", high)) if end is not None)
        return " and ".join(f"{word} {show(end)}" for word, end in ends) + words
    if low == high == value:
        return show(value) + words
    if low is not None and high is not None:
        return f"{show(value)} ({show(low)} to {show(high)}){words}"
    word, end = ("at most", high) if low is None else ("at least", low)
    if end is None or end == value:
        return f"{word if end is not None else 'about'} {show(value)}{words}"
    return f"{show(value)} ({word} {show(end)}){words}"


def steps_of(one: Indicator) -> Ladder:
    """The steps that an indicator's unit is told in."""
    return USD if one.unit.startswith("USD") else PERCENT if one.unit == "1" else ((1.0, f" {one.unit}"),)
