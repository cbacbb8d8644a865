"""What both benchmarks share: medians of pairs, bootstrap intervals, the table, the machine in words."""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

Sample = Sequence[float]
RESAMPLES = 1_000


class Figure(NamedTuple):
    """A figure with its 90 % bootstrap interval."""

    value: float
    low: float
    high: float


class Row(NamedTuple):
    """One line of a table. Without a bar it is there to compare with."""

    what: str
    figure: Figure
    unit: str
    bar: float | None = None
    of: str = ""
    """What was measured: how many pairs, what they stand beside."""


def figure(*samples: Sample, of: Callable[..., float] = statistics.median) -> Figure:
    """`of(*samples)` with its interval: each sample is drawn again from itself, with replacement."""
    draw = random.Random(20_240_229)
    drawn = sorted(of(*(draw.choices(sample, k=len(sample)) for sample in samples)) for _ in range(RESAMPLES))
    return Figure(of(*samples), drawn[RESAMPLES // 20], drawn[-RESAMPLES // 20])


def differences(on: Sample, off: Sample) -> list[float]:
    """Differences within pairs."""
    return [one - other for one, other in zip(on, off, strict=True)]


def slope(sizes: Sequence[float], *samples: Sample) -> float:
    """Theil-Sen: median of the slopes between the medians of every two samples."""
    points = list(zip(sizes, map(statistics.median, samples), strict=True))
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for n, a in enumerate(points) for b in points[n + 1 :])


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows as Markdown. A bar counts as met where the figure meets it; the interval says how surely."""
    lines = [f"### {title}", "", "| what | bar | figure | 90 % interval | verdict | of |", "|---|--:|--:|--:|---|---|"]
    for what, (value, low, high), unit, bar, of in rows:
        verdict = "" if bar is None else "met" if value <= bar else "**missed**"
        if bar is not None and low <= bar < high:
            verdict += " (not sure: the interval holds the bar)"
        shown = "" if bar is None else f"<= {_number(bar)} {unit}"
        interval = f"{_number(low)} to {_number(high)}"
        lines.append(f"| {what} | {shown} | {_number(value)} {unit} | {interval} | {verdict} | {of} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Date, machine and load, for the head of a report."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"{when}; {os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}{load}"
