"""Documents of `jevons shelf`: one card with all that follows from it, and the whole shelf."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.footprint.breakeven import DAYS_PER_YEAR, BreakEven
from jevons.footprint.interval import Interval
from jevons.footprint.overrides import Overrides
from jevons.shelf import checks
from jevons.shelf.card import Card
from jevons.shelf.checks import Finding
from jevons.shelf.derive import INDICATORS, figures, whole
from jevons.shelf.life import Life, break_evens, life, total
from jevons.shelf.lineage import Family, together
from jevons.shelf.used import PerCall, Seen, per_call

SHIPPED, OWN, LEDGER = "ships with jevons", "on the shelf", "seen by the ledger"


class Row(msgspec.Struct, kw_only=True):
    """One stretch of training, with the figures that follow."""

    activity: str
    part: str
    how: str
    scope: str
    energy_kwh: Interval | None
    carbon_g: Interval | None
    water_l: Interval | None
    steps: tuple[str, ...]
    source: str
    url: str
    licence: str
    note: str


class Shown(msgspec.Struct, kw_only=True):
    """One card."""

    card: Card
    where: str
    """`SHIPPED`, `OWN` or `LEDGER`."""
    rows: list[Row]
    totals: dict[str, Interval]
    """By indicator, in the units of `derive.INDICATORS`."""
    boundary: str
    findings: list[Finding]
    bases: list[str]
    """Ids of all that it was made from, each once."""
    bases_without_card: list[str]
    descendants: list[str]
    with_bases: dict[str, Interval]
    """By indicator: its own training and that of all its bases, each once."""
    silent: list[str]
    """Those of them whose training carbon is not known."""
    each: PerCall | None
    each_unknown: str
    life: Life | None
    break_evens: list[BreakEven]
    schema: str = "jevons.shelf.show/1"
    method: str = METHOD_VERSION


def show(
    card: Card,
    where: str,
    family: Family,
    models: Mapping[str, Seen],
    *,
    calls_a_day: float | None = None,
    place: str = "",
    overrides: Overrides | None = None,
) -> Shown:
    """A card with all that follows from it. `calls_a_day` of one team; without, as its use or the ledger says.

    ValueError unless calls_a_day > 0.
    """
    each, why = per_call(card, dict(models), place=place, overrides=overrides)
    totals = {name: one for name in INDICATORS if (one := whole(card, name).total) is not None}
    above = family.ancestors(card)
    with_bases = {}
    silent: list[str] = []
    for name in INDICATORS:
        known, unknown = total(card, family, name)
        if above and known is not None:
            with_bases[name] = known
        if name == "carbon":
            silent = [one.id for one in unknown]
    rate, of = _rate(card, each, calls_a_day)
    indicator = "carbon" if "carbon" in totals else next(iter(totals), "")
    return Shown(
        card=card,
        where=where,
        rows=_rows(card),
        totals=totals,
        boundary=whole(card, indicator).boundary if indicator else "",
        findings=[
            *checks.findings(card, family),
            *(one for one in checks.across(family.cards.values()) if one.card == card.id),
        ],
        bases=[one.id for one in above],
        bases_without_card=family.unknown(card),
        descendants=[one.id for one in family.descendants(card)],
        with_bases=with_bases,
        silent=silent,
        each=each,
        each_unknown=why,
        life=life(card, indicator, rate, of, _years(card), max(len(card.users), 1)) if indicator and rate else None,
        break_evens=break_evens(card, family, each),
    )


def _rows(card: Card) -> list[Row]:
    made = []
    for spent in card.training:
        of = figures(spent)
        made.append(
            Row(
                activity=spent.activity, part=spent.part, how=spent.how, scope=spent.scope, energy_kwh=of.energy,
                carbon_g=of.carbon, water_l=of.water, steps=of.steps, source=spent.source, url=spent.url,
                licence=spent.licence, note=spent.note,
            )
        )  # fmt: skip
    return made


def _days(card: Card) -> float:
    if not card.first_use or not card.last_use:
        return 0.0
    first, last = (datetime.date.fromisoformat(day) for day in (card.first_use, card.last_use))
    return (last - first).days + 1.0


def _rate(card: Card, each: PerCall | None, stated: float | None) -> tuple[float, str]:
    """(calls a day of one team, where that comes from); 0 where nobody knows."""
    if stated is not None:
        return stated, "as stated"
    if each is not None and each.calls_a_day:
        return each.calls_a_day, each.what
    if card.calls and _days(card) >= 1:
        teams = max(len(card.users), 1)
        return card.calls / _days(card) / teams, f"{card.calls:,.0f} calls, {card.first_use} to {card.last_use}"
    return 0.0, ""


def _years(card: Card) -> float:
    return max(round(_days(card) / DAYS_PER_YEAR), 1)


class Line(msgspec.Struct, kw_only=True):
    """One card in the list."""

    id: str
    name: str
    where: str
    task: str
    carbon_g: Interval | None
    """Of its own training."""
    energy_kwh: Interval | None
    how: str
    calls: float | None
    first_use: str
    last_use: str
    users: tuple[str, ...]
    base: tuple[str, ...]
    retired: str
    incomplete: bool
    findings: int
    """Figures that cannot be right."""


class Listed(msgspec.Struct, kw_only=True):
    """The shelf."""

    location: str
    cards: list[Line]
    carbon_g: Interval | None
    """Training of all cards, each once, also where several were made from one."""
    silent: int
    """Cards that say nothing of it."""
    schema: str = "jevons.shelf.list/1"
    method: str = METHOD_VERSION


def listed(family: Family, where: Mapping[str, str], location: str) -> Listed:
    """All cards, what is the user's own first."""
    order = {OWN: 0, LEDGER: 1, SHIPPED: 2}
    doubts: dict[str, int] = {}
    for one in [found for card in family.cards.values() for found in checks.findings(card, family)]:
        doubts[one.card] = doubts.get(one.card, 0) + one.impossible
    for one in checks.across(family.cards.values()):
        doubts[one.card] = doubts.get(one.card, 0) + one.impossible
    lines = []
    known: Interval | None = None
    silent = 0
    for card in together(family, list(family.cards.values())):
        carbon = whole(card, "carbon").total
        silent += carbon is None
        if carbon is not None:
            known = carbon if known is None else known + carbon
        lines.append(
            Line(
                id=card.id, name=card.name, where=where.get(card.id, OWN), task=card.task, carbon_g=carbon,
                energy_kwh=whole(card, "energy").total,
                how=", ".join(dict.fromkeys(spent.how for spent in card.training)), calls=card.calls,
                first_use=card.first_use, last_use=card.last_use, users=card.users, base=card.base,
                retired=card.retired, incomplete=card.incomplete, findings=doubts.get(card.id, 0),
            )
        )  # fmt: skip
    lines.sort(key=lambda line: (order[line.where], line.id))
    return Listed(location=location, cards=lines, carbon_g=known, silent=silent)
