"""A plan in words: what is asked, what is likely needed, what that takes against a full run; 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from jevons.cut.plan import Cost, Needs, Plan
from jevons.report.document import Range
from jevons.report.numbers import between, digits, percent
from jevons.report.text import clean, printable
from jevons.report.waste import dollars

_WIDTH = 80


def text(made: Plan) -> str:
    """For a terminal."""
    lines: list[str] = []
    for label, line in _head(made):
        lines += _hang(label, line)
    if len(made.rows) > 1 or made.likely is None:
        lines += ["", *_table(made)]
    lines.append("")
    for label, line in _tail(made):
        lines += _hang(label, line)
    return "\n".join(lines) + "\n"


def _head(made: Plan) -> Iterator[tuple[str, str]]:
    risk = (1 - made.question.confidence) * 100
    yield "asks", f"whether {made.asks}; at most {risk:.3g} in 100 such verdicts are wrong"
    yield "guess", made.why
    if made.likely is None:
        yield "needs", "it depends: by what is true, below"
        return
    one, of = made.likely, f"of {made.items:,} items"
    yield "needs", f"median {one.median:,} {of}, mean {one.mean:,.0f}; 90 % of orders {one.low:,} to {one.high:,}"
    yield (
        "",
        f"not settled before the last item: {_chance(one.whole)}; says pass {_chance(one.passes)}, "
        + (f"fail {_chance(one.fails)}" + _open(one)),
    )


def _open(one: Needs) -> str:
    left = 1 - one.passes - one.fails
    return f", open {_chance(left)}" if left > 1e-6 else ""


def _table(made: Plan) -> Iterator[str]:
    """By what is true."""
    paired = made.question.margin is not None
    calls = next((one.per_item[1] * made.question.repeats for one in made.costs if one.unit == "calls"), None)
    widths = [9, 7, 9, 9, 17, 7, 7, 11]
    rows = [["differ by" if paired else "if passes", "in", "median", "mean", "90 % of orders", "pass", "fail", "calls"]]
    for one in made.rows:
        span = f"{one.low:,} to {one.high:,}"
        what = f"{one.rate * 100:+.3g}" if paired else f"{one.rate * 100:.3g} %"
        rows.append([
            what, percent(one.differ or 0.0), f"{one.median:,}", f"{one.mean:,.0f}", span, _chance(one.passes),
            _chance(one.fails), f"{one.median * (calls or 0):,.0f}",
        ])  # fmt: skip
    shown = [at for at in range(len(widths)) if (at != 1 or paired) and (at != 7 or calls is not None)]
    for row in rows:
        yield "".join(f"{row[at]:>{widths[at]}}" for at in shown)


def _tail(made: Plan) -> Iterator[tuple[str, str]]:
    for one in made.costs:
        yield _LABELS[one.unit], _cost(one)
    if made.costs and made.past:
        spread = made.past
        yield (
            "past",
            f"{clean(spread.test)}: {spread.executions:,} items ran in {_count(spread.runs, 'run')}, {spread.passed:,} "
            f"passed, {spread.failed:,} failed; {spread.calls:,} live calls{_models(spread.models)}",
        )
    for note in made.notes:
        yield "note", note
    how = "over all orders"
    if made.orders:
        how = f"{made.orders} orders drawn: chances are known to {100 * made.orders**-0.5:.0f} points"
    yield "method", f"{made.method}; {how}"


_LABELS = {"calls": "calls", "tokens": "tokens", "money_usd": "money", "carbon_g": "rough"}


def _cost(one: Cost) -> str:
    """``148 likely (40 to 480), of 800``."""
    least = "" if one.known >= 1 - 1e-9 else f"; known for {percent(one.known)} of calls"
    if one.unit == "carbon_g":
        full = between(Range(*one.full), "g")
        part = f"{between(Range(*one.needed), 'g', one.full[2])} likely, of " if one.needed else "a full run "
        return f"{part}{full} CO2e{least}"
    full = _amount(one.full[1], one.unit)
    span = f" ({_amount(one.full[0], one.unit)} to {_amount(one.full[2], one.unit)})"
    full += span if one.full[0] != one.full[2] else ""
    if not one.needed:
        return f"a full run {full}{least}"
    low, median, high = (_amount(end, one.unit) for end in one.needed)
    return f"{median} likely ({low} to {high}), of {full}{least}"


def _amount(value: float, unit: str) -> str:
    if unit == "money_usd":
        return dollars(value)
    return f"{value:,.0f}" if 10 <= value < 10_000 else digits(value, 3)


def _chance(share: float) -> str:
    return "0 %" if share < 1e-9 else percent(min(share, 1.0)) if share < 1 - 1e-9 else "100 %"


def _models(found: dict[str, int]) -> str:
    named = [f"{clean(model) or 'no model named'} {calls:,}" for model, calls in found.items()]
    return f" ({', '.join(named)})" if named else ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _hang(label: str, line: str) -> list[str]:
    return textwrap.wrap(
        printable(line), _WIDTH, initial_indent=f"{label:<8}", subsequent_indent=" " * 8, break_on_hyphens=False
    )
