"""Flows priced: each a sum of products of inputs, for every figure, on every basis of the grid.

Calls by `footprint.serving` (the law of a model's calls, host, idle reserve, PUE, water, hardware); machines by their
power and time; training by chip-hours, a meter or a card. Factors come from ``factors/tables`` or the user's files;
whatever stands in for what the file does not say is listed as a default with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from jevons import factors
from jevons.factors import Factor
from jevons.factors.places import CLOUD, WORLD, chain
from jevons.factors.table import index
from jevons.footprint import Overrides
from jevons.footprint.causes import Cause
from jevons.footprint.rates import BASES, FIGURES, electricity
from jevons.ledger.recorded import Recorded
from jevons.shelf.card import Card
from jevons.weigh.scenario.amount import EXACT, LOG_NORMAL, Input, Value
from jevons.weigh.scenario.draws import Inputs, Term
from jevons.weigh.scenario.structure import Default, Scenario, Table

Powers = tuple[tuple[str, int], ...]
ONE = Value(1.0)


class PriceError(ValueError):
    """A flow that cannot be priced: line and remedy."""


class World(msgspec.Struct, kw_only=True):
    """What surrounds a scenario: the user's factors, the ledger, the shelf, prices."""

    overrides: Overrides = msgspec.field(default_factory=Overrides)
    place: str = ""
    runs: Callable[[str], Sequence[Recorded]] | None = None
    """Runs of the ledger by name; raises LookupError."""
    card: Callable[[str], Card] | None = None
    """A card of the shelf; raises LookupError."""
    prices: bool = True
    """Whether calls are priced at list prices where they are known."""


class Sheet:
    """All terms of a scenario, by alternative."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self.scenario, self.world = scenario, world
        self.inputs = Inputs()
        for one in scenario.inputs.values():
            self.inputs.add(one)
        self.terms: dict[str, list[Term]] = {name: [] for name in scenario.alternatives}
        self.unknown: dict[str, dict[str, list[str]]] = {name: {} for name in scenario.alternatives}
        """By alternative and view or figure: what is not known of it."""
        self.covered: dict[str, float] = {}
        """By alternative: least share of the ledger's calls that have figures."""
        self.defaults: list[Default] = list(scenario.defaults)
        self.factors: dict[Factor, None] = {}
        self.place = scenario.top.texts.get("place") or world.place

    def default(self, what: str, value: str, source: str) -> None:
        """List what stands in for something unsaid, once."""
        made = Default(what, value, source)
        if made not in self.defaults:
            self.defaults.append(made)

    def drop_hardware(self, name: str, label: str) -> None:
        """Leave out the hardware of a flow that is counted otherwise."""
        self.terms[name] = [one for one in self.terms[name] if one.part != "hardware" or one.flow != label]

    def merge(self) -> None:
        """Add up terms that differ in nothing but their number."""
        for name, terms in self.terms.items():
            found: dict[Term, float] = {}
            for term in terms:
                alike = msgspec.structs.replace(term, amount=1.0, powers=tuple(sorted(term.powers, key=_factors_first)))
                found[alike] = found.get(alike, 0.0) + term.amount
            self.terms[name] = [msgspec.structs.replace(one, amount=amount) for one, amount in found.items() if amount]

    def lacks(self, name: str, about: str, why: str) -> None:
        """Note that something of an alternative is not known."""
        found = self.unknown[name].setdefault(about, [])
        if why not in found:
            found.append(why)

    def cause(self, one: Cause) -> str:
        """The input behind a cause: 1 at its middle."""
        column = f"{one.name}|{one.of}"
        key = f"{column}|{one.low:.6g}|{one.high:.6g}"
        shape = EXACT if one.low == one.high else LOG_NORMAL
        of = f" ({one.of})" if one.of else ""
        return self.inputs.add(
            Input(key=key, low=one.low, mid=1.0, high=one.high, shape=shape, unit="1", label=f"{one.name}{of}",
                  group=one.name, source="factors"), column,
        )  # fmt: skip

    def factor(self, found: Factor, power: int = 1) -> tuple[float, Powers]:
        """(middle, input) of a factor, to a power."""
        self.factors[found] = None
        if not found.value:
            return 0.0, ()
        low, high = found.low / found.value, found.high / found.value
        key = self.cause(Cause(found.name, f"{found.place}, {found.source}", low, high))
        return found.value**power, ((key, power),)


