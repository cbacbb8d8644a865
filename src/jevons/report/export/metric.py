"""A metric and its points, whatever it is written as."""

from __future__ import annotations

from typing import Literal

import msgspec

COUNTED, LEVEL = "counted", "level"
RUNG = "jevons.rung"


class Point(msgspec.Struct, frozen=True):
    """One value."""

    attributes: dict[str, str]
    value: float
    """An int where it was counted in whole numbers."""


class Metric(msgspec.Struct):
    """Points under one name."""

    name: str
    unit: str
    """UCUM."""
    about: str
    kind: Literal["count", "amount", "gauge"]
    """``count``: a sum of facts, which only grows. ``amount``: a sum too, of what is modelled, so that a later method
    may say less of the same calls. ``gauge``: adds up over nothing."""
    points: list[Point] = []


class Metrics:
    """Metrics in the making, in the order in which they are first named."""

    def __init__(self) -> None:
        self._named: dict[str, Metric] = {}

    @property
    def all(self) -> list[Metric]:
        """Every metric that has a point."""
        return list(self._named.values())

    def count(self, name: str, unit: str, about: str, attributes: dict[str, str], value: float) -> None:
        """A point of facts."""
        self._point(Metric(name, unit, about, "count"), attributes, COUNTED, value)

    def amount(self, name: str, unit: str, about: str, attributes: dict[str, str], value: float) -> None:
        """A point of a level: the middle of its interval."""
        self._point(Metric(name, unit, about, "amount"), attributes, LEVEL, value)

    def gauge(self, name: str, unit: str, about: str, rung: str, attributes: dict[str, str], value: float) -> None:
        """A point that is not to be added to others."""
        self._point(Metric(name, unit, about, "gauge"), attributes, rung, value)

    def ends(self, name: str, unit: str, about: str, attributes: dict[str, str], low: float, high: float) -> None:
        """The ends of a level's interval."""
        for end, value in (("low", low), ("high", high)):
            self.gauge(f"{name}.{end}", unit, f"{about}: {end} end of its 90 % interval", LEVEL, attributes, value)

    def _point(self, metric: Metric, attributes: dict[str, str], rung: str, value: float) -> None:
        of = self._named.setdefault(metric.name, metric)
        of.points.append(Point({**attributes, RUNG: rung}, value))
