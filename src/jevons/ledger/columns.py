"""What a call tells of its cell, for engines: as columns, and as one text.

Expressions of narwhals over a lazy frame of calls (see `jevons.ledger.engine`).
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from jevons.ledger.days import DAY_US, HOUR_US, SECONDS_1970_TO_2100

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

_CUT, _NONE = 1 << 40, 1 << 41
KEY = ("kind", "provider", "host_class", "answered_by", "region", "mode", "usage", "outcome")
STATE = ("clock", "silent", "overcached")
"""What decides which sums count, with the key: see `engine.cells`."""
_WORDS, _NUMBERS = (*KEY[:-1], "role"), (
    "outcome", "clock", "silent", "overcached", "day", "failed", "again", "repeat", "context",
)  # fmt: skip
TOLD = (*_WORDS, *_NUMBERS)
"""What `text` tells, in order. Who changes it gives the column another name: files keep what was written."""
FLAGS = ("role", "repeat", "failed", "again", "context")
"""What `recorded.Whose` takes of it."""
CELL = "cell"
"""The column of the text."""
_BETWEEN, _ESCAPE = "\x1f", "\x1e"
MADE = (
    "answered_by", "outcome", "hour", "day", "place", "failed", "again", "clock", "silent", "overcached", "context",
)  # fmt: skip
"""Columns that `keyed` adds; one of that name that was there is lost."""


def keyed(calls: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Calls with the columns of their physics key, and those of `recorded.Whose` that a call tells by itself."""
    import narwhals.stable.v2 as nw

    from jevons.ledger.recorded import CONTEXTS

    error, status = nw.col("error"), nw.col("status").cast(nw.Int64)
    whole, output, reasoning = (nw.col(f"{name}_tokens").fill_null(0) for name in ("input", "output", "reasoning"))
    cut = (error == "cut") | (error == "stream_error")
    context = reduce(lambda rest, size: _either(whole > size, nw.lit(size), rest), CONTEXTS, nw.lit(0))
    return calls.with_columns(
        answered_by=_either(nw.col("model_answered") == "", nw.col("model"), nw.col("model_answered")),
        outcome=_either(error == "", status.fill_null(200), _either(cut, nw.lit(_CUT), status.fill_null(_NONE))).cast(
            nw.Int64
        ),
        hour=began_us(HOUR_US),
        day=began_us(DAY_US),
        place=place(),
        failed=(error != "") | (status.fill_null(0) >= 400),
        again=nw.col("retry") > 0,
        clock=nw.col("timed") & ~nw.col("decode_us").is_null(),
        silent=output - reasoning <= 1,
        overcached=nw.col("cached_tokens").fill_null(0) > whole,
        context=context.cast(nw.Int64),
    )


def asks() -> nw.Expr:
    """Of keyed calls: whether a call can be a repeat (as `repeats.exact`)."""
    import narwhals.stable.v2 as nw

    mode = nw.col("mode")
    return ~nw.col("failed") & (nw.col("request_hash") != "") & ((mode == "live") | (mode == "recorded"))


def repeated(calls: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Keyed calls with ``repeat``: whether an earlier call of the run asked the same (as `repeats.exact`)."""
    import narwhals.stable.v2 as nw

    times = (
        nw.col("asked")
        .cum_sum()
        .over("run", "mode", "request_hash", order_by=["started_us", "source", "index", "id"])
        .cast(nw.Int64)
    )
    marked = calls.with_columns(asked=_either(asks(), nw.lit(1), nw.lit(0)).cast(nw.Int64))
    return marked.with_columns(times=times).with_columns(repeat=(nw.col("asked") == 1) & (nw.col("times") > 1))


def text() -> nw.Expr:
    """Of keyed calls with ``repeat``: `TOLD` as one text, which `told` reads."""
    import narwhals.stable.v2 as nw

    words = [
        nw.col(name).str.replace_all(_ESCAPE, f"{_ESCAPE}0", literal=True).str.replace_all(
            _BETWEEN, f"{_ESCAPE}1", literal=True
        )
        for name in _WORDS
    ]  # fmt: skip
    numbers = [nw.col(name).cast(nw.Int64).cast(nw.String) for name in _NUMBERS]
    return nw.concat_str(*words, *numbers, separator=_BETWEEN)


def told(cell: str) -> list[Any]:
    """What a `text` tells, as in `TOLD`."""
    parts = cell.split(_BETWEEN)
    words, numbers = parts[: len(_WORDS)], map(int, parts[len(_WORDS) :])
    if _ESCAPE in cell:
        words = [word.replace(f"{_ESCAPE}1", _BETWEEN).replace(f"{_ESCAPE}0", _ESCAPE) for word in words]
    return [*words, *numbers]


def status_class(number: int) -> str:
    """Class of a status, or of what came in its place (as `cells.status_class`)."""
    return "cut" if number == _CUT else "none" if number == _NONE else f"{(number or 200) // 100}xx"


def began_us(length_us: int) -> nw.Expr:
    """First microsecond of a call's hour or day (UTC); -1 for one that does not tell."""
    import narwhals.stable.v2 as nw

    us = nw.col("started_us")
    known = (us >= 1_000_000) & (us < SECONDS_1970_TO_2100 * 1_000_000)
    return _either(known, us - us % length_us, nw.lit(-1)).cast(nw.Int64)


def place() -> nw.Expr:
    """The file where a call stands."""
    import narwhals.stable.v2 as nw

    return _either(nw.col("mode") == "recorded", nw.col("source"), nw.col("file"))


def _either(condition: nw.Expr, then: nw.Expr, otherwise: nw.Expr) -> nw.Expr:
    import narwhals.stable.v2 as nw

    return nw.when(condition).then(then).otherwise(otherwise)