class Flow:
    """Makes the terms of one flow."""

    def __init__(
        self, sheet: Sheet, name: str, of: Table, label: str, per: Powers = (), per_call: bool = False
    ) -> None:
        """`per`: what all of its terms are multiplied by, over what the alternative delivers."""
        self.sheet, self.name, self.of, self.label = sheet, name, of, label
        self.per, self.per_call = per, per_call
        self.place = of.texts.get("place") or sheet.place
        self.user = sheet.world.overrides.factors
        self.avoid = self._share("avoidable", "avoidable share")
        self.avoid_hardware = of.amounts.get("hardware_avoidable", self.avoid)
        if {"avoidable", "anyway"} & of.amounts.keys() and "hardware_avoidable" not in of.amounts:
            sheet.default(f"avoidable hardware of {label}", "the same share", "no hardware_avoidable in the file")
        self.in_decision = self.in_account = True

    def _share(self, key: str, what: str) -> Value:
        if key in self.of.amounts:
            return self.of.amounts[key]
        if "anyway" in self.of.amounts:
            anyway = self.of.amounts["anyway"]
            inputs, made = self.sheet.inputs, f"1 - {'.'.join(map(str, self.of.path))}.anyway"
            inputs.derived[made] = lambda look: 1 - anyway.number * _times(look, anyway.keys)
            return Value(1.0, (made,))
        self.sheet.default(what, "1 (all of a flow is avoided where the other way is taken)", "definition of the tool")
        return ONE

    def add(self, figure: str, part: str, amount: float, powers: Powers = (), basis: str = "") -> None:
        """One term."""
        share = self.avoid_hardware if part == "hardware" else self.avoid
        if amount:
            self.sheet.terms[self.name].append(
                Term(
                    figure=figure, part=part, amount=amount, powers=powers + self.per, basis=basis,
                    decides=tuple((key, 1) for key in share.keys), decides_amount=share.number,
                    in_decision=self.in_decision, in_account=self.in_account, per_call=self.per_call,
                    flow=self.label,
                )
            )  # fmt: skip

    def grids(self, place: str, provider: str = "") -> Iterable[tuple[str, Factor]]:
        """(basis, carbon intensity) for each basis that is known of a place; the others are noted as unknown."""
        for basis in BASES:
            found = electricity(place, "", self.user, basis).grid
            if basis == "average" or of_place(found, place):
                yield basis, found
            else:
                self.sheet.lacks(self.name, basis, f"no {basis} margin is known of {place or 'the place'}")

    def electric(
        self, kwh: float, powers: Powers, place: str, part: str = "operation", centre: str | None = None
    ) -> None:
        """Energy, carbon and water of electricity: of IT in a data centre of provider `centre`, else as it is."""
        sheet, facility, of_facility = self.sheet, kwh, powers
        if not place and "place" not in self.of.texts:
            sheet.default("place", "world average electricity", "no place in the file or the settings")
        if centre is not None:
            number, more = sheet.factor(factors.pue(centre, place, self.user))
            facility, of_facility = kwh * number, powers + more
            litres, site = sheet.factor(factors.wue(centre, place, self.user))
            self.add("water_l", part, kwh * litres, powers + site)
        self.add("energy_wh", part, facility * 1e3, of_facility)
        litres, stations = sheet.factor(factors.water(place, user=self.user))
        self.add("water_l", part, facility * litres, of_facility + stations)
        for basis, found in self.grids(place):
            grams, grid = sheet.factor(found)
            self.add("carbon_g", part, facility * grams, of_facility + grid, basis)

    def made(self, hours: float, powers: Powers, made: Sequence[str], life: str, busy: str) -> None:
        """The share of making machines that hours of their work bear; of machines that are held, busy or not, if
        `busy` is empty."""
        years, of_years = self.sheet.factor(factors.hardware(life, self.user), -1)
        used, of_used = self.sheet.factor(factors.hardware(busy, self.user), -1) if busy else (1.0, ())
        for name in made:
            kg, of_kg = self.sheet.factor(factors.hardware(name, self.user))
            amount = hours * kg * 1e3 / 8766 * years * used
            self.add("carbon_g", "hardware", amount, powers + of_kg + of_years + of_used)


def of_place(found: Factor, place: str) -> bool:
    """Whether a figure is of what was asked for; a continent's stands for none of its countries, nor the world's."""
    if found.zone in ("", CLOUD, chain(place)[0][0]):
        return True
    return bool(index("places", "place").get(found.zone, {}).get("within", "a subregion")) and found.zone != WORLD


def _factors_first(of: tuple[str, int]) -> tuple[bool, str, int]:
    """Terms of a flow begin with the same factors, so that draws multiply those once."""
    return "|" not in of[0], *of


def powers_of(value: Value) -> Powers:
    """Inputs of a value, each to the power 1."""
    return tuple((key, 1) for key in value.keys)


def _times(look: Callable[[str], Any], keys: Sequence[str]) -> Any:
    made: Any = 1.0
    for key in keys:
        made = made * look(key)
    return made


__all__ = ["FIGURES", "Flow", "PriceError", "Sheet", "World", "of_place", "powers_of"]
