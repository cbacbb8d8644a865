"""Calls folded into cells: integer sums per physics key and group.

Energy is linear in these sums, so a cell loses nothing that the footprint
needs, and cells of any grouping add up exactly to the cells of a coarser one.
This is the engine in plain Python, for one run; larger engines make the same
cells with the same integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from jevons.ledger.days import month
from jevons.record import Call


class Key(NamedTuple):
    """What decides how much energy a token takes: the physics of a cell."""

    kind: str
    provider: str
    host_class: str
    model: str
    place: str
    mode: str
    usage: str
    status: str
    """Class of the outcome: ``2xx`` ... ``5xx``, ``cut`` for a stream cut short, ``none`` without a response."""
    period: str
    """Serving period, the UTC month (``2026-11``); the hour (``2026-11-23T14``) where carbon is told by the hour."""


class Sums(msgspec.Struct):
    """Exact integer sums over the calls of a cell.

    ``prefill_pairs`` counts the token pairs that attention compares while it
    reads the prompt: f*cached + f*(f-1)/2 with f = input - cached.
    ``kv_reads`` counts key-value entries read while the answer is written:
    output*input + output*(output-1)/2.
    """

    calls: int = 0
    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    prefill_pairs: int = 0
    kv_reads: int = 0
    timed_calls: int = 0
    timed_output: int = 0
    first_us: int = 0
    decode_us: int = 0
    duration_us: int = 0
    measured_calls: int = 0
    measured_mj: int = 0
    cpu_calls: int = 0
    cpu_us: int = 0
    images: int = 0
    audio_ms: int = 0
    characters: int = 0

    def add(self, call: Call) -> None:
        """Count one call."""
        self.calls += 1
        # `or 0` is no silent zero: usage is part of the key, so unknown stays visible.
        whole, cached, output = call.input_tokens or 0, call.cached_tokens or 0, call.output_tokens or 0
        reasoning = call.reasoning_tokens or 0
        fresh = max(whole - cached, 0)
        self.input += whole
        self.cached += cached
        self.cache_write += call.cache_write_tokens or 0
        self.output += output
        self.reasoning += reasoning
        self.prefill_pairs += fresh * cached + fresh * (fresh - 1) // 2
        self.kv_reads += output * whole + output * (output - 1) // 2
        self.duration_us += call.duration_us
        if call.timed and call.decode_us is not None:
            self.timed_calls += 1
            self.timed_output += max(output - reasoning - 1, 0)
            self.first_us += call.first_us or 0
            self.decode_us += call.decode_us
        if call.measured_mj is not None:
            self.measured_calls += 1
            self.measured_mj += call.measured_mj
        if call.cpu_us is not None:
            self.cpu_calls += 1
            self.cpu_us += call.cpu_us
        self.images += call.images
        self.audio_ms += call.audio_ms
        self.characters += call.characters

    def merge(self, other: Sums) -> None:
        """Add another cell's sums."""
        for field in self.__struct_fields__:
            more = getattr(other, field)
            if more:
                setattr(self, field, getattr(self, field) + more)


class Cell(msgspec.Struct):
    """A physics key and a group, with their sums."""

    key: Key
    group: Any
    """A tuple that can be hashed."""
    sums: Sums


def status_class(call: Call) -> str:
    """``2xx`` to ``5xx`` by status; ``cut`` for a stream cut short; ``none`` where no response came."""
    if call.error in ("cut", "stream_error"):
        return "cut"
    return "none" if call.status is None and call.error else f"{(call.status or 200) // 100}xx"


def key(call: Call, period: Callable[[int], str] = month) -> Key:
    """The physics key of a call; `period` maps its start to a month or an hour."""
    return Key(
        call.kind,
        call.provider,
        call.host_class,
        call.answered_by,
        call.region,
        call.mode,
        call.usage,
        status_class(call),
        period(call.started_us),
    )


def cells(
    calls: Iterable[Call],
    by: Callable[[Call], tuple[Any, ...]] = lambda call: (),
    period: Callable[[int], str] = month,
) -> list[Cell]:
    """Fold calls into cells of one physics key and one group each, in order of first appearance.

    `by` maps a call to its group, a hashable tuple; `period` a start in microseconds to its serving period.
    """
    table: dict[tuple[Key, tuple[Any, ...]], Sums] = {}
    for call in calls:
        place = (key(call, period), by(call))
        sums = table.get(place)
        if sums is None:
            sums = table[place] = Sums()
        sums.add(call)
    return [Cell(cell_key, group, sums) for (cell_key, group), sums in table.items()]


def fold(
    made: Iterable[Cell],
    by: Callable[[Any], tuple[Any, ...]] = lambda group: group,
    period: Callable[[str], str] = lambda period: period,
) -> list[Cell]:
    """Cells of a coarser grouping, the given ones left as they are: `by` maps groups, `period` serving periods."""
    table: dict[tuple[Key, tuple[Any, ...]], Sums] = {}
    for cell in made:
        wanted = period(cell.key.period)
        key = cell.key if wanted == cell.key.period else cell.key._replace(period=wanted)
        place = (key, by(cell.group))
        sums = table.get(place)
        if sums is None:
            sums = table[place] = Sums()
        sums.merge(cell.sums)
    return [Cell(key, group, sums) for (key, group), sums in table.items()]
