"""What a card claims, doubted by rules that know no names.

Two kinds: what *cannot be right* (figures that contradict each other, or physics), and what is *hard to believe* (a
judgement, stated with the rule). Neither keeps a card off the shelf: it is shown with it, each time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Protocol

import msgspec

from jevons import factors
from jevons.factors.grid import known
from jevons.factors.table import rows
from jevons.footprint import carbon, energy, training
from jevons.footprint.claims import Quantity, check
from jevons.footprint.units import convert
from jevons.shelf.card import Amount, Card, Spent, Use
from jevons.shelf.chips import Said, best_flop_per_j, said
from jevons.shelf.derive import figures
from jevons.shelf.lineage import Family

BYTES_PER_PARAMETER = 4.0
"""Of weights in files, at most: fewer bits would mean more parameters."""
BYTES_PER_TOKEN = 8.0
"""Of text, at most: English has 4 to 5 with usual tokenisers, files of data sets hold more than text."""
FLOP_PER_TOKEN = 2.0
"""And parameter, at least: the way forward alone; training takes 6 (Kaplan et al. 2020)."""
START_J = 100.0
"""Judgement: to start Python, load a library and weights and write a model takes one machine longer than a second, at
100 W."""
WHOLE_MACHINE = 4.0
"""Facility over the chips' TDP, at most: host 2 x PUE 2."""
LEAST_LOAD = 0.1
"""Mean power of a chip at work over its TDP, at least: idle takes as much."""
_MISTAKEN = (
    (1e3, "1,000 times that", "as kg in place of g"), (1e6, "10^6 times that", "as t in place of g"),
    (1e-3, "a thousandth", "as g in place of kg"), (1e-6, "a millionth", "as g in place of t"),
)  # fmt: skip
DIGITS = 7
"""Significant digits that two trainings do not share by chance, nor by the same hours of the same estimate."""
MANY_DIGITS = 5
"""Digits that they hardly share."""


class _Make(Protocol):
    def __call__(self, rule: str, what: str, impossible: bool = True) -> Finding: ...


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a figure of a card."""

    card: str
    """Its id."""
    rule: str
    what: str
    impossible: bool = True
    """Cannot be right; else hard to believe."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def findings(card: Card, family: Family | None = None) -> list[Finding]:
    """All findings of one card; with a family also what it repeats of its bases."""
    found = [*_claims(card)]
    for spent in card.training:
        found += _training(card, spent)
    if family is not None:
        found += _of_base(card, family)
    return list(dict.fromkeys(found))


def across(cards: Iterable[Card]) -> list[Finding]:
    """What only several cards show: figures of one source that contradict each other, a training counted twice."""
    cards = list(cards)
    return [*_one_source(cards), *_twice(cards)]


# -- figures against each other ---------------------------------------------------------------------------------


def _claims(card: Card) -> Iterator[Finding]:
    by_activity: dict[tuple[str, str, str], list[Spent]] = defaultdict(list)
    for spent in card.training:  # what says when it began is a stretch of its own, no row of a table
        by_activity[spent.activity, spent.source, spent.started].append(spent)
    for group in by_activity.values():
        given = [quantity for spent in group if not _ours(spent) for quantity in _quantities(spent, _name(spent))]
        if len(group) > 1:
            given += _rows(group)
        yield from _checked(card, given)
    for place, use in enumerate(card.use):
        yield from _checked(card, _quantities(use, f"use {place + 1}" if len(card.use) > 1 else "use"))


def _checked(card: Card, given: Sequence[Quantity]) -> Iterator[Finding]:
    for found in check(given):
        note = f" ({found.note})" if found.note else ""
        yield Finding(card=card.id, rule=found.rule, what=f"stated {found.stated}, follows {found.follows}{note}")


def _ours(spent: Spent) -> bool:
    return spent.how == "estimated" and spent.tool == "jevons"


def _name(spent: Spent) -> str:
    return spent.activity if spent.part == "all" else f"{spent.activity}, {spent.part}"


def _quantities(one: Spent | Use, of: str) -> list[Quantity]:
    found = []
    for kind in ("energy", "carbon", "water"):
        given: Amount | None = getattr(one, kind)
        if given is not None:
            scope = {"gpu": "it", "server": "it"}.get(one.scope, one.scope) if kind == "energy" else ""
            found.append(_quantity(kind, given, of, scope))
    if one.grid_g_per_kwh is not None:
        found.append(
            Quantity(kind="intensity", value=one.grid_g_per_kwh, unit="g/kWh", step=_step(one.grid_g_per_kwh), of=of)
        )
    if isinstance(one, Spent):
        for kind, value, unit in (
            ("hours", one.machine_hours, "h"), ("power", one.power_w, "W"), ("pue", one.pue, ""),
        ):  # fmt: skip
            if value is not None:
                found.append(Quantity(kind=kind, value=value, unit=unit, step=_step(value), of=of))
    return found


def _quantity(kind: str, given: Amount, of: str, scope: str = "", role: str = "") -> Quantity:
    wide = (given.high or 0.0) - (given.low or 0.0)
    return Quantity(
        kind=kind, value=given.value, unit=given.unit, step=max(wide, _step(given.value)), of=of, scope=scope, role=role
    )


