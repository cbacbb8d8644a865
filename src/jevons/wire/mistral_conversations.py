"""Mistral conversations and agents (docs.mistral.ai/api, beta conversations): inputs in, outputs and usage out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import (
    UNREADABLE,
    Answered,
    Asked,
    Body,
    Event,
    Reader,
    Usage,
    asked,
    count,
    openai_usage,
    part,
    text,
)
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Conversation(msgspec.Struct, gc=False):
    outputs: Any = None
    usage: Any = None


class Typed(msgspec.Struct, gc=False):
    type: Any = ""
    model: Any = ""
    content: Any = None
    arguments: Any = None
    usage: Any = None


decode = msgspec.json.Decoder(Conversation).decode
decode_event = msgspec.json.Decoder(Typed).decode


def ask(body: Body, _path: str) -> Asked:
    """A stored agent stands where a model is not named."""
    found = asked({**part(body.get("completion_args")), "stream": body.get("stream")})
    found.model = text(body.get("model")) or text(body.get("agent_id"))
    return found


def conversation_usage(shown: object) -> Usage | None:
    """What connectors fed back is counted apart, and read like the prompt."""
    usage = openai_usage(shown)
    fed = count(part(shown).get("connector_tokens"))
    return usage._replace(input=usage.input + fed) if usage is not None and fed else usage


def answer(data: bytes) -> Answered:
    found = decode(data)
    outputs = found.outputs if type(found.outputs) is list else []
    models = (text(part(item).get("model")) for item in outputs)
    return Answered(next(filter(None, models), ""), conversation_usage(found.usage), outputs, pending=not outputs)


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        found.model = found.model or text(event.model)
        shown = event.content or event.arguments
        if event.type in ("message.output.delta", "function.call.delta") and shown:
            found.texts.append(shown)
            found.seen.append(piece)
        elif event.type == "conversation.response.done":
            found.ended, found.usage = True, conversation_usage(event.usage)
    return found


READERS = (
    Reader(
        api="mistral_ai.conversations",
        kind="chat",
        # A beginning, for Mistral only: OpenAI's conversations are a store, no model answers there.
        paths=("/v1/conversations*",),
        items="inputs",
        head=frozenset({"instructions", "tools", "agent_id"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
