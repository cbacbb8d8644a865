"""A weighed scenario as a page: the answer, what it is of, what would turn it, what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from jevons.factors.places import chain, known, name_of
from jevons.report.comparison import in_words
from jevons.report.document import Range
from jevons.report.numbers import between, digits, percent
from jevons.report.text import printable
from jevons.weigh.scenario.amount import EXACT
from jevons.weigh.scenario.document import Benefit, BreakEven, Decides, Stated, Verdict, ViewOf, Weighed
from jevons.weigh.scenario.document import Range as Drawn

WIDTH, LABEL = 80, 10
UNITS = {"gCO2e": "g", "Wh": "Wh", "L": "L", "USD": "USD"}
WHAT = {"carbon": "carbon", "energy": "energy", "water": "water", "money": "money"}
ORDERS = {
    "first": "what the flows themselves take (counted above)",
    "second": "what changes because of it, at those who use it",
    "higher": "what changes in what people do, buy and build",
}
SIGNS = {"more": "+", "less": "-", "unknown": "?"}
MOST = 5
COLUMN = 15
DOLLARS = ((1e7, 1e6, "M"), (1e4, 1e3, "k"), (0.0, 1.0, ""))
"""From which amount on, its scale and prefix."""


def text(made: Weighed) -> str:
    """For a terminal, 80 columns."""
    train = list(_train(made))
    lines = [*_head(made), "", *train, *([""] if train else []), *answers(made), "", *levels(made), *_more(made)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _train(made: Weighed) -> Iterator[str]:
    if made.train is not None:
        from jevons.report.scenario_train import lines

        yield from lines(made)


def labelled(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """(label, line) pairs under each other; a label that repeats is left out."""
    last = ""
    for label, line in pairs:
        head = f"{label if label != last else '':<{LABEL}}"
        last = label
        yield from textwrap.wrap(
            printable(line), WIDTH, initial_indent=head, subsequent_indent=" " * LABEL, break_on_hyphens=False
        )


def _head(made: Weighed) -> Iterator[str]:
    yield printable(made.title)
    yield "=" * min(len(made.title), WIDTH)
    if made.question:
        yield from textwrap.wrap(printable(made.question), WIDTH)
    yield from textwrap.wrap(f"per {printable(made.unit)}; {WHAT[made.indicator]}; {at_home(made)}", WIDTH)


def at_home(made: Weighed) -> str:
    """Whose electricity it is at home."""
    return f"at home in {name_of(chain(made.place)[0][0])}" if known(made.place) else "at home: world average"


def answers(made: Weighed) -> Iterator[str]:
    """One line for each alternative and view."""
    titles = {level.alternative: printable(level.title) for level in made.views[0].levels}
    pairs = [("flagged", f"{flag.rule}: {flag.what}") for flag in made.flags]
    for verdict in made.views[0].verdicts:
        pairs.append(("answer", f"{titles[verdict.alternative]}, against {titles[verdict.baseline]}:"))
        for view in made.views:
            one = next(each for each in view.verdicts if each.alternative == verdict.alternative)
            beside = "" if view.claims else " (stands beside, claims nothing)"
            pairs.append(("", f"{view.view}: {said(one, made, view)}{beside}"))
    if made.signs:
        pairs.append(("signs", f"the views point in different directions. {made.signs}"))
    last = None
    for label, line in pairs:
        if label == "answer" and last is not None:
            yield ""
        if label:
            last = label
        yield from labelled([(label, line)])


def said(one: Verdict, made: Weighed, view: ViewOf) -> str:
    """A verdict in words."""
    what = WHAT[made.indicator]
    if one.verdict == "same":
        return f"the same {what}, exactly"
    if one.verdict == "unknown":
        return f"unknown: {'; '.join(one.why)}"
    if one.verdict == "refused":
        return f"refused, unequal boundaries: {'; '.join(one.why)}"
    seen = _change(one, made)
    if one.verdict == "not shown":
        side = max(one.sure, 1 - one.sure)
        show = f"; what would show it: {one.show}" if one.show else ""
        return f"not shown: {seen}, {percent(side)} of draws agree{show}"
    answer = "yes, less" if one.verdict == "less" else "no, more"
    return f"{answer}: {seen}" if view.claims else f"{one.verdict}: {seen}"


def _change(one: Verdict, made: Weighed) -> str:
    if one.ratio is not None and one.ratio.mid > 0:
        return span(one.ratio)
    if one.difference is None:
        return ""
    low, high = sorted((abs(one.difference.low), abs(one.difference.high)))
    same = one.difference.low * one.difference.high >= 0
    unit = UNITS[made.measure]
    if same:
        return f"{amount(Drawn(low, (low + high) / 2, high), unit)} {'less' if one.difference.high <= 0 else 'more'}"
    ends = [amount(Drawn(end, end, end), unit) for end in (-one.difference.low, one.difference.high)]
    return f"from {ends[0]} less to {ends[1]} more"


def span(ratio: Drawn) -> str:
    """``40 % less (54 % less to 26 % less)``, ``the same``."""
    low, mid, high = (times(end) for end in (ratio.low, ratio.mid, ratio.high))
    return mid if low == high else f"{mid} ({low} to {high})"


def times(ratio: float) -> str:
    """``40 % less``, ``1/51 of it``, ``3.1 times as much``, ``the same``."""
    if abs(ratio - 1) < 1e-6:
        return "the same"
    return f"1/{digits(1 / ratio)} of it" if 0 < ratio < 0.1 else in_words(ratio)


def amount(figure: Drawn, unit: str) -> str:
    """An interval with its unit; with exponents where it would be too wide for a column."""
    if unit == "USD":
        _, scale, prefix = next(step for step in DOLLARS if figure.high >= step[0])
        ends = dict.fromkeys(f"${digits(end / scale)}{prefix}" for end in (figure.low, figure.high))
        made = "-".join(ends)
    else:
        made = between(Range(figure.low, figure.mid, figure.high), unit).replace("–", "-")
    return made if len(made) <= COLUMN else f"{figure.low:.0e}-{figure.high:.0e} {unit}"


def levels(made: Weighed) -> Iterator[str]:
    """Alternatives by views, rough."""
    yield from textwrap.wrap(
        f"Levels per unit, rough (90 %), and how likely each is least {WHAT[made.indicator]}:", WIDTH
    )
    yield from table(made.views, UNITS[made.measure])
    for one in made.others:
        yield ""
        yield f"{WHAT[one.view]}{' (long run)' if one.claims else ''}"
        yield from table([one], {"energy": "Wh", "water": "L", "money": "USD", "carbon": "g"}[one.view])


def table(views: list[ViewOf], unit: str) -> Iterator[str]:
    """Rows are alternatives, columns views."""
    room = WIDTH - 3 - 20 * len(views)
    if len(views) > 1:
        yield f"{'':<{room}}" + "".join(f"{one.view:>20}" for one in views)
    for at, level in enumerate(views[0].levels):
        name = printable(level.title)
        row = f"{name if len(name) < room else name[: room - 2] + '~':<{room}}"
        for view in views:
            of = view.levels[at]
            sure = f" {of.best:>4.0%}" if of.best is not None else ""
            cell = "unknown" if of.figure is None else f"{amount(of.figure, unit)}{sure}"
            row += f"{cell:>20}" if len(cell) < 20 else f" {cell}"
        yield row


def _more(made: Weighed) -> Iterator[str]:
    pairs: list[tuple[str, str]] = []
    for view in made.views:
        if not view.claims:
            continue
        for verdict in view.verdicts:
            if verdict.decides:
                against = f"{view.view}, {verdict.alternative}"
                pairs.append(("decides", f"({against}) {decides(verdict.decides)}"))
            if turning := turns(verdict.break_evens):
                pairs.append(("turns at", f"({view.view}, {verdict.alternative}) {turning}"))
    pairs += [("benefits", benefit(one)) for one in made.benefits]
    pairs += [
        ("people", f"{name}: {digits(hours.low)}-{digits(hours.high)} h of people's time per unit")
        for name, hours in made.people_h.items()
    ]
    pairs += _tree(made)
    pairs += [("note", note) for note in made.notes]
    pairs += [("inputs", stated(one)) for one in made.inputs if one.shape != EXACT]
    exact = ", ".join(stated(one) for one in made.inputs if one.shape == EXACT)
    pairs += [("exact", exact)] if exact else []
    pairs += [("default", f"{one.what}: {one.value} [{one.source}]") for one in made.defaults]
    sources = list(dict.fromkeys(map(cited, made.factors)))
    listed = dict.fromkeys(f"{factor(one)} [{sources.index(cited(one)) + 1}]" for one in made.factors)
    pairs += [("factors", line) for line in listed]
    pairs += [("sources", f"[{number}] {source}") for number, source in enumerate(sources, 1)]
    said = f"{made.method}, {made.draws:,} joint draws, seed {made.seed}; claims at 95 % of draws; {made.schema}"
    pairs.append(("method", said))
    if pairs:
        yield ""
        last = ""
        for label, line in pairs:
            indent = LABEL + 4 if line.startswith("  ") else LABEL
            head = f"{label if label != last else '':<{LABEL}}"
            last = label
            yield from textwrap.wrap(
                printable(line), WIDTH, initial_indent=head, subsequent_indent=" " * indent, break_on_hyphens=False,
                drop_whitespace=True,
            )  # fmt: skip


def decides(of: list[Decides]) -> str:
    """The inputs that the answer's uncertainty comes from."""
    shown = [f"{one.what} {percent(max(one.share, 0.0))}" for one in of if one.share >= 0.005][:MOST]
    mine = next((f"{one.what} ({percent(max(one.share, 0.0))})" for one in of if one.stated), "")
    return ", ".join(shown) + (f"; of what you can find out: {mine}" if mine else "")