def _step(value: float) -> float:
    """One of the last digit that a number has; of a whole number 1."""
    text = repr(float(value))
    mantissa, _, exponent = text.partition("e")
    decimals = mantissa.partition(".")[2]
    return float(10.0 ** (int(exponent or 0) - (0 if decimals == "0" else len(decimals))))


def _rows(group: Sequence[Spent]) -> list[Quantity]:
    """Parts of a training as rows, the whole as their total."""
    made = []
    for kind in ("energy", "carbon", "water"):
        unit = {"energy": "kWh", "carbon": "g", "water": "L"}[kind]
        parts = [getattr(figures(spent), kind) for spent in group if spent.part != "all"]
        totals = [getattr(spent, kind) for spent in group if spent.part == "all"]
        if parts and None not in parts and all(totals):
            made += [
                Quantity(kind=kind, value=part.mid, unit=unit, step=abs(part.mid) * 2e-3, role="row") for part in parts
            ]
            made += [_quantity(kind, total, "whole", role="total") for total in totals]
    return made


# -- figures against physics ------------------------------------------------------------------------------------


@cache
def grids() -> tuple[float, float]:
    """g/kWh of the cleanest and the dirtiest electricity of any country and year, with their bands."""
    table = rows("grid")
    return min(float(row["low"]) for row in table), max(float(row["high"]) for row in table)


def _training(card: Card, spent: Spent) -> Iterator[Finding]:
    if _ours(spent):
        return

    def finding(rule: str, what: str, impossible: bool = True) -> Finding:
        return Finding(card=card.id, rule=rule, what=what, impossible=impossible)

    made = figures(spent)
    clean = spent.grid_g_per_kwh == 0
    nothing = [kind for kind in ("energy", "carbon") if getattr(spent, kind) and not getattr(spent, kind).value]
    if nothing and not clean:
        yield finding("training takes energy", f"{' and '.join(nothing)} of exactly 0")
        return
    grams = made.carbon.mid if made.carbon and spent.part != "embodied" else None
    words = said(spent.hardware)
    hours = spent.machine_hours or ((words.hours or 0.0) * (words.count or 1) if words.chip else 0.0)
    kwh = (made.energy.low, made.energy.high) if made.energy and made.energy.mid else _drawn(words, hours)
    if kwh and grams and not clean and spent.part != "embodied":
        yield from _intensity(finding, grams, kwh, made.energy is not None, _work(words, hours))
    if made.energy and words.chip and hours:
        most = training.energy_by_power_kwh(hours, words.chip.tdp_w * WHOLE_MACHINE)
        if made.energy.low > most:
            yield finding(
                "energy within what the hardware draws",
                f"{made.energy.mid:.4g} kWh in {hours:.4g} hours of {words.chip.name}: {most:.4g} kWh at most",
            )
    if grams and not made.energy and not hours:
        yield from _least(finding, card, spent, grams, words)


def _drawn(words: Said, hours: float) -> tuple[float, float] | None:
    """kWh that hardware takes in so many hours, at least and at most; None where hardware or hours are not known."""
    if words.chip is None or not hours:
        return None
    whole = training.energy_by_power_kwh(hours, words.chip.tdp_w)
    return whole * LEAST_LOAD, whole * WHOLE_MACHINE


def _work(words: Said, hours: float) -> str:
    return f"{hours:.4g} hours of {words.chip.name}" if words.chip and hours else ""


def _intensity(finding: _Make, grams: float, kwh: tuple[float, float], stated: bool, work: str) -> Iterator[Finding]:
    """Carbon over energy is an intensity that some electricity has; PUE may be in it."""
    cleanest, dirtiest = grids()
    low, high = carbon.implied_g_per_kwh(grams, kwh[1]), carbon.implied_g_per_kwh(grams, kwh[0])
    dirtiest = energy.facility_energy(dirtiest, 2.0)
    if high >= cleanest and low <= dirtiest:
        return
    fitting = next(
        (
            f"; {times} would fit, {how}"
            for factor, times, how in _MISTAKEN
            if high * factor >= cleanest and low * factor <= dirtiest
        ),
        "",
    )
    of = f"{kwh[0]:.4g} kWh" if stated else f"{work}, {kwh[0]:.3g} to {kwh[1]:.3g} kWh"
    of_range = f"{low:.3g} g/kWh" if stated else f"{low:.3g} to {high:.3g} g/kWh"
    yield finding(
        "carbon over energy is a grid's",
        f"{_grams(grams)} for {of}: {of_range}, any grid has {cleanest:.3g} to {dirtiest:.4g}{fitting}",
    )


