"""Where calls ran, in words: 80 columns of text, or Markdown; sources are numbered and listed at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from jevons.factors.sites import Indicator
from jevons.footprint.interval import Interval
from jevons.report.bounds import PERCENT, TINY, UNKNOWN, USD, bounded, steps_of
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean
from jevons.weigh.society.deals import Deal, Part
from jevons.weigh.society.places import Place, Society, Water

_WIDTH = 80
_WIDE = 11
_KINDS = {
    "site": "Sites that may serve these calls",
    "operator": "Who runs the sites",
    "programme": "Programmes where calls ran, as known or assumed",
    "sector": "All data centres beside",
}
_AT = {
    "yes": "scarcer than the world's mean all year",
    "part of the year": "scarcer than the world's mean in a part of the year",
    "no": "not scarcer than the world's mean",
    UNKNOWN: "unknown beside the world's mean",
}
"""Scarcity of a place beside that of the mean litre which the world consumes."""
_WORDS = {
    "subsidy_usd": "subsidy",
    "subsidy_usd_per_year": "a year",
    "jobs_promised": "promised",
    "jobs_found": "found",
    "jobs_modelled": "modelled",
    "power_mw": "power",
}
"""Indicators that have a line of their own; the others stand in the lines of ratios."""

Line = tuple[str, str]


class _Sources:
    """Numbers of sources, in order of appearance."""

    def __init__(self) -> None:
        self.listed: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        return f"[{self.listed.setdefault(text, len(self.listed) + 1)}]"

    def of(self, one: Indicator) -> str:
        """Year and number: ``2024 [3]``."""
        return f"{one.year} {self(f'{one.source}; {one.source_url}; {one.licence}')}"


def _between(figure: Interval | None, unit: str) -> str:
    return UNKNOWN if figure is None else between(Range(*figure.ends), unit)


def _share(figure: Interval | None) -> str:
    if figure is None:
        return UNKNOWN
    low, mid, high = (percent(end) for end in figure.ends)
    return mid if low == high else f"{mid} ({low} to {high})"


def sections(made: Society) -> Iterator[tuple[str, list[Line]]]:
    """(heading, lines) in reading order; the first has no heading."""
    source = _Sources()
    yield "", list(_head(made))
    for place in made.places:
        yield place.name, list(_place(place, made, source))
    for kind, heading in _KINDS.items():
        found = [deal for deal in made.deals if deal.kind == kind and deal.calls]
        if found:
            yield heading, []
        for deal in found:
            yield _heading(deal), list(_deal(deal, source))
    others = [deal for deal in made.deals if not deal.calls]
    if others:
        yield "To compare with: subsidy per promised permanent job", [_compared(deal, source) for deal in others]
    yield "Sources", [(f"[{number}]", text) for text, number in source.listed.items()]


def _head(made: Society) -> Iterator[Line]:
    then = "" if made.mode == "live" else " found in recordings"
    covered = "all of them" if made.coverage >= 1 - 1e-9 else f"{percent(made.coverage)} of them"
    yield "counted", f"{made.calls:,} calls{then}; rough figures of {covered}, 90 % intervals"
    yield "by calls", ", ".join(f"{one.name} {one.calls:,} ({percent(one.calls_share)})" for one in made.by_status)
    yield "by energy", "; ".join(f"{one.name} {_share(one.energy_share)}" for one in made.by_status)
    least = "" if made.coverage >= 1 - 1e-9 else "at least "
    taken = [(water, _AT[answer]) for answer, water in made.scarcer.items() if water.water_l.high]
    parts = [f"{least}{_between(water.water_l, 'L')} where it is {at}" for water, at in taken]
    mean = (
        f"the world's mean litre {digits(made.world.value)} {made.world.unit}; of states and countries: basins differ"
    )
    yield "water", f"consumed: {'; '.join(parts) or UNKNOWN} ({mean})"
    if made.elsewhere:
        yield "beside", ", ".join(f"{count:,} {mode}" for mode, count in made.elsewhere.items()) + ": in no figure here"
    yield "sites", f"{len(made.deals)} of {made.sites} that are known, below; no score is made of them"


def _place(place: Place, made: Society, source: _Sources) -> Iterator[Line]:
    document = f" {source(place.source)}" if place.source else ""
    yield place.status, f"{place.why}{document}"
    providers = ", ".join(f"{name} {count:,}" for name, count in place.providers.items())
    yield "calls", f"{place.calls:,} of {made.calls:,} ({percent(place.calls_share)}): {providers}"
    covered = "" if place.coverage >= 1 - 1e-9 else f"; figures of {percent(place.coverage)} of them"
    yield "energy", f"{_between(place.energy_wh, 'Wh')}, {_share(place.energy_share)} of all{covered}"
    yield "water", _water(place.water)
    aware = place.aware
    number = source(f"{aware.source}; {aware.source_url}; {aware.licence}")
    months = f"{digits(aware.low)} to {digits(aware.high)}"
    yield (
        "scarcity",
        f"{digits(aware.value)} {aware.unit} ({months}), {aware.place}, {aware.year} {number}: {_AT[place.scarcer]}; "
        f"weighted {_between(place.weighted_l, 'L')} world eq.",
    )


def _water(water: Water | None) -> str:
    if water is None:
        return UNKNOWN
    site, power = _between(water.site_l, "L"), _between(water.power_l, "L")
    return f"{_between(water.water_l, 'L')} consumed: {site} on site, {power} at power stations"


def _heading(deal: Deal) -> str:
    """Name, place and operator, what is told once only; a sector and who serves the world by name alone."""
    place = [] if deal.kind in ("sector", "operator") else [deal.place]
    return ", ".join(dict.fromkeys([deal.site, *place, *([deal.operator] if deal.kind == "site" else [])]))


def _deal(deal: Deal, source: _Sources) -> Iterator[Line]:
    for one in deal.indicators:
        if one.name in _WORDS:
            yield _WORDS[one.name], _figure(one, source)
    if deal.kind != "sector":
        yield "per job", f"{bounded(deal.per_promised_job, USD)} of subsidy per promised permanent job"
    if deal.kept.known:
        yield "kept", f"{bounded(deal.kept, PERCENT)} of the promised jobs, at the year of the finding"
    told = deal.parts[:1] if len(deal.parts) < 2 else (deal.parts[0], deal.parts[-1])
    for when, part in zip(("before", "after") if len(told) > 1 else ["AI share"] * len(told), told, strict=True):
        yield from _part(when, part, deal, source)


def _compared(deal: Deal, source: _Sources) -> Line:
    of = [one for one in deal.indicators if one.name in ("subsidy_usd_per_job", "subsidy_usd", "jobs_promised")]
    known = ", ".join(dict.fromkeys(source.of(one) for one in of if one.known))
    line = f"{deal.site}, {deal.place}: {bounded(deal.per_promised_job, USD)}, {known}"
    found = [one for one in deal.indicators if one.name == "jobs_found" and one.known]
    if deal.kept.known and found:
        line += f"; {bounded(deal.kept, PERCENT)} of the promised jobs found, {source.of(found[-1])}"
    return "", line


def _part(label: str, part: Part, deal: Deal, source: _Sources) -> Iterator[Line]:
    share, energy = part.ai_share, part.energy
    lead = "" if label == "AI share" else "AI's share "
    yield label, lead + ("unknown: no source tells" if share is None else _figure(share, source))
    calls = f"the {deal.calls:,} calls" if deal.calls > 1 else "the one call"
    if energy is None or not energy.known:
        said = "its electricity is unknown" + (f", {source.of(energy)}; {energy.note}" if energy else "")
        yield "", f"{calls}, as a part of it: unknown, as {said}"
        return
    yield (
        "",
        f"{calls}, had they run there: {bounded(part.of_all, TINY, 2)} of {_figure(energy, source)}; of AI's part of "
        f"it: {bounded(part.of_ai, TINY, 2)}",
    )


def _figure(one: Indicator, source: _Sources) -> str:
    """``1,000 jobs (at least 400), permanent, 2024 [5]; note``."""
    note = f"; {one.note}" if one.note else ""
    return f"{bounded(one, steps_of(one), 4)}, {one.scope}, {source.of(one)}{note}"


def text(made: Society, width: int = _WIDTH) -> str:
    """For a terminal: no line longer than `width` (40 at least)."""
    width = max(width, 40)
    lines: list[str] = []
    for heading, pairs in sections(made):
        if heading:
            lines += ["", *textwrap.wrap(clean(heading), width)]
        for label, line in pairs:
            lead = f"  {label:<{_WIDE}}"
            lines += textwrap.wrap(
                clean(line), width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
            )
    return "\n".join(lines) + "\n"


def markdown(made: Society) -> str:
    """For a comment or a step summary."""
    lines = ["### Where the calls ran"]
    for heading, pairs in sections(made):
        if heading:
            lines += ["", f"**{escape(clean(heading))}**"]
        lines += ["", *(f"- **{escape(label) or 'and'}** {escape(clean(line))}" for label, line in pairs)]
    return "\n".join(lines) + "\n"
