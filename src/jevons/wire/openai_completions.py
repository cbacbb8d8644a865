"""OpenAI's legacy text completions (platform.openai.com/docs/api-reference/completions)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Event, Reader, openai_usage, part, text
from jevons.wire.llama_cpp import timed_usage
from jevons.wire.openai_chat import ask


class Choice(msgspec.Struct, gc=False):
    text: Any = None
    message: Any = None  # Mistral's fill-in-the-middle and Portkey's prompts answer as a chat does
    delta: Any = None
    finish_reason: Any = None


class Completion(msgspec.Struct, gc=False):
    model: Any = ""
    choices: list[Choice] | None = None
    usage: Any = None
    timings: Any = None  # llama.cpp


def written(choice: Choice) -> Any:
    """What a choice says, or its delta."""
    return choice.text or part(choice.message or choice.delta).get("content")


decode = msgspec.json.Decoder(Completion).decode


def answer(data: bytes) -> Answered:
    done = decode(data)
    texts = [said for choice in done.choices or () if (said := written(choice))]
    usage = openai_usage(done.usage) or timed_usage(done.timings)
    return Answered(text(done.model), usage, texts, pending=done.choices is None)


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    usage: Any = None
    timings: Any = None
    for piece, data in events:
        try:
            done = decode(data)
        except UNREADABLE:
            if data == b"[DONE]":
                found.ended = True
            continue
        usage = done.usage or usage
        timings = done.timings or timings
        found.model = found.model or text(done.model)
        for choice in done.choices or ():
            if choice.finish_reason:
                found.ended = True
            said = written(choice)
            if said:
                found.texts.append(said)
                found.seen.append(piece)
    found.usage = openai_usage(usage) or timed_usage(timings)
    return found


READERS = (
    Reader(
        api="openai.completions",
        kind="completion",
        paths=("/v1/completions", "/fim/completions", "/openai/completions", "/completions"),
        items="prompt",
        head=frozenset({"suffix"}),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
)
