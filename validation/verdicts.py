"""Verdicts on lists of outcomes: how often wrong, and after how many items, by distance from the threshold.

    python validation/verdicts.py FOLDER           a part of the lists, about a minute
    python validation/verdicts.py FOLDER --full    every list

What is right is what the complete list says: it passes if its rate is at least the threshold. The threshold is set at a
distance from each list's own rate: a list may just pass, or miss by a single item.
"""

from __future__ import annotations

import argparse
import math
import os
import pathlib
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import verdict_more
from tables import Bar, sha256, table
from verdict_lists import FILES, List, lists
from verdict_orders import Limits, hoeffding, orders, ours, wald, walk

from jevons.cut.verdict.alternatives import reference_items
from jevons.cut.verdict.finite import least_passes
from jevons.cut.verdict.fixed import items_for_rate
from jevons.cut.verdict.plan import likely

ALPHA = 0.05
ORDERS = 1000
EACH = 10
"""Lists of a suite without --full, and those of them whose orders are all counted out."""
POINTS = (1, 2, 5, 10, 15, 20, 30)
"""Distances of the rate from the threshold in points, both ways."""
APART = 0.05
"""Wald's test must be told two rates: the threshold, this much up and down."""
OTHERS = ("Wald", "Hoeffding")


class Judged(NamedTuple):
    """One list against one threshold."""

    of: List
    points: str
    wrong: float
    items: np.ndarray
    reference: float
    fixed: float
    others: dict[str, tuple[float, float]]
    """Share wrong and mean items of other sequential tests."""

    @property
    def allowed(self) -> float:
        """The bar for the mean."""
        return 1.4 * math.ceil(self.reference) + 3

    @property
    def saved(self) -> float:
        """Share of the list that is not needed on average."""
        return 1 - float(self.items.mean()) / len(self.of.scores)


def thresholds(one: List) -> list[tuple[str, float]]:
    """Distances with the threshold that lies as far from the list's rate."""
    size, count = len(one.passes), int(one.passes.sum())
    at = [("met exactly", count / size), ("missed by one item", (count + 1) / size)]
    at += [(f"{points}", count / size + sign * points / 100) for points in POINTS for sign in (-1, 1)]
    return [(points, threshold) for points, threshold in at if 0 < threshold <= 1]


def reference(count: int, size: int, threshold: float) -> float:
    """r = min(N, ln(1/alpha)/KL). At a threshold of 1 that is 0, for one failure settles it; it takes (N+1)/(F+1) to
    come, on average, whatever the test."""
    if threshold > 1 - 1e-9:
        return (size + 1) / (size - count + 1)
    return reference_items(count / size, threshold, ALPHA, size)


def judge(one: List, draw: np.random.Generator) -> list[Judged]:
    """A list against thresholds at every distance."""
    outcomes = one.passes
    size, count = len(outcomes), int(outcomes.sum())
    sums = orders(outcomes, ORDERS, draw).cumsum(1, dtype=np.int32)
    found = []
    for points, threshold in thresholds(one):
        passes = count >= least_passes(size, threshold)

        def settle(limits: Limits, passes: bool = passes) -> tuple[float, np.ndarray]:
            ends = walk(sums, limits, passes)
            return float((ends.passed != passes).mean()), ends.items

        wrong, items = settle(ours(size, threshold, ALPHA))
        ways = dict(zip(OTHERS, (wald(threshold, APART, ALPHA), hoeffding(threshold, ALPHA)), strict=True))
        others = {name: (off, float(taken.mean())) for name, (off, taken) in ((n, settle(w)) for n, w in ways.items())}
        found.append(Judged(
            one, points, wrong, items, reference(count, size, threshold),
            min(items_for_rate(threshold, count / size), size), others,
        ))  # fmt: skip
    return found


def exact(one: List) -> list[tuple[str, float, float, float]]:
    """Over all orders, by `plan.likely`: distance, chance of a wrong verdict, mean items, and what is allowed."""
    size, count = len(one.passes), int(one.passes.sum())
    found = []
    for points, threshold in thresholds(one):
        made = likely(size, threshold, count / size, 1 - ALPHA)
        wrong = made.fails if count >= least_passes(size, threshold) else made.passes
        allowed = 1.4 * math.ceil(reference(count, size, threshold)) + 3
        found.append((points, wrong, made.mean, allowed))
    return found


def spaced(found: list[List], many: int) -> list[List]:
    """So many lists of a suite, evenly from the best to the worst."""
    ranked = sorted(found, key=lambda one: (one.passes.mean(), one.name))
    return [ranked[at] for at in sorted({round(x) for x in np.linspace(0, len(ranked) - 1, many)})]


