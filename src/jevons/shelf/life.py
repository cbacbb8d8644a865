"""The life of a model: its training spread over calls, years and teams, and when its use has cost as much.

Training that is done is sunk in a decision; what is spread here is a life-cycle view, never part of an SCI score.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from jevons.footprint import breakeven, training
from jevons.footprint.breakeven import BreakEven, Side
from jevons.footprint.carbon import operational_g
from jevons.footprint.interval import Interval
from jevons.footprint.units import convert
from jevons.shelf.card import Card, Spent, Use
from jevons.shelf.derive import whole
from jevons.shelf.lineage import Family, together
from jevons.shelf.used import PerCall

YEARS = (1, 2, 3, 5, 10)
TEAMS = (1, 2, 5, 10)


class Share(msgspec.Struct, kw_only=True):
    """Training per call after so many years of so many teams."""

    years: float
    teams: float
    calls: float
    each: Interval
    """In the unit of the whole."""


class Life(msgspec.Struct, kw_only=True):
    """How the training of a model spreads."""

    indicator: str
    unit: str
    training: Interval
    boundary: str
    calls_a_day: float
    """Of one team."""
    rate: str
    """Where that comes from."""
    shares: list[Share]
    served: float = 0.0
    """Calls so far; 0 where nobody counted."""
    served_each: Interval | None = None
    years: float = 1.0
    """So far."""
    one_more_year: float = 0.0
    """What a further year saves, per call: training over calls, now less then."""
    one_more_team: float = 0.0
    """What one more team saves, per call."""


def total(card: Card, family: Family, indicator: str) -> tuple[Interval | None, list[Card]]:
    """(training of a card and of all that it was made from, each once; those of them that say nothing)."""
    known: Interval | None = None
    silent = []
    for one in together(family, [card]):
        of = whole(one, indicator).total
        if of is None:
            silent.append(one)
        else:
            known = of if known is None else known + of
    return known, silent


def life(card: Card, indicator: str, calls_a_day: float, rate: str, years: float = 1.0, teams: int = 1) -> Life | None:
    """How the training spreads; None where nothing is known of it. ValueError unless calls_a_day > 0."""
    spent = whole(card, indicator)
    if spent.total is None:
        return None
    once = spent.total

    def each(of_years: float, of_teams: float) -> Interval:
        calls = calls_a_day * breakeven.DAYS_PER_YEAR * of_years * of_teams
        return Interval(*(training.per_call(end, calls) for end in once.ends))

    shares = [
        Share(years=y, teams=t, calls=calls_a_day * breakeven.DAYS_PER_YEAR * y * t, each=each(y, t))
        for y in YEARS
        for t in TEAMS
    ]
    served = card.calls or 0.0
    return Life(
        indicator=indicator,
        unit={"energy": "kWh", "carbon": "g", "water": "L"}[indicator],
        training=once,
        boundary=spent.boundary,
        calls_a_day=calls_a_day,
        rate=rate,
        shares=shares,
        served=served,
        served_each=once * (1 / served) if served else None,
        years=years,
        one_more_year=each(years, teams).mid - each(years + 1, teams).mid,
        one_more_team=each(years, teams).mid - each(years, teams + 1).mid,
    )


def break_evens(card: Card, family: Family, each: PerCall | None = None) -> list[BreakEven]:
    """Each boundary of training against each use that measures the same: by years where use is told by day, else by
    calls; against what a call takes otherwise (`each`) where the card tells of no use. Both sides carry boundary, grid
    and request rate."""
    found = []
    for indicator, unit in (("carbon", "kg"), ("energy", "kWh"), ("water", "L")):
        for use in card.use:
            side = _use(use, indicator, unit)
            if side is None:
                continue
            against = breakeven.in_years if use.days else breakeven.in_calls
            found += [against(once, side) for once in _boundaries(card, family, indicator, unit)]
        if not card.use and each is not None and unit != "L":
            amount, of = (each.carbon_g.mid, "g") if indicator == "carbon" else (each.energy_wh.mid, "Wh")
            boundary = f"operation, {each.how} (middle of its interval), {each.what}"
            side = Side(amount=convert(amount, of, unit), unit=unit, boundary=boundary, grid=each.grid or "not stated")
            found += [breakeven.in_calls(once, side) for once in _boundaries(card, family, indicator, unit)]
    return found


def _boundaries(card: Card, family: Family, indicator: str, unit: str) -> Iterator[Side]:
    """The first part alone (the run itself), then all parts: those two are what papers compare with; and, where it was
    made of others, all that they took, too."""
    from_unit = {"carbon": "g", "energy": "kWh", "water": "L"}[indicator]
    spent = whole(card, indicator)
    made: list[tuple[str, float, str]] = []
    grid = _grids(card.training)
    if spent.parts:
        first, of = next(iter(spent.parts.items()))
        made.append((first if first != "all" else _activities(card), of.mid, grid))
    if len(spent.parts) > 1 and spent.total is not None:
        made.append((spent.boundary, spent.total.mid, grid))
    above = family.ancestors(card)
    known, silent = total(card, family, indicator)
    if above and known is not None and len(silent) <= len(above):
        names = ", ".join(one.id for one in above if one not in silent)
        if names:
            grids = dict.fromkeys(_grids(one.training) for one in (card, *above) if one not in silent)
            made.append((f"{_activities(card)}, and that of {names}", known.mid, "; ".join(grids)))
    for name, amount, whose in made:
        yield Side(amount=convert(amount, from_unit, unit), unit=unit, boundary=name, grid=whose)


def _activities(card: Card) -> str:
    return " and ".join(dict.fromkeys(f"{one.activity} as {one.how}" for one in card.training))


def _use(use: Use, indicator: str, unit: str) -> Side | None:
    given = getattr(use, indicator)
    if given is not None:
        amount = given.to(unit).mid
    elif indicator == "carbon" and use.energy is not None and use.grid_g_per_kwh is not None:
        amount = convert(operational_g(use.energy.to("kWh").mid, use.grid_g_per_kwh), "g", unit)
    else:
        return None
    boundary = {"gpu": "the chips", "server": "whole server, operation", "facility": "facility, operation"}.get(
        use.scope, "operation, as reported"
    )
    per = use.days or use.calls or 1.0
    return Side(amount=amount / per, unit=unit, boundary=boundary, grid=_grids([use]), request_rate=use.request_rate)


def _grids(of: tuple[Spent, ...] | list[Use]) -> str:
    """Place and intensity, each once."""
    words = []
    for one in of:
        if isinstance(one, Spent) and one.part == "embodied":  # made elsewhere, on no grid of ours
            continue
        intensity = f"{one.grid_g_per_kwh:g} g/kWh" if one.grid_g_per_kwh is not None else ""
        words.append(", ".join(filter(None, (one.place, intensity))))
    return "; ".join(dict.fromkeys(filter(None, words))) or "not stated"
