"""A figure is joules times what a joule costs: sums of figures are sums of joules, exact in any order and grouping."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from jevons.factors import Factor
from jevons.footprint.causes import Term, interval
from jevons.footprint.interval import Interval
from jevons.footprint.rates import Rates


class Figures:
    """Energy, carbon, water and hardware of some calls."""

    def __init__(self) -> None:
        self.spent: dict[Rates, float] = {}
        """Joules at each rate."""
        self.possible: dict[Rates, float] = {}
        """Joules that may have been spent, too: they raise the upper ends alone."""

    def spend(self, rates: Rates, joules: float) -> None:
        """Add joules at a rate."""
        self.spent[rates] = self.spent.get(rates, 0.0) + joules

    def may_spend(self, rates: Rates, joules: float) -> None:
        """Add joules that may have been spent."""
        self.possible[rates] = self.possible.get(rates, 0.0) + joules

    def add(self, other: Figures, share: float = 1.0) -> None:
        """Add the figures of other calls, or a share of them."""
        for rates, joules in other.spent.items():
            self.spend(rates, joules * share)
        for rates, joules in other.possible.items():
            self.may_spend(rates, joules * share)

    def terms(self, name: str) -> Iterator[Term]:
        """The terms of one of `rates.FIGURES`."""
        for rates, joules in self.spent.items():
            for term in rates.terms.get(name, ()):
                yield term * joules

    def interval(self, *names: str) -> Interval:
        """One of `rates.FIGURES`, or `rates.MARKET`, or the sum of several of one unit, with its 90 % interval."""
        made = interval(chain.from_iterable(map(self.terms, names)))
        more = sum(rates.highs.get(name, 0.0) * joules for rates, joules in self.possible.items() for name in names)
        return Interval(made.low, made.mid, made.high + more)

    def amount(self, name: str) -> float:
        """The middle of one of `rates.FIGURES`."""
        return sum(term.amount for term in self.terms(name))

    @property
    def factors(self) -> list[Factor]:
        """Factors used, each once."""
        used = (factor for rates in (*self.spent, *self.possible) for factor in rates.factors)
        return list(dict.fromkeys(used))

    def __bool__(self) -> bool:
        """Whether anything was spent, or may have been."""
        return any(self.spent.values()) or any(self.possible.values())

    @property
    def energy_wh(self) -> Interval:
        """Of the facility in data centres, of the machine elsewhere."""
        return self.interval("energy_wh")

    @property
    def carbon_g(self) -> Interval:
        """Operational."""
        return self.interval("carbon_g")

    @property
    def water_l(self) -> Interval:
        """Consumed, on site and by power stations."""
        return self.interval("water_l")

    @property
    def embodied_g(self) -> Interval:
        """Hardware's share."""
        return self.interval("embodied_g")
