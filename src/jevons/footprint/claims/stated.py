"""Figures as they are printed: a kind, a unit, and the digits that say how far they are rounded."""

from __future__ import annotations

import math

import msgspec

from jevons.footprint.units import convert

UNITS = {
    "energy": "kWh", "carbon": "kg", "water": "L", "intensity": "kg/kWh", "wue": "L/kWh", "ewif": "L/kWh",
    "power": "W", "hours": "h", "pue": "", "count": "", "percent": "%", "before": "", "after": "",
}  # fmt: skip
"""Kinds of quantities, and the unit that each is compared in."""
FACTORS = ("intensity", "pue", "wue", "ewif")


class Span(msgspec.Struct, frozen=True):
    """All numbers that a printed one may stand for; never below 0."""

    low: float
    mid: float
    """The printed number, or what follows from printed numbers."""
    high: float

    def __mul__(self, other: Span) -> Span:
        return Span(self.low * other.low, self.mid * other.mid, self.high * other.high)

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.mid + other.mid, self.high + other.high)

    def over(self, other: Span) -> Span:
        """Quotient; infinite where the divisor may be 0."""
        return Span(_over(self.low, other.high), _over(self.mid, other.mid), _over(self.high, other.low))


def _over(a: float, b: float) -> float:
    return a / b if b else math.inf


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """One published figure."""

    kind: str
    """A key of `UNITS`; ``per_unit`` for a figure per some of what is counted."""
    value: float
    unit: str = ""
    """Of `units`; of a ``per_unit`` figure that of its amount (``g``)."""
    step: float = 0.0
    """One of the last printed digit; 0 is exact: chosen by its authors, not measured."""
    of: str = ""
    """What it belongs to: a model, a row, a side; empty: the whole source."""
    noun: str = ""
    """What is counted, of ``count`` and ``per_unit``: ``token``."""
    per: float = 1.0
    """A ``per_unit`` figure is for so many: 1e6 for grams per million tokens."""
    scope: str = ""
    """Of energy: ``it`` or ``facility``; empty where the source does not say."""
    role: str = ""
    """``row`` or ``total`` of a table."""

    def __post_init__(self) -> None:
        if self.kind not in UNITS and self.kind != "per_unit":
            raise ValueError(f"kind {self.kind!r}: one of {', '.join(UNITS)}, per_unit")
        if self.kind in UNITS and self.kind not in ("before", "after"):
            convert(1.0, self.unit or UNITS[self.kind], UNITS[self.kind])

    @property
    def span(self) -> Span:
        """What it may stand for, in the unit of its kind: half a step each way."""
        ends = (max(self.value - self.step / 2, 0.0), self.value, self.value + self.step / 2)
        return Span(*map(self._in_unit, ends))

    @property
    def result(self) -> Span:
        """The same of a result, which papers cut as well as round."""
        return Span(self.span.low, self.span.mid, self._in_unit(self.value + self.step))

    def _in_unit(self, value: float) -> float:
        if self.kind == "per_unit":
            return convert(value, self.unit, base_unit(self.unit)) / self.per
        if not self.unit or self.kind in ("before", "after"):
            return value
        return convert(value, self.unit, UNITS[self.kind])

    def __str__(self) -> str:
        unit = f"{self.unit} per {self.per:g} {self.noun}" if self.kind == "per_unit" else self.unit or self.noun
        return " ".join(filter(None, (self.of, self.kind if self.kind in FACTORS else "", f"{self.value:g}", unit)))


def printed(kind: str, text: str, unit: str = "", **more: str | float) -> Quantity:
    """A figure as it is printed (``914``, ``1,082,990``, ``24.69``, ``7.0e6``): its last digit is its rounding.

    Zeros that end a whole number count as digits. ValueError where it is no number, or below 0.
    """
    number = text.replace(",", "").strip().lower()
    value = float(number)
    if not 0 <= value < math.inf:
        raise ValueError(f"{text}: a number, 0 at least")
    mantissa, _, exponent = number.partition("e")
    step = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return Quantity(kind=kind, value=value, unit=unit, step=step, **more)  # type: ignore[arg-type]


def base_unit(unit: str) -> str:
    """kWh, kg or L for a unit of energy, mass or volume."""
    for base in ("kWh", "kg", "L"):
        try:
            convert(1.0, unit, base)
        except ValueError:
            continue
        return base
    raise ValueError(f"{unit!r} is no unit of energy, mass or volume")
