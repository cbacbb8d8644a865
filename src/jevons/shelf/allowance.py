"""The training budget: how many trainings of a shelf began in a month, a quarter, a year, and what they took."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

import msgspec

from jevons.shelf.card import Card, Spent, moment
from jevons.shelf.derive import figures


class Used(msgspec.Struct, kw_only=True):
    """What a span saw so far."""

    span: str
    """``2026-11``, ``2026 Q4`` or ``2026``."""
    trainings: int = 0
    """Begun, whether or not they ended well."""
    energy_kwh: float = 0.0
    """Middle of their intervals."""
    unknown: int = 0
    """Of them without a figure of energy: `energy_kwh` is at least."""


def span_of(kind: str, started: str) -> str:
    """The month, quarter or year (UTC) that a moment lies in."""
    year, month = started[:4], int(started[5:7])
    return {"month": started[:7], "quarter": f"{year} Q{(month + 2) // 3}", "year": year}[kind]


def used(cards: Iterable[Card], kind: str, at: str) -> Used:
    """What began in the span of a moment: stretches of training that say when they began."""
    made = Used(span=span_of(kind, at))
    for spent in (spent for card in cards for spent in card.training):
        if spent.started and span_of(kind, spent.started) == made.span:
            made.trainings += 1
            energy = figures(spent).energy
            made.unknown += energy is None
            made.energy_kwh += energy.mid if energy else 0.0
    return made


def over(cards: Iterable[Card], caps: Mapping[str, Mapping[str, float]], at: str) -> list[str]:
    """Caps (by span and unit) that leave no room for one more training, in words."""
    cards = list(cards)
    found = []
    for kind, units in caps.items():
        if not units:
            continue
        of = used(cards, kind, at)
        if "trainings" in units and of.trainings + 1 > units["trainings"]:
            found.append(f"trainings in {of.span}: {of.trainings} of {units['trainings']:g} have begun")
        if "energy_kwh" in units and of.energy_kwh >= units["energy_kwh"]:
            least = "at least " if of.unknown else ""
            found.append(f"energy of trainings in {of.span}: {least}{of.energy_kwh:.4g} of {units['energy_kwh']:g} kWh")
    return found


def now(unix: float) -> str:
    """A time as cards have it, in UTC, to the millisecond."""
    made = datetime.datetime.fromtimestamp(unix, datetime.UTC)
    return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(spent: Spent) -> float | None:
    """How long a stretch of training took; None where its card does not say."""
    if not spent.started or not spent.ended:
        return None
    return (moment("ended", spent.ended) - moment("started", spent.started)).total_seconds()
