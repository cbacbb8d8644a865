"""Calls as cells, made by DuckDB: the same integers as `jevons.ledger.cells`, told apart by their marks.

A slice holds its sums as they are and what they would be with more of the prompts cached, or without reasoning, so that
any choice of findings is priced from one pass over the calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from jevons.cut.waste.kinds import CACHES, REMOVES, SWAPS, THINKS_LESS, mask
from jevons.cut.waste.store import Store
from jevons.ledger.cells import Cell, Key, Sums
from jevons.ledger.days import DAY_US, HOUR_US, hour, month
from jevons.ledger.recorded import CONTEXTS

_STATUS = (
    "CASE WHEN error IN ('cut', 'stream_error') THEN 'cut' WHEN status IS NULL AND error <> '' THEN 'none' "
    "ELSE (coalesce(status, 200) // 100)::VARCHAR || 'xx' END"
)
_CONTEXT = "CASE " + " ".join(f"WHEN i > {step} THEN {step}" for step in reversed(CONTEXTS)) + " ELSE 0 END"


class Slice(NamedTuple):
    """Calls of one physics key that bear the same marks."""

    key: Key
    place: str
    """Where the machine of their run stands."""
    bits: int
    swap: int | None
    """Where they could move to: a place in `Store.swaps`."""
    sums: Sums
    cached: tuple[int, int]
    """``cached`` and ``prefill_pairs`` with more of the prompts cached."""
    thoughtless: tuple[int, int]
    """``output`` and ``kv_reads`` without reasoning."""

    def cell(self, chosen: int, swaps: list[Key]) -> Cell | None:
        """The cell once the findings of the bits `chosen` are done; None where its calls are made no more."""
        bits = self.bits & chosen
        if bits & mask(REMOVES):
            return None
        key, sums = self.key, Sums(**{name: getattr(self.sums, name) for name in Sums.__struct_fields__})
        if bits & mask(CACHES):
            sums.cached, sums.prefill_pairs = self.cached
        if bits & mask(THINKS_LESS):
            sums.output, sums.kv_reads = self.thoughtless
            sums.reasoning = 0
        if bits & mask(SWAPS) and self.swap is not None:
            to = swaps[self.swap]
            key = to._replace(mode=key.mode, status=key.status, usage=key.usage, period=key.period)
        return Cell(key, (), sums)


def physics(by_hour: bool = False) -> str:
    """The columns of a `cells.Key` in SQL, the period as a number."""
    step = HOUR_US if by_hour else DAY_US
    return (
        "kind, provider, host_class, answered_by, region, mode, usage, "
        f"{_STATUS} AS status_class, greatest(started_us, 0) // {step} AS period"
    )


def key_of(row: tuple[Any, ...], by_hour: bool = False) -> Key:
    """The `cells.Key` of such columns."""
    step, period = (HOUR_US, hour) if by_hour else (DAY_US, month)
    kind, provider, host_class, model, place, mode, usage, status, at = row[:9]
    return Key(kind, provider, host_class, model, place, mode, usage, status, period(at * step))


def sums(wide: str) -> str:
    """The sums of `cells.Sums` in SQL, in their order."""
    fresh = "greatest(i - c, 0)"
    timed = "FILTER (timed AND decode_us IS NOT NULL)"
    made = {
        "calls": "count(*)",
        "input": "sum(i)",
        "cached": "sum(c)",
        "cache_write": "sum(cache_write_tokens)",
        "output": "sum(o)",
        "reasoning": "sum(r)",
        "prefill_pairs": _pairs(fresh, "c", wide),
        "kv_reads": _reads("o", wide),
        "timed_calls": f"count(*) {timed}",
        "timed_output": f"sum(greatest(o - r - 1, 0)) {timed}",
        "first_us": f"sum(first_us) {timed}",
        "decode_us": f"sum(decode_us) {timed}",
        "duration_us": "sum(duration_us)",
        "measured_calls": "count(measured_mj)",
        "measured_mj": "sum(measured_mj)",
        "cpu_calls": "count(cpu_us)",
        "cpu_us": "sum(cpu_us)",
        "images": "sum(images)",
        "audio_ms": "sum(audio_ms)",
        "characters": "sum(characters)",
    }
    return ", ".join(made[name] for name in Sums.__struct_fields__)


def _pairs(fresh: str, cached: str, wide: str) -> str:
    return f"sum(({fresh})::{wide} * ({cached}) + ({fresh})::{wide} * (({fresh}) - 1) // 2)"


def _reads(output: str, wide: str) -> str:
    return f"sum(({output})::{wide} * i + ({output})::{wide} * (({output}) - 1) // 2)"


def made(row: tuple[Any, ...]) -> Sums:
    """The `cells.Sums` of such columns."""
    return Sums(*(int(value or 0) for value in row))


def find(store: Store, by_hour: bool = False) -> list[Slice]:
    """The slices of all calls looked at, by their marks."""
    store.con.execute(
        "CREATE TEMP TABLE bits AS SELECT n, bits, swap, coalesce(more, 0) AS more FROM "
        "(SELECT n, bit_or(bit) AS bits, max(swap) AS swap FROM marks GROUP BY n) LEFT JOIN hits USING (n)"
    )
    store.con.execute(
        "CREATE TEMP VIEW marked AS SELECT target.*, coalesce(bits, 0) AS bits, swap, coalesce(more, 0) AS more "
        "FROM target LEFT JOIN bits USING (n)"
    )
    more = "least(c + more, i)"
    rows = store.rows(
        f"SELECT {physics(by_hour)}, place, {_CONTEXT} AS context, bits, swap, {sums(store.wide)}, "  # noqa: S608
        f"sum({more}), {_pairs(f'i - {more}', more, store.wide)}, "
        f"sum(greatest(o - r, 0)), {_reads('greatest(o - r, 0)', store.wide)} FROM marked "
        "GROUP BY kind, provider, host_class, answered_by, region, mode, usage, status_class, period, place, context, "
        "bits, swap ORDER BY ALL"
    )
    table: dict[Any, Slice] = {}
    for row in rows:
        key, (place, context, bits, swap) = key_of(row, by_hour), row[9:13]
        *told, cached, pairs, output, reads = (int(value or 0) for value in row[13:])
        one = Slice(key, place, bits, swap, Sums(*told), (cached, pairs), (output, reads))
        at = (key, place, context, bits, swap)
        had = table.get(at)
        table[at] = one if had is None else _merged(had, one)
    return list(table.values())


def _merged(one: Slice, other: Slice) -> Slice:
    one.sums.merge(other.sums)
    add: Callable[[tuple[int, int], tuple[int, int]], tuple[int, int]] = lambda a, b: (a[0] + b[0], a[1] + b[1])  # noqa: E731
    return one._replace(cached=add(one.cached, other.cached), thoughtless=add(one.thoughtless, other.thoughtless))