def turns(of: list[BreakEven]) -> str:
    """The inputs that would turn the answer, the nearest first."""
    stated = [one for one in of if one.unit != "times its value"]
    near = [one for one in of if one.at is not None and one.unit == "times its value"][:1]
    shown = [_turn(one) for one in [*[one for one in stated if one.at is not None][:MOST], *near]]
    never = [one.what for one in stated if one.at is None]
    if never:
        shown.append(f"no value of {', '.join(never[:MOST])} does (a thousandth to a thousand times)")
    return "; ".join(shown)


def _turn(one: BreakEven) -> str:
    if one.at is None:
        return ""
    if one.unit == "times its value":
        return f"{one.what} at {digits(one.at)} times its value"
    unit = "" if one.unit == "1" else f" {one.unit}"
    inside = ", inside its interval" if one.within else ""
    return f"{one.what} at {digits(one.at, 3)}{unit} (is {digits(one.stands, 3)}{inside})"


def _tree(made: Weighed) -> Iterator[tuple[str, str]]:
    yield "tree", "consequences by their order (the frame of ITU-T L.1480)"
    for order, words in ORDERS.items():
        of_order = [one for one in made.consequences if one.order == order]
        if of_order:
            yield "tree", f"{order} order: {words}"
        for one in of_order:
            source = f" [{one.source}]" if one.source else ""
            yield "tree", f"  {SIGNS[one.sign]} {one.what}{'' if one.counted else '; not counted'}{source}"


