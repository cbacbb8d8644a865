"""A choice of a model in words: the pick or an honest none, then each model that takes less; 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from jevons.cut.models.choice import Choice, Model, Ratio
from jevons.report.comparison import CAUSES
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean
from jevons.report.waste import dollars

MOST = 12
"""Models that a text describes."""
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
    tried = [one for one in made.models if one.judged]
    over = "endlessly many such items" if made.estimand == "rate" else "these items alone, as they were counted"
    points = f"{made.margin * 100:g} point{'s' * (made.margin != 0.01)}"
    yield (
        "asks",
        f"which model that takes less is no worse than {clean(made.in_use)} by more than {points}, over {over}",
    )
    yield "pick", _pick(made, tried)
    for number, one in enumerate(tried[:MOST]):
        yield "tried" if not number else "", _told(one, made)
    if len(tried) > MOST:
        rest = tried[MOST:]
        said = [f"{sum(o.judged is not None and o.judged.said == what for o in rest)} {what}"
                for what in ("not worse", "worse", "not shown")]  # fmt: skip
        yield "", f"and {len(rest)} more: {', '.join(said)} (all with --format json)"
    more = [clean(one.model) for one in made.models if not one.judged]
    if more:
        named = ", ".join(more[:3]) + (f" and {len(more) - 3} more" if len(more) > 3 else "")
        yield "not", f"tried, as they take no less: {named}"
    yield "sure", _sure(made, len(tried))
    for note in made.notes:
        yield "note", clean(note)
    yield "method", f"{made.method}, {clean(made.source)}; carbon: 90 % intervals, of both models drawn together"


def _pick(made: Choice, tried: Sequence[Model]) -> str:
    one = next((one for one in tried if one.model == made.pick), None)
    if one is not None:
        return f"{clean(one.model)}: {carbon(one.carbon)}{_money(one)}"
    if not tried:
        return f"none: no other model of these takes less than {clean(made.in_use)}, by the middle of the estimates"
    open_ = [one for one in tried if one.judged and one.judged.said == "not shown"]
    if open_:
        return f"none: not shown of {len(open_)} of {len(tried)} that take less; what would show it stands with each"
    return f"none: all {len(tried)} that take less are worse by more than that"


def carbon(ratio: Ratio | None) -> str:
    """``62 % less carbon an item (41 to 80 % less)``, or that it is not shown."""
    if ratio is None:
        return "carbon not known"
    span = f"{_change(ratio.low)} to {_change(ratio.high)}"
    if ratio.shown:
        if ratio.high < 1:
            span = f"{digits((1 - ratio.high) * 100)} to {_change(ratio.low)}"
        return f"{_change(ratio.mid)} carbon an item ({span})"
    causes = ", ".join(dict.fromkeys(CAUSES.get(kind, kind) for kind in ratio.remains))
    return f"less carbon not shown: {_change(ratio.mid)} an item ({span}), unsure: {causes}"


def _change(ratio: float) -> str:
    if ratio >= 2:
        return f"{digits(ratio)} times as much"
    return f"{digits(abs(ratio - 1) * 100)} % {'less' if ratio < 1 else 'more'}"


def _money(one: Model) -> str:
    if one.usd is None:
        return ""
    was = f" instead of {dollars(one.usd_in_use)}" if one.usd_in_use is not None else ""
    return f"; {dollars(one.usd)} an item{was}"


def _told(one: Model, made: Choice) -> str:
    judged = one.judged
    if judged is None:
        return ""
    seen = f"{_points(judged.difference)} points on {one.items:,} common items"
    if made.estimand == "rate":
        seen += f" (from {_points(judged.low)} to {_points(judged.high)})"
    if one.left_out:
        seen += f", {one.left_out:,} left out"
    level = f", roughly {between(Range(*one.carbon_g), 'g')} an item" if one.carbon_g else ""
    parts = [f"{clean(one.model)}: {judged.said}, {seen}; {carbon(one.carbon)}{level}"]
    if one.model != made.pick:
        parts[0] += _money(one)
    if judged.said == "not shown":
        if judged.takes:
            parts.append(f"about {digits(judged.takes)} items like these would show it, or --margin "
                         f"{max(-judged.low, 0) + 5e-4:.3f}")  # fmt: skip
        else:
            parts.append("its difference is too near the margin to be told by more items")
    elif judged.enough is not None and judged.enough < one.items:
        parts.append(f"{judged.enough:,} of these items would have been enough (jevons.verdict with margin)")
    return "; ".join(parts)


def _points(share: float) -> str:
    return f"{share * 100:+.1f}"


def _sure(made: Choice, tried: int) -> str:
    if made.estimand == "list":
        return "counted: of this list there is nothing to be unsure of; of such items in general ask --estimand rate"
    if tried < 2:
        return f"wrong with a chance of at most {(1 - made.confidence) * 100:.3g} %"
    return (
        f"{tried} models tried, all answers together right with a chance of at least {percent(made.confidence)} "
        f"({made.each * 100:.4g} % each)"
    )
