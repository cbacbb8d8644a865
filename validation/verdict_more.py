"""Verdicts beyond a pass rate of single tries: scores, two models, true rates by cluster, flaky items, workers."""

from __future__ import annotations

import heapq
import math
import pathlib
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from tables import Bar, table
from verdict_lists import ALPACA, List, paired, trials
from verdict_orders import bet, orders, ours, walk

from jevons.cut.verdict import paired as product
from jevons.cut.verdict.finite import Finite, least_passes
from jevons.cut.verdict.loop import verdict
from jevons.cut.verdict.order import draw as draw_order
from jevons.cut.verdict.question import Question
from jevons.cut.verdict.sequence import Sequence

ALPHA = 0.05
ORDERS = 1000
MARGINS = (1, 2, 5, 10)
SUBJECTS = 6
"""Subjects of RouteLLM, and lists of scores, judged without --full."""
TASKS, WORKERS = 60, 8


class More(NamedTuple):
    """Bars, and the text."""

    bars: list[Bar]
    chapters: list[str]


def sections(folder: pathlib.Path, every: dict[str, list[List]], draw: np.random.Generator, *, full: bool) -> More:
    """All of them."""
    made = [
        scores(every[ALPACA], draw, full=full),
        models(folder, draw, full=full),
        clusters(trials(folder), draw),
        arrivals(draw),
        alike(every, draw),
    ]
    return More([bar for one in made for bar in one.bars], [text for one in made for text in one.chapters])


def needed(values: np.ndarray, threshold: float) -> float:
    """Items below which no test that knows no distribution can stay on average: min(N, ln(1/alpha)/KL_inf).

    KL_inf(F, m) = max over bets of E ln(1 + bet (X - m)), the bet towards where the mean is (Honda and Takemura 2010).
    """
    mean = values.mean()
    if abs(mean - threshold) < 1e-12:
        return float(len(values))
    x, m = (values, threshold) if mean > threshold else (1 - values, 1 - threshold)
    unique, counts = np.unique(x, return_counts=True)

    def loss(bet: float) -> float:
        return -float((counts * np.log1p(bet / m * (unique - m))).sum()) / len(values)

    found = -minimize_scalar(loss, bounds=(0, 1 - 1e-9), method="bounded").fun
    return min(len(values), math.log(1 / ALPHA) / found) if found > 0 else float(len(values))


def scores(found: list[List], draw: np.random.Generator, *, full: bool) -> More:
    """Preferences between 0 and 1 against a mean score."""
    graded = [one for one in found if np.mean((one.scores > 0) & (one.scores < 1)) > 0.5]
    taken = graded if full else [graded[at] for at in np.linspace(0, len(graded) - 1, SUBJECTS).astype(int)]
    body, off = [], []
    for points in (-20, -10, -5, 0, 5, 10, 20):
        wrong, items, reference = [], [], []
        for one in taken:
            threshold = float(one.scores.mean()) - points / 100
            if not 0 < threshold < 1:
                continue
            ends = bet(orders(one.scores, ORDERS, draw), threshold, ALPHA)
            wrong.append(float((ends.passed != (points >= 0)).mean()))
            items.append(ends.items)
            reference.append(needed(one.scores, threshold))
        if items:
            off.append(float(np.mean(wrong)))
            body.append([f"{points:+d}", f"{len(items)}", f"{np.mean(wrong) * 100:.2f}",
                         f"{np.median(np.concatenate(items)):.0f}", f"{np.concatenate(items).mean():.0f}",
                         f"{np.mean(reference):.0f}"])  # fmt: skip
    return More(
        [Bar("wrong verdicts on mean scores, worst distance", "<= 5 %", f"{max(off) * 100:.2f} %", max(off) <= ALPHA)],
        [f"Scores: AlpacaEval's weighted preferences, {len(taken)} of {len(graded)} lists of {len(graded[0].scores)}, "
         f"{ORDERS:,} orders each. Points: mean score over the threshold.\n\n"
         + table(["points", "lists", "wrong, %", "median", "mean", "reference"], body)],
    )  # fmt: skip


