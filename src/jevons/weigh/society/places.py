"""Where calls ran, whether the water that took is scarce there, and the sites beside: schema ``jevons.places/1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec

from jevons import factors
from jevons.factors import Factor
from jevons.factors.sites import Site, shipped
from jevons.factors.table import rows
from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.account import Account, Part, priced
from jevons.footprint.derivation import weighted
from jevons.footprint.figures import Figures
from jevons.footprint.interval import Interval
from jevons.footprint.rates import WATER
from jevons.ledger.recorded import Recorded
from jevons.weigh.society.deals import Deal, deals
from jevons.weigh.society.share import shares
from jevons.weigh.society.where import STATUSES, Where, where

SCHEMA = "jevons.places/1"
SCARCER = ("yes", "part of the year", "no", "unknown")


class Share(msgspec.Struct, kw_only=True):
    """Some of the calls, and of their energy."""

    name: str
    calls: int
    calls_share: float
    energy_wh: Interval | None
    """None where there are calls and none of them has figures; of those that have, else: see `coverage`."""
    energy_share: Interval | None
    """Of the energy of all calls that have figures."""
    coverage: float
    """Part of the calls that have figures."""


class Water(msgspec.Struct, kw_only=True):
    """Water consumed, L, never withdrawn: on site, and at power stations."""

    water_l: Interval
    site_l: Interval
    power_l: Interval


class Place(Share, kw_only=True):
    """One place."""

    status: str
    why: str
    source: str
    areas: tuple[str, ...]
    providers: dict[str, int]
    """Calls by provider, the most first."""
    water: Water | None
    aware: Factor
    """Scarcity there, m3 world eq/m3; its bounds are the least and the most scarce month."""
    scarcer: str
    """Whether water is scarcer there than for the mean litre that the world consumes, all year or a part of it: one of
    `SCARCER`; unknown where nobody knows the place, where the figure is of a wider one, or where a country's states
    differ in the answer."""
    weighted_l: Interval | None
    """Water consumed times scarcity, L world eq., ends by ends."""


class Society(msgspec.Struct, kw_only=True):
    """`jevons report --places --format json`."""

    run: str
    mode: str
    """Which calls: ``live``, or ``recorded`` where a scan found them all."""
    calls: int
    coverage: float
    """Part of these calls that have figures."""
    elsewhere: dict[str, int]
    """Calls that ran nowhere, by mode: replayed, mocked; or were found in recordings."""
    by_status: list[Share]
    """Known, assumed, unknown; all three, also where they are none."""
    places: list[Place]
    scarcer: dict[str, Water]
    """Water by whether it is scarcer where it was taken than for the world's mean litre; all of `SCARCER`."""
    world: Factor
    """AWARE of that mean litre: weighted by what is consumed outside farming."""
    deals: list[Deal]
    sites: int
    """Sites, programmes, operators, sectors and comparators in the tables and the user's files."""
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def places(
    runs: Sequence[Recorded], *, name: str = "", place: str = "", overrides: Overrides | None = None,
    sites: Iterable[Site] | None = None,
) -> Society:  # fmt: skip
    """Where the calls of some runs ran; `place` is where these machines stand, each run's own if empty."""
    modes = Counter[str]()
    for run in runs:
        for cell in run.cells:
            modes[cell.key.mode] += cell.sums.calls
    mode = "recorded" if set(modes) == {"recorded"} else "live"
    accounts = [one for made in priced(runs, place=place, overrides=overrides) for one in made if one.mode == mode]
    placed = [(where(one), one) for one in accounts]
    at = {spot: [one for found, one in placed if found == spot] for spot in dict.fromkeys(spot for spot, _ in placed)}
    by = {status: [one for spot, one in placed if spot.status == status] for status in STATUSES}
    parts = {spot: _sum(found) for spot, found in at.items()}
    energy_shares = dict(zip(parts, shares([part.figures for part in parts.values()]), strict=True))
    user = overrides.factors if overrides else None
    world = factors.scarcity("WORLD", user=user)
    water: dict[str, Figures] = {answer: Figures() for answer in SCARCER}
    made = []
    for spot, part in parts.items():
        aware = factors.scarcity(spot.place, user=user)
        answer = _scarcer(spot, aware, world.value)
        water[answer].add(part.figures)
        made.append(_place(spot, at[spot], part, energy_shares[spot], modes[mode], aware, answer))
    totals = [_sum(found) for found in by.values()]
    status_shares = zip(by, totals, shares([part.figures for part in totals]), strict=True)
    every = list(shipped() if sites is None else sites)
    return Society(
        run=name,
        mode=mode,
        calls=modes[mode],
        coverage=_sum(accounts).coverage,
        elsewhere={other: count for other, count in sorted(modes.items()) if other != mode},
        by_status=[Share(name=status, **_told(part, share, modes[mode])) for status, part, share in status_shares],
        places=sorted(made, key=lambda one: (-(one.energy_wh.mid if one.energy_wh else 0.0), -one.calls, one.name)),
        scarcer={answer: _water(figures) for answer, figures in water.items()},
        world=world,
        deals=deals(every, placed),
        sites=len(every),
    )


def _sum(found: Iterable[Account]) -> Part:
    part = Part()
    for one in found:
        part.add(one)
    return part


def _scarcer(spot: Where, aware: Factor, mean: float) -> str:
    """One of `SCARCER`: AWARE of a place beside `mean`, that of the world."""
    if aware.zone not in spot.zones:  # a wider place's mean says nothing of this one
        return "unknown"
    own = any("replaces the table" in step for step in aware.steps)
    months = () if own else _within(aware.zone)
    answers = {
        "yes" if low > mean else "no" if high <= mean else "part of the year"
        for low, high in months or ((aware.low, aware.high),)
    }
    return answers.pop() if len(answers) == 1 else "unknown"


@cache
def _within(zone: str) -> tuple[tuple[float, float], ...]:
    """Least and most scarce months of the states of a country, where they have figures: nobody said which state."""
    inner = {row["place"] for row in rows("places") if row["within"] == zone}
    return tuple((float(row["low"]), float(row["high"])) for row in rows("scarcity") if row["place"] in inner)


def _told_of(part: Part) -> bool:
    return bool(part.covered or not part.calls)


def _told(part: Part, share: Interval | None, calls: int) -> dict[str, Any]:
    """Fields of a `Share`."""
    return {
        "calls": round(part.calls),
        "calls_share": part.calls / calls if calls else 0.0,
        "energy_wh": part.figures.energy_wh if _told_of(part) else None,
        "energy_share": share if _told_of(part) else None,
        "coverage": part.coverage,
    }


def _place(
    spot: Where, found: list[Account], part: Part, share: Interval | None, calls: int, aware: Factor, answer: str
) -> Place:
    providers = Counter[str]()
    for one in found:
        providers[one.cell.key.provider or "unknown"] += one.cell.sums.calls
    return Place(
        name=spot.name,
        **_told(part, share, calls),
        status=spot.status,
        why=spot.why,
        source=spot.source,
        areas=spot.areas,
        providers=dict(providers.most_common()),
        water=_water(part.figures) if _told_of(part) else None,
        aware=aware,
        scarcer=answer,
        weighted_l=weighted(part.figures.water_l, aware) if _told_of(part) else None,
    )


def _water(figures: Figures) -> Water:
    site, power = (figures.interval(name) for name in WATER)
    return Water(water_l=figures.water_l, site_l=site, power_l=power)
