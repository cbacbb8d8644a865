"""Candidates over time: their footprint, when one has paid for its training, what rebound would do, what to take."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import numpy as np

from jevons.footprint import breakeven
from jevons.footprint.breakeven import Side
from jevons.footprint.uncertainty import HIGH, LOW
from jevons.weigh.scenario import views
from jevons.weigh.scenario.decides import shapley
from jevons.weigh.scenario.document import Range
from jevons.weigh.scenario.draws import Values
from jevons.weigh.scenario.fields import ROLES
from jevons.weigh.scenario.train import CALLS, TIME, keep, rebound_key
from jevons.weigh.scenario.views import ACCOUNT, LONG, SHORT, View
from jevons.weigh.scenario.weigh import MEASURES, SURE, Weigher, interval

REBOUNDS = (0.0, 0.5, 1.0, 1.4)
"""Scenarios, no forecast: none, half of what was saved comes back, all of it, more than all."""
LATEST_YEARS, POINTS, FEWER = 30.0, 240, 1_024
MARKS = 6


class Candidate(msgspec.Struct, kw_only=True):
    """One candidate in figures; carbon or what else is asked about, long run."""

    alternative: str
    title: str
    role: str
    serving: str
    quality: Range | None
    meets: str
    """Whether its quality is what is asked: ``yes``, ``no``, ``not shown``, ``unknown``, ``as now``."""
    per_call: Range
    waiting_per_year: Range
    training: Range
    """Once."""


class Curve(msgspec.Struct, kw_only=True):
    """One candidate over the years, long run."""

    alternative: str
    years: list[float]
    figures: list[Range]


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


class Rebound(msgspec.Struct, kw_only=True):
    """What a candidate that takes less per call takes in total if calls answer to that."""

    alternative: str
    rebound: float
    growth: float
    """Calls for each call as it was, at the median."""
    ratio: Range
    """Total over that of the candidate that is there now."""
    verdict: str


class Train(msgspec.Struct, kw_only=True):
    """What is said of a ``train-or-reuse`` scenario beyond its views."""

    horizon_years: Range
    calls: Range
    asked: float | None
    quality_of: str
    candidates: list[Candidate]
    curves: list[Curve]
    paybacks: list[Payback]
    rebounds: list[Rebound]
    recommendation: str
    take: str
    """Alternative to take; empty where that is not shown."""
    show: str


def over_time(of: Weigher) -> Train:
    """All that is said of the candidates of a weigher."""
    scenario = of.scenario
    base = keep(scenario)
    asked = scenario.quality.amounts.get("asked") if scenario.quality else None
    wanted = None if asked is None else float(np.median(of.drawn(_value(of, asked.number, asked.keys))))
    candidates = [_candidate(of, name, wanted) for name in scenario.alternatives]
    trained = [
        name
        for name in scenario.alternatives
        if any(t.part == "training" and t.in_decision for t in of.sheet.terms[name])
    ]
    lines = [
        _payback(of, name, base, indicator, view)
        for name in trained
        for indicator, view in ((of.indicator, SHORT), (of.indicator, LONG), (of.indicator, ACCOUNT), ("energy", LONG))
        if not views.unknown(of.sheet, name, indicator, view) and not views.unknown(of.sheet, base, indicator, view)
    ]
    take, said, show = _recommend(of, candidates)
    return Train(
        horizon_years=interval(of.drawn(of.values(TIME))), calls=interval(of.drawn(of.values(CALLS))), asked=wanted,
        quality_of=scenario.quality.texts.get("of", "quality") if scenario.quality else "quality",
        candidates=candidates, curves=[_curve(of, name) for name in scenario.alternatives],
        paybacks=list({(one.alternative, one.indicator, one.view): one for one in lines}.values()),
        rebounds=[one for name in scenario.alternatives if name != base for one in _rebounds(of, name, base)],
        recommendation=said, take=take, show=show,
    )  # fmt: skip


def _value(of: Weigher, number: float, keys: tuple[str, ...]) -> Any:
    return number * of.values.product(tuple((key, 1) for key in keys))


def _part(of: Weigher, name: str, which: str, values: Values, view: View = LONG, indicator: str = "") -> Any:
    """Sum of the terms of calls, of training, or of machines that wait."""
    some = [
        term
        for term in views.terms(of.sheet, name, indicator or of.indicator, view)
        if which == ("calls" if term.per_call else "training" if term.flow == "training" else "waiting")
    ]
    return values.sum(some, view.decision)


def _candidate(of: Weigher, name: str, wanted: float | None) -> Candidate:
    one = of.scenario.alternatives[name]
    own, values = one.own, of.values
    role = own.texts["role"]
    quality, meets = None, "as now" if role in ROLES[:2] else "unknown"
    if "quality" in own.amounts:
        drawn = of.drawn(_value(of, own.amounts["quality"].number, own.amounts["quality"].keys))
        quality = interval(drawn)
        if wanted is not None:
            enough = float((drawn >= wanted).mean())
            meets = "yes" if enough >= SURE else "no" if enough <= 1 - SURE else "not shown"
    once = Values(of.sheet.inputs, of.columns, {TIME: 1e-6})
    return Candidate(
        alternative=name, title=one.title, role=role, serving=own.texts["serving"], quality=quality, meets=meets,
        per_call=interval(of.drawn(_part(of, name, "calls", values) / values(CALLS))),
        waiting_per_year=interval(of.drawn(_part(of, name, "waiting", values) / values(TIME))),
        training=interval(of.drawn(_part(of, name, "training", once))),
    )  # fmt: skip


def _curve(of: Weigher, name: str) -> Curve:
    horizon = float(np.median(of.drawn(of.values(TIME))))
    years = [horizon * at / MARKS for at in range(MARKS + 1)]
    figures = [
        interval(of.drawn(of.amount(name, LONG, Values(of.sheet.inputs, of.columns, {TIME: max(at, 1e-6)}))))
        for at in years
    ]
    return Curve(alternative=name, years=years, figures=figures)


def _payback(of: Weigher, name: str, base: str, indicator: str, view: View) -> Payback:
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
    once = Values(of.sheet.inputs, {}, {TIME: 1e-6})
    spent = float(_part(of, name, "training", once, view, indicator))
    used = [
        of.amount(side, view, values, indicator) - _part(of, side, "training", values, view, indicator)
        for side in (base, name)
    ]
    saved = float(used[0] - used[1]) / float(values(CALLS))
    unit = {"gCO2e": "g", "Wh": "Wh", "L": "L"}.get(MEASURES[indicator], "")
    a_day = float(values(CALLS) / values(TIME)) / breakeven.DAYS_PER_YEAR
    if not unit or saved <= 0:
        return f"use saves nothing: a call takes {-saved:.3g} {unit} more, at {a_day:,.0f} calls a day"
    rate = of.scenario.alternatives[name].own.texts.get("request_rate") or f"{a_day:,.0f} calls a day"
    training, use = (
        Side(
            amount=_rounded(spent if part else saved),
            unit=unit,
            boundary=_boundary(of, names, part, view, indicator),
            grid=grids(of, names, part, view, indicator),
            request_rate="" if part else rate,
        )
        for names, part in (([name], "training"), ([base, name], ""))
    )
    return str(breakeven.in_calls(training, use))


def _boundary(of: Weigher, names: list[str], part: str, view: View, indicator: str) -> str:
    """Of training, or of use: whether anything of it bears hardware."""
    found = (term for name in names for term in views.terms(of.sheet, name, indicator, view))
    hardware = any(term.part == "hardware" and (term.flow == "training") == bool(part) for term in found)
    return "operation and hardware" if hardware else "operation"


def _rounded(amount: float) -> float:
    return float(f"{amount:.3g}")


def grids(of: Weigher, names: list[str], part: str, view: View, indicator: str) -> str:
    """Whose electricity, with its intensity."""
    if indicator == "energy":
        return "any: energy is compared"
    found: dict[str, None] = {}
    known = {f"{one.name}|{one.place}, {one.source}": one for one in of.sheet.factors}
    for name in names:
        for term in views.terms(of.sheet, name, indicator, view):
            if (term.part == "training") == (part == "training"):
                for key, _ in term.powers:
                    one = known.get(of.sheet.inputs.columns.get(key, ""))
                    if one is not None and one.name.startswith("grid"):
                        found[f"{one.place} {one.value:.3g} g/kWh"] = None
                    elif key.startswith("grid") and one is None:
                        found[f"cloud of {key.split('|')[1]}"] = None
    return f"{view.basis}: {', '.join(found) or 'none'}"


def _rebounds(of: Weigher, name: str, base: str) -> list[Rebound]:
    """k = (1 - g (1 - R)) / (1 - g) calls for each, g what a call takes less; nothing where it takes more."""
    if any(views.unknown(of.sheet, side, of.indicator, LONG) for side in (name, base)):
        return []
    per = [_part(of, side, "calls", of.values) / of.values(CALLS) for side in (base, name)]
    if float(np.median(per[1] / per[0])) >= 1:
        return []
    gain = np.clip(1 - per[1] / per[0], 0.0, 1 - 1e-9)
    now, made = of.amount(base, LONG), []
    for rebound in REBOUNDS:
        more = (1 - gain * (1 - rebound)) / (1 - gain)
        values = Values(of.sheet.inputs, of.columns, {rebound_key(name): more})
        then = of.amount(name, LONG, values)
        less = float(np.asarray(then < now).mean())
        same = bool(np.allclose(then, now, rtol=1e-9, atol=0))
        verdict = (
            "same"
            if same
            else "less"
            if less >= SURE
            else "more"
            if float(np.asarray(then > now).mean()) >= SURE
            else "not shown"
        )
        made.append(
            Rebound(
                alternative=name,
                rebound=rebound,
                growth=float(np.median(more)),
                ratio=interval(of.drawn(then / now)),
                verdict=verdict,
            )
        )
    return made


def _recommend(of: Weigher, candidates: list[Candidate]) -> tuple[str, str, str]:
    """(what to take, that in words, what would show it): of those that are good enough, the one that takes less than
    each other, shown in the short and in the long run."""
    able = [one for one in candidates if one.meets in ("yes", "as now")]
    doubtful = [one for one in candidates if one.meets in ("not shown", "unknown")]
    unknown = [
        one for one in able for view in (SHORT, LONG) if views.unknown(of.sheet, one.alternative, of.indicator, view)
    ]
    if unknown:
        why = "; ".join(views.unknown(of.sheet, unknown[0].alternative, of.indicator, SHORT)) or "its long run"
        return "", f"not shown: {unknown[0].title}: {why}", "the factors that are missing"
    winners = {}
    for view in (SHORT, LONG):
        drawn = {one.alternative: of.drawn(of.amount(one.alternative, view)) for one in able}
        first = min(able, key=lambda one: float(np.median(drawn[one.alternative])))
        rivals = [one for one in able if one is not first]
        sure = [float((drawn[first.alternative] < drawn[one.alternative]).mean()) for one in rivals]
        weakest = min(range(len(rivals)), key=lambda at: sure[at])
        winners[view.name] = (first, rivals[weakest], sure[weakest])
    tail = ""
    if doubtful:
        names = "; ".join(one.title for one in doubtful)
        tail = f". Not in the choice, as nobody has shown that they are good enough: {names}"
    (short, rival_now, sure_now), (long, rival_then, sure_then) = winners[SHORT.name], winners[LONG.name]
    if min(sure_now, sure_then) >= SURE and short is long:
        return short.alternative, f"take {short.title}: least in the short and in the long run{tail}", ""
    if min(sure_now, sure_then) >= SURE:
        return "", f"short run: {short.title}; long run: {long.title}: it depends on which you decide for{tail}", ""
    view, first, rival = (SHORT, short, rival_now) if sure_now < SURE else (LONG, long, rival_then)
    odds = min(sure_now, sure_then)

    def between(values: Values) -> Any:
        return np.log(of.amount(first.alternative, view, values)) - np.log(of.amount(rival.alternative, view, values))

    show = of.show(between, shapley(of.sheet.inputs, between, of.seed + 2))
    said = f"not shown: {first.title} against {rival.title}, {view.name}: {odds:.0%} of draws{tail}"
    now = next(one for one in able if one.role == ROLES[0])
    better = [one.title for one in able if one is not now and _shown(of, one.alternative, now.alternative)]
    if better:
        said += f". Shown in the short and in the long run: less than {now.title}: {'; '.join(better)}"
    return "", said, show


def _shown(of: Weigher, name: str, base: str) -> bool:
    """Whether one takes less than the other in both decisions."""
    odds = [of.drawn(of.amount(name, view)) < of.drawn(of.amount(base, view)) for view in (SHORT, LONG)]
    return min(float(one.mean()) for one in odds) >= SURE
