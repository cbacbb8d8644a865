"""A figure with its 90 % interval, and how intervals combine."""

from __future__ import annotations

import math

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """A figure: low and high bound a 90 % interval around mid. 0 <= low <= mid <= high."""

    low: float
    mid: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        """Sum of figures that share their causes: bounds add (for independent causes this is too wide)."""
        return Interval(self.low + other.low, self.mid + other.mid, self.high + other.high)

    def __mul__(self, number: float) -> Interval:
        """Scaled by an exact number >= 0."""
        return Interval(self.low * number, self.mid * number, self.high * number)

    @property
    def ends(self) -> tuple[float, float, float]:
        """Low, mid, high."""
        return self.low, self.mid, self.high

    def inverse(self) -> Interval:
        """1 / interval; bounds > 0."""
        return Interval(1 / self.high, 1 / self.mid, 1 / self.low)


ZERO = Interval(0.0, 0.0, 0.0)
ONE = Interval(1.0, 1.0, 1.0)


def around(mid: float, ratio: float) -> Interval:
    """mid / ratio to mid * ratio."""
    return Interval(mid / ratio, mid, mid * ratio)


def product(*intervals: Interval) -> Interval:
    """Product of independent positive figures.

    mid = product of the mids; ln(high / mid) = sqrt(sum of ln(high_i / mid_i)^2), low alike: the exact rule
    for log-normal figures, applied to each side. A low of 0 gives a low of 0.
    """
    mid = math.prod(interval.mid for interval in intervals)
    if mid == 0:
        return Interval(0.0, 0.0, math.prod(interval.high for interval in intervals))
    up = math.sqrt(sum(math.log(interval.high / interval.mid) ** 2 for interval in intervals))
    if any(interval.low == 0 for interval in intervals):
        return Interval(0.0, mid, mid * math.exp(up))
    down = math.sqrt(sum(math.log(interval.mid / interval.low) ** 2 for interval in intervals))
    return Interval(mid * math.exp(-down), mid, mid * math.exp(up))


def spread(mid: float, *causes: Interval) -> Interval:
    """A figure whose formula gives mid, with the relative 90 % interval of its independent causes."""
    if mid == 0:
        return ZERO
    whole = product(*(cause for cause in causes if cause.mid > 0))
    return Interval(mid * whole.low / whole.mid, mid, mid * whole.high / whole.mid)
