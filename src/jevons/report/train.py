"""What `jevons train` says: what exists, what reuse saves, what a training took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.footprint.interval import Interval
from jevons.report.numbers import span
from jevons.report.shelf import ranged
from jevons.report.text import printable
from jevons.shelf.allowance import seconds
from jevons.shelf.card import Spent
from jevons.shelf.derive import figures
from jevons.shelf.find import Found
from jevons.shelf.train import Same

_MOST = 3


class Outcome(msgspec.Struct, kw_only=True):
    """What was done: the document ``jevons.train/1``."""

    action: Literal["trained", "cut short", "reused", "asked", "refused"]
    """`asked`: a model exists, and nobody said whether it is to be used; `refused`: over the training budget."""
    exit_code: int
    card: str = ""
    """Its id: of the model trained, or used."""
    file: str = ""
    recipe: str = ""
    spent: Spent | None = None
    """The stretch of training that was run."""
    energy_kwh: Interval | None = None
    """Of it, or saved; carbon and seconds alike. None: unknown."""
    carbon_g: Interval | None = None
    seconds: float | None = None
    why: list[str] = []
    schema: str = "jevons.train/1"
    method: str = METHOD_VERSION


def amounts(spent: Spent) -> str:
    """Energy and carbon with their intervals, time; what is unknown says so."""
    made = figures(spent)
    took = seconds(spent)
    energy = ranged(made.energy, "kWh") if made.energy else "energy not known"
    carbon = f"{ranged(made.carbon, 'g')} CO2e" if made.carbon else "carbon not known"
    time = [] if took is None else [span(round(took)) if took >= 1 else "less than 1 s"]
    return ", ".join([energy, carbon, *time])


def exists(found: Same) -> Iterator[str]:
    """What the same training made already."""
    spent = found.spent
    who = f" by {printable(spent.by)}" if spent.by else ""
    when = f" on {spent.started[:10]}" if spent.started else ""
    yield f"{found.card.id}: the same data, configuration, base and command trained it{when}{who}"
    yield f"({spent.how}: {amounts(spent)})"


def good_enough(found: Sequence[Found], target: str) -> Iterator[str]:
    """Models that meet a target."""
    yield f"good enough already ({target}), the least per call first:"
    for one in found[:_MOST]:
        results = ", ".join(f"{result.name} {result.value:g}" for result in one.results)
        each = f"{ranged(one.each.carbon_g, 'g')} CO2e a call ({one.each.how})" if one.each else one.unknown
        yield f"  {one.card.id}: {results}; {each}"
    if len(found) > _MOST:
        yield f"  and {len(found) - _MOST} more: jevons shelf find"


def saved(spent: Spent) -> str:
    """What is not spent a second time."""
    return f"nothing was trained; saved about {amounts(spent)}: what that training took ({spent.how})"


def took(spent: Spent) -> Iterator[str]:
    """What a training took, and how that is known."""
    cpu = f"; {spent.cpu_hours * 3600:.3g} s of processor time counted" if spent.cpu_hours is not None else ""
    yield f"it took {amounts(spent)}{cpu}"
    yield f"({printable(spent.source)})"
