"""IBM watsonx.ai: chat, generation, embeddings and rerank (cloud.ibm.com/apidocs/watsonx-ai), also deployments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire import openai_chat
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
    integer,
    number,
    part,
    text,
)
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Result(msgspec.Struct, gc=False):
    generated_text: Any = None
    generated_token_count: Any = None
    input_token_count: Any = None
    stop_reason: Any = None


class Generated(msgspec.Struct, gc=False):
    model_id: Any = ""
    results: list[Result] | None = None


class Read(msgspec.Struct, gc=False):
    model_id: Any = ""
    input_token_count: Any = None


decode = msgspec.json.Decoder(Generated).decode
decode_read = msgspec.json.Decoder(Read).decode


def ask(body: Body, path: str) -> Asked:
    """The model is ``model_id``, or the deployment in the path (``/ml/v1/deployments/ID/text/chat``)."""
    found = asked(body)
    parameters = part(body.get("parameters"))
    found.model = text(body.get("model_id")) or text(path.partition("/deployments/")[2].partition("/")[0])
    found.streamed = path.endswith("_stream")
    if parameters:
        found.temperature = number(parameters.get("temperature"))
        found.seed = integer(parameters.get("random_seed"))
        found.max_tokens = count(parameters.get("max_new_tokens"))
    return found


def answer(data: bytes) -> Answered:
    reply = decode(data)
    found = Answered(text(reply.model_id), texts=[result.generated_text for result in reply.results or ()])
    counted = [(count(result.input_token_count), count(result.generated_token_count)) for result in reply.results or ()]
    if counted and all(read is not None and written is not None for read, written in counted):
        found.usage = checked(Usage(sum(read or 0 for read, _ in counted), sum(wrote or 0 for _, wrote in counted)))
    return found


def stream(events: Sequence[Event]) -> Answered:
    """The first event counts the input, later ones 0; each counts what was generated so far."""
    found = Answered(ended=False, texts=[], seen=[])
    read = written = -1
    for piece, data in events:
        try:
            event = decode(data)
        except UNREADABLE:
            continue
        found.model = found.model or text(event.model_id)
        for result in event.results or ():
            read = max(read, _counted(result.input_token_count))
            written = max(written, _counted(result.generated_token_count))
            if result.generated_text:
                found.texts.append(result.generated_text)
                found.seen.append(piece)
            reason = text(result.stop_reason).lower()
            found.ended = found.ended or reason not in ("", "not_finished")
    if read >= 0 and written >= 0:
        found.usage = checked(Usage(read, written))
    return found


def _counted(value: object) -> int:
    known = count(value)
    return -1 if known is None else known


def answer_chat(data: bytes) -> Answered:
    found = openai_chat.answer(data)
    found.model = found.model or text(decode_read(data).model_id)
    return found


def stream_chat(events: Sequence[Event]) -> Answered:
    found = openai_chat.stream(events)
    for _, data in () if found.model else events:
        try:
            found.model = text(decode_read(data).model_id)
        except UNREADABLE:
            continue
        if found.model:
            break
    return found


def answer_read(data: bytes) -> Answered:
    """Embeddings and rerank only read."""
    reply = decode_read(data)
    read = count(reply.input_token_count)
    return Answered(text(reply.model_id), None if read is None else Usage(read, 0))


READERS = (
    Reader(
        api="watsonx.chat",
        kind="chat",
        paths=("/ml/v1/*/text/chat", "/ml/v1/*/text/chat_stream"),
        items="messages",
        head=frozenset({"tools", "response_format"}),
        ask=ask,
        answer=answer_chat,
        stream=stream_chat,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
    Reader(
        api="watsonx.generation",
        kind="completion",
        paths=("/ml/v1/*/text/generation", "/ml/v1/*/text/generation_stream"),
        items="input",
        head=frozenset(),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
    Reader(
        api="watsonx.embeddings",
        kind="embeddings",
        paths=("/ml/v1/text/embeddings",),
        items="inputs",
        head=frozenset(),
        ask=ask,
        answer=answer_read,
    ),
    Reader(
        api="watsonx.rerank",
        kind="rerank",
        paths=("/ml/v1/text/rerank",),
        items="inputs",
        head=frozenset({"query"}),
        ask=ask,
        answer=answer_read,
    ),
)
