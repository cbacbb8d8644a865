"""HAR 1.2 (browsers, proxies, Polly.JS, Playwright): ``log.entries[].request/response``.

``content.text`` is base64 where ``content.encoding`` says so; Polly.JS keeps binary answers as a JSON list of
hexadecimal or base64 chunks and marks them ``_isBinary``. ``time`` is in milliseconds.
Source: w3c.github.io/web-performance/specs/HAR/Overview.html, netflix.github.io/pollyjs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from jevons.sources import bodies
from jevons.sources.exchange import Broken, Exchange, Record, integer, mapping


def holds(document: Any) -> bool:
    """Whether a document is a HAR."""
    return isinstance(document, dict) and isinstance(mapping(document.get("log")).get("entries"), list)


def test(document: Any) -> str:
    """Name of the recording, which Polly.JS takes from the test."""
    name = document["log"].get("_recordingName")
    return name if isinstance(name, str) else ""


def read(document: Any) -> Iterator[Record]:
    """Entries in order."""
    for index, one in enumerate(document["log"]["entries"]):
        asked, answered = mapping(mapping(one).get("request")), mapping(mapping(one).get("response"))
        url = asked.get("url")
        if not isinstance(url, str):
            yield Broken(index, "its request has no address")
            continue
        content = mapping(answered.get("content"))
        yield Exchange(
            index,
            str(asked.get("method", "GET")),
            url,
            partial(bodies.plain, mapping(asked.get("postData")).get("text")),
            partial(_body, content),
            integer(answered.get("status")),
            _headers(answered.get("headers")),
            _moment(one.get("startedDateTime")),
            _milliseconds(one.get("time")),
        )


def _headers(listed: Any) -> dict[str, Any]:
    found = [mapping(one) for one in listed] if isinstance(listed, list) else []
    return {str(one.get("name")): one.get("value") for one in found}


def _body(content: Any) -> bytes:
    text = content.get("text")
    if content.get("_isBinary") and isinstance(text, str):
        try:
            chunks = json.loads(text)
        except ValueError:
            chunks = None
        if isinstance(chunks, list):
            text = "".join(str(chunk) for chunk in chunks)
        if content.get("encoding") != "base64":
            try:
                return bytes.fromhex(str(text))
            except ValueError:
                return bodies.plain(text)
    return bodies.from_base64(text) if content.get("encoding") == "base64" and text else bodies.plain(text)


def _moment(value: Any) -> int:
    try:
        return max(round(datetime.fromisoformat(value).timestamp() * 1e6), 0) if isinstance(value, str) else 0
    except (ValueError, OverflowError):
        return 0


def _milliseconds(value: Any) -> int:
    return round(value * 1000) if isinstance(value, int | float) and 0 < value < 1e9 else 0
