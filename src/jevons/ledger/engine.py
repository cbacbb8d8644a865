"""Calls folded into cells by an engine: the same integers as `jevons.ledger.cells`, written once for all engines.

Expressions of narwhals over a lazy frame of calls (one row a call, columns as `jevons.ledger.parquet` has them, each at
its default where it says nothing). The engine adds up integers only, so every engine gives the same bits; that no sum
and no product leaves 64 bits is checked cell by cell, and a frame that may is refused (`TooLargeError`).

What a call tells of its cell is one column, ``cell``, in files that compaction wrote (`columns.text`): few different
texts, by which an engine groups in a third of the time that fifteen columns take. Other frames are grouped by those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from jevons.ledger import columns, spark
from jevons.ledger.cells import Cell, Key, Sums
from jevons.ledger.columns import CELL, FLAGS, KEY, STATE, TOLD, began_us, keyed, repeated, status_class, told
from jevons.ledger.days import HOUR_US, UNKNOWN, day, hour

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from jevons.ledger.recorded import Whose

_MOST = (1 << 63) - 1
_PLAIN = {
    "input": "input_tokens", "cached": "cached_tokens", "cache_write": "cache_write_tokens", "output": "output_tokens",
    "reasoning": "reasoning_tokens", "first_us": "first_us", "decode_us": "decode_us", "duration_us": "duration_us",
    "measured_mj": "measured_mj", "cpu_us": "cpu_us", "images": "images", "audio_ms": "audio_ms",
    "characters": "characters",
}  # fmt: skip
"""Field of `cells.Sums` -> the column that it sums."""
_PRODUCTS = {
    "read": ("input", "input"), "known": ("cached", "cached"), "written": ("output", "output"),
    "both": ("output", "input"),
}  # fmt: skip
_COUNTED = {"measured_calls": "measured_mj", "cpu_calls": "cpu_us"}


class TooLargeError(ArithmeticError):
    """Numbers whose sums may not fit in 64 bits: fold these calls in Python, which has no such bound."""


def rows(frame: nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
    """The rows of a lazy frame, whichever engine it is of."""
    native = frame.to_native()
    found: list[tuple[Any, ...]]
    if frame.implementation.is_duckdb():  # Arrow output, of DuckDB as of Spark, would need pyarrow
        found = native.fetchall()
        return found
    if frame.implementation.is_pyspark():
        found = native.collect()
        return found
    return list(frame.collect().iter_rows())


def summed(calls: nw.LazyFrame[Any], groups: Sequence[str]) -> nw.LazyFrame[Any]:
    """Keyed calls in groups, a row each: `groups`, calls, the sums of `_PLAIN` and of `_PRODUCTS`, the counts of
    `_COUNTED`, and the largest numbers met.

    No call's own numbers are put together but by a product: an engine sums a column, also one with gaps, faster than it
    works with it.
    """
    import narwhals.stable.v2 as nw

    plain = {name: nw.col(column).cast(nw.Int64) for name, column in _PLAIN.items()}
    known = calls.select(
        *groups, **plain, **{name: plain[one] * plain[other] for name, (one, other) in _PRODUCTS.items()}
    )
    largest: list[nw.Expr] = []
    if calls.implementation.is_polars():  # DuckDB and Spark refuse by themselves what does not fit
        tokens = nw.max_horizontal(*[nw.col(name).fill_null(0).abs() for name in ("input", "cached", "output")])
        number = nw.max_horizontal(*[nw.col(name).fill_null(0).abs() for name in _PLAIN])
        known = known.with_columns(tokens=tokens, largest=number)
        largest = [nw.col("tokens").max(), nw.col("largest").max()]
    sums = [nw.col(name).sum().cast(nw.Int64) for name in (*_PLAIN, *_PRODUCTS)]
    counts = [nw.col(column).count().cast(nw.Int64).alias(name) for name, column in _COUNTED.items()]
    return known.group_by(*groups).agg(nw.len().cast(nw.Int64).alias("calls"), *sums, *counts, *largest)


def cells(calls: nw.LazyFrame[Any], by: Sequence[str] = (), period: str = "hour") -> list[Cell]:
    """Cells of keyed calls, in no order; groups are the values of `by`: columns, or what `columns.TOLD` names.

    `period`: ``hour``, or ``day``, which makes the key's period the month and the day (UTC) the group's last value.
    Raises TooLargeError.
    """
    wanted = list(dict.fromkeys((*KEY, *STATE, *by, period)))
    stored = CELL in calls.collect_schema().names()
    names = [CELL, *(name for name in wanted if name not in TOLD)] if stored else wanted
    position = {name: at for at, name in enumerate((*TOLD, *names[1:]) if stored else names)}
    key_of, state_of = (itemgetter(*[position[name] for name in some]) for some in ((*KEY, period), STATE))
    group_at = [position[name] for name in by]
    made: dict[tuple[Key, tuple[Any, ...]], Sums] = {}
    for row in _refused_if_too_large(summed(calls, names)):
        of = (*told(row[0]), *row[1 : len(names)]) if stored else row
        *facts, outcome, start = key_of(of)
        began, group = _began(start, period), tuple([of[at] for at in group_at])
        if period == "day":
            group, began = (*group, began), began if began == UNKNOWN else began[:7]
        key, sums = Key._make((*facts, status_class(outcome), began)), _sums(row[len(names) :], *state_of(of))
        there = made.setdefault((key, group), sums)
        if there is not sums:  # several statuses of a class; timed and not
            there.merge(sums)
    return [Cell(key, group, sums) for (key, group), sums in made.items()]


def _sums(numbers: Sequence[int | None], clock: bool, silent: bool, overcached: bool) -> Sums:
    """The sums of calls that do not differ in `STATE`; `numbers` as `summed` has them. Raises TooLargeError."""
    calls, *whole = [number or 0 for number in numbers]
    plain = dict(zip(_PLAIN, whole, strict=False))
    read, known, written, both, measured_calls, cpu_calls, *largest = whole[len(_PLAIN) :]
    if largest and (calls * largest[1] > _MOST or calls * largest[0] ** 2 > _MOST):
        raise TooLargeError(f"{calls:,} calls of up to {largest[0]:,} tokens in one cell")
    made = Sums(calls, measured_calls=measured_calls, cpu_calls=cpu_calls, **plain)
    made.kv_reads = both + (written - made.output) // 2
    if not overcached:  # then f = input - cached, and f*cached + f*(f-1)/2 is this
        made.prefill_pairs = (read - made.input - known + made.cached) // 2
    if not clock:
        made.first_us = made.decode_us = 0
        return made
    made.timed_calls = calls
    if not silent:
        made.timed_output = made.output - made.reasoning - calls
    return made


def of_runs(calls: nw.LazyFrame[Any]) -> dict[str, list[Cell]]:
    """Run -> its cells as `recorded.of_calls` has them, of calls of which each is there once. Raises TooLargeError."""
    from jevons.ledger.recorded import in_order

    found: dict[str, list[Cell]] = {}
    for cell in cells(_repeats_known(calls), ("run", "test", "fixture", "place", *FLAGS)):
        run, test, fixture, place, *flags = cell.group
        cell.group = _whose(cell.key.period.partition("T")[0], flags, test, fixture, place)
        found.setdefault(run, []).append(cell)
    return {run: in_order(made) for run, made in found.items()}


def together(calls: nw.LazyFrame[Any], files: bool = False, hours: bool = False) -> list[Cell]:
    """Cells of `recorded.Whose` of all runs together, without test and fixture, and without file unless `files`: those
    of `of_runs`, added up, by month or by `hours`; in no order. Raises TooLargeError."""
    made = cells(_repeats_known(calls), (*FLAGS, "place") if files else FLAGS, "hour" if hours else "day")
    for cell in made:
        date = cell.key.period.partition("T")[0] if hours else cell.group[-1]
        cell.group = _whose(date, cell.group, file=cell.group[len(FLAGS)] if files else "")
    return made


def _repeats_known(calls: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Calls with all that `of_runs` asks, of which a ``cell`` that is there tells most."""
    if CELL in calls.collect_schema().names():
        return calls.with_columns(hour=began_us(HOUR_US), place=columns.place())
    return repeated(keyed(calls))


def _whose(date: str, flags: Sequence[Any], test: str = "", fixture: str = "", file: str = "") -> Whose:
    from jevons.ledger.recorded import Whose

    role, repeat, failed, again, context, *_ = flags
    return Whose(test, fixture, role, file, date, bool(repeat), bool(failed), bool(again), context)


def _refused_if_too_large(frame: nw.LazyFrame[Any]) -> Iterable[tuple[Any, ...]]:
    try:
        return rows(frame)
    except Exception as error:  # DuckDB and Spark watch them
        if type(error).__name__ in ("OutOfRangeException", "ConversionException") or spark.too_large(error):
            raise TooLargeError(str(error)) from error
        raise


def _began(start_us: int, period: str) -> str:
    """Hour or day, as text, by its first microsecond."""
    if start_us < 0:
        return UNKNOWN
    return (day if period == "day" else hour)(start_us + HOUR_US - 1)
