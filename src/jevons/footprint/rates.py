"""What one joule of a model's work costs: energy, carbon, water and hardware, each with what it depends on.

Two kinds of place. A data centre: joules of GPU, then host, idle reserve and PUE once each, water on site and at power
stations, the place of the region. One's own machine: joules of the whole machine; PUE 1, no water on site, the user's
place.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from jevons import factors
from jevons.factors import Factor
from jevons.factors.places import chain, known
from jevons.factors.signal import Signal
from jevons.footprint import carbon, embodied, energy, water
from jevons.footprint.causes import Cause, Term, cause, interval
from jevons.footprint.interval import Interval
from jevons.ledger.days import start_of

J_PER_WH = 3_600.0
J_PER_KWH = 3_600_000.0
FIGURES = ("energy_wh", "carbon_g", "water_l", "embodied_g")
"""Energy of the facility, operational carbon, water consumed, embodied carbon."""
MARKET = "market_g"
"""Operational carbon by contract, where the user's factors tell of one: beside ``carbon_g``, never in its place."""
WATER = ("water_site_l", "water_power_l")
"""The two parts of ``water_l``: on site, and at power stations."""
BASES = ("average", "operating", "build")
"""Which carbon intensity: the yearly average (accounts), or a margin (what one decision changes)."""


class Rates:
    """What one joule costs. Compared by identity: one object for each serving."""

    def __init__(self, terms: dict[str, tuple[Term, ...]], used: tuple[Factor, ...]) -> None:
        self.terms = terms
        """For each of `FIGURES` and `WATER`, and for `MARKET` where there is a contract, what a joule adds to it."""
        self.factors = used

    def interval(self, name: str, joules: float) -> Interval:
        """What some joules cost, 90 % interval."""
        return interval(term * joules for term in self.terms.get(name, ()))

    @cached_property
    def highs(self) -> dict[str, float]:
        """Upper end of what one joule costs."""
        return {name: interval(terms).high for name, terms in self.terms.items()}


def span(factor: Factor) -> Interval:
    """A factor's interval."""
    return Interval(factor.low, factor.value, factor.high)


def of_factor(factor: Factor, whose: str = "") -> tuple[Cause, ...]:
    """The cause behind a factor, shared by all who use it, or by one provider alone; none where the factor is zero."""
    if factor.value == 0:
        return ()
    return (cause(factor.name, whose or f"{factor.place}, {factor.source}", span(factor)),)


class Electricity(NamedTuple):
    """What is known of the electricity of a place and year."""

    grid: Factor
    ewif: Factor
    market: Factor | None = None
    whose: str = ""
    """The provider, where it alone knows the place: what one provider's unknown place is says nothing of another's."""

    @property
    def known(self) -> tuple[Factor, ...]:
        """Factors that there are."""
        return tuple(factor for factor in (self.grid, self.ewif, self.market) if factor is not None)


def electricity(
    where: str,
    period: str = "",
    user: factors.User | None = None,
    basis: str = "average",
    signal: Signal | None = None,
) -> Electricity:
    """Electricity at a place in a month (``2026-11``) or hour (``2026-11-23T14``), its carbon on one of `BASES`.

    Of an hour that `signal` holds for this place its figure, else that of the year.
    """
    year = int(period[:4]) if period[:4].isdecimal() else None
    grid = _at(signal, where, period) if signal else None
    if grid is None:
        grid = (
            factors.intensity(where, year, user) if basis == "average" else factors.marginal(where, basis, year, user)
        )
    return Electricity(grid, factors.water(where, user=user), factors.market(where, user, year) if user else None)


def _at(signal: Signal, where: str, period: str) -> Factor | None:
    """A signal's figure of an hour, where it is of that place and has one."""
    start = start_of(period)
    if start is None or not known(where) or chain(where)[0][0] != chain(signal.zone)[0][0]:
        return None
    try:
        return signal.at(start)
    except LookupError:
        return None


def _carbon(kwh: float, causes: tuple[Cause, ...], power: Electricity) -> dict[str, tuple[Term, ...]]:
    """Operational carbon, and by contract where there is one."""
    found = {"carbon_g": power.grid, MARKET: power.market}
    return {
        name: (Term(carbon.operational_g(kwh, factor.value), (*causes, *of_factor(factor, power.whose))),)
        for name, factor in found.items()
        if factor is not None
    }


def _water(*parts: Term) -> dict[str, tuple[Term, ...]]:
    """Water, its last part at power stations, one before it on site."""
    return {"water_l": parts, WATER[0]: parts[:-1], WATER[1]: parts[-1:]}


def data_centre(
    causes: tuple[Cause, ...], provider: str, region: str, power: Electricity, user: factors.User | None = None
) -> Rates:
    """Rates per joule of GPU; `causes` are those of the joules themselves."""
    ewif = power.ewif
    host, idle = factors.host(user=user), factors.idle(user=user)
    pue, wue = factors.pue(provider, region, user=user), factors.wue(provider, region, user=user)
    server = (*causes, *of_factor(host), *of_factor(idle))
    energy_it_j = energy.it_energy(1.0, host.value, idle.value)
    facility_j = energy.facility_energy(energy_it_j, pue.value)
    facility = (*server, *of_factor(pue, provider))
    it_kwh = energy_it_j / J_PER_KWH
    on_site = Term(water.on_site_l(it_kwh, wue.value), (*server, *of_factor(wue, provider)))
    off_site = Term(water.off_site_l(it_kwh, pue.value, ewif.value), (*facility, *of_factor(ewif, power.whose)))
    terms: dict[str, tuple[Term, ...]] = {
        "energy_wh": (Term(facility_j / J_PER_WH, facility),),
        **_carbon(facility_j / J_PER_KWH, facility, power),
        **_water(on_site, off_site),
    }
    return _with_hardware(
        terms, causes, ("gpu_embodied", "server_share_embodied"), "gpu", (host, idle, pue, *power.known, wue), user
    )


def own_machine(
    joules: float, causes: tuple[Cause, ...], power: Electricity, user: factors.User | None = None, *more: Factor
) -> Rates:
    """Rates per `joules` of one's own machine. No PUE, no WUE."""
    ewif = power.ewif
    kwh = joules / J_PER_KWH
    terms: dict[str, tuple[Term, ...]] = {
        "energy_wh": (Term(joules / J_PER_WH, causes),),
        **_carbon(kwh, causes, power),
        **_water(Term(water.off_site_l(kwh, 1.0, ewif.value), (*causes, *of_factor(ewif, power.whose)))),
    }
    return _with_hardware(terms, causes, ("local_embodied",), "local", (*power.known, *more), user, joules)


def _with_hardware(
    terms: dict[str, tuple[Term, ...]],
    causes: tuple[Cause, ...],
    made: tuple[str, ...],
    machine: str,
    used: tuple[Factor, ...],
    user: factors.User | None,
    joules: float = 1.0,
) -> Rates:
    """Rates with the share of the hardware's making that the work takes of its life."""
    parts = [factors.hardware(name, user=user) for name in made]
    life = [factors.hardware(f"{machine}_{name}", user=user) for name in ("power", "lifetime", "utilisation")]
    power, lifetime, utilisation = life
    busy_s = embodied.busy_s(joules, power.value)
    dividing = tuple(one.inverse for factor in life for one in of_factor(factor))
    terms["embodied_g"] = tuple(
        Term(
            embodied.embodied_g(busy_s, part.value, lifetime.value, utilisation.value),
            (*causes, *of_factor(part), *dividing),
        )
        for part in parts
    )
    return Rates(terms, (*used, *parts, *life))
