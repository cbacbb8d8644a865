"""Cohere: chat v1 and v2, generate, embed (docs.cohere.com/reference)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire import sse
from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, Usage, asked, checked, part, text, whole
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Reply(msgspec.Struct, gc=False):
    """An answer of any version, or an event of a v1 stream."""

    message: Any = None  # chat v2
    text: Any = None  # chat v1, streams
    tool_calls: Any = None  # chat v1
    tool_call_delta: Any = None  # streams v1
    generations: Any = None  # generate
    usage: Any = None  # v2
    meta: Any = None  # v1, embed
    response: Any = None  # stream-end of v1: the whole answer
    event_type: Any = ""
    is_finished: Any = None
    finish_reason: Any = ""
    type: Any = ""
    delta: Any = None


decode = msgspec.json.Decoder(Reply).decode
_FAILED = ("ERROR", "TIMEOUT")  # finish reasons of a server that gave up


def ask(body: Body, _path: str) -> Asked:
    found = asked(body)
    thinking = part(body.get("thinking"))
    budget = thinking.get("token_budget", thinking.get("type"))
    if budget is not None:
        found.effort = str(budget) if type(budget) is int else text(budget)
    return found


def cohere_usage(usage: object) -> Usage | None:
    """Tokens read and written; where only billed units are shown, those.

    Billed units leave out what Cohere adds to a prompt (docs.cohere.com/docs/how-does-cohere-pricing-work), so that
    they are too low for the work done; an embedding's are its tokens. Counts may be floats (SDK: ``float``).
    """
    get = part(usage).get
    for counted in (part(get("tokens")), part(get("billed_units"))):
        read, written = whole(counted.get("input_tokens")), whole(counted.get("output_tokens"))
        pictured = whole(counted.get("image_tokens"))
        if read is None and pictured is None:
            continue
        # An embedding writes nothing and says nothing of it.
        return checked(Usage((read or 0) + (pictured or 0), written or 0, whole(get("cached_tokens"))))
    return None


def written(reply: Reply) -> list[Any]:
    """Everything that the model wrote."""
    message = part(reply.message)
    parts = (
        message.get("content"),
        message.get("tool_plan"),
        message.get("tool_calls"),
        reply.text,
        reply.tool_calls,
        reply.generations,
    )
    return [value for value in parts if value]


def answer(data: bytes) -> Answered:
    reply = decode(data)
    return Answered(usage=cohere_usage(reply.usage or reply.meta), texts=written(reply))


def stream(events: Sequence[Event]) -> Answered:
    """v2: typed events, usage in ``message-end``. v1 and generate: a line each, usage in the last one's response."""
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode(data)
        except UNREADABLE:
            continue
        delta = part(event.delta)
        if event.type == "message-end":
            found.ended = delta.get("finish_reason") not in _FAILED
            found.usage = cohere_usage(delta.get("usage"))
        elif event.is_finished is True or event.event_type == "stream-end":
            found.ended = event.finish_reason not in _FAILED
            found.usage = cohere_usage(part(event.response).get("meta", event.meta))
        else:
            message = part(delta.get("message"))
            content = message.get("content")
            shown = part(content).get("text") or message.get("tool_calls") or event.text or event.tool_call_delta
            thought = part(content).get("thinking") or message.get("tool_plan")
            if shown:
                found.texts.append(shown)
                found.seen.append(piece)
            elif thought:
                found.texts.append(thought)
    return found


def history(body: Body) -> Body:
    """Chat v1 with its history and its new message as one list: the next turn's history then begins with it."""
    said = body.get("chat_history")
    if "message" not in body or "messages" in body or type(said) not in (list, type(None)):
        return body
    rest = {key: value for key, value in body.items() if key not in ("chat_history", "message")}
    return {**rest, "messages": [*(said or ()), {"role": "USER", "message": body["message"]}]}


def embedded(body: Body) -> Body:
    """Embed: texts, images or inputs of both; one request has one of them."""
    given = next((key for key in ("texts", "inputs", "images") if body.get(key)), "texts")
    rest = {key: value for key, value in body.items() if key != given}
    return {**rest, "input": body[given]} if given in body and "input" not in body else body


_CHAT = Reader(
    api="cohere.chat",
    kind="chat",
    paths=("/v2/chat",),
    items="messages",
    head=frozenset({"tools", "documents", "preamble", "response_format", "tool_results"}),
    ask=ask,
    answer=answer,
    stream=stream,
    message_tokens=CHAT_MESSAGE_TOKENS,
    frames=sse.lines,
)
_EMBED = Reader(
    api="cohere.embed",
    kind="embeddings",
    paths=("/v2/embed",),
    items="input",
    head=frozenset(),
    ask=ask,
    answer=answer,
    shape=embedded,
)

READERS = (
    _CHAT,
    _EMBED,
    # The first version's paths are anybody's: many a chat bot listens at /v1/chat.
    _CHAT._replace(api="cohere.chat_v1", paths=("/v1/chat",), shape=history, own=True),
    _CHAT._replace(api="cohere.generate", kind="completion", paths=("/v1/generate",), items="prompt", own=True),
    _EMBED._replace(api="cohere.embed_v1", paths=("/v1/embed",), own=True),
)
