"""OpenAI images (platform.openai.com/docs/api-reference/images, images-streaming), with tokens where shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Event, Reader, Usage, openai_usage, text
from jevons.wire.openai_chat import ask


class Images(msgspec.Struct, gc=False):
    model: Any = ""
    data: Any = None
    usage: Any = None
    svg_usage: Any = None


class Typed(msgspec.Struct, gc=False):
    type: Any = ""
    usage: Any = None


decode = msgspec.json.Decoder(Images).decode
decode_event = msgspec.json.Decoder(Typed).decode


def image_usage(shown: object, more: object = None) -> Usage | None:
    """Tokens of the image model, and of the model that writes vector graphics beside it."""
    usage, drawn = openai_usage(shown), openai_usage(more)
    if usage is None or drawn is None:
        return usage or drawn
    return Usage(usage.input + drawn.input, usage.output + drawn.output, usage.cached, None, drawn.reasoning)


def answer(data: bytes) -> Answered:
    found = decode(data)
    made = len(found.data) if type(found.data) is list else 0
    return Answered(text(found.model), image_usage(found.usage, found.svg_usage), images=made)


def stream(events: Sequence[Event]) -> Answered:
    """Partial images are drafts of the one that is completed: only that one counts."""
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        kind = event.type
        if type(kind) is not str or not kind.startswith(("image_generation.", "image_edit.")):
            continue
        found.seen.append(piece)
        if kind.endswith(".completed"):
            found.ended = True
            found.images += 1
            found.usage = openai_usage(event.usage) or found.usage
    return found


READERS = (
    Reader(
        api="openai.images",
        kind="image",
        paths=("/images/generations", "/images/edits", "/images/variations"),
        items="prompt",
        head=frozenset(),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
)