def _least(finding: _Make, card: Card, spent: Spent, grams: float, words: Said) -> Iterator[Finding]:
    """No less than the arithmetic of going through the data once takes, on the chip that is named or the best there is;
    and hardly less than to start a machine."""
    cleanest = grids()[0]
    where = next((name for name in (spent.place, _country(spent.place)) if name and known(name)), "")
    place = factors.intensity(where) if where else None
    grid = (place.low if place else cleanest) or cleanest
    if spent.data_bytes and card.weights_bytes and card.note in ("NLP", "Natural Language Processing"):
        flops = FLOP_PER_TOKEN * card.weights_bytes / BYTES_PER_PARAMETER * spent.data_bytes / BYTES_PER_TOKEN
        per_j = words.chip.flop_per_j if words.chip else best_flop_per_j()
        least = carbon.operational_g(convert(flops / per_j, "J", "kWh"), grid)
        if grams < least:
            yield finding(
                "no less than one pass over its data",
                f"{_grams(grams)} for {flops:.2g} operations: {_grams(least)} at least, on the "
                f"{words.chip.name if words.chip else 'best chip there is'} at {grid:.3g} g/kWh",
            )
            return
    usual = (place or factors.intensity("")).value
    joules = convert(grams / usual, "kWh", "J")
    if joules < START_J:
        yield finding(
            "more than a machine's start",
            f"{_grams(grams)} is {joules:.2g} J at {usual:.3g} g/kWh: a second of one machine at 100 W",
            impossible=False,
        )


def _country(place: str) -> str:
    return place.rsplit(",", 1)[-1].strip()


def _grams(grams: float) -> str:
    for scale, unit in ((1e6, "t"), (1e3, "kg")):
        if grams >= scale:
            return f"{grams / scale:.4g} {unit}"
    return f"{grams:.4g} g"


# -- cards against each other -----------------------------------------------------------------------------------


def _of_base(card: Card, family: Family) -> Iterator[Finding]:
    """A figure that is the base's is the base's training told again."""
    for base in family.ancestors(card):
        for spent in card.training:
            if any(_same(spent, of_base) for of_base in base.training):
                yield Finding(
                    card=card.id,
                    rule="a training counts once",
                    what=f"{_name(spent)} of {_grams(_mid(spent))} is that of its base {base.id}, told again",
                )


def _twice(cards: Sequence[Card]) -> Iterator[Finding]:
    """One figure to so many digits is one training, on several cards; any figure, where the hardware is another."""
    groups: dict[float, list[tuple[Card, Spent]]] = defaultdict(list)
    for card in cards:
        for spent in card.training:
            if not _ours(spent) and _mid(spent):
                groups[float(f"{_mid(spent):.6g}")].append((card, spent))
    for group in groups.values():
        if len({card.id for card, _ in group}) < 2:
            continue
        digits = max(_digits(_mid(spent)) for _, spent in group)
        chips = {found.name for _, spent in group if (found := said(spent.hardware).chip)}
        if digits < MANY_DIGITS and (len(chips) < 2 or digits < 3):
            continue
        how = "digit by digit" if digits >= MANY_DIGITS else f"on other hardware ({', '.join(sorted(chips))})"
        for card, spent in group:
            others = sorted({other.id for other, _ in group if other.id != card.id})
            more = f" and {len(others) - 2} more" if len(others) > 2 else ""
            yield Finding(
                card=card.id,
                rule="a training counts once",
                what=f"{_grams(_mid(spent))} is on {', '.join(others[:2])}{more}, too, {how}: one at most is right",
                impossible=digits >= DIGITS,
            )


def _same(one: Spent, other: Spent) -> bool:
    """One figure of one part, unless both say when they began: processor time is counted in hundredths of a second."""
    apart = one.started and other.started and one.started != other.started
    return bool(_mid(one)) and (_mid(one), one.part) == (_mid(other), other.part) and not apart


def _mid(spent: Spent) -> float:
    return spent.carbon.to("g").mid if spent.carbon else 0.0


def _digits(value: float) -> int:
    return len(repr(float(value)).partition("e")[0].replace(".", "").strip("0"))


def _one_source(cards: Sequence[Card]) -> Iterator[Finding]:
    """Figures of one table, of several models: carbon over energy is one intensity, where none is stated."""
    by_source: dict[str, list[tuple[Card, Spent]]] = defaultdict(list)
    for card in cards:
        for spent in card.training:
            if spent.source and not _ours(spent) and spent.part in ("all", "dynamic") and spent.machine_hours:
                by_source[spent.source].append((card, spent))
    for group in by_source.values():
        if len(group) < 2 or any(spent.grid_g_per_kwh is not None for _, spent in group):
            continue
        given = [quantity for card, spent in group for quantity in _quantities(spent, card.id)]
        for found in check(given):
            if found.rule == "one source, one intensity":
                what = f"{found.stated}, but {found.follows}"
                card_id = _odd(group)
                yield Finding(card=card_id, rule=found.rule, what=what)


def _odd(group: Sequence[tuple[Card, Spent]]) -> str:
    """The card whose intensity is farthest from the middle one."""
    made = [(card.id, figures(spent)) for card, spent in group]
    implied = [(math.log(of.carbon.mid / of.energy.mid), name) for name, of in made if of.carbon and of.energy]
    middle = sorted(implied)[len(implied) // 2][0]
    return max(implied, key=lambda one: abs(one[0] - middle))[1]
