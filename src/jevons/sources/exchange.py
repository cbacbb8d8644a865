"""What a recording holds: exchanges, AI traffic that is not HTTP, and records that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

Body = Callable[[], bytes]
"""A body, encoded only if somebody asks: most requests of a recording may be no AI calls."""


class Exchange(msgspec.Struct, frozen=True):
    """One recorded request over HTTP and its answer."""

    index: int
    """Position in the recording."""
    method: str
    url: str
    request: Body
    response: Body
    status: int | None
    headers: Mapping[str, Any]
    """Headers of the response as recorded: a value is a text or a list of texts."""
    started_us: int = 0
    """Where the recording says so: microseconds since 1970 UTC, else 0."""
    duration_us: int = 0
    error: str = ""
    """Kind of failure where no answer was recorded."""


class Unread(msgspec.Struct, frozen=True):
    """AI traffic that jevons cannot read: seen and counted, never dropped."""

    what: str
    count: int = 1


class Broken(msgspec.Struct, frozen=True):
    """A record that cannot be read, and why."""

    index: int
    reason: str


Record = Exchange | Unread | Broken
Reader = Callable[[Any], Iterator[Record]]
"""reader(document): a format's records in order, from its decoded document."""


class UnreadableError(Exception):
    """A file that cannot be read. Its text says why and what to do about it."""


def mapping(value: object) -> Mapping[str, Any]:
    """A nested object, or an empty one."""
    return value if isinstance(value, dict) else {}


def integer(value: object) -> int | None:
    """An HTTP status as a number or its text, else None."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) == 3 else None
    return value if type(value) is int and 100 <= value <= 599 else None
