"""The document that `jevons weigh` shows: schema ``jevons.weigh/1``."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.footprint import METHOD_VERSION
from jevons.weigh.scenario.structure import Default

SCHEMA = "jevons.weigh/1"


class Range(msgspec.Struct, frozen=True):
    """90 % interval around the median of the draws."""

    low: float
    mid: float
    high: float


class Level(msgspec.Struct, kw_only=True):
    """One figure of one alternative in one view."""

    alternative: str
    title: str
    figure: Range | None
    """None where it is not known."""
    best: float | None
    """Probability that no other is lower; None where that is not known, or boundaries are unequal."""
    unknown: list[str]


class BreakEven(msgspec.Struct, kw_only=True):
    """Where an input would have to be for both sides to be equal, all others at their middle."""

    what: str
    unit: str
    stands: float
    at: float | None
    """None: nowhere from a thousandth to a thousand times of it."""
    within: bool
    """Whether that lies in its own 90 % interval."""


class Decides(msgspec.Struct, frozen=True):
    """An input and its Shapley effect: its share of the variance of what is asked; they add to 1."""

    what: str
    share: float
    stated: bool
    """Whether the file says it, so that its author can find it out."""


class Verdict(msgspec.Struct, kw_only=True):
    """One alternative against the baseline, in one view."""

    alternative: str
    baseline: str
    verdict: str
    """``less``, ``more``, ``same`` (exactly), ``not shown``, ``unknown`` or ``refused`` (unequal boundaries)."""
    ratio: Range | None
    """Alternative over baseline; None where one of them may be nothing."""
    difference: Range | None
    sure: float
    """Share of joint draws in which it is less."""
    why: list[str]
    """Why it is not known or refused."""
    show: str = ""
    """What would show it."""
    break_evens: list[BreakEven] = []
    decides: list[Decides] = []


class ViewOf(msgspec.Struct, kw_only=True):
    """One view of all alternatives."""

    view: str
    question: str
    grid: str
    claims: bool
    """Whether it is a decision that may be claimed; an account stands beside it."""
    levels: list[Level]
    verdicts: list[Verdict]


class Flag(msgspec.Struct, frozen=True):
    """Boundaries that are not alike."""

    rule: str
    what: str
    views: list[str]
    """Views whose verdicts it refuses; empty: only said."""
    sides: list[str] = []
    """Alternatives on one side of it: it refuses what compares one of them with one of the others; empty: all."""


class Benefit(msgspec.Struct, kw_only=True):
    """One benefit of one alternative, predicted and real, per functional unit."""

    alternative: str
    benefit: str
    unit: str
    predicted: Range | None
    real: float | None
    source: str
    gap: float | None
    """Real less predicted."""


class Consequence(msgspec.Struct, frozen=True):
    """A branch of the consequence tree (ITU-T L.1480)."""

    order: str
    what: str
    sign: str
    counted: bool
    source: str


class Stated(msgspec.Struct, frozen=True):
    """An input of the file, with its shape and source."""

    what: str
    low: float
    mid: float
    high: float
    unit: str
    shape: str
    source: str


class Weighed(msgspec.Struct, kw_only=True):
    """A scenario, weighed."""

    title: str
    question: str
    unit: str
    file: str
    indicator: str
    measure: str
    """Unit of the figures."""
    place: str
    views: list[ViewOf]
    others: list[ViewOf]
    """Other indicators, without verdicts."""
    flags: list[Flag]
    signs: str
    """Which question each view answers, where they differ; empty where they agree."""
    benefits: list[Benefit]
    consequences: list[Consequence]
    people_h: dict[str, Range]
    inputs: list[Stated]
    defaults: list[Default]
    factors: list[dict[str, Any]]
    notes: list[str]
    train: Any = None
    draws: int = 0
    seed: int = 0
    method: str = METHOD_VERSION
    schema: str = SCHEMA
