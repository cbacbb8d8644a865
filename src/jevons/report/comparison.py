"""A comparison in words: two lines that answer, then why; for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jevons.report import rebound
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import FIGURES, between, digits, percent
from jevons.report.text import LINE, clean, shortened
from jevons.weigh.compare import Apart, Change, Counted, Moved, Outcome

DRIVERS = {
    "runs": "runs",
    "calls_per_run": "calls per run",
    "model_mix": "mix of models",
    "tokens_per_call": "tokens per call",
    "energy_per_token": "energy per token",
    "grid": "grid",
}
_MOST = 3
LEAST = 1e-6
"""Part of the larger side below which a driver's effect is nothing."""
CAUSES = {
    "form": "the form of the energy model", "model": "each model's own deviation", "serving": "how a model is served",
    "parameters": "sizes of closed models", "tokens": "token counts estimated from text", "grid": "the grid",
    "pue": "PUE", "host": "host", "idle": "idle reserve", "precision": "bits of the weights", "engine": "the engine",
    "local law": "the law of local models", "meter": "what the meter sees", "core_power_unknown": "power of a core",
}  # fmt: skip


def answer(change: Change | None, figure: str, remains: Sequence[str] = ()) -> str:
    """``yes, 23 % less carbon (18 to 27 % less)``."""
    what = FIGURES[figure][0]
    if change is None:
        return f"not shown: no {what} on one side"
    if change.verdict == "same":
        return f"the same {what}, exactly"
    if change.verdict == "not shown":
        seen = f"about the same {what}" if abs(change.ratio - 1) < 0.005 else f"{in_words(change.ratio)} {what}"
        return f"not shown: {seen} ({_span(change)}); what would show it: {_needed(change, remains)}"
    return f"{'yes' if change.verdict == 'less' else 'no'}, {in_words(change.ratio)} {what} ({_span(change)})"


def _needed(change: Change, remains: Sequence[str]) -> str:
    if change.why_not == "clock":
        return "more runs, as processor time counts what else the machine did"
    if change.why_not == "coverage":
        return "figures for more of the calls"
    if change.why_not == "more runs":
        return change.why_not
    return f"knowing {_causes(remains)} ([tool.jevons.serving] and models say what you know)"


def in_words(ratio: float) -> str:
    """``23 % less``, ``4 % more``, ``3.2 times as much``."""
    if ratio >= 2:
        return f"{digits(ratio)} times as much"
    if 0 < ratio < 0.005:
        return ">99 % less"
    return f"{digits(abs(ratio - 1) * 100)} % {'less' if ratio < 1 else 'more'}"


def _span(change: Change) -> str:
    """``18 to 27 % less``, ``94 % less to 16 times as much``, ``exact``."""
    ends = sorted((change.low, change.high), key=lambda ratio: abs(ratio - 1))
    near, far = (in_words(ratio) for ratio in ends)
    if near == far:
        return "exact"
    if all(ratio < 1 for ratio in ends) or all(1 < ratio < 2 for ratio in ends):
        return f"{near.partition(' ')[0]} to {far}"
    return f"{in_words(change.low)} to {in_words(change.high)}"


def verdict(made: Outcome) -> str:
    """The two answers in one line where they differ, as Jevons would have it; else empty."""
    if made.per_run is None or made.total is None:
        return ""
    words = {"less": "lighter", "more": "heavier"}
    each, whole = (words.get(one.verdict, "") for one in (made.per_run, made.total))
    return f"{each} per run, {whole} in total" if each and whole and each != whole else ""


def lines(made: Outcome) -> Iterator[tuple[str, str]]:
    """(label, line) pairs, in reading order, without what is said of rebound."""
    what, unit = FIGURES[made.figure]
    differ = verdict(made)
    if differ:
        yield "greener?", differ
    yield "" if differ else "greener?", f"per run: {answer(made.per_run, made.figure, made.remains)}"
    if made.per_run is not None and made.per_run == made.total and made.total.verdict != "same":
        each = f"{made.after.runs:,} runs on each side" if made.after.runs > 1 else "one run on each side"
        yield "", f"in total: the same answer, with {each}"
    else:
        yield "", f"in total: {answer(made.total, made.figure, made.remains)}"
    for when, side in (("before", made.before), ("after", made.after)):
        yield when, _counted(side)
    mode = "" if made.mode == "live" else " found in recordings"
    most = max(made.before.high, made.after.high)
    levels = [between(Range(side.low, side.amount, side.high), unit, most) for side in (made.before, made.after)]
    yield "rough", f"{what} of calls{mode}: {levels[0]} before, {levels[1]} after"
    if made.moved:
        asked = [_asked(one) for one in made.moved[:_MOST]]
        more = f"; and {len(made.moved) - _MOST:,} more models" if len(made.moved) > _MOST else ""
        yield "asked", "; ".join(asked) + more
    if made.drivers:
        last = "grid" if made.figure == "carbon_g" else f"{what} per Wh"
        names = DRIVERS | {"grid": last}
        least = LEAST * max(made.before.amount, made.after.amount)
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
    runs = "" if one.runs == 1 else f"{one.runs:,} runs, "
    return f"{clean(one.name)}: {runs}{one.calls:,} calls{judges}, {one.tokens:,} tokens{covered}"


def _asked(one: Moved) -> str:
    """``gpt-4o 9 calls, then 8``: the count that differs."""
    what, (before, after) = ("calls", one.calls) if one.calls[0] != one.calls[1] else ("tokens", one.tokens)
    return f"{clean(one.model) or '(no model named)'} {before:,} {what}, then {after:,}"


def _effect(effect: float, unit: str) -> str:
    sign = "+" if effect > 0 else "-"
    size = abs(effect)
    return sign + between(Range(size, size, size), unit)


def _causes(kinds: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(CAUSES.get(kind, kind) for kind in kinds))


def _apart(one: Apart, unit: str) -> str:
    where = f"{clean(one.project) or '(no project)'} on {clean(one.job)}"
    return f"{where}, {one.calls:,} calls, {between(Range(one.low, one.low, one.high), unit)}"


def text(made: Outcome) -> str:
    """For a terminal."""
    pairs = [(label, shortened(line, LINE)) for label, line in lines(made)]
    return "\n".join(filter(None, [rebound.page(pairs, len("greener?  ")), _rebound(made)]))


def _rebound(made: Outcome) -> str:
    """As `jevons rebound` says it; empty where nobody asked."""
    if made.rebound is not None:
        return rebound.text(made.rebound)
    return rebound.page([("rebound?", made.rebound_not_asked)]) if made.rebound_not_asked else ""


def markdown(made: Outcome) -> str:
    """For a comment or a step summary."""
    pairs = list(lines(made))
    head = [f"### Greener? {escape(made.before.name)} → {escape(made.after.name)}", ""]
    head += _listed(pairs)
    if made.rebound is not None:
        head += ["", *_listed(rebound.lines(made.rebound))]
    elif made.rebound_not_asked:
        head += ["", *_listed([("rebound?", made.rebound_not_asked)])]
    return "\n".join(head) + "\n"


def _listed(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"- **{label or 'and'}** {escape(clean(line))}" for label, line in pairs]
