"""Numbers as people read them: no more digits than the interval deserves."""

from __future__ import annotations

import math

from jevons.report.document import Range

FIGURES = {
    "carbon_g": ("carbon", "g"),
    "energy_wh": ("energy", "Wh"),
    "water_l": ("water", "L"),
    "embodied_g": ("hardware carbon", "g"),
}
"""A figure's name in words, and its unit."""
_PREFIXES = {
    "Wh": ((1e-6, "µWh"), (1e-3, "mWh"), (1.0, "Wh"), (1e3, "kWh"), (1e6, "MWh")),
    "g": ((1e-6, "µg"), (1e-3, "mg"), (1.0, "g"), (1e3, "kg"), (1e6, "t")),
    "L": ((1e-6, "µL"), (1e-3, "mL"), (1.0, "L"), (1e3, "m³")),
}


def digits(value: float, significant: int = 2) -> str:
    """`value` to so many significant digits, without exponent: 0.0123 -> 0.012, 1234 -> 1,200."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.{significant - 1}e}")
    decimals = significant - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(decimals, 0)}f}"


def between(figure: Range, unit: str, largest: float = 0.0) -> str:
    """An interval with one prefix for both ends: ``0.4–2.1 mWh``; ``0 Wh`` for nothing at all.

    `largest` is the highest value of a column whose rows are to share one prefix.
    """
    if figure.high <= 0:
        return f"0 {unit}"
    ladder = _PREFIXES[unit]
    highest = max(figure.high, largest)
    scale, name = next((step for step in reversed(ladder) if highest >= step[0]), ladder[0])
    low, high = digits(figure.low / scale), digits(figure.high / scale)
    return f"{low} {name}" if low == high else f"{low}–{high} {name}"


def percent(share: float) -> str:
    """A share as percent; never 0 % for something, nor 100 % for less than all."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


def span(seconds: int) -> str:
    """``1 h 30 min``; seconds where it is less than a minute."""
    if seconds < 60:
        return f"{seconds} s"
    days, rest = divmod(round(seconds / 60), 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts)
