"""One exchange given to the wire room, as a tap would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from jevons.record import Call
from jevons.wire import find, read

CHAT = ("api.openai.com", "/v1/chat/completions")
RESPONSES = ("api.openai.com", "/v1/responses")
EMBEDDINGS = ("api.openai.com", "/v1/embeddings")
MESSAGES = ("api.anthropic.com", "/v1/messages")
GEMINI = ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:generateContent")
GEMINI_STREAM = ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse")

MS = 1_000_000  # nanoseconds


def as_bytes(value: Any) -> bytes | None:
    """Bytes as they are, anything else as JSON; None for no body."""
    return value if value is None or isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


def sent(
    where: tuple[str, str],
    request: Any,
    response: Any = None,
    *,
    pieces: Sequence[tuple[int, bytes]] | None = None,
    status: int | None = 200,
    encoding: str = "",
    secret: bytes = b"secret",
    error: str = "",
    headers: Mapping[str, str] | None = None,
) -> Call:
    """The call read from a request and its answer; the clock starts at 0."""
    host, path = where
    match = find("POST", host, path)
    assert match is not None, where
    call = Call(id="1", run="1", status=status, error=error)
    read(
        call,
        match,
        method="POST",
        host=host,
        path=path,
        request=as_bytes(request) or b"",
        response=as_bytes(response),
        pieces=pieces,
        start_ns=0,
        encoding=encoding,
        headers=headers or {},
        secret=secret,
    )
    return call


def events(*data: Any, end: bytes = b"\n", names: bool = False) -> list[bytes]:
    """Server-sent events, one bytes object each; a str is sent as it is."""
    out = []
    for item in data:
        text = item.encode() if isinstance(item, str) else json.dumps(item, ensure_ascii=False).encode()
        name = b"event: " + item["type"].encode() + end if names else b""
        out.append(name + b"data: " + text + end + end)
    return out


def each(stream: Sequence[bytes], first_ms: int = 100, gap_ms: int = 10) -> list[tuple[int, bytes]]:
    """Each part of a stream in its own network piece, evenly spaced."""
    return [((first_ms + index * gap_ms) * MS, part) for index, part in enumerate(stream)]
