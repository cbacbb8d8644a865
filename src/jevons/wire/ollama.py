"""Ollama's own API: chat, generate and embeddings (docs.ollama.com/api), streamed as newline-delimited JSON.

Its OpenAI- and Anthropic-compatible paths are read as those formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire import sse
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


class Message(msgspec.Struct, gc=False):
    content: Any = None
    thinking: Any = None
    tool_calls: Any = None


class Reply(msgspec.Struct, gc=False):
    model: Any = ""
    message: Message | None = None
    response: Any = None
    thinking: Any = None
    image: Any = None
    done: Any = None
    done_reason: Any = None
    prompt_eval_count: Any = None
    prompt_eval_cached_count: Any = None
    eval_count: Any = None


decode = msgspec.json.Decoder(Reply).decode


def ask(body: Body, _path: str) -> Asked:
    """Parameters are in ``options``; an answer is streamed unless ``stream`` is false."""
    options = part(body.get("options"))
    think = body.get("think")
    return Asked(
        text(body.get("model")),
        body.get("stream") is not False,
        number(options.get("temperature")),
        integer(options.get("seed")),
        str(think).lower() if type(think) is bool else text(think),
        count(options.get("num_predict")),  # -1 is no limit
    )


def ask_embedding(body: Body, _path: str) -> Asked:
    return Asked(text(body.get("model")))


def _images(value: object) -> list[Body]:
    """Base64 images as parts that are known for images."""
    return [{"type": "image", "data": item} for item in value] if type(value) is list else []


def shape_chat(body: Body) -> Body:
    """The same request with each message's ``images`` as image parts."""
    messages = body.get("messages")
    if type(messages) is not list or not any(part(message).get("images") for message in messages):
        return body
    shaped = [{**item, "images": _images(item["images"])} if part(item).get("images") else item for item in messages]
    return {**body, "messages": shaped}


def shape_prompt(body: Body) -> Body:
    """The same request with its ``images`` beside the prompt."""
    images = _images(body.get("images"))
    if not images:
        return body
    rest = {key: value for key, value in body.items() if key != "images"}
    return {**rest, "prompt": [body.get("prompt"), *images]}


def collect(found: Answered, reply: Reply, piece: int) -> None:
    """Add one (partial) reply to what is known."""
    found.model = found.model or text(reply.model)
    message = reply.message
    spoken = [reply.response] if message is None else [message.content, message.tool_calls]
    shown = [value for value in spoken if value]
    if shown:
        found.seen.append(piece)
    thought = reply.thinking if message is None else message.thinking
    found.texts += [thought, *shown] if thought else shown
    found.images += bool(reply.image)
    if reply.done is True:
        _finish(found, reply)


def _finish(found: Answered, reply: Reply) -> None:
    """Counts of the last reply; the output includes thinking. A count of zero is left out of the JSON."""
    found.ended = True
    read, written = count(reply.prompt_eval_count), count(reply.eval_count)
    if read is not None:
        cached = count(reply.prompt_eval_cached_count)
        found.usage = checked(Usage(read, written or 0, cached))
    elif reply.done_reason in ("load", "unload"):
        found.usage = Usage(0, 0)  # an empty prompt only loads the model
    else:
        found.wrote = written  # older servers leave out the count of a prompt that is all cached
        found.pending = found.images > 0


def answer(data: bytes) -> Answered:
    found = Answered(texts=[], seen=[])
    collect(found, decode(data), 0)
    return found


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            collect(found, decode(data), piece)
        except UNREADABLE:
            continue
    return found


def answer_embedding(data: bytes) -> Answered:
    """``/api/embeddings``, the older of the two, counts nothing."""
    reply = decode(data)
    read = count(reply.prompt_eval_count)
    return Answered(text(reply.model), None if read is None else Usage(read, 0))


READERS = (
    Reader(
        api="ollama.chat",
        kind="chat",
        paths=("/api/chat",),
        items="messages",
        head=frozenset({"tools", "format"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
        frames=sse.lines,
        own=True,
        shape=shape_chat,
    ),
    Reader(
        api="ollama.generate",
        kind="completion",
        paths=("/api/generate",),
        items="prompt",
        head=frozenset({"system", "template", "context", "suffix", "format"}),
        ask=ask,
        answer=answer,
        stream=stream,
        frames=sse.lines,
        own=True,
        shape=shape_prompt,
    ),
    Reader(
        api="ollama.embed",
        kind="embeddings",
        paths=("/api/embed",),
        items="input",
        head=frozenset(),
        ask=ask_embedding,
        answer=answer_embedding,
        own=True,
    ),
    Reader(
        api="ollama.embeddings",
        kind="embeddings",
        paths=("/api/embeddings",),
        items="prompt",
        head=frozenset(),
        ask=ask_embedding,
        answer=answer_embedding,
        own=True,
    ),
)
