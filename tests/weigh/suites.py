"""Runs of a suite as a ledger keeps them: one a day, made up."""

from __future__ import annotations

import datetime as dt
import math

from jevons.ledger.recorded import opened
from jevons.record import Kept, Run

FIRST = dt.date(2026, 3, 2)  # a Monday
WEEK = (1.2, 1.3, 1.2, 1.1, 1.0, 0.5, 0.4)


def verdicts(days, at, factor, *, level=60, seed=1, scatter=0.2):
    """Counts by day: a week's pattern, neighbours alike, a step of `factor` on day `at`."""
    import numpy as np

    draw = np.random.default_rng(seed)
    error, counts = 0.0, []
    for day in range(days):
        error = 0.5 * error + scatter * draw.standard_normal()
        mean = level * WEEK[(FIRST.weekday() + day) % 7] * math.exp(error) * (factor if day >= at else 1)
        counts.append(int(draw.poisson(mean)))
    return counts


def kept(counts, at, *, tokens=(1000, 500), project="shop", ci="github", model="gpt-4o", served=True):
    """A run each day with a verdict: two calls a verdict, each of so many tokens of output before and after `at`."""
    made = []
    for day, count in enumerate(counts):
        if count is None:  # nobody ran
            continue
        date = FIRST + dt.timedelta(day)
        start = int(dt.datetime(date.year, date.month, date.day, 9, tzinfo=dt.UTC).timestamp()) * 1_000_000
        output = tokens[day >= at]
        run = Run(id=f"{date:%Y%m%d}T090000-{project}", project=project, ci=ci, started_us=start, ended_us=start + 1)
        row = {
            "kind": "chat", "provider": "openai", "host_class": "cloud", "model": model, "mode": "live",
            "usage": "reported", "status": "2xx", "period": f"{date}T09", "role": "product", "day": str(date),
            "calls": 2 * count, "input": 20 * count, "output": 2 * output * count,
        }  # fmt: skip
        made.append(Kept(of=run, tests=count + 5, served=count if served else None, rows=[row] if count else []))
    return made


def runs(*arguments, **more):
    """The same, opened."""
    return [opened(one) for one in kept(*arguments, **more)]
