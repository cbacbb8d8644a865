"""What a format module hands to the server: a body or stream events, and the true usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]


@dataclass
class Usage:
    """True counts: input includes cached and cache-written tokens, output includes reasoning."""

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


@dataclass
class Event:
    """One piece of a stream."""

    data: bytes
    tokens: int = 0
    """Output tokens it carries in the open."""
    told: bool = False
    """Whether with this piece the client has been told the whole usage."""


@dataclass
class Answer:
    """The answer to one request."""

    api: str
    kind: str
    model: str
    answered: str
    usage: Usage = field(default_factory=Usage)
    body: Any = None
    events: list[Event] | None = None
    media: str = "text/event-stream; charset=utf-8"
    """Content type of a stream."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of an answer."""
    failure: bytes = b""
    """An error within a stream, as the format tells it; empty: as OpenAI does."""
    told: bool = True
    """Whether a plain body tells the whole usage."""
    ai: bool = True
    """Whether a model had to work for it."""


def sse(data: JSON, event: str = "", end: str = "\n\n") -> bytes:
    """One server-sent event, with the name of its kind where the format has one."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data, ensure_ascii=False)}{end}".encode()


_USAGE = frozenset({"usage", "usageMetadata", "x_groq", "meta", "prompt_eval_count", "eval_count", "details"})


def strip_usage(value: Any) -> Any:
    """The same value without any usage in it, as some compatible servers answer."""
    if isinstance(value, dict):
        return {name: strip_usage(inner) for name, inner in value.items() if name not in _USAGE}
    return [strip_usage(inner) for inner in value] if isinstance(value, list) else value


def without_usage(answer: Answer) -> Answer:
    """Take the usage out of a body or out of each event."""
    answer.told = False
    if answer.body is not None:
        answer.body = strip_usage(answer.body)
    for event in answer.events or []:
        event.told = False
        head, mark, rest = event.data.partition(b"{")
        if (mark and head in (b"", b"data: ")) or head.startswith(
            b"event: "
        ):  # binary events are their format's affair
            text = b"{" + rest
            body = text.rstrip()
            event.data = (
                head + json.dumps(strip_usage(json.loads(body)), ensure_ascii=False).encode() + text[len(body) :]
            )
    return answer


def ragged(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`: events and characters torn apart, as networks do."""
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]