def section(folder: str | pathlib.Path, *, full: bool | None = None) -> str:
    """The chapter of VALIDATION.md; in full if JEVONS_VERDICTS=full or asked to."""
    folder = pathlib.Path(folder)
    full = os.environ.get("JEVONS_VERDICTS") == "full" if full is None else full
    draw = np.random.default_rng(7)
    every = lists(folder)
    taken = {suite: found if full else spaced(found, EACH) for suite, found in every.items()}
    judged = [made for found in taken.values() for one in found for made in judge(one, draw)]
    counted = [made for found in taken.values() for one in spaced(found, EACH) for made in exact(one)]
    more = verdict_more.sections(folder, every, draw, full=full)
    bars = [*bars_of(judged, counted), *more.bars]
    missed = sum(not bar.met for bar in bars)
    return "\n\n".join([
        f"Per-item results of others: {', '.join(_many(s, taken[s], every[s]) for s in taken)}. Each list in "
        f"{ORDERS:,} random orders against thresholds at each distance from its own rate: {len(judged):,} pairs, "
        f"{len(judged) * ORDERS:,} verdicts at 95 % confidence."
        + ("" if full else " All lists: `validation/verdicts.py FOLDER --full`."),
        f"{len(bars) - missed} bars met, {missed} missed.",
        table(["what", "bar", "found", ""], [bar.cells() for bar in bars]),
        "Items used, by distance of the list's rate from the threshold. Reference: min(N, ln(1/alpha)/KL(rate, "
        "threshold)), below which no test can stay on average without an end to the list; at a threshold of 100 %, "
        "where that is 0, the wait for the first failure. Fixed: the size that misses "
        f"the distance once in 20. Wald's test is told the threshold ± {APART * 100:g} points; all others nothing. "
        f"{ORDERS:,} orders of one pair scatter by 0.7 points about its share.",
        by_distance(judged),
        "By suite:",
        by_suite(judged),
        *more.chapters,
        "SHA-256: " + ", ".join(f"{name} {sha256(folder / name)}" for name in FILES.values()) + ".",
    ])  # fmt: skip


def _many(suite: str, taken: list[List], of: list[List]) -> str:
    sizes = sorted({len(one.scores) for one in taken})
    size = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    return f"{suite} ({len(taken)} of {len(of)} lists, {size} items)"


def bars_of(judged: list[Judged], counted: list[tuple[str, float, float, float]]) -> list[Bar]:
    """What must hold of all lists."""
    by = grouped(judged)
    worst = max(by.values(), key=lambda found: np.mean([one.wrong for one in found]))
    highest = float(np.mean([one.wrong for one in worst]))
    overall = float(np.mean([one.wrong for one in judged]))
    most = max(counted, key=lambda one: one[1])
    heaviest = max(judged, key=lambda one: one.items.mean() / one.allowed)
    over = max(counted, key=lambda one: one[2] / one[3])
    long = [one for one in judged if len(one.of.scores) >= 800 and one.points.isdigit()]
    far = {least: [one for one in long if int(one.points) >= least] for least in (10, 20)}
    least = {points: min(found, key=lambda one: one.saved) for points, found in far.items()}
    past = max(int(one.items.max()) - len(one.of.scores) for one in judged)
    return [
        Bar("wrong verdicts, all", "<= 5 %", f"{overall * 100:.2f} %", overall <= ALPHA),
        Bar("wrong verdicts, worst distance", "<= 5 %", f"{highest * 100:.2f} % ({worst[0].points})", highest <= ALPHA),
        Bar(f"wrong verdicts over all orders, worst of {len(counted)} pairs", "<= 5 %",
            f"{most[1] * 100:.2f} % ({most[0]})", most[1] <= ALPHA),
        Bar("mean items, worst pair", "<= 1.4 ceil(r) + 3", f"{heaviest.items.mean():.0f} of {heaviest.allowed:.0f} "
            f"allowed ({heaviest.of.suite}, {heaviest.points})", heaviest.items.mean() <= heaviest.allowed),
        Bar(f"mean items over all orders, worst of {len(counted)} pairs", "<= 1.4 ceil(r) + 3",
            f"{over[2]:.1f} of {over[3]:.1f} allowed ({over[0]})", over[2] <= over[3]),
        *(Bar(f"saved at {points} points or more, 800 items or more, worst pair", f">= {bar} %",
              f"{least[points].saved * 100:.1f} % ({least[points].of.suite}, {least[points].points}); "
              f"all {np.mean([one.saved for one in far[points]]) * 100:.1f} %", least[points].saved >= bar / 100)
          for points, bar in ((10, 80), (20, 93))),
        Bar("items past the end of a list", "0", f"{max(past, 0)}", past <= 0),
    ]  # fmt: skip


def grouped(judged: list[Judged]) -> dict[str, list[Judged]]:
    """By distance."""
    by: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by[one.points].append(one)
    return by


def by_distance(judged: list[Judged]) -> str:
    """A line for each distance."""
    body = []
    for points, found in grouped(judged).items():
        items = np.concatenate([one.items for one in found])
        others = [np.mean([one.others[name] for one in found], axis=0) for name in OTHERS]
        body.append([
            points, f"{len(found)}", f"{np.mean([one.wrong for one in found]) * 100:.2f}",
            f"{max(one.wrong for one in found) * 100:.1f}", f"{np.median(items):.0f}", f"{items.mean():.0f}",
            f"{np.mean([one.reference for one in found]):.0f}", f"{np.mean([one.saved for one in found]) * 100:.0f}",
            f"{np.mean([one.fixed for one in found]):.0f}",
            *(f"{taken:.0f} ({off * 100:.1f})" for off, taken in others),
        ])  # fmt: skip
    head = ["points", "pairs", "wrong, %", "worst pair", "median", "mean", "reference", "saved, %", "fixed"]
    return table([*head, *(f"{name} (wrong, %)" for name in OTHERS)], body)


def by_suite(judged: list[Judged]) -> str:
    """A line for each suite."""
    body = []
    for suite in dict.fromkeys(one.of.suite for one in judged):
        found = [one for one in judged if one.of.suite == suite]
        ratio = max(one.items.mean() / one.allowed for one in found)
        body.append([suite, f"{len(found)}", f"{np.mean([one.wrong for one in found]) * 100:.2f}", f"{ratio:.2f}"])
    return table(["suite", "pairs", "wrong, %", "mean items over allowed, worst pair"], body)


def main() -> None:
    """Command line."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=pathlib.Path)
    asked.add_argument("--full", action="store_true")
    told = asked.parse_args()
    print(section(told.folder, full=told.full or None))


if __name__ == "__main__":
    main()
