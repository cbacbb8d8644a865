"""Cassettes of Datadog's APM test agent: one ``{request, response}`` per JSON file.

Bodies are text, ``base64:...`` where they are not; ``status: {code, message}``; one header value each.
Source: github.com/DataDog/dd-apm-test-agent, ddapm_test_agent/vcr_proxy.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from jevons.sources import bodies
from jevons.sources.exchange import Exchange, Record, integer, mapping


def holds(document: Any) -> bool:
    """Whether a document is one exchange with its bodies as text."""
    if not isinstance(document, dict):
        return False
    asked, answered = mapping(document.get("request")), mapping(document.get("response"))
    return (
        isinstance(asked.get("url"), str)
        and isinstance(asked.get("body"), str)
        and isinstance(answered.get("status"), dict)
        and isinstance(answered.get("body"), str)
    )


def read(document: Any) -> Iterator[Record]:
    """Its one exchange."""
    asked, answered = document["request"], document["response"]
    yield Exchange(
        0,
        str(asked.get("method", "POST")),
        asked["url"],
        partial(_body, asked["body"]),
        partial(_body, answered["body"]),
        integer(answered["status"].get("code")),
        mapping(answered.get("headers")),
    )


def _body(value: str) -> bytes:
    return bodies.from_base64(value[7:]) if value.startswith("base64:") else bodies.plain(value)
