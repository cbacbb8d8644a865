"""Rebound in words: a line that answers, then what it rests on; 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jevons.report.document import Range
from jevons.report.numbers import FIGURES, between, digits, percent
from jevons.report.text import clean
from jevons.weigh.taken_back import FEWEST_DAYS, MOST_DAYS, Between, Outcome

if TYPE_CHECKING:
    from jevons.weigh.ahead import Ahead  # which needs numpy

_WIDTH, _LABEL = 80, 11
_WORDS = {"association": "association, for there is no control", "effect": "effect, beside the control"}


def answer(made: Outcome) -> str:
    """``association, for there is no control: partial, 35 % of the saving taken back (10 to 62 %)``."""
    if made.rebound is None:
        return f"not shown: {_why(made)}"
    taken = f"{_percent(made.rebound.mid)} of the expected saving taken back ({_span(made.rebound)})"
    said = {"backfire": "backfire, more is used than before", "partial": "partial"}.get(made.verdict, "not shown")
    line = f"{_WORDS[made.word]}: {said}; {taken}"
    return line if made.verdict != "not shown" else f"{line}; {_why(made)}"


def _why(made: Outcome) -> str:
    figure = FIGURES[made.figure][0]
    weeks = "" if made.weeks_more is None else f"; {_weeks(made.weeks_more)} more would do"
    days = 2 * FEWEST_DAYS if made.date_found else FEWEST_DAYS
    return {
        "runs": "no run of a suite is recorded",
        "days": f"{days} days before and after are needed{weeks or '; those before cannot be made up for'}",
        "verdicts": "no project and job served verdicts before and after",
        "coverage": "figures for 90 % of calls are needed",
        "date": f"{figure} per verdict did not change on any day that stands out",
        "gain": f"no gain in {figure} per verdict is shown: without a gain there is no rebound",
        "weeks": weeks[2:] + ", if all stays as it is"
        if weeks
        else f"{MOST_DAYS // 7} weeks after the date would not show it, as it stands",
    }[made.why_not]


def lines(made: Outcome) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order; an empty label goes on with the one before."""
    figure = FIGURES[made.figure][0]
    yield "rebound?", answer(made)
    yield "service", f"{made.service}; by day (UTC), {made.first or '?'} to {made.last or '?'}"
    if made.at:
        yield "date", f"{made.at}, {'found where ' + figure + ' per verdict changed' if made.date_found else 'as told'}"
    for label, use in (("before", made.before), ("after", made.after)):
        if use is not None:
            yield label, f"{use.verdicts:,} verdicts and {use.calls:,} live calls on {use.days:,} days counted"
    if made.gain is not None and made.demand is not None:
        fell = "fell" if made.gain.mid >= 0 else "rose"
        told = "as told" if made.gain_stated else f"gain {_span(made.gain)}"
        yield "gain", f"{figure} per verdict {fell} by {_percent(abs(made.gain.mid))} ({told})"
        beside = "trend, weekdays and control" if made.controls else "trend and weekdays"
        yield "demand", f"{digits(made.demand.mid)} times what {beside} foretell ({_times(made.demand)})"
    if made.breaks_even_at is not None and (needed := made.breaks_even_at.mid) > 0:
        yield "break-even", f"with a gain below {_percent(needed)} ({_span(made.breaks_even_at)}) use exceeds the old"
    if made.gain is not None and made.saving is not None:
        yield "saving", f"expected {_percent(made.gain.mid)}, actual {_percent(made.saving.mid)} ({_span(made.saving)})"
    if made.keeps_gain is not None and made.calls_a_day is not None:
        above = f"; above {digits(made.keeps_total)} more is used than without it" if made.keeps_total else ""
        keeps = f"{digits(made.keeps_gain.mid)} live calls a day ({_times(made.keeps_gain)})"
        yield "cap", f"{keeps} would have kept the whole gain{above}; made: {digits(made.calls_a_day)}"
        yield "", "to hold one: [tool.jevons.budget] day = {calls = N}, and `jevons gate`"
    if made.autocorrelation is not None and made.scatter is not None:
        yield (
            "scatter",
            f"{_percent(made.scatter)} a day beyond chance, {made.autocorrelation:.1f} of it stays the next day",
        )
    if made.groups:
        yield "of", ", ".join(made.groups)
    if made.controls:
        yield "control", ", ".join(made.controls) + ": taken to have gained nothing, and else to fare alike"
    for label, names in (("newcomer", made.newcomers), ("left", made.leavers)):
        if names:
            yield label, f"{', '.join(names)}: on one side only, in no answer above"
    yield "unseen", f"{' and '.join(made.not_observed)}: not observed"
    for note in made.notes:
        yield "note", note
    yield "method", f"{made.method}, from stored facts; interrupted time series, 90 % intervals"


def text(made: Outcome) -> str:
    """For a terminal."""
    return page(lines(made))


def ahead(made: Ahead) -> str:
    """Scenarios for a terminal."""
    figure, unit = FIGURES[made.figure]
    pairs = [
        ("scenarios", f"{_percent(made.gain)} less {figure} per verdict; which of these comes, nobody knows before"),
        ("now", f"{made.now.verdicts:,} verdicts, {made.now.calls:,} live calls on {made.now.days:,} days"),
    ]
    for number, one in enumerate(made.scenarios):
        end = f"saves {_percent(one.saving)}" if one.saving > 0 else "saves nothing"
        end = f"backfire, {_percent(-one.saving)} more is used" if one.saving < -1e-9 else end
        pairs.append((
            "" if number else "rebound", f"{_percent(one.rebound):>6}: verdicts x {digits(one.demand)} "
            f"({digits(one.verdicts_a_day)} a day), {end}",
        ))  # fmt: skip
    total = [between(Range(*one.ends), unit) for one in (made.keeps_gain, made.keeps_total)]
    pairs += [
        ("cap", f"{total[0]} of {figure} a day (rough) keeps the whole gain, however it comes about; now {total[1]}"),
        ("unseen", "indirect and economy-wide effects: not observed"),
        ("method", f"{made.method}; identities, no prediction"),
    ]
    return page(pairs)


def page(pairs: Iterable[tuple[str, str]], label_width: int = _LABEL) -> str:
    """(label, line) pairs under each other, in 80 columns."""
    made = []
    for label, line in pairs:
        made += textwrap.wrap(
            clean(line), _WIDTH, initial_indent=f"{label:<{label_width}}", subsequent_indent=" " * label_width,
            break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(made) + "\n"


def _percent(share: float) -> str:
    return percent(share) if abs(share) >= 0.01 or share == 0 else f"{digits(100 * share)} %"


def _span(one: Between) -> str:
    low, high = ("unbounded" if end is None else _percent(end) for end in (one.low, one.high))
    return f"{low.removesuffix(' %')} to {high}" if high.endswith(" %") else f"{low} to {high}"


def _times(one: Between) -> str:
    low, high = ("unbounded" if end is None else digits(end) for end in (one.low, one.high))
    return f"{low} to {high}"


def _weeks(count: int) -> str:
    return "1 week" if count == 1 else f"{count} weeks"
