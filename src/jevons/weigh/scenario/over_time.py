"""Candidates over time: their footprint, when one has paid for its training, what rebound would do, what to take."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from jevons.weigh.scenario import views
from jevons.weigh.scenario.decides import shapley
from jevons.weigh.scenario.document import Range
from jevons.weigh.scenario.draws import Values
from jevons.weigh.scenario.fields import ROLES
from jevons.weigh.scenario.payback import Payback, part, payback
from jevons.weigh.scenario.train import CALLS, TIME, keep, rebound_key
from jevons.weigh.scenario.views import ACCOUNT, LONG, SHORT
from jevons.weigh.scenario.weigh import SURE, Weigher, interval

REBOUNDS = (0.0, 0.5, 1.0, 1.4)
"""Scenarios, no forecast: none, half of what was saved comes back, all of it, more than all."""
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
    if asked is None:
        of.sheet.default(
            "quality asked for", "nothing: nobody knows whether a change is good enough", "no asked in [quality]"
        )
    wanted = None if asked is None else float(np.median(of.drawn(_value(of, asked.number, asked.keys))))
    candidates = [_candidate(of, name, wanted) for name in scenario.alternatives]
    trained = [
        name
        for name in scenario.alternatives
        if any(t.part == "training" and t.in_decision for t in of.sheet.terms[name])
    ]
    lines = [
        payback(of, name, base, indicator, view)
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
        per_call=interval(of.drawn(part(of, name, "calls", values) / values(CALLS))),
        waiting_per_year=interval(of.drawn(part(of, name, "waiting", values) / values(TIME))),
        training=interval(of.drawn(part(of, name, "training", once))),
    )  # fmt: skip


def _curve(of: Weigher, name: str) -> Curve:
    horizon = float(np.median(of.drawn(of.values(TIME))))
    years = [horizon * at / MARKS for at in range(MARKS + 1)]
    figures = [
        interval(of.drawn(of.amount(name, LONG, Values(of.sheet.inputs, of.columns, {TIME: max(at, 1e-6)}))))
        for at in years
    ]
    return Curve(alternative=name, years=years, figures=figures)


def _rebounds(of: Weigher, name: str, base: str) -> list[Rebound]:
    """k = (1 - g (1 - R)) / (1 - g) calls for each, g what a call takes less; nothing where it takes more."""
    if any(views.unknown(of.sheet, side, of.indicator, LONG) for side in (name, base)):
        return []
    per = [part(of, side, "calls", of.values) / of.values(CALLS) for side in (base, name)]
    if not np.min(per[0]) > 0 or float(np.median(per[1] / per[0])) >= 1:
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
    tail = ""
    if doubtful:
        names = "; ".join(one.title for one in doubtful)
        tail = f". Not in the choice, as nobody has shown that they are good enough: {names}"
    if not able:
        return "", f"not shown: none is good enough{tail}", "quality, measured on your own cases"
    if len(able) == 1:
        return able[0].alternative, f"take {able[0].title}: the only one that is shown to be good enough{tail}", ""
    winners = {}
    for view in (SHORT, LONG):
        drawn = {one.alternative: of.drawn(of.amount(one.alternative, view)) for one in able}
        first = min(able, key=lambda one: float(np.median(drawn[one.alternative])))
        rivals = [one for one in able if one is not first]
        sure = [float((drawn[first.alternative] < drawn[one.alternative]).mean()) for one in rivals]
        weakest = min(range(len(rivals)), key=lambda at: sure[at])
        winners[view.name] = (first, rivals[weakest], sure[weakest])
    (short, rival_now, sure_now), (long, rival_then, sure_then) = winners[SHORT.name], winners[LONG.name]
    if min(sure_now, sure_then) >= SURE and short is long:
        return short.alternative, f"take {short.title}: least in the short and in the long run{tail}", ""
    if min(sure_now, sure_then) >= SURE:
        return "", f"short run: {short.title}; long run: {long.title}: it depends on which you decide for{tail}", ""
    view, first, rival = (SHORT, short, rival_now) if sure_now < SURE else (LONG, long, rival_then)
    odds = min(sure_now, sure_then)

    def between(values: Values) -> Any:
        figures = [np.asarray(of.amount(one.alternative, view, values), float) for one in (first, rival)]
        positive = min(float(figure.min()) for figure in figures) > 0
        return np.log(figures[0] / figures[1]) if positive else figures[0] - figures[1]

    show = of.show(between, shapley(of.sheet.inputs, between, of.seed + 2))
    share = f"{odds:.0%}".replace("%", " %")
    said = (
        f"not shown which is least: in the {view.name} {first.title}, in {share} of draws against {rival.title}{tail}"
    )
    now = next(one for one in candidates if one.role == ROLES[0])
    better = [one.title for one in able if one is not now and _shown(of, one.alternative, now.alternative)]
    if better:
        said += f". Shown in the short and in the long run: less than {now.title}: {'; '.join(better)}"
    return "", said, show


def _shown(of: Weigher, name: str, base: str) -> bool:
    """Whether one takes less than the other in both decisions."""
    odds = [of.drawn(of.amount(name, view)) < of.drawn(of.amount(base, view)) for view in (SHORT, LONG)]
    return min(float(one.mean()) for one in odds) >= SURE
