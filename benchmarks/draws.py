"""How long joint draws take over many cells, and how much memory: 16,384 draws, the total and 1,000 groups.

    python benchmarks/draws.py [--quick]

100,000 cells of 200 servings, each cell in one of 1,000 groups. Timed: from priced cells to 90 % intervals of energy,
carbon, water and hardware of every group and of the total, Sobol points included. Pricing the cells is shown beside
it, and as a ratio what adding the same many floating-point numbers takes in numpy.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from figures import machine

from jevons.factors.table import rows
from jevons.footprint import Account, Figures, account
from jevons.footprint.rates import FIGURES
from jevons.footprint.uncertainty import DRAWS, Joint
from jevons.ledger.cells import Cell, Key, Sums

SERVINGS, GROUPS = 200, 1_000


def cells(count: int) -> list[Cell]:
    """Cells of real model names, spread over servings and groups."""
    draw = random.Random(1)
    names = [row["pattern"].rstrip("$").replace("*", "-") for row in rows("models") if row["kind"] == "chat"]
    keys = [
        Key(
            "chat", draw.choice(["openai", "anthropic", "aws.bedrock", "gcp.gemini", "deepseek"]), "cloud",
            draw.choice(names), draw.choice(["", "eu-west-1", "us-east-1", "eu-north-1"]), "live",
            draw.choice(["reported", "estimated"]), "2xx", draw.choice(["2026-10", "2026-11"]),
        )
        for _ in range(SERVINGS)
    ]  # fmt: skip
    return [
        Cell(
            draw.choice(keys), (number % GROUPS,),
            Sums(calls=3, input=draw.randrange(10**5), output=draw.randrange(10**4), kv_reads=10**7),
        )
        for number in range(count)
    ]  # fmt: skip


def grouped(accounts: list[Account]) -> list[Figures]:
    """The total, then each group."""
    made = [Figures() for _ in range(GROUPS + 1)]
    for one in accounts:
        made[0].add(one.figures)
        made[1 + one.cell.group[0]].add(one.figures)
    return made


def drawn(figures: list[Figures]) -> float:
    """Intervals of all groups; the error of the total's."""
    joint = Joint(figures, draws=DRAWS)
    for name in FIGURES:
        joint.interval(name)
    return joint.spread("energy_wh").error


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds by the clock, and what was made."""
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def main() -> None:
    """Command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--quick", action="store_true", help="2,000 cells, one round: shows that it runs")
    told = asked.parse_args()
    count, rounds = (2_000, 1) if told.quick else (100_000, 5)
    made = cells(count)
    pricing, accounts = timed(lambda: account(made))
    adding, figures = timed(lambda: grouped(accounts))
    runs = [timed(lambda: drawn(figures)) for _ in range(rounds)]
    seconds = sorted(one for one, _ in runs)[rounds // 2]
    plain = np.ones((GROUPS + 1, DRAWS), np.float32)
    sums = sorted(timed(lambda: [plain.sum() for _ in FIGURES])[0] for _ in range(5))[2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(machine())
    print(f"{count:,} cells, {SERVINGS} servings, {GROUPS:,} groups and the total, {DRAWS:,} draws, median of {rounds}")
    print(f"joint draws and intervals of {len(FIGURES)} figures: {seconds:.2f} s (bar 2 s), {seconds / sums:.0f} x")
    print(f"  what adding the {len(FIGURES)} x {plain.size:,} drawn numbers once takes in numpy, {sums * 1e3:.0f} ms")
    print(f"error of the total's ends over their distance, from 8 replicates: {runs[0][1]:.2%}")
    print(f"before: pricing the cells {pricing:.2f} s, adding them up {adding:.2f} s")
    print(f"peak memory of the process: {peak / 1e9:.2f} GB (bar 1 GB)")


if __name__ == "__main__":
    main()
