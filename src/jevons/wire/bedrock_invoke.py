"""Amazon Bedrock InvokeModel for text: every model family's own bodies behind one path.

docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html lists the bodies by family, API_runtime_InvokeModel
and API_runtime_InvokeModelWithResponseStream the calls. Where a body shows no tokens, response headers
(``x-amzn-bedrock-input-token-count``) or a stream's last chunk (``amazon-bedrock-invocationMetrics``) do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jevons.wire import anthropic_messages, bedrock_converse, cohere, eventstream
from jevons.wire.base import (
    UNREADABLE,
    Answered,
    Asked,
    Body,
    Event,
    Reader,
    Usage,
    asked,
    checked,
    count,
    header_count,
    number,
    openai_usage,
    part,
    text,
)
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS

METRICS = "amazon-bedrock-invocationMetrics"
_IN_METRICS = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
_IN_HEADERS = (
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
)


class Packed(msgspec.Struct, gc=False):
    data: bytes = msgspec.field(name="bytes")  # base64, which msgspec decodes


class Chunk(msgspec.Struct, gc=False):
    chunk: Packed | None = None


decode_chunk = msgspec.json.Decoder(Chunk).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

_PROMPTS = ("prompt", "inputText", "message")  # Llama, Mistral, DeepSeek, Claude 2, Command; Titan; Command R
_LIMITS = ("max_tokens", "max_completion_tokens", "max_tokens_to_sample", "max_gen_len", "maxTokens")
_CONFIG_LIMITS = ("maxTokens", "max_new_tokens", "maxTokenCount")
_WRITTEN = ("content", "generation", "completion", "outputText", "text", "generations", "tool_calls")
_TOLD = (
    *("usage", "prompt_token_count", "generation_token_count"),
    *("inputTextTokenCount", "totalOutputTextTokenCount", "meta"),
)
"""Fields that count: one event of a stream may count the input, and later ones the output so far."""
_NONE: Mapping[str, Any] = {}


def ask(body: Body, path: str) -> Asked:
    found = asked(body)
    config = part(body.get("inferenceConfig", body.get("textGenerationConfig")))
    found.model = bedrock_converse.path_model(path)
    found.streamed = path.endswith("-stream")
    found.effort = found.effort or bedrock_converse.effort(body)
    if found.temperature is None:
        found.temperature = number(config.get("temperature"))
    limits = [body.get(name) for name in _LIMITS] + [config.get(name) for name in _CONFIG_LIMITS]
    found.max_tokens = next((limit for value in limits if (limit := count(value)) is not None), None)
    return found


def shape(body: Body) -> Body:
    """The body with its prompt, whatever its name, as messages."""
    if "messages" in body:
        return body
    if "message" in body:
        return cohere.history(body)
    name = next((name for name in _PROMPTS if name in body), "")
    rest = {key: value for key, value in body.items() if key != name}
    return {**rest, "messages": body[name]} if name else body


def added(fresh: int | None, written: int | None, read: int | None, stored: int | None) -> Usage | None:
    """Invocation metrics and headers leave cached tokens out of the input, as Converse does: they are added."""
    if fresh is None or written is None:
        return None
    return checked(Usage(fresh + (read or 0) + (stored or 0), written, read, stored))


def body_usage(body: Mapping[str, Any]) -> Usage | None:
    """Usage as the model's family prints it."""
    get = body.get
    usage = part(get("usage"))
    if "inputTokens" in usage:  # Nova
        return bedrock_converse.converse_usage(usage)
    if "input_tokens" in usage:
        return anthropic_messages.anthropic_usage(usage)
    if usage:  # Jamba, Mistral, OpenAI, Qwen, Writer ...
        return openai_usage(usage)
    read, written = count(get("prompt_token_count")), count(get("generation_token_count"))  # Llama
    if read is None:
        read = count(get("inputTextTokenCount"))  # Titan
        results = get("results")
        counts = [count(part(result).get("tokenCount")) for result in results] if type(results) is list else []
        written = count(get("totalOutputTextTokenCount"))
        if written is None and counts and None not in counts:
            written = sum(one for one in counts if one)
    if read is not None and written is not None:
        return checked(Usage(read, written))
    return cohere.cohere_usage(get("meta"))