def models(folder: pathlib.Path, draw: np.random.Generator, *, full: bool) -> More:
    """Bar 2: is one of RouteLLM's two models no worse than the other, on the same items?"""
    by = paired(folder)
    names = [name for name in by if name != "all"]
    names = names if full else names[:: len(names) // SUBJECTS][:SUBJECTS]
    whole = [one for margin in MARGINS for one in both_ways(by["all"], margin, draw, ORDERS if full else ORDERS // 5)]
    body, off = [], []
    for margin in (*MARGINS, "just met", "just missed"):
        found = [one for name in names for one in both_ways(by[name], margin, draw, ORDERS)]
        wrong, drawn = [one.wrong for one in found], np.concatenate([one.items for one in found])
        off.append(float(np.mean(wrong)))
        body.append([
            f"{margin}", f"{len(found)}", f"{(1 - off[-1]) * 100:.1f}",
            f"{np.median(drawn):.0f}", f"{drawn.mean():.0f}",
            f"{np.mean([needed(one.values, one.threshold) for one in found]):.0f}",
            f"{np.mean([one.items.mean() / len(one.values) for one in found]) * 100:.0f}",
        ])  # fmt: skip
    lines = [
        [one.name, one.margin, f"{(2 * one.values.mean() - 1) * 100:+.1f}", "not worse" if one.right else "worse",
         f"{(1 - one.wrong) * 100:.1f}", f"{np.median(one.items):.0f}", f"{one.items.mean():.0f}",
         f"{needed(one.values, one.threshold):.0f}", f"{len(one.values):,}"]
        for one in whole
    ]  # fmt: skip
    right, rate = 1 - max(one.wrong for one in whole), max(off)
    head = [
        "new against old",
        "margin",
        "difference",
        "right",
        "right decisions, %",
        "median",
        "mean",
        "reference",
        "of",
    ]
    rest = ["margin", "pairs", "right decisions, %", "median", "mean", "reference", "of the list, %"]
    return More(
        [
            Bar("non-inferiority, RouteLLM's 15,361 items, worst margin: right", ">= 95 %", f"{right * 100:.1f} %",
                right >= 1 - ALPHA),
            Bar("non-inferiority, by subject, worst margin: wrong", "<= 5 %", f"{rate * 100:.2f} %", rate <= ALPHA),
        ],
        [
            "Two models on the same items (RouteLLM), margins in points; right is what all items say.",
            table(head, lines),
            f"The same in {len(names)} of its {len(by) - 1} subjects, both ways round; and with the margin at the "
            "difference itself, or half an item under it, where the new one is worse:",
            table(rest, body),
        ],
    )  # fmt: skip


class Pair(NamedTuple):
    """A new and an old model at a margin."""

    name: str
    margin: str
    values: np.ndarray
    threshold: float
    right: bool
    wrong: float
    items: np.ndarray


def both_ways(of: dict[str, np.ndarray], margin: int | str, draw: np.random.Generator, many: int) -> list[Pair]:
    """Each of two models as the new one; at the difference itself only where it is worse."""
    found = []
    for new, old in (sorted(of), sorted(of, reverse=True)):
        values = (1 + of[new] - of[old]) / 2
        threshold = product.threshold(margin / 100) if isinstance(margin, int) else float(values.mean())
        if margin == "just missed":
            threshold += 0.25 / len(values)
        if threshold > 0.5:
            continue
        right = bool(values.mean() >= threshold - 1e-12)
        ends = bet(orders(values, many, draw), threshold, ALPHA)
        wrong = float((ends.passed != right).mean())
        name = f"{new.split('/')[-1]} against {old.split('/')[-1]}"
        found.append(Pair(name, f"{margin}", values, threshold, right, wrong, ends.items))
    return found


def clusters(tasks: np.ndarray, draw: np.random.Generator) -> More:
    """The true rate where tries of a task go alike: counted by task, and as if every try were an item of its own."""
    supplies = {
        "tau-bench's tasks, 4 tries each": lambda: tasks[draw.integers(len(tasks), size=(ORDERS, TASKS))],
        "tasks at 0 or 1, 5 tries": lambda: np.repeat((draw.random((ORDERS, TASKS)) < 0.7)[..., None], 5, axis=2) * 1.0,
        "tasks at Beta(2.1, 0.9), 5 tries": lambda: (
            draw.random((ORDERS, TASKS, 5)) < draw.beta(2.1, 0.9, (ORDERS, TASKS))[..., None]
        ) * 1.0,
    }  # fmt: skip
    body, worst = [], 0.0
    for name, supply in supplies.items():
        true = float(tasks.mean()) if "tau" in name else 0.7
        for what, threshold in (("at the threshold", true), ("under it by 0.1 points", true + 0.001)):
            made = supply()
            ends, naive = (
                bet(one, threshold, ALPHA, finite=False)
                for one in (made.mean(2), made.reshape(ORDERS, -1))
            )  # fmt: skip
            passes = what.startswith("at")
            wrong = [float(_wrong(one, passes, one_of)) for one, one_of in ((ends, TASKS), (naive, made[0].size))]
            worst = max(worst, wrong[0])
            body.append([name, what, *(f"{share * 100:.1f}" for share in wrong)])
    return More(
        [Bar("wrong verdicts on a true rate, by cluster, worst", "<= 5 %", f"{worst * 100:.1f} %", worst <= ALPHA)],
        [f"True rates: {TASKS} tasks drawn from an endless supply, {ORDERS:,} times; a task counts once, with the mean "
         "of its tries. Wrong, in percent, where the rate is as close to the threshold as can be:\n\n"
         + table(["supply", "true rate", "by task", "by try (not ours)"], body)],
    )  # fmt: skip


def _wrong(ends: object, passes: bool, size: int) -> float:
    """Said to pass where it fails; said to fail, which is before the end, where it passes. An open end is not wrong."""
    passed, items = ends  # type: ignore[misc]
    return float((passed if not passes else ~passed & (items < size)).mean())


def arrivals(draw: np.random.Generator) -> More:
    """Flaky items on several workers, failures taking thrice as long: the complete run is right, whatever it drew."""
    size, many = 120, ORDERS
    items = [f"i{at}" for at in range(size)]
    off = {"in the drawn order": 0, "as they arrive (not ours)": 0}
    used = []
    for run in range(many):
        outcomes = dict(zip(items, draw.random(size) < draw.beta(8, 2, size), strict=True))
        passes = bool(run % 2)
        threshold = (sum(outcomes.values()) + (not passes)) / size
        sequence, naive = Sequence(items, Question(pass_rate=threshold), seed=run), Finite(size, threshold)
        for name in by_arrival(sequence.order, outcomes, draw):
            sequence.record(name, outcomes[name])
            naive.enter(outcomes[name], outcomes[name])
        off["in the drawn order"] += (sequence.decision == "pass") != passes
        off["as they arrive (not ours)"] += (naive.decision == "pass") != passes
        used.append(len(sequence.entered))
    shares = {name: count / many for name, count in off.items()}
    ours_, theirs = shares.values()
    return More(
        [Bar("wrong verdicts, flaky items on 8 workers, at the threshold", "<= 5 %", f"{ours_ * 100:.1f} %",
             ours_ <= ALPHA)],
        [f"Workers: {many:,} runs of {size} flaky items (each at its own rate, Beta(8, 2)) on {WORKERS} workers, a "
         "failure taking three times as long as a pass, the threshold at what the complete run comes to or one item "
         f"over it. Wrong in the drawn order {ours_ * 100:.1f} %; had outcomes counted as they arrived, "
         f"{theirs * 100:.1f} %."],
    )  # fmt: skip


def by_arrival(order: list[str], outcomes: dict[str, bool], draw: np.random.Generator) -> list[str]:
    """The order in which workers finish items that they took in `order`."""
    free, done = [0.0] * WORKERS, []
    for name in order:
        end = heapq.heappop(free) + (1 if outcomes[name] else 3) * draw.exponential()
        heapq.heappush(free, end)
        done.append((end, name))
    return [name for _, name in sorted(done)]


def alike(every: dict[str, list[List]], draw: np.random.Generator, times: int = 200) -> More:
    """`jevons.verdict` itself on samples: the same verdict after as many items as the numpy of this chapter says."""
    alike = 0
    for seed in range(times):
        suite = list(every)[seed % len(every)]
        one = every[suite][int(draw.integers(len(every[suite])))]
        names = [f"{at}" for at in range(len(one.scores))]
        mean = suite == ALPACA
        values = one.scores if mean else one.passes * 1.0
        threshold = round(float(np.clip(values.mean() + draw.normal(0, 0.1), 0.05, 0.95)), 3)
        judged = verdict(
            names, seed=seed, pass_rate=None if mean else threshold, mean_score=threshold if mean else None
        )  # fmt: skip
        for name in judged:
            judged.record(name, float(values[int(name)]))
        row = values[[int(name) for name in draw_order(names, seed)]][None, :]
        if mean:
            ends = bet(row, threshold, ALPHA)
        else:
            whole = bool(row.sum() >= least_passes(len(names), threshold))
            ends = walk(row.cumsum(1).astype(int), ours(len(names), threshold, 0.05), whole)
        alike += judged.passed == ends.passed[0] and judged.used == ends.items[0]
    return More(
        [
            Bar(
                "jevons.verdict says what this chapter's arrays say",
                f"{times} of {times}",
                f"{alike}",
                bool(alike == times),
            )
        ],
        [],
    )
