"""A comparison in words: two lines that answer, then why; for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean
from jevons.weigh.compare import Apart, Change, Counted, Outcome

FIGURES = {
    "carbon_g": ("carbon", "g"),
    "energy_wh": ("energy", "Wh"),
    "water_l": ("water", "L"),
    "embodied_g": ("hardware carbon", "g"),
}
DRIVERS = {
    "runs": "runs",
    "calls_per_run": "calls per run",
    "model_mix": "mix of models",
    "tokens_per_call": "tokens per call",
    "energy_per_token": "energy per token",
    "grid": "grid",
}
CAUSES = {
    "form": "the form of the energy model", "model": "each model's own deviation", "serving": "how a model is served",
    "parameters": "sizes of closed models", "tokens": "token counts estimated from text", "grid": "the grid",
    "pue": "PUE", "host": "host", "idle": "idle reserve", "precision": "bits of the weights", "engine": "the engine",
    "local law": "the law of local models", "meter": "what the meter sees", "core_power_unknown": "power of a core",
}  # fmt: skip


def answer(change: Change | None, figure: str) -> str:
    """``yes, 23 % less carbon (18 to 27 % less)``."""
    what = FIGURES[figure][0]
    if change is None:
        return f"not shown: no {what} on one side"
    if change.verdict == "same":
        return f"the same {what}, exactly"
    ends = [_change(change.low), _change(change.high)]
    span = "(exact)" if ends[0] == ends[1] else f"({' to '.join(ends)})"
    if change.verdict == "not shown":
        seen = f"{_change(change.ratio)} {what}" + (f" {span}" if ends[0] != ends[1] else "")
        return f"not shown: {seen}; what would show it: {change.why_not}"
    greener = "yes" if change.verdict == "less" else "no"
    return f"{greener}, {_change(change.ratio)} {what} {span}"


def _change(ratio: float) -> str:
    """``23 % less``, ``4 % more``, ``3.2 times as much``."""
    if ratio >= 2:
        return f"{digits(ratio)} times as much"
    return f"{digits(abs(ratio - 1) * 100)} % {'less' if ratio < 1 else 'more'}"


def lines(made: Outcome) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order."""
    what, unit = FIGURES[made.figure]
    yield "greener?", f"per run: {answer(made.per_run, made.figure)}"
    yield "", f"in total: {answer(made.total, made.figure)}"
    for side in (made.before, made.after):
        yield "counted", _counted(side)
    mode = "" if made.mode == "live" else " found in recordings"
    yield "rough", f"{what} of calls{mode}: {_rough(made.before, unit)} before, {_rough(made.after, unit)} after"
    if made.drivers:
        last = "grid" if made.figure == "carbon_g" else f"{what} per Wh"
        names = DRIVERS | {"grid": last}
        least = 1e-6 * max(made.before.amount, made.after.amount)
        named = [f"{names[one.name]} {_effect(one.effect, unit)}" for one in made.drivers if abs(one.effect) > least]
        yield "why", "; ".join(named) or "nothing changed"
    if made.cancels:
        yield "sure", f"cancels, as both sides share it: {_causes(made.cancels)}"
    if made.remains:
        yield "unsure", f"does not cancel: {_causes(made.remains)}"
    for label, found in (("newcomer", made.newcomers), ("left", made.leavers)):
        for group in found:
            yield label, f"{_apart(group, unit)}: on one side only, in no answer above"
    for note in made.notes:
        yield "note", note
    yield "method", f"{made.method} on both sides, from stored facts: a new method is no change"


def _counted(one: Counted) -> str:
    judges = f", {one.judge_calls:,} by judges" if one.judge_calls else ""
    covered = "" if one.coverage >= 1 - 1e-9 else f", figures for {percent(one.coverage)} of calls"
    runs = f"{one.runs:,} run{'s' * (one.runs != 1)}"
    return f"{clean(one.name)}: {runs}, {one.calls:,} calls{judges}, {one.tokens:,} tokens{covered}"


def _rough(one: Counted, unit: str) -> str:
    return between(Range(one.low, one.amount, one.high), unit)


def _effect(effect: float, unit: str) -> str:
    sign = "+" if effect > 0 else "-"
    size = abs(effect)
    return sign + between(Range(size, size, size), unit)


def _causes(kinds: list[str]) -> str:
    return ", ".join(dict.fromkeys(CAUSES.get(kind, kind) for kind in kinds))


def _apart(one: Apart, unit: str) -> str:
    where = f"{clean(one.project) or '(no project)'} on {clean(one.job)}"
    return f"{where}, {one.calls:,} calls, {between(Range(one.low, one.low, one.high), unit)}"


def text(made: Outcome) -> str:
    """For a terminal."""
    pairs = list(lines(made))
    width = max(len(label) for label, _ in pairs)
    return "".join(f"{label:<{width}}  {line}\n" for label, line in pairs)


def markdown(made: Outcome) -> str:
    """For a comment or a step summary."""
    pairs = list(lines(made))
    head = [f"### Greener? {escape(made.before.name)} → {escape(made.after.name)}", ""]
    return "\n".join(head + [f"- **{label or 'and'}** {escape(line)}" for label, line in pairs]) + "\n"
