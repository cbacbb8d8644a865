"""Cloudflare Workers AI (developers.cloudflare.com/workers-ai): ``/ai/run/@cf/ORG/MODEL``, whatever the model does.

The answer's usage tells what it did; its compatible paths (``/ai/v1/...``) are read as OpenAI's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, asked, openai_usage, part, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Ran(msgspec.Struct, gc=False):
    result: Any = None
    response: Any = None
    usage: Any = None


decode = msgspec.json.Decoder(Ran).decode


def ask(body: Body, path: str) -> Asked:
    found = asked(body)
    found.model = text("@" + path.partition("/@")[2])
    return found


def answer(data: bytes) -> Answered:
    """Text and tool calls of a language model; a model of another kind (images, sound, vectors) is unknown."""
    result = part(decode(data).result)
    texts = [value for key in ("response", "tool_calls") if (value := result.get(key))]
    return Answered(usage=openai_usage(result.get("usage")), texts=texts, pending=not texts)


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode(data)
        except UNREADABLE:
            found.ended = found.ended or data == b"[DONE]"
            continue
        found.usage = openai_usage(event.usage) or found.usage
        if event.response:
            found.texts.append(event.response)
            found.seen.append(piece)
    return found


READERS = (
    Reader(
        api="cloudflare.run",
        kind="chat",
        paths=("/client/v4/accounts/*/ai/run/*",),
        items="messages",
        head=frozenset({"prompt", "tools", "response_format"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
