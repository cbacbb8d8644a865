"""Train or reuse on a page: what to take, when training has paid, what more use would do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from jevons.report.numbers import digits, percent
from jevons.report.scenario import UNITS, WIDTH, amount, labelled, span
from jevons.report.text import printable
from jevons.weigh.scenario.document import Weighed
from jevons.weigh.scenario.over_time import Candidate, Rebound, Train
from jevons.weigh.scenario.payback import LATEST_YEARS, Payback

REBOUNDS = {0.0: "none", 0.5: "half comes back", 1.0: "all comes back", 1.4: "backfire"}


def lines(made: Weighed) -> Iterator[str]:
    """All of it, before the answers."""
    of: Train = made.train
    unit = UNITS[made.measure]
    years = digits(of.horizon_years.mid)
    calls = f"{digits(of.calls.low)}-{digits(of.calls.high)}" if of.calls.low != of.calls.high else digits(of.calls.mid)
    yield from labelled([("take", of.recommendation), *([("show", of.show)] if of.show else [])])
    yield from labelled([("demand", f"{calls} calls in {years} years")])
    yield ""
    yield from textwrap.wrap("Candidates, long run: a call, a year of waiting, training once", WIDTH)
    for one in of.candidates:
        yield from _candidate(one, of, unit)
    yield ""
    yield "Over the years, long run:"
    yield from _curves(of, unit)
    if of.paybacks:
        yield ""
        yield "When training and waiting have paid, against what is there now, by boundary:"
        for pay in of.paybacks:
            yield from labelled([(pay.alternative[:9], payback(pay))])
            yield from labelled([("", pay.sides)])
    if of.rebounds:
        yield ""
        yield "If calls answer to what a call takes less (scenarios, no forecast):"
        for back in of.rebounds:
            yield from labelled([(back.alternative[:9], rebound(back))])


def _candidate(one: Candidate, of: Train, unit: str) -> Iterator[str]:
    quality = "quality not stated" if one.quality is None else f"quality {one.quality.low:.2f}-{one.quality.high:.2f}"
    asked = "" if of.asked is None else f" (asked {of.asked:.2f}: {one.meets})"
    yield from textwrap.wrap(
        f"{printable(one.title)} [{one.role}, {one.serving}]: {amount(one.per_call, unit)} a call; "
        f"waiting {amount(one.waiting_per_year, unit)} a year; training {amount(one.training, unit)}; {quality}{asked}",
        WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False,
    )  # fmt: skip


def _curves(of: Train, unit: str) -> Iterator[str]:
    marks = of.curves[0].years[:: max(len(of.curves[0].years) // 3, 1)]
    room = WIDTH - 17 * len(marks)
    yield f"{'years':<{room}}" + "".join(f"{digits(at) if at else 'at once':>17}" for at in marks)
    for one in of.curves:
        title = printable(one.alternative)
        name = title if len(title) < room else f"{title[: room - 2]}~"
        cells = [amount(figure, unit) for at, figure in zip(one.years, one.figures, strict=True) if at in marks]
        yield f"{name if len(name) < room else name[: room - 2] + '~':<{room}}" + "".join(
            f"{cell:>17}" for cell in cells
        )


def payback(one: Payback) -> str:
    """When training has paid, in a line."""
    where = f"{one.indicator}, {one.view}" if one.view else one.indicator
    if one.years is None:
        return f"{where}: not within {LATEST_YEARS:g} years in any draw"
    years = dict.fromkeys(digits(end) for end in (one.years.low, one.years.high))
    calls = "not at the middle of all inputs" if one.calls is None else f"{digits(one.calls)} calls at the middle"
    never = f"not within {LATEST_YEARS:g} years in {percent(one.never)} of draws"
    return f"{where}: {calls}; {'-'.join(years)} years ({one.date}); {never}"


def rebound(one: Rebound) -> str:
    """One scenario of rebound, in a line."""
    word = REBOUNDS.get(one.rebound, "")
    total = "" if one.verdict == "same" else f", in total {span(one.ratio)}"
    return f"R = {one.rebound:g} ({word}), {digits(one.growth)} calls for each: {one.verdict}{total}"
