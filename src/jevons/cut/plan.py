"""A plan: what a verdict will likely need of a list, and what that takes against a full run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec

from jevons.cut.past import Past
from jevons.cut.verdict.fixed import wilson
from jevons.cut.verdict.plan import DISTANCES, ENTRIES, Ends, Likely, drawn, ends, summed
from jevons.cut.verdict.question import Question
from jevons.footprint import METHOD_VERSION, Interval
from jevons.footprint.interval import product

SCHEMA = "jevons.plan/1"
SLICES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Middles of five parts alike of what a rate may be: each is looked at, all count the same."""
DIFFER = 0.1
"""Share of items in which two models differ, where nobody says."""


class Guess(msgspec.Struct, frozen=True):
    """What may be true of the list."""

    rate: float
    """Share that passes; of two models, by how much the new one's is over the old one's."""
    differ: float = 0.0
    """Share of items that one of two models passes and the other does not; at least the difference."""


class Needs(msgspec.Struct, kw_only=True):
    """Items that a verdict needs if a guess is right; or if all guesses are as likely as each other."""

    rate: float
    differ: float | None
    median: int
    mean: float
    low: int
    """90 % interval."""
    high: int
    passes: float
    """Chance that it is said to pass."""
    fails: float
    whole: float
    """Chance that it is not settled before the last item."""


class Cost(msgspec.Struct, kw_only=True):
    """One unit: per item, of the items likely needed, of all."""

    unit: str
    """``calls``, ``tokens``, ``money_usd`` or ``carbon_g``."""
    per_item: tuple[float, float, float]
    needed: tuple[float, float, float] | None
    """At the median; None where nobody said what may be true."""
    mean: float | None
    full: tuple[float, float, float]
    known: float
    """Share of the calls that it speaks of; the others come on top."""


class Plan(msgspec.Struct, kw_only=True):
    """`jevons plan --format json`."""

    asks: str
    """The question in words."""
    question: Question
    items: int
    clusters: int
    """0: none; else each counts once, with the mean of its items."""
    why: str
    """Where the guesses are from."""
    likely: Needs | None
    """All guesses together; None where nobody said what may be true."""
    rows: list[Needs]
    costs: list[Cost]
    orders: int
    """Orders drawn for each row; 0: all orders are counted."""
    past: Past | None = None
    notes: list[str] = []
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def guesses(passed: int, failed: int) -> list[Guess]:
    """Of a pass rate, from past outcomes: the middles of five equal parts of what it may be (Wilson's interval)."""
    return [Guess(rate) for rate in _wilson_at(passed, passed + failed)]


def paired_guesses(better: int, worse: int, items: int) -> list[Guess]:
    """Of a difference, from past outcomes of two models: normal approximation, half an item added to each count, so
    that two models that never differed yet may."""
    up, down = ((count + 0.5) / (items + 1) for count in (better, worse))
    error = math.sqrt(max(up + down - (up - down) ** 2, 0.0) / items)
    at = [up - down + NormalDist().inv_cdf(part) * error for part in SLICES]
    return [Guess(one, max(up + down, abs(one))) for one in at]


def unknown(question: Question) -> list[Guess]:
    """Where nobody knows: by distance from the threshold."""
    if question.margin is None:
        rates = [round(question.threshold + distance, 9) for distance in DISTANCES]
        return [Guess(rate) for rate in rates if 0 <= rate <= 1]
    return [Guess(by * question.margin, max(DIFFER, abs(by) * question.margin)) for by in (-2.0, -1.0, 0.0, 1.0)]


def plan(
    question: Question,
    items: int,
    found: Sequence[Guess],
    *,
    why: str,
    together: bool,
    clusters: int = 0,
    past: Past | None = None,
    seed: int = 0,
) -> Plan:
    """What a question needs of a list of `items`. `together`: whether the guesses are what is likely, or a table of
    what could be. ValueError for what cannot be asked."""
    if items < 1 or clusters < 0 or clusters > items:
        raise ValueError(f"{items} items in {clusters} clusters: at least one item, and no more clusters than items")
    if clusters and question.estimand == "list":
        raise ValueError("clusters are for the true rate (--estimand rate): a list counts each item")
    units = clusters or items
    made = [_ends(question, units, one, seed, ENTRIES // len(found)) for one in found]
    rows = [
        _needs(summed([one], units, guess.rate), units, items, guess.differ if question.margin is not None else None)
        for one, guess in zip(made, found, strict=True)
    ]
    middle = sum(guess.rate for guess in found) / len(found)
    differ = sum(guess.differ for guess in found) / len(found) if question.margin is not None else None
    likely = _needs(summed(made, units, middle), units, items, differ) if together else None
    return Plan(
        asks=question.words(items), question=question, items=items, clusters=clusters, why=why, likely=likely,
        rows=rows, costs=[_cost(unit, past, likely, items, question.repeats) for unit in past.per_item] if past else [],
        orders=min(one.orders for one in made), past=past,
        notes=list(_notes(question, clusters, past)),
    )  # fmt: skip


def _ends(question: Question, units: int, guess: Guess, seed: int, entries: int) -> Ends:
    if question.margin is None:
        return ends(question, units, guess.rate)
    better, worse = (guess.differ + guess.rate) / 2, (guess.differ - guess.rate) / 2
    return drawn(question, units, better, worse, seed, entries)


def _needs(one: Likely, units: int, items: int, differ: float | None) -> Needs:
    """In items: a cluster has so many of them, on average."""

    def of(count: float) -> int:
        return math.ceil(count * items / units - 1e-9)

    return Needs(
        rate=one.rate, differ=differ, median=of(one.median), mean=one.mean * items / units, low=of(one.low),
        high=of(one.high), passes=one.passes, fails=one.fails, whole=one.whole,
    )  # fmt: skip


def _cost(unit: str, past: Past, likely: Needs | None, items: int, repeats: int) -> Cost:
    each = past.per_item[unit] * repeats
    needed = product(Interval(likely.low, likely.median, likely.high), each) if likely else None
    return Cost(
        unit=unit, per_item=past.per_item[unit].ends, needed=needed.ends if needed else None,
        mean=each.mid * likely.mean if likely else None, full=(each * items).ends, known=past.known[unit],
    )  # fmt: skip


def _notes(question: Question, clusters: int, past: Past | None) -> list[str]:
    notes = []
    if question.repeats > 1:
        most = "" if question.rule == "mean" else ", fewer where one settles an item"
        notes.append(f"{question.repeats} tries an item{most}; tries of an item are taken to agree: flaky ones spread "
                     "less")  # fmt: skip
    if question.mean_score is not None:
        notes.append("scores are taken to be 0 or 1: others of the same mean spread less and need fewer items")
    if clusters:
        notes.append("items of a cluster are taken to agree: otherwise fewer are needed")
    if question.margin is not None and question.repeats == 1 and not past:
        notes.append("an item takes a call of each model, unless the old one's outcomes are there already")
    if past and past.shared_calls:
        notes.append(f"{past.shared_calls:.3g} calls of shared fixtures a run come once, however few items there are")
    if past and not past.calls:
        notes.append("no live call of these items is recorded: what they take is not known")
    return notes


def _wilson_at(passed: int, items: int) -> list[float]:
    rates = []
    for part in SLICES:
        low, high = wilson(passed, items, abs(2 * part - 1))
        rates.append(low if part < 0.5 else high)
    return rates
