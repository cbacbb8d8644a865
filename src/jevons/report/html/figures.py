"""What the page's templates ask of a document, in plain values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from jevons.cut.burn import Burn
from jevons.footprint.derivation import TITLES, Node
from jevons.report.comparison import LEAST
from jevons.report.document import Document, Level, Range, Row, Table
from jevons.report.explain import TITLES as MODES
from jevons.report.numbers import FIGURES, between, digits, percent
from jevons.report.text import shortened
from jevons.weigh.compare import Outcome

SCOPES = {
    "energy_wh": ("Energy", "Wh", "operational, facility or machine"),
    "carbon_g": ("Carbon", "g", "CO2e, operational, location-based"),
    "embodied_g": ("Hardware", "g", "CO2e, embodied: its share of making the machines"),
    "water_l": ("Water", "L", "consumed, on site and at power stations"),
}
"""Figure -> (name, unit, scope), in reading order."""
DRAWN = 200
"""Rows of a table with a drawing, at most."""
PART = 500
"""Rows of one part of a table: what a browser lays out without being seen to."""
SEEN = 0.01
"""Part of a drawing's line below which nothing of it is seen."""
SERVINGS = 8
"""Servings of models that a derivation shows, the heaviest, as `jevons explain` does."""
MODELS = 5
"""Models named of a row."""


class Step(NamedTuple):
    """One bar of a waterfall."""

    name: str
    start: float
    effect: float
    words: str
    kind: str
    """``whole``, ``more`` or ``less``."""


def tables(document: Document) -> list[Table]:
    """All tables, that of the document's own rows first, each kind once, those without rows left out."""
    made = [Table(document.by, document.rows), *document.tables]
    return [one for one in made if one.rows]


def amount(level: Level, name: str) -> Range:
    """One of `SCOPES` of a level."""
    found: Range = getattr(level, name)
    return found


def floor(figure: Range, at_least: bool) -> Range:
    """What to show of a figure: its low end alone where calls are missing."""
    return Range(figure.low, figure.low, figure.low) if at_least else figure


def drawn(row: Row, number: int, most: float) -> bool:
    """Whether a row of a table has a drawing: one of the first, and not too light to be seen beside the heaviest."""
    return number <= DRAWN and row.level.energy_wh.high > SEEN * most


def asked(row: Row) -> str:
    """Whose calls a row's figures are the sum of: ``gpt-4o 12, text-embedding-3-small 3.5``; of one model its name."""
    if len(row.models) == 1:
        return f"calls of {shortened(next(iter(row.models)), 80)}"
    told = [
        f"{shortened(model, 80)} {f'{calls:,.0f}' if calls == int(calls) else digits(calls)}"
        for model, calls in list(row.models.items())[:MODELS]
    ]
    more = len(row.models) - MODELS
    return f"calls of {', '.join(told)}" + (f" and {more} more models" if more > 0 else "")


def derived(document: Document, name: str, mode: str) -> Iterator[tuple[str, Node]]:
    """(what, node of one figure) for all that served calls of a mode, as `jevons explain` has it."""
    title = TITLES[name][0]
    for tree in document.derivations:
        for serving in tree.children if tree.what == MODES[mode] else ():
            for node in serving.children:
                if node.what == title:
                    yield serving.what, node


def waterfall(change: Outcome, names: dict[str, str]) -> list[Step]:
    """Its steps, from what the side before took to what the side after took, in grams or whatever the figure is."""
    what, unit = FIGURES[change.figure]
    named = names | {"grid": "grid" if change.figure == "carbon_g" else f"{what} per Wh"}

    def told(value: float) -> str:
        size = abs(value)
        return between(Range(size, size, size), unit, max(change.before.amount, change.after.amount))

    at = change.before.amount
    made = [Step("before", 0.0, at, told(at), "whole")]
    for driver in change.drivers:
        if abs(driver.effect) > LEAST * max(change.before.amount, change.after.amount):
            sign, kind = ("+", "more") if driver.effect > 0 else ("−", "less")
            made.append(Step(named[driver.name], at, driver.effect, sign + told(driver.effect), kind))
        at += driver.effect
    return [*made, Step("after", 0.0, change.after.amount, told(change.after.amount), "whole")]


def reach(steps: list[Step]) -> tuple[float, float]:
    """The ends of the line that holds all steps, 0 among them."""
    ends = [end for one in steps for end in (one.start, one.start + one.effect)]
    return min(0.0, *ends), max(0.0, *ends)


def burned(one: Burn) -> tuple[list[tuple[float, float]], float]:
    """(points of its drawing, the least that is left): parts of the cap, and of the time from its first to its last
    day's end. Days without a date lie at the beginning."""
    begin, end = (date.fromisoformat(day).toordinal() if day else 0 for day in (one.first, one.last))
    points = []
    for at in one.days:
        gone = date.fromisoformat(at.day).toordinal() + 1 - begin if at.day[:1].isdigit() else 0
        points.append((gone / (end + 1 - begin), 1 - at.used / one.cap if one.cap else -1.0 * (at.used > 0)))
    return points, min(0.0, *(left for _, left in points), 0.0)


def pace(one: Burn) -> str:
    """How far a cap is used up, in words: ``31 % of the cap is used by 2026-11-25, with 83 % of the month gone``."""
    if not one.days or not one.cap:
        return "nothing is used" if not one.days else "there is no room in this cap"
    used = f"{percent(one.days[-1].used / one.cap)} of the cap is used by {one.days[-1].day}"
    gone = burned(one)[0][-1][0]
    return used + (f", with {percent(gone)} of the month gone" if one.span == "month" and gone else "")
