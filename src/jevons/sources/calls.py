"""From a recording's records to calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from jevons import wire
from jevons.record import Call
from jevons.sources import bodies
from jevons.sources.exchange import Broken, Exchange, Record, Unread, UnreadableError
from jevons.sources.names import masked
from jevons.wire.hosts import look_up

_NO_COUNT = re.compile(
    rb'"(?:[a-z_]*tokens?|[a-z]+TokenCount|(?:input|output|total|prompt|completion)Tokens?)"\s*:\s*'
    rb'(?:-\d|\d{16}|\d+(?:\.\d*)?[eE]\+?\d{2}|")'
)
_TAIL = re.compile(r"[a-zA-Z_-]{1,40}")


class Options(NamedTuple):
    """What every call of a scan shares."""

    run: str
    key: str
    """Names the scanned paths: ids of calls begin with it."""
    secret: bytes
    full: bool
    """Whether free text in names is kept."""
    limit: int = bodies.LIMIT
    """Bytes that a recording, or a body in it, may unpack to."""
    sessions: bool = False
    """Whether sessions of agent programs are read too."""


class Other(msgspec.Struct, frozen=True):
    """A request to an AI service that is no call in a form known here (files, batches, token counts ...)."""

    what: str


Found = Call | Unread | Other | Broken


def calls(records: Iterator[Record], source: str, test: str, options: Options) -> Iterator[Found]:
    """The calls of one recording, in order, and what of it is AI but no call. Never raises."""
    source, test = (masked(name, options.secret, options.full) for name in (source, test))
    for record in records:
        if not isinstance(record, Exchange):
            yield record
            continue
        try:
            yield from _exchange(record, source, test, options)
        except UnreadableError as error:
            yield Broken(record.index, str(error))
        except Exception as error:  # a stranger's file: whatever is wrong with one record, the others are read
            yield Broken(record.index, f"cannot be read ({type(error).__name__}): record it anew")


def _exchange(one: Exchange, source: str, test: str, options: Options) -> Iterator[Found]:
    try:
        address = urlsplit(one.url)
    except ValueError:
        yield Broken(one.index, "its address is none: record it anew")
        return
    host = address.netloc.rpartition("@")[2]
    path = address.path + ("?" + address.query if address.query else "")
    method = one.method.upper()
    match = wire.find(method, host, path)
    if match is None:
        provider = look_up(host).provider
        if method == "POST" and provider != "unknown":
            yield Other(f"{provider} {_tail(address.path)}")
        return
    encoding = bodies.header(one.headers, "content-encoding").strip().lower()
    request = bodies.inflated(one.request(), limit=options.limit)
    response = bodies.inflated(one.response(), encoding, options.limit)
    started_us = one.started_us or _date(bodies.header(one.headers, "date"))
    call = Call(
        id=f"{options.key}-{blake2b(f'{source}#{one.index}'.encode('utf-8', 'replace'), digest_size=8).hexdigest()}",
        run=options.run,
        source=source,
        index=one.index,
        test=test,
        mode="recorded",
        status=one.status,
        error=one.error or (f"http_{one.status}" if one.status is not None and one.status >= 400 else ""),
        started_us=started_us,
        duration_us=one.duration_us,
    )
    wire.read(
        call,
        match,
        method=method,
        host=host,
        path=path,
        request=request,
        response=None if one.error else response,
        pieces=None,
        start_ns=0,
        headers={name.lower(): bodies.header(one.headers, name.lower()) for name in one.headers if type(name) is str},
        secret=options.secret,
    )
    yield call
    if call.usage != "reported" and _NO_COUNT.search(response):
        yield Broken(one.index, f"shows a token count that is none (negative, absurd or text): {call.usage} instead")


def _tail(path: str) -> str:
    """What a path asks for, without the ids in it."""
    parts = [part for part in re.split(r"[/:]", path) if _TAIL.fullmatch(part)]
    return parts[-1] if parts else "other"


def _date(text: str) -> int:
    """Microseconds since 1970 of a Date header; 0 where it is none (or was redacted)."""
    try:
        return max(round(parsedate_to_datetime(text).timestamp() * 1e6), 0) if text else 0
    except (ValueError, TypeError, OverflowError):
        return 0