def texts(body: Mapping[str, Any]) -> list[Any]:
    """What the model wrote, in the fields of each family; nothing else of the body is text of the model."""
    found: list[Any] = [part(part(body.get("output")).get("message")).get("content")]
    found += [body.get(name) for name in _WRITTEN]
    for name, inner in (("results", "outputText"), ("outputs", "text")):
        listed = body.get(name)
        found += [part(item).get(inner) for item in listed] if type(listed) is list else ()
    choices = body.get("choices")
    for choice in choices if type(choices) is list else ():
        message = part(part(choice).get("delta", part(choice).get("message")))
        fields = ("content", "tool_calls", "refusal", "reasoning_content", "reasoning")
        found += [message.get(name) for name in fields] + [part(choice).get("text")]
    return [value for value in found if value]


def answer(data: bytes) -> Answered:
    body = _decode(data)
    return Answered(text(body.get("model")), body_usage(body), texts(body))


def frames(pieces: Sequence[bytes]) -> list[Event]:
    """The family's own events, out of the chunks that carry them; an exception as it is."""
    found = []
    for piece, data in eventstream.events(pieces):
        try:
            chunk = decode_chunk(data).chunk
        except UNREADABLE:
            continue
        found.append((piece, data if chunk is None else chunk.data))
    return found


def stream(events: Sequence[Event]) -> Answered:
    family = next((read for mark, read in _FAMILIES if any(mark in data for _, data in events[:2])), _plain)
    found = family(events)
    if events:
        try:
            metrics = part(_decode(events[-1][1]).get(METRICS))
        except UNREADABLE:
            metrics = _NONE
        if metrics:
            found.ended = True
            found.usage = found.usage or added(*(count(metrics.get(name)) for name in _IN_METRICS))
    return found


def _plain(events: Sequence[Event]) -> Answered:
    """Families whose events are partial answers: Titan, Llama, Mistral, Command, Jamba, OpenAI."""
    found = Answered(ended=False, texts=[], seen=[])
    told: dict[str, Any] = {}
    for piece, data in events:
        try:
            body = _decode(data)
        except UNREADABLE:
            continue
        found.model = found.model or text(body.get("model"))
        told.update((name, value) for name in _TOLD if (value := body.get(name)) is not None)
        shown = texts(body)
        if shown:
            found.texts += shown
            found.seen.append(piece)
        if body.get("completionReason") or body.get("stop_reason") or body.get("is_finished") is True:
            found.ended = True
        for name in ("choices", "outputs"):
            listed = body.get(name)
            for item in listed if type(listed) is list else ():
                if part(item).get("finish_reason") or part(item).get("stop_reason"):
                    found.ended = True
    found.usage = body_usage(told)
    return found


_FAMILIES = (
    (b'"message_start"', anthropic_messages.stream),
    (b'"messageStart"', bedrock_converse.stream),
    (b'"contentBlockDelta"', bedrock_converse.stream),
)
"""Families with typed events, by what stands in the first ones."""


def take_headers(found: Answered, headers: Mapping[str, str]) -> None:
    """Counts of a plain answer; one that embeds has no output count and writes nothing."""
    if found.usage is not None:
        return
    fresh, written, read, stored = (header_count(headers, name) for name in _IN_HEADERS)
    if written is None and not found.texts:
        written = 0
    found.usage = added(fresh, written, read, stored)


READERS = (
    Reader(
        api="bedrock.invoke",
        kind="chat",
        paths=("/model/*/invoke", "/model/*/invoke-with-response-stream"),
        items="messages",
        head=frozenset({"system", "tools", "toolConfig", "preamble", "documents", "response_format"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
        frames=frames,
        headers=take_headers,
        shape=shape,
    ),
)
