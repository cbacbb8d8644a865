"""What is said of a group's verdict: while it runs, in the failure that it makes, and at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from jevons.cut.verdict import family
from jevons.cut.verdict.finite import Decision
from jevons.pytest_plugin.verdict_group import Group

_MOST = 10
"""Names in a list, unless more are asked for."""


def begun(group: Group, most: int = 3) -> str:
    """Before it runs."""
    size, spec = len(group.sequence.order), group.spec
    return f"verdict on {spec.name}: {size} items, {ordered(group, most)}{_selected(group)}"


def ordered(group: Group, most: int = 3) -> str:
    """The drawn order; all of it or its beginning."""
    names = [item.removeprefix(group.spec.name) for item in group.order]
    rest = f", ... (-v: all {len(names)})" if len(names) > most else ""
    return f"order drawn with seed {group.spec.seed}: {', '.join(names[:most])}{rest}"


def failure(group: Group, decision: Decision | None) -> str:
    """Why a group fails the session, in a text whose first line stands in pytest's summary."""
    said = str(group.sequence) if decision == group.sequence.decision else _complete(group, decision)
    first = f"verdict {said}" if decision else f"verdict not settled: {said.removeprefix('open: ')}"
    lines = [first + _selected(group)]
    unknown = [item for item in group.order if item not in group.ended or group.ended[item].outcome is None]
    if unknown and decision is None:
        lines += ["", f"{len(unknown)} without outcome (skipped, in error, never run): {listed(unknown)}"]
    failed = {item: why for item in group.order if (why := _why(group, item)) is not None}
    if failed:
        lines += ["", f"{len(failed)} failed items (--xfail-tb prints their tracebacks):"]
        lines += [f"  {item}: {why}" if why else f"  {item}" for item, why in list(failed.items())[:_MOST]]
        if len(failed) > _MOST:
            lines.append(f"  ... and {len(failed) - _MOST} more (-rx lists them all)")
    return "\n".join(lines)


def _why(group: Group, item: str) -> str | None:
    return group.ended[item].failed if item in group.ended else None


def told(group: Group, mode: str, stopped: str, counting: bool, most: int) -> list[str]:
    """Lines on one group at the end. `counting`: whether calls are recorded."""
    sequence = group.sequence
    said = str(sequence)
    if stopped and not sequence.settled:
        said = f"no verdict, {stopped}: {said}"
    if mode == "on":
        lines = [said]
    else:
        how = "all items run" if mode == "full" else "off: all items run, and each decides by itself"
        lines = [f"{how}. {_complete(group, group.counted_out)}", f"stopped early, it would have been: {said}"]
    lines[0] += _selected(group)
    used, not_used = group.used, group.not_used
    ran = [group.ended[item] for item in used]
    unknown = sum(one.outcome is None for one in ran)
    parts = [f"{sum(one.failed is None and one.outcome is not None for one in ran)} passed"]
    parts += [f"{sum(one.failed is not None for one in ran)} failed"]
    parts += [f"{unknown} without outcome, so it holds whatever that would have been"] if unknown else []
    lines.append(f"{'tries ' if group.question.repeats > 1 else ''}used: {', '.join(parts)}")
    if mode == "on" and not_used:
        lines.append(f"ran, not used: {len(not_used)} ({listed(not_used, most)})")
    if counting:
        lines.append(_calls(group, not_used))
    lines.append(ordered(group, most if most > _MOST else 3))
    return lines


def _calls(group: Group, not_used: Sequence[str]) -> str:
    calls = sum(one.calls for one in group.ended.values())
    unused, never = sum(group.ended[item].calls for item in not_used), len(group.order) - len(group.ended)
    line = f"calls: {calls:,} counted"
    if unused:
        line += f", {unused:,} of them not needed"
    if never and group.ended:
        line += (
            f"; {never:,} items made none (about {calls * never / len(group.ended):,.0f} calls, at the others' rate)"
        )
    return line


def _complete(group: Group, decision: Decision | None) -> str:
    """What a complete run said, which is no matter of confidence."""
    passed = sum(one.failed is None and one.outcome is not None for one in group.ended.values())
    return f"{decision or 'not settled'}: of the complete run, {passed} of {len(group.order)} items passed"


def families(groups: Iterable[Group]) -> str:
    """The risk of all verdicts together; empty where there are not several that could be wrong."""
    risky = [one.question.confidence for one in groups if one.sequence.settled and not one.sequence.certain]
    return family.told(risky) if len(risky) > 1 else ""


def listed(names: Sequence[str], most: int = _MOST) -> str:
    """Names, and how many more."""
    return ", ".join(names[:most]) + (f", ... and {len(names) - most} more" if len(names) > most else "")


def _selected(group: Group) -> str:
    return f"; on a selection: {group.spec.selected}" if group.spec.selected else ""


def wrapped(lines: Iterable[str], width: int) -> str:
    """Lines, each indented and broken at blanks only: names stay whole."""
    fill = textwrap.TextWrapper(width, "  ", "    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(fill.fill(line) for line in lines)
