"""What a log holds: calls, measured energy, amounts billed, and records that are none of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from jevons.record import Call


class Seen(msgspec.Struct):
    """A call that another tool saw. Whoever keeps it gives it id, run, source and index."""

    call: Call
    ids: tuple[str, ...] = ()
    """Names that the same call bears elsewhere too, each with what it names (``answer:chatcmpl-1``,
    ``span:<trace>/<span>``); the first is this record's own. Without any, its facts and its place identify it."""
    same: tuple[str, ...] = ()
    """Names that, where a counted call bears or leaves them, make this one the same call seen by another instrument."""
    leaves: tuple[str, ...] = ()
    """Names left for others to find in their `same`; they identify nothing by themselves."""


class Skipped(msgspec.Struct, frozen=True):
    """Records that are no call, or cannot be read, and why."""

    reason: str
    count: int = 1


class Metered(msgspec.Struct, frozen=True):
    """Energy that a tool measured, or modelled, on a machine: no call, and never added to calls."""

    id: str
    started_us: int
    duration_us: int
    energy_mj: int
    scope: str
    """``server`` or ``facility``."""
    tool: str
    project: str = ""
    place: str = ""


class Billed(msgspec.Struct, frozen=True):
    """What a provider says it has billed for one project and model on one day: compared with calls, never added."""

    provider: str
    project: str
    """The provider's own id of it; empty where the report does not tell projects apart."""
    model: str
    started_us: int
    """Start of the row's time: its day, in UTC."""
    bucket: str
    """What makes the row one and the same in every report: its start, and all it tells apart."""
    kind: str = "chat"
    requests: int | None = None
    """None where the report does not count requests."""
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0


Entry = Seen | Skipped | Metered | Billed
Read = Callable[[Iterator[Any]], Iterator[Entry]]


def shared_out(call: Call, requests: int) -> list[Call]:
    """As many calls as a sum was made by, of equal tokens, that add up to it exactly: for logs that keep sums alone.

    What grows faster than tokens (attention) is then that of the average call, not of one as long as all together.
    """
    requests = max(requests, 1)
    names = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    made = []
    for number in range(requests):
        parts = {
            name: value // requests + (number < value % requests)
            for name in names
            if (value := getattr(call, name)) is not None
        }
        made.append(msgspec.structs.replace(call, duration_us=call.duration_us // requests, **parts))
    return made
