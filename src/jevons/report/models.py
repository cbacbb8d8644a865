"""A choice of a model in words: the pick or an honest none, what is still open, what is worse; 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from jevons.cut.models.choice import Choice, Model
from jevons.cut.models.spent import Ratio
from jevons.report.comparison import CAUSES, in_words
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean
from jevons.report.waste import dollars

MOST = 4
"""Models that a text tells of one kind; all are in the document."""
_WIDTH = 80


def text(made: Choice) -> str:
    """For a terminal."""
    lines = []
    for label, line in pairs(made):
        lines += textwrap.wrap(
            line, _WIDTH, initial_indent=f"{label:<8}", subsequent_indent=" " * 8, break_on_hyphens=False
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def markdown(made: Choice) -> str:
    """For a comment or a step summary."""
    lines = [f"- **{label or 'and'}** {escape(line)}" for label, line in pairs(made)]
    return "\n".join(["### A smaller model", "", *lines]) + "\n"


def pairs(made: Choice) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order."""
    by = {
        said: [one for one in made.models if one.judged and one.judged.said == said]
        for said in ("not worse", "not shown", "worse")
    }
    tried = [one for one in made.models if one.judged]
    over = "endlessly many such items" if made.estimand == "rate" else "these items alone, as they were counted"
    asked = f"{made.margin * 100:g} point{'s' * (made.margin != 0.01)}"
    yield "asks", f"which model that takes less is no worse than {clean(made.in_use)} by more than {asked}, over {over}"
    yield "pick", _pick(made, by["not worse"], by["not shown"], len(tried))
    yield from _listed("also", [_told(one, made) for one in by["not worse"] if one.model != made.pick])
    yield from _listed("open", [f"{_told(one, made)}; {_needed(one)}" for one in by["not shown"]])
    if by["worse"]:
        yield (
            "worse",
            _named([f"{clean(one.model)} ({one.judged.difference * 100:+.1f})" for one in by["worse"] if one.judged]),
        )
    more = [clean(one.model) for one in made.models if not one.judged]
    if more:
        yield "others", f"take no less, so they were not tried: {_named(more)}"
    yield "in use", _in_use(made)
    yield "sure", _sure(made, len(tried))
    remains = dict.fromkeys(
        CAUSES.get(kind, kind) for one in by["not worse"] + by["not shown"] if one.carbon and not one.carbon.shown
        for kind in one.carbon.remains
    )  # fmt: skip
    if remains:
        yield (
            "carbon",
            f"where less is not shown, knowing more would show it: {', '.join(remains)} ([tool.jevons.serving] and "
            "models say what you know)",
        )
    yield from _next(made, by["not shown"])
    for note in made.notes:
        yield "note", clean(note)
    yield "method", f"{made.method}, {clean(made.source)}; carbon: 90 % intervals, of both models drawn together"


def _pick(made: Choice, good: Sequence[Model], open_: Sequence[Model], tried: int) -> str:
    if good:
        return _told(good[0], made)
    if not tried:
        return f"none: no other model of these takes less than {clean(made.in_use)}, by the middle of the estimates"
    if len(open_) == tried:
        return f"none: of {tried} that take{'s' * (tried == 1)} less, it is not shown"
    if not open_:
        return f"none: all {tried} that take less are worse by more than that"
    return f"none: of {tried} that take less, {tried - len(open_)} are worse and of {len(open_)} it is not shown"


def _next(made: Choice, open_: Sequence[Model]) -> Iterator[tuple[str, str]]:
    """What the first of those that are open would take: the command that says so."""
    judged = next((one.judged for one in open_ if one.judged and one.judged.takes), None)
    if judged is not None and judged.takes:
        yield (
            "next",
            f"jevons plan --items {2 * judged.takes} --margin {made.margin:g} --difference {judged.difference:.3g} "
            f"--differ {judged.differ:.3g} --confidence {made.each:.4g} --estimand rate",
        )


def _listed(label: str, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for at, line in enumerate(lines[:MOST]):
        yield "" if at else label, line
    if len(lines) > MOST:
        yield "", f"and {len(lines) - MOST} more (--format json)"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _told(one: Model, made: Choice) -> str:
    """What is said of a model, what it takes, and how few items would have been enough."""
    judged = one.judged
    left = f", {one.left_out:,} left out" if one.left_out else ""
    level = f", roughly {between(Range(*one.carbon_g), 'g')}" if one.carbon_g else ""
    money = ""
    if one.usd is not None:
        was = f" for {dollars(one.usd_in_use)}" if one.usd_in_use is not None else ""
        money = f"; {dollars(one.usd)}{was} an item"
    size = " (size unknown)" if one.knowledge == "unknown" else ""
    enough = ""
    if judged and judged.enough is not None and judged.enough < one.items:
        enough = f"; {judged.enough:,} of these items would have been enough (jevons.verdict with margin)"
    return (
        f"{clean(one.model)}{size}: {_difference(one, made)} points on {one.items:,} common items{left}; "
        f"{carbon(one.carbon)}{level}{money}{enough}"
    )


def carbon(ratio: Ratio | None) -> str:
    """``62 % less carbon (41 to 80 % less)``; or that less is not shown."""
    if ratio is None:
        return "carbon not known"
    span = f"{in_words(ratio.low)} to {in_words(ratio.high)}"
    if ratio.high < 1:
        return f"{in_words(ratio.mid)} carbon ({digits((1 - ratio.high) * 100)} to {in_words(ratio.low)})"
    return f"{in_words(ratio.mid)} carbon, not shown ({span})"


def _difference(one: Model, made: Choice) -> str:
    judged = one.judged
    if judged is None:
        return ""
    span = f" ({judged.low * 100:+.1f} to {judged.high * 100:+.1f})" if made.estimand == "rate" else ""
    return f"{judged.difference * 100:+.1f}{span}"


def _needed(one: Model) -> str:
    judged = one.judged
    if judged is None or judged.takes is None:
        return "too near the margin for more items to tell"
    wider = f", or --margin {max(-judged.low, 0.0) + 5e-4:.3f} with these" if judged.low > -1 else ""
    return f"about {digits(judged.takes)} items like these may show it, {digits(2 * judged.takes)} will{wider}"


def _in_use(made: Choice) -> str:
    level = f", roughly {between(Range(*made.in_use_carbon_g), 'g')} CO2e an item" if made.in_use_carbon_g else ""
    return f"{clean(made.in_use)}: scores {made.in_use_score * 100:.1f} %{level}"


def _sure(made: Choice, tried: int) -> str:
    if made.estimand == "list":
        return "counted: of this list there is nothing to be unsure of; of such items in general ask --estimand rate"
    risk = f"wrong with a chance of at most {(1 - made.confidence) * 100:.3g} %"
    if tried < 2:
        return f"{risk} (items in the order of seed {made.seed})"
    return (
        f"{tried} models tried: all answers right with a chance of at least {percent(made.confidence)}, each "
        f"{made.each * 100:.4g} % sure (items in the order of seed {made.seed}); fewer models (--try) need fewer items"
    )
