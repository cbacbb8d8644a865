"""Anthropic's legacy text completions (docs.anthropic.com/en/api/complete): no answer shows usage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, asked, count, text


class Completion(msgspec.Struct, gc=False):
    model: Any = ""
    completion: Any = None
    stop_reason: Any = None


decode = msgspec.json.Decoder(Completion).decode


def ask(body: Body, _path: str) -> Asked:
    found = asked(body)
    found.max_tokens = count(body.get("max_tokens_to_sample"))
    return found


def answer(data: bytes) -> Answered:
    done = decode(data)
    return Answered(text(done.model), texts=[done.completion], pending=done.completion is None)


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            done = decode(data)
        except UNREADABLE:
            continue
        found.model = found.model or text(done.model)
        if done.completion:
            found.texts.append(done.completion)
            found.seen.append(piece)
        found.ended = found.ended or bool(done.stop_reason)
    return found


READERS = (
    Reader(
        api="anthropic.complete",
        kind="completion",
        paths=("/v1/complete",),
        items="prompt",
        head=frozenset(),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
)
