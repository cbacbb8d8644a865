"""Recordings of nock (JavaScript): a list of ``{scope, method, path, body, status, response, rawHeaders}``.

A JSON response is parsed; a text response is text; a binary one is hexadecimal text (``responseIsBinary``); a
compressed one is a list of hexadecimal chunks (older recordings: base64).
Source: github.com/nock/nock, lib/recorder.js.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from jevons.sources import bodies
from jevons.sources.exchange import Broken, Exchange, Record, integer, mapping

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def holds(document: Any) -> bool:
    """Whether a document is a list of nock's definitions."""
    if not isinstance(document, list) or not document:
        return False
    return all(isinstance(one, dict) and "scope" in one and ("path" in one or "method" in one) for one in document[:3])


def read(document: Any) -> Iterator[Record]:
    """Definitions in order."""
    for index, one in enumerate(document):
        scope, path, method = (mapping(one).get(key) for key in ("scope", "path", "method"))
        if not isinstance(scope, str) or not isinstance(path, str):
            yield Broken(index, "has no scope or no path")
            continue
        yield Exchange(
            index,
            method if isinstance(method, str) else "GET",
            scope.rstrip("/") + path,
            partial(_body, one.get("body"), False),
            partial(_body, one.get("response"), one.get("responseIsBinary") is True),
            integer(one.get("status")),
            _headers(one.get("rawHeaders", one.get("headers"))),
        )


def _headers(raw: Any) -> dict[str, Any]:
    if isinstance(raw, list):
        return {str(name): value for name, value in zip(raw[::2], raw[1::2], strict=False)}
    return dict(mapping(raw))


def _body(value: Any, binary: bool) -> bytes:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return b"".join(_chunk(one) for one in value)
    if isinstance(value, str):
        return _chunk(value) if binary or _HEX.fullmatch(value) else value.encode("utf-8", "surrogatepass")
    return bodies.plain(value) if value is None or isinstance(value, bytes) else bodies.json(value)


def _chunk(value: str) -> bytes:
    if _HEX.fullmatch(value):
        return bytes.fromhex(value)
    if len(value) % 4 == 0 and _BASE64.fullmatch(value):
        return bodies.from_base64(value)
    return value.encode("utf-8", "surrogatepass")
