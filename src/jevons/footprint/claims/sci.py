"""A report of Software Carbon Intensity checked against itself: do its own figures give the score that it prints?

Three rules of ISO/IEC 21031:2024, each applied within a section and to one persona (of SCI for AI), where the figures
stand in words: O + M is the total; (E x I) + M is what follows it on its line; total / R is the score in any unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

import msgspec

from jevons.footprint.claims.rules import Finding, check, compare
from jevons.footprint.claims.stated import Quantity, Span, printed
from jevons.footprint.claims.text import many, read, singular

_NOUNS = (
    "tokens?|inferences?|requests?|calls?|queries|query|parameters?|params?|FLOPs?|images?|pages?|seconds?|characters?|"
    "users?|visits?|verdicts?|runs?|transactions?|executions?|samples?|jobs?"
)
_N = r"(?<![\w.,/])(\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)"
_MANY = r"(thousand|million|mn|billion|bn)"
_COUNT = re.compile(rf"{_N}\s?(?:{_MANY}\s)?({_NOUNS})\b", re.IGNORECASE)
_TOTAL = re.compile(
    rf"(?:total|number of)\s+({_NOUNS})\b[^:=\d\n]*[:=]\s*\W*{_N}(?:\s{_MANY}\b)?(?!\s?[A-Za-z])", re.IGNORECASE
)
_TEN = re.compile(r"10*(?:,000)*|1e\d+")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_DEEPEST = 3
"""Headings further down are of their section: a total stands under one, its score under the next."""
_PERSONA = re.compile(r"\b(consumer|provider)\b", re.IGNORECASE)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile(r"(?:(\d[\d.,]*)\s?[×x*]\s?)?10(?:\^|(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]))([-⁻⁰¹²³⁴⁵⁶⁷⁸⁹\d]+)")
_SPELT = ((re.compile("CO₂"), "CO2"), (re.compile(r"(?i)\bkwh\b"), "kWh"), (re.compile(r"CO2e?q\b"), "CO2e"),
          (re.compile(r"(?i)\bgCo2e?"), "g CO2e"), (re.compile(r"(?i)\bkgCo2e?"), "kg CO2e"),
          (re.compile(r"\bgrams?\b"), "g"), (re.compile(r"\s?(?:/|per )\s?(?:week|month|quarter|year|day)\b"), ""),
          (re.compile(r"[*_`]"), ""))  # fmt: skip


class Found(NamedTuple):
    """A finding, and the line of the text that states the figure."""

    section: str
    line: int
    finding: Finding


class _Stated(NamedTuple):
    line: int
    quantity: Quantity


class _Group:
    """What one section says of one persona."""

    def __init__(self, section: str, whole: _Group | None) -> None:
        self.section = section
        self.whole = whole
        """What the section says of no persona: a count there is of all."""
        self.parts: dict[str, list[_Stated]] = {"operational": [], "embodied": []}
        self.totals: list[_Stated] = []
        self.counts: list[_Stated] = []
        self.per_unit: list[_Stated] = []
        self.sums: list[tuple[int, list[Quantity]]] = []
        """Lines that state E, I and more than one mass."""


def check_report(text: str) -> list[Found]:
    """What a report's figures contradict, in the order of its lines; empty where they agree, or say too little."""
    found = [one for group in _groups(text) for one in (*_sums(group), *_equations(group), *_scores(group))]
    return sorted(found, key=lambda one: one.line)


def _groups(text: str) -> list[_Group]:
    groups: dict[tuple[int, str], _Group] = {}
    section, number, persona, deep = "", 0, "", 0
    for at, raw in enumerate(text.splitlines(), 1):
        heading = _HEADING.match(raw)
        named = _PERSONA.search(raw)
        if heading:
            level = len(heading[1])
            if level <= _DEEPEST:
                section, number = heading[2].strip(), at
            if named or level <= deep:  # one deeper than that of a persona is about the same persona
                persona, deep = (named[1].lower(), level) if named else ("", 0)
        whose = named[1].lower() if named else persona
        whole = groups.setdefault((number, ""), _Group(section, None))
        _take(groups.setdefault((number, whose), _Group(section, whole)), at, _plain(raw))
    return list(groups.values())


