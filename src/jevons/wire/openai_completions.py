"""OpenAI's legacy text completions (platform.openai.com/docs/api-reference/completions)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import Answered, Event, Reader, openai_usage, text
from jevons.wire.openai_chat import ask


class Choice(msgspec.Struct, gc=False):
    text: Any = None
    finish_reason: Any = None


class Completion(msgspec.Struct, gc=False):
    model: Any = ""
    choices: list[Choice] | None = None
    usage: Any = None


decode = msgspec.json.Decoder(Completion).decode


def answer(data: bytes) -> Answered:
    done = decode(data)
    texts = [choice.text for choice in done.choices or () if choice.text]
    return Answered(text(done.model), openai_usage(done.usage), texts)


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    usage: Any = None
    for piece, data in events:
        try:
            done = decode(data)
        except msgspec.DecodeError:
            if data == b"[DONE]":
                found.ended = True
            continue
        usage = done.usage or usage
        found.model = found.model or text(done.model)
        for choice in done.choices or ():
            if choice.finish_reason:
                found.ended = True
            if choice.text:
                found.texts.append(choice.text)
                found.seen.append(piece)
    found.usage = openai_usage(usage)
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
