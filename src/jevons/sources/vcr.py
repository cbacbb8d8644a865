"""Cassettes of VCR and its descendants, YAML or JSON.

- vcrpy (also pytest-recording): ``interactions: [{request: {method, uri, body, headers}, response: {status:
  {code}, headers, body: {string}}}]``; pydantic-ai writes ``parsed_body`` where a body was JSON; vcrpy's httpx
  stub of versions 4 to 5 wrote ``content`` and ``status_code``.
- Ruby's VCR: ``http_interactions``, bodies ``{encoding, string | base64_string}``, ``recorded_at``.
- go-vcr: ``url``, ``code``, ``duration``. PHP-VCR: a list of ``{request, response}``.

Sources: vcrpy.readthedocs.io, benoittgt.github.io/vcr, github.com/dnaeon/go-vcr, php-vcr.github.io.

pydantic-ai keeps WebSocket frames and gRPC samples in files of the same outer form: they are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from jevons.sources import bodies
from jevons.sources.exchange import Broken, Exchange, Record, Unread, integer, mapping

_GRPC = ("request_sample", "request_stream")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|μs|ns)")
_UNITS_US = {"h": 3.6e9, "m": 6e7, "s": 1e6, "ms": 1e3, "us": 1, "µs": 1, "μs": 1, "ns": 1e-3}


def holds(document: Any) -> bool:
    """Whether a document is a cassette."""
    if isinstance(document, list):
        return any(isinstance(one, dict) and "request" in one and "response" in one for one in document[:3])
    return isinstance(document, dict) and _interactions(document) is not None


def _interactions(document: dict[str, Any]) -> list[Any] | None:
    """The list under a key of either library, where there is one."""
    lists = (document.get(key) for key in ("interactions", "http_interactions"))
    return next((one for one in lists if isinstance(one, list)), None)


def read(document: Any) -> Iterator[Record]:
    """Interactions in order."""
    found = document if isinstance(document, list) else _interactions(document)
    for index, one in enumerate(found or ()):
        if not isinstance(one, dict):
            yield Broken(index, "is no interaction")
        elif "request" in one:
            yield _interaction(index, one)
        elif "direction" in one:
            yield Unread("WebSocket frame")
        elif any(key in one for key in _GRPC):
            yield Unread("gRPC call")


def _interaction(index: int, one: dict[str, Any]) -> Record:
    asked, answered = mapping(one["request"]), mapping(one.get("response"))
    url = asked.get("uri", asked.get("url"))
    method = asked.get("method", "GET")
    if not isinstance(url, str) or not isinstance(method, str):
        return Broken(index, "its request has no address or no method")
    return Exchange(
        index,
        method,
        url,
        partial(_body, asked),
        partial(_body, answered),
        _status(answered),
        mapping(answered.get("headers")),
        _moment(one.get("recorded_at")),
        _duration(answered.get("duration")),
        "" if answered else "NoAnswerRecorded",
    )


def _body(part: Any) -> bytes:
    if "parsed_body" in part:
        return bodies.json(part["parsed_body"])
    return bodies.plain(part.get("body", part.get("content")))


def _status(answered: Any) -> int | None:
    status = answered.get("status")
    if isinstance(status, dict):
        return integer(status.get("code"))
    if isinstance(status, str):  # go-vcr: "200 OK"
        return integer(status[:3])
    return integer(answered.get("code", answered.get("status_code", status)))


def _moment(value: Any) -> int:
    """Microseconds since 1970 of ``recorded_at``: RFC 2822 text (Ruby's VCR), ISO 8601, or YAML's own."""
    if isinstance(value, str):
        from email.utils import parsedate_to_datetime

        try:
            value = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return 0
    if not isinstance(value, datetime):
        return 0
    try:
        return max(round((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1e6), 0)
    except (OverflowError, ValueError):
        return 0


def _duration(value: Any) -> int:
    """Microseconds of a duration as Go prints it: ``842.1ms``, ``1m2.5s``."""
    if not isinstance(value, str) or len(value) > 40:
        return 0
    return round(sum(float(number) * _UNITS_US[unit] for number, unit in _DURATION.findall(value)))
