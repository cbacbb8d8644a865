"""A scenario weighed: every alternative in every view, each against the baseline, and what the answer rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jevons.footprint.uncertainty import HIGH, LOW
from jevons.weigh.scenario import boundaries, flows, views
from jevons.weigh.scenario.benefits import Failures, benefits
from jevons.weigh.scenario.decides import break_evens, groups, shapley
from jevons.weigh.scenario.document import Consequence, Decides, Flag, Level, Range, Stated, Verdict, ViewOf, Weighed
from jevons.weigh.scenario.draws import DRAWS, Values
from jevons.weigh.scenario.fields import KINDS
from jevons.weigh.scenario.price import ONE, Sheet, World
from jevons.weigh.scenario.structure import Scenario
from jevons.weigh.scenario.views import VIEWS, View

SURE = 0.95
"""Share of joint draws that a claim needs."""
MEASURES = {"carbon": "gCO2e", "energy": "Wh", "water": "L", "money": "USD"}
TRAIN = KINDS[1]
MOST = 3
"""Inputs named that would show an answer."""


def sheet_of(scenario: Scenario, world: World) -> Sheet:
    """All flows of a ``compare`` scenario, priced. Raises PriceError."""
    sheet = Sheet(scenario, world)
    for one in scenario.alternatives.values():
        if "delivers" not in one.own.amounts:
            sheet.default("delivers, where not stated", "1 functional unit", "no delivers in the file")
        delivers = one.own.amounts.get("delivers", ONE)
        for flow in one.flows:
            flows.flow(sheet, one.id, flow, delivers)
    sheet.merge()
    return sheet


class Weigher:
    """Joint draws of a sheet, and the questions that are asked of them."""

    def __init__(self, sheet: Sheet, draws: int = DRAWS, seed: int = 0, indicator: str = "") -> None:
        self.sheet, self.scenario = sheet, sheet.scenario
        self.count, self.seed = draws, seed
        self.indicator = indicator or self.scenario.top.texts.get("indicator", "carbon")
        (self.columns,) = sheet.inputs.normal(draws, seed)
        self.values = Values(sheet.inputs, self.columns)
        self.base = self.scenario.baseline
        if not indicator and "indicator" not in self.scenario.top.texts:
            sheet.default("indicator", self.indicator, "no indicator in the file")
        if "baseline" not in self.scenario.top.texts:
            sheet.default("baseline", self.base, "no baseline in the file: what is kept, else what comes first")

    def amount(self, name: str, view: View, values: Values | None = None, indicator: str = "") -> Any:
        """A figure of an alternative at draws."""
        return views.amount(self.sheet, name, indicator or self.indicator, view, values or self.values)

    def drawn(self, made: Any) -> Any:
        """As an array of all draws."""
        return np.broadcast_to(np.asarray(made, float), (self.count,))

    def spread(self, number: Any, keys: Sequence[str] = ()) -> Range:
        """Interval of a number times inputs."""
        return interval(self.drawn(number * self.values.product(tuple((key, 1) for key in keys))))

    def view(self, view: View, flags: Sequence[Flag] = (), indicator: str = "", verdicts: bool = True) -> ViewOf:
        """One view of all alternatives."""
        what = indicator or self.indicator
        names = list(self.scenario.alternatives)
        lacking = {name: views.unknown(self.sheet, name, what, view) for name in names}
        known = [name for name in names if not lacking[name]]
        drawn = {name: self.drawn(self.amount(name, view, indicator=what)) for name in names}
        least = np.min([drawn[name] for name in known], axis=0) if known else None
        refused = [flag for flag in flags if view.name in flag.views]
        levels = []
        for name in names:
            best = float((drawn[name] <= least).mean()) if len(known) == len(names) and not refused else None
            levels.append(
                Level(alternative=name, title=self.scenario.alternatives[name].title,
                      figure=interval(drawn[name]) if name in known else None, best=best, unknown=lacking[name])
            )  # fmt: skip
        made = ViewOf(
            view=view.name, question=view.question, grid=view.basis, claims=view.decision, levels=levels, verdicts=[]
        )
        for name in names if verdicts else ():
            if name != self.base:
                why = [f.rule for f in refused if not f.sides or (name in f.sides) != (self.base in f.sides)]
                made.verdicts.append(self.verdict(name, view, drawn, lacking, why))
        return made

    def verdict(
        self, name: str, view: View, drawn: dict[str, Any], lacking: dict[str, list[str]], refused: list[str]
    ) -> Verdict:
        """An alternative against the baseline."""
        base, other = drawn[self.base], drawn[name]
        made = Verdict(
            alternative=name, baseline=self.base, verdict="", ratio=None, difference=None, sure=0.0,
            why=[f"{side}: {why}" for side in (self.base, name) for why in lacking[side]] or refused,
        )  # fmt: skip
        if lacking[self.base] or lacking[name]:
            made.verdict = "unknown"
            return made
        difference = other - base
        made.difference, made.sure = interval(difference), float((difference < 0).mean())
        if base.min() > 0:
            made.ratio = interval(other / base)
        if not difference.any():
            made.verdict = "same"
        elif refused:
            made.verdict, made.ratio, made.difference, made.sure = "refused", None, None, 0.0
            return made
        elif made.sure >= SURE:
            made.verdict = "less"
        elif (difference > 0).mean() >= SURE:
            made.verdict = "more"
        else:
            made.verdict = "not shown"
        if made.verdict == "same":
            return made
        asked = self.asked(name, view)
        counted = {key for side in (self.base, name) for term in views.terms(self.sheet, side, self.indicator, view)
                   for key, _ in term.powers + (term.decides if view.decision else ())}  # fmt: skip
        made.break_evens = break_evens(self.sheet.inputs, asked, self.needs(counted))
        if not view.decision:
            return made
        logs = base.min() > 0 and other.min() > 0
        made.decides = shapley(self.sheet.inputs, self.log_ratio(name, view) if logs else asked, self.seed + 1)
        if made.verdict == "not shown":
            made.show = self.show(asked, made.decides)
        return made

    def needs(self, keys: set[str]) -> set[str]:
        """Inputs behind keys, through what is derived from them."""
        derived, left = self.sheet.inputs.derived, list(keys)
        found: set[str] = set()

        def look(key: str) -> Any:
            left.append(key)
            return self.values(key)

        while left:
            key = left.pop()
            if key in derived:
                derived[key](look)
            else:
                found.add(key)
        return found

    def asked(self, name: str, view: View) -> Callable[[Values], Any]:
        """The difference to the baseline at any values."""
        return lambda values: self.amount(name, view, values) - self.amount(self.base, view, values)

    def log_ratio(self, name: str, view: View) -> Callable[[Values], Any]:
        """The log of the ratio to the baseline: what a comparison of positive figures is about."""
        return lambda values: np.log(self.amount(name, view, values)) - np.log(self.amount(self.base, view, values))

    def show(self, asked: Callable[[Values], Any], decides: list[Decides]) -> str:
        """Which inputs, known to be at their middle, would show an answer: the fewest of the heaviest."""
        named = groups(self.sheet.inputs)
        known: list[str] = []
        order = [one.what for one in decides if one.what in named]
        singles = [name for name in order if self._sure(asked, {*named[name]}) >= SURE]
        if singles:
            return f"knowing {singles[0]}"
        for name in order[: 2 * MOST]:
            known.append(name)
            if self._sure(asked, {column for one in known for column in named[one]}) >= SURE:
                return f"knowing {', '.join(known[:-1])} and {known[-1]}"
        return f"more than knowing {', '.join(order[:MOST])}: they are close at the middle of all inputs"

    def _sure(self, asked: Callable[[Values], Any], frozen: set[str]) -> float:
        left = {column: made for column, made in self.columns.items() if column not in frozen}
        made = self.drawn(asked(Values(self.sheet.inputs, left)))
        return max(float((made < 0).mean()), float((made > 0).mean()))


def interval(drawn: Any) -> Range:
    """90 % interval and median of draws."""
    low, mid, high = (float(end) for end in np.quantile(drawn, [LOW, 0.5, HIGH]))
    return Range(low, mid, high)


def weigh(
    scenario: Scenario,
    world: World | None = None,
    *,
    root: Path | None = None,
    failures: Failures | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    indicator: str = "",
) -> Weighed:
    """A scenario weighed. Raises PriceError. Needs numpy and scipy (extra ``report``)."""
    around, below = world or World(), root or Path()
    if scenario.kind == TRAIN:
        from jevons.weigh.scenario import over_time, train

        of = Weigher(train.sheet_of(scenario, around), draws, seed, indicator)
        candidates = over_time.over_time(of)  # first: it lists defaults, too
        made = document(of, boundaries.of_candidates(of.sheet), below, failures)
        made.train = candidates
        return made
    sheet = sheet_of(scenario, around)
    return document(Weigher(sheet, draws, seed, indicator), boundaries.flags(sheet), below, failures)


def document(of: Weigher, flags: list[Flag], root: Path, failures: Failures | None) -> Weighed:
    """What is shown of a weigher's scenario."""
    scenario, sheet = of.scenario, of.sheet
    made = [of.view(view, flags) for view in VIEWS]
    others = []
    for indicator in MEASURES:
        if indicator != of.indicator:
            view = views.LONG if indicator != "money" else views.ACCOUNT
            one = of.view(view, indicator=indicator, verdicts=False)
            if any(level.figure is not None and level.figure.high for level in one.levels):
                one.view = indicator
                others.append(one)
    texts = scenario.top.texts
    hours = {
        name: interval(of.drawn(of.values.sum([term for term in terms if term.figure == "people_h"], False)))
        for name, terms in sheet.terms.items()
    }
    return Weighed(
        title=texts["title"], question=texts.get("question", ""), unit=texts["unit"], file=scenario.name,
        indicator=of.indicator, measure=MEASURES[of.indicator], place=sheet.place or "world average",
        views=made, others=others, flags=flags, signs=_signs(of, made),
        benefits=benefits(sheet, root, failures, of.spread),
        consequences=_consequences(of), people_h={name: one for name, one in hours.items() if one.high},
        inputs=[
            Stated(one.label, one.low, one.mid, one.high, one.unit, one.shape, one.source)
            for one in scenario.inputs.values()
        ],
        defaults=sheet.defaults, factors=_factors(sheet), notes=list(scenario.notes.values()),
        draws=of.count, seed=of.seed,
    )  # fmt: skip


