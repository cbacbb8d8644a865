"""What exists for a task, at the quality asked, by what a call of it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from jevons.shelf.card import Card, Evaluation
from jevons.shelf.used import PerCall

_WANTED = re.compile(r"^\s*([^<>=]+?)\s*(>=|<=)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$")


class Wanted(msgspec.Struct, frozen=True):
    """Quality asked: ``MMLU>=0.6``, or ``WER<=10`` where less is better."""

    name: str
    at_least: bool
    value: float

    def met(self, one: Evaluation) -> bool:
        """Whether a result is good enough."""
        return one.value >= self.value if self.at_least else one.value <= self.value


class Found(msgspec.Struct, kw_only=True):
    """One model that would do."""

    card: Card
    each: PerCall | None
    results: tuple[Evaluation, ...]
    """Of the evaluations asked for."""
    unknown: str = ""
    """Why it has no rank."""


class Answer(msgspec.Struct, kw_only=True):
    """What exists, the least footprint per call first."""

    ranked: list[Found]
    unranked: list[Found]
    """What would do, or might: quality or footprint not known."""
    worse: list[Found]
    """Known not to be good enough."""


def wanted(text: str) -> Wanted:
    """``NAME>=X`` or ``NAME<=X``; ValueError."""
    match = _WANTED.match(text)
    if not match:
        raise ValueError(f"{text!r}: an evaluation and a bound, NAME>=X or NAME<=X (MMLU>=60)")
    return Wanted(match[1], match[2] == ">=", float(match[3]))


def find(
    cards: Sequence[Card],
    task: str,
    asked: Sequence[Wanted],
    each: Callable[[Card], tuple[PerCall | None, str]],
) -> Answer:
    """Cards of a task that meet every evaluation asked for, ranked by carbon per call, the middle of its interval.

    `each` gives a call's footprint, or why it is not known. Estimates are of one and the same request; what cards and
    ledgers measured is of requests of their own, so it is ranked only where there is nothing else. A retired model, and
    one whose training was cut short, is none that exists. The document carries the intervals: where they meet, a rank
    is not shown.
    """
    made = Answer(ranked=[], unranked=[], worse=[])
    for card in cards:
        if card.retired or card.incomplete or (task and card.task and card.task.lower() != task.lower()):
            continue
        if task and not card.task:
            made.unranked.append(Found(card=card, each=None, results=(), unknown="task not known"))
            continue
        results = [[one for one in card.evals if _named(one, want)] for want in asked]
        best = [
            (max if want.at_least else min)(of, key=lambda one: one.value)
            for want, of in zip(asked, results, strict=True)
            if of
        ]
        lacking = [want.name for want, of in zip(asked, results, strict=True) if not of]
        if any(of and not any(map(want.met, of)) for want, of in zip(asked, results, strict=True)):
            made.worse.append(Found(card=card, each=None, results=tuple(best)))
            continue
        amount, why = each(card)
        unknown = f"{', '.join(lacking)} not known" if lacking else why if amount is None else ""
        found = Found(card=card, each=amount, results=tuple(best), unknown=unknown)
        (made.unranked if unknown else made.ranked).append(found)
    if any(_estimated(one) for one in made.ranked):
        for one in [one for one in made.ranked if not _estimated(one)]:
            made.ranked.remove(one)
            made.unranked.append(one)
            one.unknown = "measured on requests of its own, which do not compare"
    made.ranked.sort(key=lambda one: (one.each.carbon_g.mid if one.each else 0.0, one.card.id))
    return made


def _named(one: Evaluation, want: Wanted) -> bool:
    names = {one.name, one.dataset, f"{one.name} {one.metric}", f"{one.name}/{one.metric}"}
    return want.name.lower() in {name.lower() for name in names if name}


def _estimated(one: Found) -> bool:
    return one.each is not None and one.each.how == "estimated"
