"""Sites beside the calls, and the calls' part of what each uses in a year: ratios of sourced figures, no score."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from jevons.factors.places import name_of
from jevons.factors.sites import Indicator, Site
from jevons.footprint.account import Account
from jevons.footprint.account import Part as Sum
from jevons.weigh.society.jobs import Ratio, kept, per_promised_job
from jevons.weigh.society.where import Where

HOURS = 8_760
"""In a year of 365 days: a site at full power all year uses MW x 8,760 h / 10^6 TWh, and never more."""
WH_PER_TWH = 1e12


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The calls' part of what a site uses in a year, and of what AI uses of it, as if all of them had run there."""

    energy: Indicator | None
    """In a year; None where no row tells, not even that it is unknown."""
    ai_share: Indicator | None
    """The AI's share of that energy; None where no row tells, not even that it is unknown."""
    of_all: Ratio
    of_ai: Ratio


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """One site, programme, operator, sector or comparator beside the calls."""

    site: str
    kind: str
    operator: str
    place: str
    matched: str
    """Why it stands here: whose calls may have run there."""
    calls: int
    """Calls that may have run there; 0 for comparators."""
    per_promised_job: Ratio
    """Subsidy per promised permanent job."""
    kept: Ratio
    """Permanent jobs found over those promised, at the year of the finding."""
    parts: tuple[Part, ...]
    """Before and after AI grew, where there are figures: by year of the AI share."""
    indicators: tuple[Indicator, ...]


_WHOLE = Ratio(value=1.0, low=1.0, high=1.0, unit="1", formula="")
_COMPARED = "to compare with"


def deals(sites: Iterable[Site], placed: Iterable[tuple[Where, Account]]) -> list[Deal]:
    """Sites where calls may have run, programmes where they did, and what to compare with, in the order of the table.

    To compare with: comparators, and other sites whose subsidy per promised job is known.
    """
    placed = list(placed)
    made = []
    for site in sites:
        reason, belongs = _rule(site)
        found = [one for where, one in placed if belongs(where, one)]
        per_job = per_promised_job(site)
        if not found and not (site.kind == "comparator" or (site.kind == "site" and per_job.known)):
            continue
        uses = found and site.kind in ("site", "operator", "sector")
        made.append(
            Deal(
                site=site.name,
                kind=site.kind,
                operator=site.operator,
                place=name_of(site.place),
                matched=reason if found else _COMPARED,
                calls=sum(one.cell.sums.calls for one in found),
                per_promised_job=per_job,
                kept=kept(site),
                parts=parts(site, _energy(found)) if uses else (),
                indicators=site.indicators,
            )
        )
    return made


def _energy(found: Iterable[Account]) -> Ratio:
    """Of calls, Wh: not known where none of them has figures, at least where some have."""
    part = Sum()
    for one in found:
        part.add(one)
    energy = part.figures.energy_wh
    low, value, high = energy.ends if not part.at_least else (energy.low or None, None, None)
    return Ratio(low=low, value=value, high=high, unit="Wh", formula="")


def _rule(site: Site) -> tuple[str, Callable[[Where, Account], bool]]:
    """Why calls belong to a site, and whether those of a place and provider do."""

    def served(where: Where, one: Account) -> bool:
        if one.cell.key.provider not in site.serves:
            return False
        return site.place == "WORLD" or _may_be(site, where)

    def within(where: Where, one: Account) -> bool:
        cloud = one.cell.key.host_class == "cloud"
        return cloud and (site.place == "WORLD" or site.place in where.zones)

    if site.kind in ("site", "operator"):
        return f"may serve {', '.join(site.serves)}" if site.serves else "", served
    if site.kind in ("programme", "sector"):
        return f"calls ran in {name_of(site.place)}", within
    return _COMPARED, lambda where, one: False


def _may_be(site: Site, where: Where) -> bool:
    """Whether calls at a place may have run at a site: in a known place, or among those that are published."""
    around = Where("known", site.place, "", "", "").zones
    if where.areas:
        return not around.isdisjoint(where.areas)
    return not where.zones or where.zone in around or site.place in where.zones


def parts(site: Site, energy_wh: Ratio) -> tuple[Part, ...]:
    """The calls' part of a site's year of electricity, once for each year that its AI share is told, or not."""
    energies = site.series("energy_twh")
    energies = tuple(one for one in energies if one.known) or energies
    if not energies:
        energies = tuple(_full(one) for one in site.series("power_mw")[-1:])
    made = []
    for share in site.series("ai_share") or (None,):
        year = 0 if share is None else share.year
        energy = min(energies, key=lambda one: (abs(one.year - year) if year else 0, -one.year), default=None)
        made.append(
            Part(
                energy=energy,
                ai_share=share,
                of_all=_part(energy_wh, energy, _WHOLE, "energy of the calls / energy in a year"),
                of_ai=_part(energy_wh, energy, share, "energy of the calls / (energy in a year x AI share)"),
            )
        )
    return tuple(made)


def _full(power: Indicator) -> Indicator:
    """At most this in a year: full power all year."""
    most = None if power.high is None else power.high * HOURS * 1e-6
    return msgspec.structs.replace(
        power, name="energy_twh", unit="TWh/year", value=None, low=None, high=most,
        scope=f"{power.scope}: at most, full power all year",
    )  # fmt: skip


def _part(calls: Ratio, energy: Indicator | None, share: Indicator | Ratio | None, formula: str) -> Ratio:
    def end(amount: float | None, energy: float | None, share: float | None) -> float | None:
        return amount / (energy * WH_PER_TWH * share) if amount is not None and energy and share else None

    if energy is None or share is None:
        return Ratio(value=None, low=None, high=None, unit="1", formula=formula)
    return Ratio(
        low=end(calls.low, energy.high, share.high),
        value=end(calls.value, energy.value, share.value),
        high=end(calls.high, energy.low, share.low),
        unit="1",
        formula=formula,
    )
