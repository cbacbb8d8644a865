"""Intensity of a verdict, and what was gained of it. Needs numpy and scipy (extra `report`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jevons.footprint import Figures
from jevons.weigh.demand import Daily

_LEAST = 1e-9
"""What is left at least: a replay takes about nothing."""


def intensity(served: Daily, figure: str) -> Any:
    """What a verdict took on each day; nan where there was none."""
    return np.array([
        figures.amount(figure) / verdicts if counted and verdicts else math.nan
        for figures, verdicts, counted in zip(served.figures, served.verdicts, served.counted, strict=True)
    ])  # fmt: skip


def left(served: Daily, day: int, figure: str, draw: np.random.Generator, many: int) -> Any:
    """`many` (a power of two) draws of ln (1 - g): intensity after over before. Causes that both sides share cancel;
    weeks scatter. None where nothing was used before."""
    from jevons.footprint.uncertainty import Joint

    sides, errors = [], []
    for first, end in ((0, day), (day, len(served))):
        days = [at for at in range(first, end) if served.counted[at]]
        whole = Figures()
        weeks: dict[int, list[float]] = {}
        for at in days:
            whole.add(served.figures[at])
            week = weeks.setdefault(served.date(at).toordinal() // 7, [0.0, 0.0])
            week[0] += served.figures[at].amount(figure)
            week[1] += served.verdicts[at]
        used, verdicts = whole.amount(figure), sum(served.verdicts[at] for at in days)
        sides.append((whole, verdicts))
        # error of a ratio of sums, weeks as its units (Cochran 1977, Sampling Techniques, ch. 6)
        apart = sum((one - used / verdicts * count) ** 2 for one, count in weeks.values())
        errors.append((apart * len(weeks) / max(len(weeks) - 1, 1) / used**2 if used else 0.0, len(weeks) - 1))
    (before, once), (after, now) = sides
    if not before.amount(figure):
        return None
    sums = Joint([before, after], draws=many).sums(figure)
    with np.errstate(divide="ignore"):
        logs = np.log(sums[1] / sums[0] * once / now)
    return np.maximum(logs, math.log(_LEAST)) + sum(
        math.sqrt(error) * draw.standard_t(max(weeks, 1), many) for error, weeks in errors
    )
