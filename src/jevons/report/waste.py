"""A plan of what to cut, in words: how much of the job is AI, what all findings save, then each; text and Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from jevons.cut.waste.job import Job
from jevons.cut.waste.plan import Finding, Plan, Saving, Share
from jevons.report.comparison import CAUSES
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean, printable

NAMED = 2
"""Tests and sites that a text names of each finding."""
_WIDTH = 80
_RISKS = {"neutral": "without risk", "check": "with a check", "changes the test": "changing tests, too"}


def text(made: Plan, width: int = _WIDTH) -> str:
    """For a terminal."""
    lines: list[str] = []
    for label, line in head(made):
        lines += _hang(f"{label:<9}", line, width)
    for number, one in enumerate(made.findings, 1):
        lines.append("")
        lines += _hang(f"{number:>2}. ", clean(one.what), width)
        for label, line in body(one, made):
            lines += _hang(f"    {label:<8}", line, width)
    tail = list(_tail(made))
    if tail:
        lines.append("")
        for label, line in tail:
            lines += _hang(f"{label:<9}", line, width)
    return "\n".join(lines) + "\n"


def markdown(made: Plan) -> str:
    """For a comment or a step summary."""
    lines = ["### What to cut", ""]
    lines += [f"- **{label or 'and'}** {escape(line)}" for label, line in head(made)]
    for number, one in enumerate(made.findings, 1):
        lines += ["", f"{number}. {escape(clean(one.what))}"]
        lines += [f"   - **{label}** {escape(line)}" for label, line in body(one, made)]
    lines += ["", *(f"- **{label}** {escape(line)}" for label, line in _tail(made))]
    return "\n".join(lines) + "\n"


def head(made: Plan) -> Iterator[tuple[str, str]]:
    """(label, line) pairs that come before the findings."""
    if made.job is not None:
        yield from _job(made.job)
    calls = f"{made.calls:,} {made.mode} calls" if made.mode == "live" else f"{made.calls:,} calls found in recordings"
    cached = f" ({made.tokens_cached:,} cached)" if made.tokens_cached else ""
    yield "counted", f"{calls}, {made.tokens_in:,} tokens in{cached}, {made.tokens_out:,} out"
    then = "" if made.mode == "live" else "when they were recorded: "
    least = "" if made.coverage >= 1 - 1e-9 else f"at least, figures for {percent(made.coverage)} of calls: "
    yield (
        "rough",
        f"{then}{least}{between(Range(*made.energy_wh), 'Wh')}, {between(Range(*made.carbon_g), 'g')} CO2e"
        + (f", {dollars(made.usd)}" if made.usd is not None else ""),
    )
    if not made.findings:
        yield "cut", "nothing found to cut"
    before = ""
    for one in made.together:
        saved = saving(one.saves, made)
        if saved != before:
            yield "" if before else "cut", f"{_RISKS[one.risk]}: {saved}"
        before = saved
    if len(made.findings) > 1:
        yield "", "(findings overlap: here each call counts once)"


def _job(one: Job) -> Iterator[tuple[str, str]]:
    runs = f"{one.runs:,} runs" if one.runs > 1 else "the run"
    yield (
        "ai",
        f"calls were in flight for {_seconds(one.ai_s)} of {_seconds(one.wall_s)} of {runs}: {percent(one.share)}",
    )
    beside = between(Range(*one.machine_wh), "Wh")
    line = f"{between(Range(*one.ai_wh), 'Wh')}, beside {beside} that one busy core a worker takes in that time"
    if one.verdict:
        line += ": trivial, look for waste in the tests' own computing first"
    yield "", line


def body(one: Finding, made: Plan) -> Iterator[tuple[str, str]]:
    """(label, line) pairs of a finding."""
    saved = saving(one.saves, made)
    if one.saves.calls == 0:
        saved = f"{saved}; {_count(one.calls, 'call')} concerned"
    yield "saves", ("at most " if one.at_most else "") + saved
    yield from _where(one, made)
    yield "do", one.do[0]
    for other in one.do[1:]:
        yield "or", other
    yield "risk", f"{one.risk}: {one.why}"
    if one.saves.eaten_by is not None and one.saves.eaten_by >= 1.005:
        yield "jevons", f"{_times(one.saves.eaten_by)} as much AI would eat the saving"


def saving(one: Saving, made: Plan) -> str:
    """What is saved, in words: calls, tokens, part of the carbon, rough grams, dollars."""
    parts = []
    tokens = one.tokens_in + one.tokens_out
    if one.calls:
        parts.append(f"{_count(one.calls, 'call')} ({percent(one.calls / made.calls)})")
    if tokens:
        parts.append(f"{tokens:,} tokens")
    if one.tokens_cached:
        parts.append(f"{one.tokens_cached:,} tokens from a cache")
    if not parts and not one.carbon:
        return "not counted"
    if one.carbon is not None and (parts or one.carbon.mid):
        parts.append(_share(one.carbon))
    if one.carbon_g[2] > 0:
        parts.append(f"roughly {between(Range(*one.carbon_g), 'g')}")
    if one.usd:
        parts.append(dollars(one.usd))
    return ", ".join(parts) or "not counted"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _share(one: Share) -> str:
    low, high = (digits(end * 100) for end in (one.low, one.high))
    span = "" if low == high else f" ({low} to {high} %)"
    causes = ", ".join(dict.fromkeys(CAUSES.get(kind, kind) for kind in one.remains)) if span else ""
    unsure = f"; unsure: {causes}" if causes and one.high - one.low > 0.1 else ""
    return f"{percent(one.mid)} of carbon{span}{unsure}"


def _where(one: Finding, made: Plan) -> Iterator[tuple[str, str]]:
    """Tests, then call sites or recordings: the heaviest by name, each on a line of its own."""
    kind = "call site" if made.mode == "live" else "recording"
    label = "where"
    places = [(one.tests, one.test_count, "test"), (one.sites, one.site_count, kind)]
    if made.mode == "recorded" and one.tests:
        places = places[:1]  # a recording is its test's
    for found, count, what in places:
        named = found if count == len(found) <= NAMED else found[:NAMED]
        for place in named:
            yield label, f"{clean(place.name)} ({place.calls:,})"
            label = ""
        if count > len(named):
            yield "", f"and {count - len(named):,} more {what}{'s' * (count - len(named) > 1)}"


def _tail(made: Plan) -> Iterator[tuple[str, str]]:
    for note in made.notes:
        yield "note", note
    yield "method", f"{made.method}, {clean(made.runs)}; 90 % intervals; Jevons is shown as a scenario, not predicted"


def _times(factor: float) -> str:
    return f"{digits(factor, 3)} times"


def _seconds(seconds: float) -> str:
    if seconds >= 120:
        return f"{digits(seconds / 60)} min"
    return f"{digits(seconds)} s"


def dollars(usd: float) -> str:
    """``$1.23``; two digits below a cent."""
    return f"${usd:,.2f}" if abs(usd) >= 0.1 or not usd else f"${digits(usd)}"


def _hang(label: str, line: str, width: int) -> list[str]:
    """A line under its label; of a name too long for it the end is kept: that is where tests differ."""
    room = width - len(label)
    name, space, counted = line.rpartition(" ")
    if len(line) > room and " " not in name and len(counted) < room // 2:  # a name and its count
        line = _kept(name, room - len(space) - len(counted)) + space + counted
    line = " ".join(_kept(word, room) for word in line.split(" "))
    return textwrap.wrap(
        printable(line), width, initial_indent=label, subsequent_indent=" " * len(label), break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]  # fmt: skip


def _kept(word: str, room: int) -> str:
    return word if len(word) <= room else "…" + word[-(room - 1) :]
