"""Where calls ran, in words: 80 columns of text, or Markdown; sources are numbered and listed at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from jevons.factors.sites import Indicator
from jevons.footprint.interval import Interval
from jevons.report.document import Range
from jevons.report.markdown import escape
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean
from jevons.weigh.society.deals import Deal, Part, Ratio
from jevons.weigh.society.places import Place, Society, Water

UNKNOWN = "unknown"
_WIDTH = 80
_WIDE = 11
_KINDS = {
    "site": "Sites that may serve these calls",
    "operator": "Who runs the sites",
    "programme": "Programmes where calls ran",
    "sector": "All data centres beside",
    "comparator": "To compare with",
}
_SCARCER = {"yes": "scarcer than the world's mean", "no": "less scarce", UNKNOWN: "not known"}
_AT = {
    "yes": "scarcer than the world's mean all year",
    "no": "less scarce than the world's mean all year",
    UNKNOWN: "whether scarcer than the world's mean is not known",
}
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


def money(usd: float) -> str:
    """``1.9 million USD``; two digits."""
    for scale, name in ((1e9, " billion"), (1e6, " million")):
        if usd >= scale * 0.995:
            return f"{digits(usd / scale)}{name} USD"
    return f"{digits(usd)} USD"


def tiny(share: float) -> str:
    """A share that may be far below a percent: ``3.1 per trillion``."""
    for scale, name in ((1e-3, ""), (1e-6, "per million"), (1e-9, "per billion")):
        if share >= scale or not share:
            return f"{digits(share / 1e-2)} %" if not name else f"{digits(share / scale)} {name}"
    return f"{digits(share / 1e-12)} per trillion"


def bounded(one: Ratio | Indicator, show: Callable[[float], str]) -> str:
    """A figure with what is known of its bounds; ``unknown`` where nothing is."""
    if not one.known:
        return UNKNOWN
    if one.value is None:
        known = [
            f"{word} {show(end)}" for word, end in (("at least", one.low), ("at most", one.high)) if end is not None
        ]
        return " and ".join(known)
    if one.low == one.high == one.value:
        return show(one.value)
    if one.low is not None and one.high is not None:
        return f"{show(one.value)} ({show(one.low)} to {show(one.high)})"
    word, end = ("at most", one.high) if one.low is None else ("at least", one.low)
    if end is None:
        return show(one.value)
    return f"{word} {show(end)}" if end == one.value else f"{show(one.value)} ({word} {show(end)})"


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
        found = [deal for deal in made.deals if deal.kind == kind]
        if found:
            yield heading, []
        for deal in found:
            yield f"{deal.site} ({deal.place}; {deal.operator})", list(_deal(deal, source))
    yield "Sources", [(f"[{number}]", text) for text, number in source.listed.items()]


def _head(made: Society) -> Iterator[Line]:
    then = "" if made.mode == "live" else " found in recordings"
    covered = "all of them" if made.coverage >= 1 - 1e-9 else f"{percent(made.coverage)} of them"
    yield "counted", f"{made.calls:,} calls{then}; rough figures of {covered}, 90 % intervals"
    yield "by calls", ", ".join(f"{one.name} {one.calls:,} ({percent(one.calls_share)})" for one in made.by_status)
    yield "by energy", "; ".join(f"{one.name} {_share(one.energy_share)}" for one in made.by_status)
    least = "" if made.coverage >= 1 - 1e-9 else "at least "
    parts = [f"{word} {least}{_between(made.scarcer[answer].water_l, 'L')}" for answer, word in _SCARCER.items()]
    yield "water", f"consumed, by how scarce it is where it was taken: {'; '.join(parts)}"
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


def _deal(deal: Deal, source: _Sources) -> Iterator[Line]:
    for one in deal.indicators:
        if one.name in _WORDS:
            note = f"; {one.note}" if one.note else ""
            yield _WORDS[one.name], f"{_figure(one)}, {one.scope}, {source.of(one)}{note}"
    published = [one for one in deal.indicators if one.name == "subsidy_usd_per_job"]
    if deal.kind != "sector":
        of = f", as published, {source.of(published[-1])}" if published else ""
        yield "per job", f"{bounded(deal.per_promised_job, money)} of subsidy per promised permanent job{of}"
    if deal.kept.known:
        yield "kept", f"{bounded(deal.kept, percent)} of the promised jobs, at the year of the finding"
    for when, part in zip(("before", "after"), _ends(deal.parts), strict=False):
        yield from _part(when if len(deal.parts) > 1 else "AI share", part, deal, source)


def _ends(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    return parts if len(parts) < 2 else (parts[0], parts[-1])


def _part(label: str, part: Part, deal: Deal, source: _Sources) -> Iterator[Line]:
    share = part.ai_share
    if share is None:
        yield label, "unknown: no source tells"
    else:
        note = f"; {share.note}" if share.note else ""
        yield label, f"AI takes {bounded(share, percent)}, {share.scope}, {source.of(share)}{note}"
    energy = part.energy
    of = f"{_figure(energy)} ({energy.scope}, {source.of(energy)})"
    yield (
        "",
        f"the {deal.calls:,} calls, had they run there: {bounded(part.of_all, tiny)} of a year's {of}; "
        f"{bounded(part.of_ai, tiny)} of AI's part",
    )


def _figure(one: Indicator) -> str:
    if one.unit.startswith("USD"):
        return bounded(one, money)
    return bounded(one, lambda number: f"{number:,.4g} {one.unit}" if number < 1e4 else f"{number:,.0f} {one.unit}")


def text(made: Society, width: int = _WIDTH) -> str:
    """For a terminal: no line longer than `width` (40 at least)."""
    width = max(width, 40)
    lines: list[str] = []
    for heading, pairs in sections(made):
        if heading:
            lines += ["", *textwrap.wrap(clean(heading), width)]
        for label, line in pairs:
            lead = f"  {label:<{_WIDE}}"
            lines += textwrap.wrap(clean(line), width, initial_indent=lead, subsequent_indent=" " * len(lead))
    return "\n".join(lines) + "\n"


def markdown(made: Society) -> str:
    """For a comment or a step summary."""
    lines = ["### Where the calls ran"]
    for heading, pairs in sections(made):
        if heading:
            lines += ["", f"**{escape(clean(heading))}**"]
        lines += ["", *(f"- **{escape(label) or 'and'}** {escape(clean(line))}" for label, line in pairs)]
    return "\n".join(lines) + "\n"