def _factors(sheet: Sheet) -> list[dict[str, Any]]:
    keep = ("name", "value", "low", "high", "unit", "scope", "year", "place", "source", "source_url", "licence")
    return [{name: getattr(one, name) for name in keep} for one in sheet.factors]


def _signs(of: Weigher, made: Sequence[ViewOf]) -> str:
    """Where what a decision changes and what an account bears point in other directions."""
    words = []
    for name in of.scenario.alternatives:
        of_view = {one.view: verdict for one in made for verdict in one.verdicts if verdict.alternative == name}
        sides = {view: one.difference.mid for view, one in of_view.items() if one.difference is not None}
        lower = [view for view, middle in sides.items() if middle < 0]
        higher = [view for view, middle in sides.items() if middle > 0]
        if lower and higher:
            questions = {one.view: one.question for one in made}
            says = [
                f"{word} for the {view} ({questions[view]})"
                for word, at in (("less", lower), ("more", higher))
                for view in at
            ]
            words.append(f"{of.scenario.alternatives[name].title}: {'; '.join(says)}")
    return "; ".join(words)


def _consequences(of: Weigher) -> list[Consequence]:
    """First order: the flows, counted. Second and higher: what the file says."""
    found = []
    for name, one in of.scenario.alternatives.items():
        labels = dict.fromkeys(term.flow for term in of.sheet.terms[name] if term.flow)
        if labels:
            found.append(Consequence("first", f"{one.title}: {', '.join(labels)}", "more", True, ""))
    for table in of.scenario.consequences:
        texts = table.texts
        found.append(
            Consequence(
                texts["order"], texts["what"], texts["sign"], table.flags.get("counted", False), texts.get("source", "")
            )
        )
    order = ("first", "second", "higher")
    return sorted(found, key=lambda one: order.index(one.order))
