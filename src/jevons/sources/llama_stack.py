"""Recordings of llama-stack: one request to a provider's SDK and what the SDK gave back, one JSON file each.

``{test_id, request: {method, url, endpoint, model, body | payload}, response: {body, is_streaming}}``; a body is
``{__type__, __data__}`` (an SDK object), a list of them (a stream's chunks), plain JSON, or a list of lines of an
event stream. Google's SDK has snake_case names and no address. A failure is ``is_exception`` with
``exception_data.status_code``. Source: github.com/llamastack/llama-stack, core/testing/api_recorder.py.

The recorder keeps what an SDK returned, which it does only after status 2xx, and keeps a stream only once it has
ended: so the status is 200 and the stream has its end mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from jevons.sources import bodies
from jevons.sources.exchange import Broken, Exchange, Record, integer, mapping

_SCHEMES = {"vertexai": "https://aiplatform.googleapis.com", "gemini": "https://generativelanguage.googleapis.com"}
_METHODS = {"/generate_content": "generateContent", "/generate_content_stream": "streamGenerateContent"}
_SNAKE = re.compile(r"_([a-z])")
_OPAQUE = frozenset({"args", "response", "schema", "parameters"})
"""Fields of Google's format that hold a caller's own names."""


def holds(document: Any) -> bool:
    """Whether a document is such a recording."""
    if not isinstance(document, dict):
        return False
    answered = document.get("response")
    return isinstance(document.get("request"), dict) and isinstance(answered, dict) and "is_streaming" in answered


def test(document: Any) -> str:
    """Node id of the test that made it."""
    name = document.get("test_id")
    return name if isinstance(name, str) else ""


def read(document: Any) -> Iterator[Record]:
    """Its one exchange; none for a tool or a file that llama-stack ran itself."""
    asked, answered = document["request"], document["response"]
    url, method = asked.get("url"), asked.get("method", "POST")
    if url is None:
        return
    if not isinstance(url, str) or not isinstance(method, str):
        yield Broken(0, "its request has no address")
        return
    sent = asked.get("body", asked.get("payload"))
    scheme, _, path = url.partition("://")
    google = scheme in _SCHEMES and path in _METHODS
    if google:
        model = str(mapping(sent).get("model", asked.get("model", "")))
        url = f"{_SCHEMES[scheme]}/v1/{model if '/' in model else 'models/' + model}:{_METHODS[path]}"
    failed = answered.get("is_exception") is True
    failure = mapping(answered.get("exception_data"))
    status = integer(failure.get("status_code")) if failed else integer(answered.get("status")) or 200
    yield Exchange(
        0,
        method,
        url,
        partial(_request, sent, google),
        partial(_answer, failure.get("body") if failed else answered.get("body"), google),
        status,
        {},
        error=_kind(failure.get("type")) if failed and status is None else "",
    )


def _kind(value: Any) -> str:
    return value if isinstance(value, str) and value.isidentifier() and len(value) <= 64 else "Exception"


def _request(sent: Any, google: bool) -> bytes:
    return (
        bodies.plain(sent) if sent is None or isinstance(sent, str) else bodies.json(_camel(sent) if google else sent)
    )


def _answer(body: Any, google: bool) -> bytes:
    if not isinstance(body, list):
        return bodies.plain(_data(body, google)) if isinstance(body, str) else bodies.json(_data(body, google))
    if all(isinstance(one, str) for one in body):
        return "\n".join(body).encode("utf-8", "surrogatepass") + b"\n\n"
    events = b"".join(b"data: %b\n\n" % bodies.json(_data(one, google)) for one in body)
    return events if google else events + b"data: [DONE]\n\n"


def _data(value: Any, google: bool) -> Any:
    value = value["__data__"] if isinstance(value, dict) and "__data__" in value else value
    return _camel(value) if google else value


def _camel(value: Any) -> Any:
    """Names as Google's REST API has them."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        _SNAKE.sub(lambda found: found[1].upper(), key): inner if key in _OPAQUE else _camel(inner)
        for key, inner in value.items()
    }
