"""Rebound where nobody tells the day: intervals of steps on days that were found, with their choice in the interval."""

from __future__ import annotations

import math
import sys

import numpy as np
import rebound as known
from tables import table

from jevons.weigh import found, series

DAYS, SCATTERS, REBOUNDS, MANY = (84, 112), (0.3, 0.6), (1.0,), 100
GAIN, PHI, TREND = 0.5, 0.5, 1.0


def line(days: int, scatter: float, rebound: float, many: int) -> list[str]:
    """One cell: shares found, near the true day and covered; backfire said."""
    cell = known.Cell(days, PHI, TREND, GAIN, rebound)
    draw = np.random.default_rng([9, days, round(100 * scatter), round(100 * rebound)])
    counts, counted, weekdays = known.simulate(cell, many, draw)
    after = np.arange(2 * days) >= days
    ends, places = [], []
    for one, seen in zip(counts, counted, strict=True):
        intensity = np.exp(draw.normal(0, scatter, len(after)) + math.log1p(-GAIN) * after)
        at = found.find(np.where(seen, intensity, np.nan), 0, draw)
        if at is None or not at.stands_out:
            continue
        step = series.step(one[None], series.design(weekdays, at.at), seen[None])
        drawn = found.draws(step, at, weekdays, range(7), seen, 4096, draw)
        ends.append(known.ratio(np.quantile(drawn, [0.025, 0.05, 0.95]), GAIN))
        places.append(at.at)
    lowest, low, high = np.array(ends).T
    covered, false = ((low <= rebound) & (rebound <= high)).mean(), (lowest > 1).mean()
    near = (np.abs(np.array(places) - days) <= 3).mean()
    print(f"found {days} {scatter} {rebound}: {len(ends)} {covered}", file=sys.stderr, flush=True)
    return [
        f"{days}", f"{scatter:.0%}", f"{rebound:g}", f"{len(ends) / many:.0%}", f"{near:.0%}", f"{covered:.1%}",
        f"{false:.1%}", f"{float((high - low).mean() / 2):.2f}",
    ]  # fmt: skip


def section(many: int = MANY) -> str:
    """Part of the chapter."""
    head = ["days a side", "scatter of intensity", "R", "shown", "within 3 days", "coverage", "backfire", "half-width"]
    lines = [line(days, scatter, rebound, many) for days in DAYS for scatter in SCATTERS for rebound in REBOUNDS]
    return "\n\n".join([
        f"The day not told, but found where intensity changed (g = {GAIN:g}, phi = {PHI:g}, trend {TREND:.0%}, {many} "
        "series a cell); coverage where a day stands out, by chance within 6 points where nearly all are shown:",
        table(head, lines),
    ])  # fmt: skip


if __name__ == "__main__":
    print(section())
