"""Bedrock Converse and ConverseStream (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from jevons.wire import eventstream
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


class Conversed(msgspec.Struct, gc=False):
    output: Any = None
    usage: Any = None
    trace: Any = None


class Streamed(msgspec.Struct, gc=False, rename="camel"):
    """One event of a stream: the frame's event name, or the only key of Nova's own events."""

    content_block_start: Any = None
    content_block_delta: Any = None
    message_stop: Any = None
    metadata: Any = None


decode = msgspec.json.Decoder(Conversed).decode
decode_event = msgspec.json.Decoder(Streamed).decode


def path_model(path: str) -> str:
    """The model of ``/model/ID/converse``."""
    return model_name(unquote(path.partition("/model/")[2].rpartition("/")[0]))


def model_name(name: str) -> str:
    """An id, an inference profile's, or what an ARN names without its account.

    docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html: an ARN ends in ``foundation-model/ID``
    or ``inference-profile/ID``; custom, imported and provisioned models and application profiles have ids of their
    own, which say nothing without their kind.
    """
    if name.startswith("arn:"):
        name = name.split(":", 5)[-1].removeprefix("foundation-model/").removeprefix("inference-profile/")
    return text(name)


def effort(extra: object) -> str:
    """Reasoning asked for: Claude's ``thinking`` or ``reasoning_config``, Nova's ``reasoningConfig``, OpenAI's."""
    get = part(extra).get
    thinking = part(get("thinking", get("reasoning_config", get("reasoningConfig"))))
    found = part(get("output_config")).get("effort", get("reasoning_effort"))
    if found is None:
        found = thinking.get("budget_tokens", thinking.get("maxReasoningEffort", thinking.get("type")))
    return str(found) if type(found) is int else text(found)


def ask(body: Body, path: str) -> Asked:
    config = part(body.get("inferenceConfig"))
    extra = part(body.get("additionalModelRequestFields"))
    return Asked(
        path_model(path),
        path.endswith("-stream"),
        number(config.get("temperature")),
        integer(extra.get("seed")),
        effort(extra),
        count(config.get("maxTokens")),
    )


def converse_usage(usage: object) -> Usage | None:
    """inputTokens exclude cached tokens, so read and written ones are added (totalTokens has them all)."""
    get = part(usage).get
    fresh, written = count(get("inputTokens")), count(get("outputTokens"))
    if fresh is None or written is None:
        return None
    read = count(get("cacheReadInputTokens", get("cacheReadInputTokenCount")))
    stored = count(get("cacheWriteInputTokens", get("cacheWriteInputTokenCount")))
    return checked(Usage(fresh + (read or 0) + (stored or 0), written, read, stored))


def routed(trace: object) -> str:
    """The model that a prompt router chose; answers name none elsewhere."""
    return model_name(text(part(part(trace).get("promptRouter")).get("invokedModelId")))


def answer(data: bytes) -> Answered:
    reply = decode(data)
    content = part(part(reply.output).get("message")).get("content")
    found = Answered(routed(reply.trace), converse_usage(reply.usage), [content])
    found.wrote = count(part(reply.usage).get("outputTokens"))
    return found


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        if event.content_block_delta is not None:
            delta = part(part(event.content_block_delta).get("delta"))
            shown = delta.get("text") or part(delta.get("toolUse")).get("input")
            if shown:
                found.texts.append(shown)
                found.seen.append(piece)
            elif thought := part(delta.get("reasoningContent")).get("text"):
                found.texts.append(thought)
        elif event.content_block_start is not None:
            found.texts.append(part(part(event.content_block_start).get("start")).get("toolUse"))
        elif event.message_stop is not None:
            found.ended = True
        elif event.metadata is not None:
            metadata = part(event.metadata)
            found.usage = converse_usage(metadata.get("usage"))
            found.model = routed(metadata.get("trace"))
    return found


READERS = (
    Reader(
        api="bedrock.converse",
        kind="chat",
        paths=("/model/*/converse", "/model/*/converse-stream"),
        items="messages",
        head=frozenset({"system", "toolConfig", "promptVariables", "outputConfig"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
        frames=eventstream.events,
    ),
)
