"""What the templates of scenarios and of the shelf ask of their documents, in plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from jevons.footprint.interval import Interval
from jevons.report import scenario
from jevons.report.document import Range
from jevons.report.html import svg
from jevons.report.numbers import between
from jevons.weigh.scenario.document import Consequence, ViewOf, Weighed
from jevons.weigh.scenario.document import Range as Drawn

if TYPE_CHECKING:
    from jevons.weigh.scenario.over_time import Curve

UNIT = {"carbon": "g", "energy": "Wh", "water": "L", "money": "USD"}
"""Indicator of a view of its own -> unit of its figures."""

TOTALS = {
    "energy": ("Energy", "kWh", "energy_kwh"),
    "carbon": ("Carbon", "g", "carbon_g"),
    "water": ("Water", "L", "water_l"),
}
"""Indicator of a card -> (name, unit, field of its stretches of training)."""


def amount(figure: Drawn, unit: str) -> str:
    """An interval with its unit."""
    return (
        scenario.amount(figure, unit).replace("-", "–")
        if unit == "USD"
        else between(Range(figure.low, figure.mid, figure.high), unit)
    )


def title(made: Weighed, alternative: str) -> str:
    """An alternative's title by its name."""
    return next((one.title for one in made.views[0].levels if one.alternative == alternative), alternative)


def most(views: Iterable[ViewOf]) -> float:
    """The highest end of views' levels: they share one line, from 0."""
    return max((one.figure.high for view in views for one in view.levels if one.figure), default=0.0)


def widest(curves: Iterable[Curve]) -> float:
    """The highest end of curves."""
    return max((figure.high for one in curves for figure in one.figures), default=0.0)


def of_order(made: Weighed, order: str) -> list[Consequence]:
    """Consequences of an order."""
    return [one for one in made.consequences if one.order == order]


def sources(made: Weighed) -> list[str]:
    """Of its factors, each once."""
    return list(dict.fromkeys(map(scenario.cited, made.factors)))


def factors(made: Weighed, of: Sequence[str]) -> Iterator[str]:
    """Factors in lines, with the numbers of their sources."""
    lines = (f"{scenario.factor(one)} [{of.index(scenario.cited(one)) + 1}]" for one in made.factors)
    return iter(dict.fromkeys(lines))


def heaviest(figures: Iterable[Interval | None]) -> float:
    """The highest end of figures, as far as they are known."""
    return max((one.high for one in figures if one is not None), default=0.0)


def mid(figure: Interval | None) -> str:
    """To sort by: what is unknown comes before nothing."""
    return "-1" if figure is None else f"{figure.mid:.6g}"


def band(figure: Interval, most: float) -> Markup:
    """An interval drawn; nothing where the source has one number."""
    return svg.band(*figure.ends, most) if figure.low < figure.high else Markup("")


def bar(figure: Interval, most: float) -> Markup:
    """A figure beside others: an interval as one, one number as a bar."""
    return svg.band(*figure.ends, most) if figure.low < figure.high else svg.bar(figure.mid / most if most else 0.0)
