"""Adapter of the published interrupted time series: a plain (quasi-)Poisson regression with a step and a trend."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
from adapter import CASES, PendingError, Results, adapter
from case_names import Given

from jevons.weigh import poisson

FIRST = "aces ~ offset(log(stdpop)) + smokban + time"
"""Of the same source: what a formula that begins with ``+`` adds to."""
DATA = "sicily.csv"
_OFFSET = re.compile(r"offset\(log\((\w+)\)\)")
_SEASON = re.compile(r"(\d+) sine/cosine pairs")


@adapter(6, needs="formula", may="data, step")
def time_series(given: Given) -> Results:
    """A formula as R writes it, and the family: ``counts ~ offset(log(people)) + column + ..., Poisson``."""
    formula, _, family = given.raw["formula"].rpartition(",")
    counts, _, right = (FIRST + formula if formula.startswith("+") else formula).partition("~")
    path = Path(os.environ.get("JEVONS_CASES") or CASES).parent / str(given.raw.get("data", DATA)).split()[0]
    if not right or not path.is_file():
        raise PendingError(f"no such series: {given.raw['formula']}")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    columns, offset = {"intercept": np.ones(len(rows))}, np.zeros(len(rows))
    for term in (part.strip() for part in right.split("+") if part.strip()):
        if people := _OFFSET.fullmatch(term):
            offset = np.log(table[people[1]])
        elif pairs := _SEASON.fullmatch(term):
            season = poisson.harmonics(table["month"], int(pairs[1]), 12)
            columns |= {f"season_{at}": column for at, column in enumerate(season.T)}
        else:
            columns[term] = table[term]
    quasi = family.strip().lower().startswith("quasi")
    made = poisson.fit(table[counts.strip()][None], np.column_stack(list(columns.values())), offset)
    errors = made.errors(quasi=quasi)[0]
    results: Results = {"deviance": made.deviance[0], "dispersion": made.dispersion[0]}
    for at, name in enumerate(columns):
        results |= {name: made.coefficients[0, at], f"{name}_se": errors[at]}
    step = list(columns).index(given.raw.get("step", "smokban"))
    return results | dict(
        zip(("rr", "rr_lo", "rr_hi"), (end[0] for end in made.factor(step, quasi=quasi)), strict=True)
    )
