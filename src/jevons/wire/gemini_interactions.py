"""Gemini interactions (ai.google.dev/api/interactions-api): models and agents, typed steps, background jobs.

Answers of 2025 hold ``outputs`` and stream ``content.delta``, later ones ``steps`` and ``step.delta``.
"""

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
    checked,
    count,
    integer,
    number,
    part,
    text,
)
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Interaction(msgspec.Struct, gc=False):
    model: Any = ""
    agent: Any = ""
    status: Any = ""
    usage: Any = None
    steps: Any = None
    outputs: Any = None


class Typed(msgspec.Struct, gc=False):
    event_type: Any = ""
    delta: Any = None
    interaction: Interaction | None = None


decode = msgspec.json.Decoder(Interaction).decode
decode_event = msgspec.json.Decoder(Typed).decode

_RUNNING = frozenset({"in_progress", "queued", "created"})
_VISIBLE = frozenset({"text", "function_call", "arguments_delta", "image", "audio", "video", "document"})


def ask(body: Body, _path: str) -> Asked:
    """An agent stands where a model is not named."""
    config = part(body.get("generation_config"))
    return Asked(
        text(body.get("model")) or text(body.get("agent")),
        body.get("stream") is True,
        number(config.get("temperature")),
        integer(config.get("seed")),
        text(config.get("thinking_level")),
        count(config.get("max_output_tokens")),
    )


def interaction_usage(shown: object) -> Usage | None:
    """Output excludes thoughts, and input excludes what tools fed back: both are added, as the total has them."""
    usage = part(shown)
    read = count(usage.get("total_input_tokens"))
    if read is None:
        return None
    thoughts = count(usage.get("total_thought_tokens"))
    return checked(
        Usage(
            read + (count(usage.get("total_tool_use_tokens")) or 0),
            (count(usage.get("total_output_tokens")) or 0) + (thoughts or 0),
            count(usage.get("total_cached_tokens")),
            None,
            thoughts,
        )
    )


def _is_image(value: object) -> bool:
    return part(value).get("type") == "image"


def answered(interaction: Interaction) -> Answered:
    """What a whole interaction says. A background job answers before anything is computed."""
    shown = interaction.steps or interaction.outputs
    made = [item for item in shown if part(item).get("type") != "user_input"] if type(shown) is list else []
    contents = [part(item).get("content") for item in made]
    images = sum(map(_is_image, made)) + sum(
        _is_image(piece) for content in contents if type(content) is list for piece in content
    )
    usage = interaction_usage(interaction.usage)
    pending = usage is None and text(interaction.status) in _RUNNING
    model = text(interaction.model) or text(interaction.agent)
    return Answered(model, usage, made, images=images, pending=pending)


def answer(data: bytes) -> Answered:
    return answered(decode(data))


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            found.ended = found.ended or data == b"[DONE]"
            continue
        if event.interaction is not None:
            whole = answered(event.interaction)
            found.model = found.model or whole.model
            if event.event_type in ("interaction.completed", "interaction.complete"):
                found.ended, found.usage, found.pending = True, whole.usage, whole.pending
            continue
        delta = part(event.delta)
        kind = text(delta.get("type"))
        if kind in _VISIBLE:
            found.seen.append(piece)
            found.images += kind == "image"
            found.texts.append(delta.get("text") or delta.get("arguments") or event.delta)
        elif kind == "thought_summary":
            found.texts.append(delta.get("content"))
    return found


READERS = (
    Reader(
        api="gemini.interactions",
        kind="chat",
        # The bare path is anybody's (Discord posts to /interactions): a version of this API stands before it.
        paths=("/v1beta/interactions", "/v1/interactions", "/v1beta1*/interactions", "/v1alpha/interactions"),
        items="input",
        # What the server has stored stands before the input: with another id it is another prefix.
        head=frozenset({"system_instruction", "tools", "response_format", "previous_interaction_id", "cached_content"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
