"""Drawings as SVG: pure functions of numbers. The same figures stand beside them in words: readers aloud skip these."""

from __future__ import annotations

import math

from markupsafe import Markup

_OPEN = Markup('<svg class="{kind}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">')


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _svg(kind: str, width: int, height: int, body: str) -> Markup:
    return _OPEN.format(kind=kind, width=width, height=height) + Markup(body + "</svg>")  # noqa: S704  numbers alone


def _at(value: float, most: float, width: float = 100.0) -> float:
    return min(max(value / most, 0.0), 1.0) * width if most > 0 else 0.0


def band(low: float, mid: float, high: float, most: float) -> Markup:
    """An interval as a pale band with a tick at its middle, on a line from 0 to `most`."""
    start, middle, end = (_at(value, most) for value in (low, mid, high))
    body = f'<path class="pale" d="M{_number(start)} 1h{_number(max(end - start, 0.6))}v6H{_number(start)}z"/>'
    return _svg("band", 100, 8, body + f'<path class="tick" d="M{_number(middle)} 0v8"/>')


def bar(part: float) -> Markup:
    """A part of a whole, 0 to 1: exact, so it is dark."""
    return _svg("bar", 100, 8, f'<path class="exact" d="M0 1h{_number(_at(part, 1.0))}v6H0z"/>')


def change(low: float, ratio: float, high: float, most: float) -> Markup:
    """A change about a zero line, in logarithms so that halves and doubles are as far from it.

    Ratios after / before, drawn from 1 / `most` to `most`.
    """

    def at(value: float) -> float:
        return 50 + 50 * max(min(math.log(value) / math.log(most), 1.0), -1.0) if value > 0 else 0.0

    start, middle, end = at(low), at(ratio), at(high)
    body = f'<path class="pale" d="M{_number(start)} 2h{_number(max(end - start, 0.6))}v8H{_number(start)}z"/>'
    body += f'<path class="tick" d="M{_number(middle)} 1v10"/><path class="zero" d="M50 0v12"/>'
    return _svg("change", 100, 12, body)


def step(start: float, effect: float, least: float, most: float, kind: str) -> Markup:
    """One step of a waterfall on a line from `least` to `most`: from `start` by `effect`, a tick where it ends.

    `kind` is ``whole``, ``more`` or ``less``; the effect's sign stands in words beside it.
    """
    width = most - least
    begin, end = (_at(value - least, width) for value in (start, start + effect))
    left, right = min(begin, end), max(begin, end)
    body = f'<path class="{kind}" d="M{_number(left)} 1h{_number(max(right - left, 0.6))}v8H{_number(left)}z"/>'
    return _svg("step", 100, 10, body + f'<path class="tick" d="M{_number(end)} 0v10"/>')


def falling(points: list[tuple[float, float]], least: float, even: bool) -> Markup:
    """A burn-down: what is left of a whole, from 1 down to `least` (0, or below where more was used), as time goes by.

    `points`: (time from 0 to 1, what is left from then on) in order of time. `even` adds the line of an even pace.
    """

    def height(left: float) -> str:
        return _number(1 + 46 * (1 - left) / (1 - least))

    line = f"M0 {height(1)}"
    for when, left in points:
        line += f"H{_number(_at(when, 1.0))}V{height(left)}"
    body = f'<path class="zero" d="M0 {height(0)}H100"/>'
    body += f'<path class="even" d="M0 {height(1)}L100 {height(0)}"/>' if even else ""
    return _svg("falling", 100, 48, body + f'<path class="left" d="{line}"/>')


def scale_of(*ratios: float) -> float:
    """How far a drawing of changes reaches: a little beyond the widest, at least 1.05, at most tenfold."""
    widest = max((max(ratio, 1 / ratio) for ratio in ratios if ratio > 0), default=1.0)
    return min(max(1 + 1.1 * (widest - 1), 1.05), 10.0)
