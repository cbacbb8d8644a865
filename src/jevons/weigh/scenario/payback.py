"""When training has been paid for by use, with boundary, grid and request rate of both sides."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import numpy as np

from jevons.factors import CLOUD
from jevons.footprint import breakeven
from jevons.footprint.breakeven import Side
from jevons.footprint.uncertainty import HIGH, LOW
from jevons.weigh.scenario import views
from jevons.weigh.scenario.document import Range
from jevons.weigh.scenario.draws import Values
from jevons.weigh.scenario.train import CALLS, TIME
from jevons.weigh.scenario.views import LONG, View
from jevons.weigh.scenario.weigh import MEASURES, Weigher

LATEST_YEARS, POINTS, FEWER = 30.0, 240, 1_024


class Payback(msgspec.Struct, kw_only=True):
    """When training has been paid for by use, against the candidate that is there now."""

    alternative: str
    view: str
    indicator: str
    calls: float | None
    """At the middle of all inputs; None where it never pays."""
    years: Range | None
    """Of the draws in which it does."""
    date: str
    never: float
    """Share of the draws in which it does not within `LATEST_YEARS`."""
    sides: str
    """Both sides, with boundary, grid and request rate."""


def part(of: Weigher, name: str, which: str, values: Values, view: View = LONG, indicator: str = "") -> Any:
    """Sum of the terms of calls, of training, or of machines that wait."""
    some = [
        term
        for term in views.terms(of.sheet, name, indicator or of.indicator, view)
        if which == ("calls" if term.per_call else "training" if term.flow == "training" else "waiting")
    ]
    return values.sum(some, view.decision)


def payback(of: Weigher, name: str, base: str, indicator: str, view: View) -> Payback:
    inputs = of.sheet.inputs
    times = np.geomspace(1 / 365, LATEST_YEARS, POINTS)
    few = {column: made[:FEWER] for column, made in of.columns.items()}

    def ahead(columns: dict[str, Any], at: Any) -> Any:
        values = Values(inputs, columns, {TIME: at})
        return of.amount(name, view, values, indicator) - of.amount(base, view, values, indicator)

    first = _crossing(times, ahead(few, times[:, None]), len(next(iter(few.values()), [0])))
    pays = np.isfinite(first)
    values = Values(inputs, {})
    years = None
    if pays.any():
        low, mid, high = (float(end) for end in np.quantile(first[pays], [LOW, 0.5, HIGH]))
        years = Range(low, mid, high)
    at = next((float(one) for one in _crossing(times, ahead({}, times[:, None]), 1) if np.isfinite(one)), None)
    calls = None if at is None else float(Values(inputs, {}, {TIME: at})(CALLS))
    return Payback(
        alternative=name,
        view=view.name if indicator == of.indicator else "",
        indicator=indicator,
        calls=calls,
        years=years,
        date=_date(of, years),
        never=float(1 - pays.mean()),
        sides=_sides(of, name, base, indicator, view, values),
    )


def _crossing(times: Any, made: Any, draws: int) -> Any:
    """The first time at which a figure is 0 or below, of each draw, on straight lines between times; else infinite."""
    ahead = np.broadcast_to(np.asarray(made, float), (len(times), draws))
    paid = ahead <= 0
    at = paid.argmax(axis=0)
    columns = np.arange(draws)
    before, after = ahead[np.maximum(at - 1, 0), columns], ahead[at, columns]
    part = np.where(at > 0, before / np.where(before == after, 1.0, before - after), 1.0)
    found = times[np.maximum(at - 1, 0)] + part * (times[at] - times[np.maximum(at - 1, 0)])
    return np.where(paid.any(axis=0), found, np.inf)


def _date(of: Weigher, years: Range | None) -> str:
    """First and last month of the interval."""
    if years is None:
        return ""
    demand = of.scenario.demand
    start = demand.texts.get("start", "") if demand else ""
    if not start:
        of.sheet.default("start", "today", "no start in [demand]")
    begin = datetime.date.fromisoformat(start) if start else datetime.datetime.now(datetime.UTC).date()
    ends = [begin + datetime.timedelta(days=round(end * breakeven.DAYS_PER_YEAR)) for end in (years.low, years.high)]
    return " to ".join(dict.fromkeys(f"{end:%Y-%m}" for end in ends))


def _sides(of: Weigher, name: str, base: str, indicator: str, view: View, values: Values) -> str:
    """Training once, and what a call saves at the middle of all inputs, machines that wait included."""
    at_once = Values(of.sheet.inputs, {}, {TIME: 1e-6})
    spent = float(part(of, name, "training", at_once, view, indicator))
    used = [
        of.amount(side, view, values, indicator) - part(of, side, "training", values, view, indicator)
        for side in (base, name)
    ]
    saved = float(used[0] - used[1]) / float(values(CALLS))
    unit = {"gCO2e": "g", "Wh": "Wh", "L": "L"}.get(MEASURES[indicator], "")
    a_day = float(values(CALLS) / values(TIME)) / breakeven.DAYS_PER_YEAR
    rate = of.scenario.alternatives[name].own.texts.get("request_rate") or f"{a_day:,.0f} calls a day"
    if not unit or saved <= 0:
        boundary, grid = (
            _boundary(of, [base, name], False, view, indicator),
            grids(of, [base, name], False, view, indicator),
        )
        more = f"a call takes {_rounded(-saved):g} {unit} more, waiting included ({boundary}; {grid}, {rate})"
        return f"within the horizon use saves nothing: {more}"
    training, use = (
        Side(
            amount=_rounded(spent if once else saved),
            unit=unit,
            boundary=_boundary(of, names, once, view, indicator),
            grid=grids(of, names, once, view, indicator),
            request_rate="" if once else rate,
        )
        for names, once in (([name], True), ([base, name], False))
    )
    return f"one training: {breakeven.in_calls(training, use)}"


def _boundary(of: Weigher, names: list[str], training: bool, view: View, indicator: str) -> str:
    """Of training, or of use: whether anything of it bears hardware."""
    found = (term for name in names for term in views.terms(of.sheet, name, indicator, view))
    hardware = any(term.part == "hardware" and (term.flow == "training") == training for term in found)
    return "operation and hardware" if hardware else "operation"


def _rounded(amount: float) -> float:
    return float(f"{amount:.3g}")


def grids(of: Weigher, names: list[str], training: bool, view: View, indicator: str) -> str:
    """Whose electricity, with its intensity."""
    if indicator == "energy":
        return "any: energy is compared"
    found: dict[str, None] = {}
    known = {f"{one.name}|{one.place}, {one.source}": one for one in of.sheet.factors}
    for name in names:
        for term in views.terms(of.sheet, name, indicator, view):
            if (term.part == "training") == training:
                for key, _ in term.powers:
                    one = known.get(of.sheet.inputs.columns.get(key, ""))
                    if one is not None and one.name.startswith("grid"):
                        found[f"{one.place} {one.value:.3g} g/kWh"] = None
                    elif key.startswith("grid") and one is None:
                        grid, whose = key.split("|")[:2]
                        at = next(one.value for one in of.sheet.factors if (one.name, one.zone) == (grid, CLOUD))
                        found[f"cloud of {whose} {at:.3g} g/kWh"] = None
    return f"{view.basis}: {', '.join(found) or 'none'}"
