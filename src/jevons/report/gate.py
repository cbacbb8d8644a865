"""What the gate says: two lines that name what broke it and which test moved most, then what was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.gate import Outcome
from jevons.report.markdown import escape
from jevons.report.text import LINE, shortened

_HEADS = ("within", "exceeded", "not known")
"""By exit code."""


def text(made: Outcome) -> str:
    """For a terminal or a log."""
    return "".join(f"{label:<8} {shortened(line, LINE)}\n" for label, line in lines(made))


def markdown(made: Outcome) -> str:
    """For a step summary or a comment."""
    head = [f"### AI budget: {_HEADS[made.exit_code]}", ""]
    return "\n".join(head + [f"- **{label}** {escape(shortened(line, LINE))}" for label, line in lines(made)]) + "\n"


def lines(made: Outcome) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order."""
    if made.why:
        yield ("", "broken", "unknown")[made.exit_code], made.why[0]
    else:
        caps = f"{len(made.caps)} cap{'s' * (len(made.caps) != 1)} hold{'s' * (len(made.caps) == 1)}"
        yield "passed", caps + (f"; not shown to use more than {made.base}" if made.regressions else "")
    if made.moved is not None:
        base = "the heaviest test" if made.moved.base is None else f"{made.moved.base:.6g} before"
        yield "moved", f"{made.moved.test}: {made.moved.used:.6g} {made.moved.unit} ({base})"
    for more in made.why[1:]:
        yield "and", more
    for cap in made.caps:
        named = cap.span if cap.span == "run" else f"{cap.span} {cap.name}"
        yield "cap", f"{cap.unit} of the {named}: {cap.used:.6g} of {cap.cap:g}"
    for one in made.regressions:
        least = f"by chance alone down to {one.least:.2f} times" if one.least < one.ratio else "none of it chance"
        yield (
            "base",
            f"{one.unit}: {one.used:.6g} beside {one.base:.6g} in {one.runs} runs, {one.ratio:.2f} times ({least})",
        )
    for warning in made.warnings:
        yield "warning", warning
    yield "method", made.method