def stated(one: Stated) -> str:
    """An input in a line."""
    unit = "" if one.unit == "1" else f" {one.unit}"
    if one.shape == EXACT:
        return f"{one.what} {digits(one.mid, 4)}{unit}"
    ends = "-".join(digits(end, 3) for end in (one.low, one.mid, one.high))
    return f"{one.what}: {ends}{unit}, {one.shape} [{one.source}]"


def cited(one: dict[str, Any]) -> str:
    """Source and licence of a factor."""
    return f"{one['source']} ({one['licence']})"


def factor(one: dict[str, Any]) -> str:
    """A factor in a line, without its source."""
    ends = "" if one["low"] == one["high"] else f" ({digits(one['low'])}-{digits(one['high'])})"
    unit = "" if one["unit"] == "1" else f" {one['unit']}"
    when = f" {one['year']}" if one["year"] else ""
    return f"{one['name']}, {one['place']}{when}: {digits(one['value'], 3)}{ends}{unit}"


def benefit(one: Benefit) -> str:
    """A benefit in a line: predicted, and real."""
    what = f"{one.alternative}: {one.benefit.replace('_', ' ')}"
    unit = f" {one.unit}" if one.unit == "h" else ""
    said = "not predicted"
    if one.predicted is not None:
        said = f"predicted {digits(one.predicted.low)}-{digits(one.predicted.high)}{unit}"
    if one.real is None:
        return f"{what} {said}; real ones not known yet"
    gap = "" if one.gap is None else f", {digits(abs(one.gap))} {'more' if one.gap > 0 else 'fewer'} than predicted"
    return f"{what} {said}; real {digits(one.real, 3)}{unit}{gap} [{one.source}]"
