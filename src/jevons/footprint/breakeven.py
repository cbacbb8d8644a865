"""Break-even: how long a model is used until its use has cost as much as its training."""

from __future__ import annotations

import math

import msgspec

from jevons.footprint.units import convert, dimension

DAYS_PER_YEAR = 365.25


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Training, or one call or one day of use, with what must be said of it."""

    amount: float
    unit: str
    """Of energy, mass of CO2e, or volume of water."""
    boundary: str
    """What is counted: ``dynamic``, ``dynamic, idle and embodied`` ..."""
    grid: str
    """Whose electricity, and its intensity."""
    request_rate: str = ""
    """Of the use, where it decides how well machines are filled: 20 times between 1 and many a second (Morrison et
    al. 2025, table 3)."""

    def __post_init__(self) -> None:
        if not self.amount >= 0:
            raise ValueError(f"amount {self.amount}: 0 at least")
        if not (self.boundary.strip() and self.grid.strip()):
            raise ValueError("a break-even says boundary and grid of both sides")


class BreakEven(msgspec.Struct, frozen=True, kw_only=True):
    """After `count` `unit` use has cost what training did. Infinite where use costs nothing."""

    count: float
    unit: str
    """``calls`` or ``years``."""
    indicator: str
    """``energy``, ``carbon`` or ``water``."""
    training: Side
    use: Side

    @property
    def equal_boundaries(self) -> bool:
        """Whether both sides count the same; the grids may differ, as they do in life."""
        return self.training.boundary == self.use.boundary

    def __str__(self) -> str:
        rate = f", {self.use.request_rate}" if self.use.request_rate else ""
        unequal = "" if self.equal_boundaries else "; the boundaries differ"
        return (
            f"{self.count:.3g} {self.unit} of use equal training by {self.indicator}: "
            f"training {self.training.amount:g} {self.training.unit} ({self.training.boundary}; {self.training.grid}), "
            f"use {self.use.amount:g} {self.use.unit} a {'call' if self.unit == 'calls' else 'day'} "
            f"({self.use.boundary}; {self.use.grid}{rate}){unequal}"
        )


def in_calls(training: Side, one_call: Side) -> BreakEven:
    """(training + fine-tuning) / one call (Luccioni et al. 2024, arXiv 2311.16863, table 5)."""
    return _made(training, one_call, "calls", 1.0)


def in_years(training: Side, one_day: Side) -> BreakEven:
    """Training / (one day of use x 365.25). ValueError where the sides measure different things."""
    return _made(training, one_day, "years", DAYS_PER_YEAR)


def together(*sides: Side) -> Side:
    """Costs that are spent once, added: training and fine-tuning. ValueError where boundaries or grids differ."""
    first = sides[0]
    if any((side.boundary, side.grid) != (first.boundary, first.grid) for side in sides):
        raise ValueError("only sides of one boundary and one grid add up")
    amount = sum(convert(side.amount, side.unit, first.unit) for side in sides)
    return Side(amount=amount, unit=first.unit, boundary=first.boundary, grid=first.grid)


def _made(training: Side, use: Side, unit: str, uses_per_unit: float) -> BreakEven:
    spent = convert(training.amount, training.unit, use.unit)
    if not spent:
        count = 0.0
    elif not use.amount:
        count = math.inf
    else:
        count = spent / (use.amount * uses_per_unit)
    measured = dimension(use.unit)
    return BreakEven(
        count=count,
        unit=unit,
        indicator={"mass": "carbon", "volume": "water"}.get(measured, measured),
        training=training,
        use=use,
    )
