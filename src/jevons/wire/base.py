"""What every wire format is made of: what was asked, what was answered, and how usage is counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

ABSURD = 2**53
"""Counts above this are no token counts (and no longer exact as JSON numbers): they are ignored."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not what it expects: no JSON, another shape, no UTF-8, nested too deeply."""

Body = dict[str, Any]
Event = tuple[int, bytes]
"""Index of the network piece that completed a stream event, and the event's JSON."""


class Usage(NamedTuple):
    """Tokens as OpenTelemetry counts them: input includes cached and cache-written, output includes reasoning."""

    input: int
    output: int
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


class Asked(msgspec.Struct):
    """What a request asks for."""

    model: str = ""
    streamed: bool = False
    temperature: float | None = None
    seed: int | None = None
    effort: str = ""
    max_tokens: int | None = None


class Answered(msgspec.Struct):
    """What a response says. Its texts live only until they are measured."""

    model: str = ""
    usage: Usage | None = None
    texts: list[Any] = []
    """Text the model wrote (reasoning included), as strings or parts; used where no usage is shown."""
    seen: list[int] = []
    """Network pieces in which visible output arrived, one entry per event."""
    ended: bool = True
    """False for a stream that stops before its end mark."""
    images: int = 0
    audio_ms: int = 0
    begun: Usage | None = None
    """Input as shown at the start of a stream that broke off before its output was counted."""
    wrote: int | None = None
    """Output as shown by an answer that does not show its input (Ollama and Gemini leave out a count of zero)."""
    region: str = ""
    """Where it ran, in a place's code (``us``), where the answer says so."""
    id: str = ""
    """The provider's name of this answer."""
    pending: bool = False
    """Nothing computed yet (a background job) or at all (a blocked prompt): without usage it is unknown."""


class Reader(NamedTuple):
    """One wire format. Each format's file builds one or two of these; `wire.match` lists them."""

    api: str
    kind: str
    paths: tuple[str, ...]
    """Ends of the URL paths that speak it. What stands before a ``*`` must be in the path too; a path that ends in
    ``*`` is a beginning, and counts only at the provider that the format's name begins with."""
    items: str
    """Body field that holds the prompt's items: messages, contents, input."""
    head: frozenset[str]
    """Body fields that a server puts before the items: system text, tool definitions, response schema."""
    ask: Callable[[Body, str], Asked]
    """ask(body, path)"""
    answer: Callable[[bytes], Answered]
    """answer(body). May raise what is in `UNREADABLE`."""
    stream: Callable[[Sequence[Event]], Answered] | None = None
    """stream(events). Skips events that it cannot decode."""
    message_tokens: int = 0
    """Tokens that mark one message's role and limits; see `estimate`."""
    tools_tokens: int = 0
    """Tokens of the system text that a provider adds where tools are given."""
    frames: Callable[[Sequence[bytes]], list[Event]] | None = None
    """frames(pieces): splits a streamed answer of this format's own framing. None: server-sent events or a JSON array,
    told apart by their bytes. With frames, an answer that is one JSON document is still read whole."""
    headers: Callable[[Answered, Mapping[str, str]], None] | None = None
    """headers(found, headers): takes what a format says in its response headers (lower-case names)."""
    own: bool = False
    """Whether the paths are anybody's (``/api/chat``): then they count only at the provider that the format's name
    begins with, or at any known one where the name holds none."""
    shape: Callable[[Body], Body] | None = None
    """shape(body): the same body with its prompt moved to `items`, where a format has several places for it."""


def count(value: object) -> int | None:
    """A count as a server may state it, or None for anything else (text, negative, fraction, absurd)."""
    return value if type(value) is int and 0 <= value <= ABSURD else None


def whole(value: object) -> int | None:
    """A count from a server that may print it as a float (``12.0``)."""
    return count(int(value) if type(value) is float and value.is_integer() else value)


def header_count(headers: Mapping[str, str], name: str) -> int | None:
    """A count in a response header."""
    value = headers.get(name, "")
    return count(int(value)) if value.isascii() and value.isdecimal() and len(value) < 17 else None


def text(value: object) -> str:
    """A short name such as a model's, or the empty string."""
    return value if type(value) is str and len(value) <= 256 else ""


def number(value: object) -> float | None:
    """A finite number as a float."""
    if type(value) is int:
        return float(value) if abs(value) <= ABSURD else None
    return value if type(value) is float and math.isfinite(value) else None


def integer(value: object) -> int | None:
    """An integer that fits 64 bits."""
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def part(value: object) -> Mapping[str, Any]:
    """A nested object, or an empty one."""
    return value if type(value) is dict else _NOTHING


_NOTHING: dict[str, Any] = {}


def asked(body: Body) -> Asked:
    """The parameters that OpenAI's chat format and its descendants share."""
    get = body.get
    effort = get("reasoning_effort")
    if effort is None:
        reasoning = part(get("reasoning"))  # Responses, OpenRouter
        effort = reasoning.get("effort", reasoning.get("max_tokens"))
    limit = get("max_completion_tokens")
    if limit is None:
        limit = get("max_tokens")
    return Asked(
        text(get("model")),
        get("stream") is True,
        number(get("temperature")),
        integer(get("seed", get("random_seed"))),
        str(effort) if type(effort) is int else text(effort),
        count(limit),
    )


def openai_usage(usage: object) -> Usage | None:
    """Usage as OpenAI (chat: prompt/completion; Responses: input/output) and compatible servers print it.

    Sources: platform.openai.com/docs/api-reference/chat/object (details), api-docs.deepseek.com
    (``prompt_cache_hit_tokens``), openrouter.ai/docs (``cache_write_tokens``), docs.x.ai: there
    total = prompt + completion + reasoning, so completion excludes reasoning and it is added.
    """
    if type(usage) is not dict or not usage:
        return None
    get = usage.get
    prompt = count(get("prompt_tokens", get("input_tokens")))
    written = count(get("completion_tokens", get("output_tokens")))
    total = count(get("total_tokens"))
    if prompt is None and written is None:
        return None  # a bare total does not say what was read and what was written
    if written is None:
        written = total - prompt if total is not None and prompt is not None and total >= prompt else None
    elif prompt is None:
        prompt = total - written if total is not None and total >= written else None
    if prompt is None or written is None:
        return None
    read = part(get("prompt_tokens_details", get("input_tokens_details")))
    wrote = part(get("completion_tokens_details", get("output_tokens_details")))
    cached = count(read.get("cached_tokens", get("prompt_cache_hit_tokens", get("cached_tokens"))))
    stored = count(read.get("cache_write_tokens"))
    reasoning = count(wrote.get("reasoning_tokens", get("reasoning_tokens")))
    if reasoning and total == prompt + written + reasoning:
        written += reasoning
    return checked(Usage(prompt, written, cached, stored, reasoning))


def checked(usage: Usage) -> Usage:
    """The same usage with no part above its whole; a count that a sum made absurd is taken to be the limit."""
    whole, output, cached, stored, reasoning = usage
    if (cached or 0) + (stored or 0) <= whole <= ABSURD and (reasoning or 0) <= output <= ABSURD:
        return usage
    whole, output = min(whole, ABSURD), min(output, ABSURD)
    if (cached or 0) + (stored or 0) > whole:
        stored = None
        cached = cached if (cached or 0) <= whole else None
    # Routers count reasoning with another tokeniser: 11 of 10 is all of it.
    return Usage(whole, output, cached, stored, None if reasoning is None else min(reasoning, output))
