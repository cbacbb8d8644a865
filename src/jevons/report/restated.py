"""A published figure beside today's: old, new, why; for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import FIGURES, between, digits, percent
from jevons.report.text import LINE, clean, shortened
from jevons.weigh.published import SAME, Published, Restated


def lines(made: Restated) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order."""
    was = made.published
    yield "published", said(was)
    for name, (what, unit) in FIGURES.items():
        before, now = was.figures[name], made.figures[name]
        changed = _percent(now[1] / before[1]) if before[1] else ""
        same = "unchanged" if before == now or changed == "0 %" else f"today {between(Range(*now), unit)}: {changed}"
        yield "", f"{what} {between(Range(*before), unit)}, {same}"
    for number, step in enumerate(made.steps):
        change = f" {step.was} → {step.now}" if step.was != step.now else ""
        yield "" if number else "why", f"{step.what}{change}: {_effects(step.ratios)}"
    if not made.steps:
        yield "why", f"nothing changed: method {made.method}, the same factors and settings"
    if made.later_runs:
        runs = f"{made.later_runs:,} more run{'s' * (made.later_runs != 1)}"
        yield "facts", f"the ledger knows {runs} of {clean(was.asked)} since: in neither figure"
    if was.stated.by_the_hour:
        yield "note", "carbon by the hour is of the signal as it is today: hourly figures are not kept"


def said(was: Published) -> str:
    """What was published, in a line."""
    covered = "" if was.coverage >= 1 - SAME else f", figures for {percent(was.coverage)} of calls"
    of = "" if was.asked == was.name else f" ({clean(was.asked)})"
    return (
        f"{was.name}{of} on {was.published[:10]}: {was.runs:,} run{'s' * (was.runs != 1)}, {was.calls:,} {was.mode} "
        f"calls, {was.tokens:,} tokens{covered}; method {was.method}"
    )


def restatement(made: Restated, figure: str) -> str:
    """One line for a comparison: what of a side's figure is restatement, not change."""
    what, unit = FIGURES[figure]
    was, now = made.published.figures[figure], made.figures[figure]
    why = "; ".join(
        f"{step.what} {_percent(step.ratios[figure])}" for step in made.steps if abs(step.ratios[figure] - 1) > SAME
    )
    if not why:
        return f"{what} of {made.published.name} is as published ({between(Range(*was), unit)})"
    ends = [between(Range(*figure_), unit) for figure_ in (was, now)]
    return (
        f"{what} of {made.published.name} was published as {ends[0]} and is {ends[1]} today ({why}): both sides are "
        "restated, so that is no part of the change"
    )


def _effects(ratios: Mapping[str, float]) -> str:
    told = {FIGURES[name][0]: _percent(ratio) for name, ratio in ratios.items() if abs(ratio - 1) > SAME}
    if len(told) == len(FIGURES) and len(set(told.values())) == 1:
        return f"{next(iter(told.values()))} in all figures"
    return ", ".join(f"{what} {percent_}" for what, percent_ in told.items())


def _percent(ratio: float) -> str:
    change = (ratio - 1) * 100
    return f"{'+' if change > 0 else '-' if change < 0 else ''}{digits(abs(change))} %"


def text(made: Restated) -> str:
    """For a terminal."""
    return "".join(f"{label:<9}  {shortened(line, LINE)}\n" for label, line in lines(made))


def markdown(made: Restated) -> str:
    """For a comment or a step summary."""
    head = [f"### {escape(made.published.name)}, restated", ""]
    return "\n".join(head + [f"- **{label or 'and'}** {escape(line)}" for label, line in lines(made)]) + "\n"