def _plain(line: str) -> str:
    """One spelling: 10²² as 1e22, CO₂ as CO2; without emphasis and periods of time."""
    line = _POWER.sub(lambda power: f"{power[1] or '1'}e{power[2].translate(_SUPER)}", line)
    for pattern, spelt in _SPELT:
        line = pattern.sub(spelt, line)
    return line


def _take(group: _Group, at: int, line: str) -> None:
    quantities = read(line)
    kinds = [one.kind for one in quantities]
    masses = [one for one in quantities if one.kind == "carbon"]
    if kinds.count("energy") == kinds.count("intensity") == 1 and len(masses) > 1:
        group.sums.append((at, quantities))
        return
    part = next((name for name in group.parts if name[:4] in line.lower()), "")
    into = group.parts[part] if part else group.totals
    into += [_Stated(at, one) for one in masses]
    group.per_unit += [_Stated(at, one) for one in quantities if one.kind == "per_unit"]
    for match in _COUNT.finditer(line):
        if line[: match.start()].rstrip().endswith(("/", "per")) and _TEN.fullmatch(match[1]):
            continue  # what a score is per
        group.counts.append(_Stated(at, _counted(match[1], match[2], match[3])))
    for match in _TOTAL.finditer(line):
        group.counts.append(_Stated(at, _counted(match[2], match[3], match[1])))


def _counted(number: str, how_many: str | None, noun: str) -> Quantity:
    """A count; FLOPs and tokens of a report are as exact as they are printed."""
    made = printed("count", number, noun=singular(noun))
    by = many((how_many or "").lower())
    return msgspec.structs.replace(made, value=made.value * by, step=made.step * by)


def _sums(group: _Group) -> Iterator[Found]:
    """O + M = total, where all three are stated, one of each."""
    parts = [rows[0] for rows in group.parts.values() if len(rows) == 1]
    totals = {one.quantity.span.mid: one for one in group.totals}
    if len(parts) == 2 and len(totals) == 1:
        (total,) = totals.values()
        summed = reduce(Span.__add__, (one.quantity.span for one in parts))
        for finding in compare("total = operational + embodied", total.quantity, [(summed, "operational + embodied")]):
            yield Found(group.section, total.line, finding)


def _equations(group: _Group) -> Iterator[Found]:
    """(E x I) + M = what is printed last on the line."""
    for line, quantities in group.sums:
        energy, intensity = (next(one for one in quantities if one.kind == kind) for kind in ("energy", "intensity"))
        *made, stated = (one for one in quantities if one.kind == "carbon")
        follows = reduce(Span.__add__, (one.span for one in made), energy.span * intensity.span)
        how = f"{energy} x {intensity} + {' + '.join(map(str, made))}"
        for finding in compare("SCI = (E x I) + M", stated, [(follows, how)]):
            yield Found(group.section, line, finding)


def _scores(group: _Group) -> Iterator[Found]:
    """Total / R, where the section states a mass and a count of that unit."""
    totals = [one.quantity for one in group.totals]
    rows = [one.quantity for one in [*group.parts["operational"], *group.parts["embodied"]]]
    if not totals and rows and all(len(of) == 1 for of in group.parts.values()):
        summed = reduce(Span.__add__, (one.span for one in rows))
        totals = [Quantity(kind="carbon", value=summed.mid, unit="kg", step=summed.high - summed.low)]
    counts = [one.quantity for one in [*group.counts, *(group.whole.counts if group.whole else [])]]
    for line, quantity in group.per_unit:
        for finding in check([*totals, *counts, quantity]):
            if finding.rule.startswith("per unit"):
                yield Found(group.section, line, finding)
