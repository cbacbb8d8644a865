"""OpenAI Responses (platform.openai.com/docs/api-reference/responses and responses-streaming)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, asked, count, openai_usage, part, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Response(msgspec.Struct, gc=False):
    model: Any = ""
    status: Any = ""
    usage: Any = None
    output: Any = None


class Typed(msgspec.Struct, gc=False):
    type: Any = ""
    delta: Any = None
    response: Response | None = None


decode = msgspec.json.Decoder(Response).decode
decode_event = msgspec.json.Decoder(Typed).decode

_VISIBLE = frozenset(
    {
        "response.output_text.delta",
        "response.refusal.delta",
        "response.function_call_arguments.delta",
        "response.custom_tool_call_input.delta",
        "response.mcp_call_arguments.delta",
        "response.code_interpreter_call_code.delta",
    }
)
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


def ask(body: Body, _path: str) -> Asked:
    found = asked(body)
    found.max_tokens = count(body.get("max_output_tokens"))
    return found


def answered(response: Response) -> Answered:
    """What a whole response object says. A background job answers before anything is computed."""
    output = response.output if type(response.output) is list else []
    images = sum(part(item).get("type") == "image_generation_call" for item in output)
    usage = openai_usage(response.usage)
    pending = usage is None and response.status in ("queued", "in_progress")
    return Answered(text(response.model), usage, output, images=images, pending=pending)


def answer(data: bytes) -> Answered:
    return answered(decode(data))


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        kind = text(event.type)
        if kind in _VISIBLE:
            if event.delta:
                found.texts.append(event.delta)
                found.seen.append(piece)
        elif kind.endswith(".delta"):
            if "reasoning" in kind and event.delta:
                found.texts.append(event.delta)
        elif event.response is not None:
            found.model = found.model or text(event.response.model)
            if kind in _ENDS:
                whole = answered(event.response)
                found.ended, found.usage, found.images = True, whole.usage, whole.images
    return found


READERS = (
    Reader(
        api="openai.responses",
        kind="chat",
        paths=("/responses", "/responses/compact"),
        items="input",
        # What a server has stored stands before the input: with another id it is another prefix.
        head=frozenset({"instructions", "tools", "text", "previous_response_id", "conversation", "prompt"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
