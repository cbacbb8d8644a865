"""LM Studio's own chat (lmstudio.ai/docs/developer/rest/chat and streaming-events): usage is in ``stats``.

Its ``/api/v0`` paths and its compatible ones are read as OpenAI's and Anthropic's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, Usage, asked, checked, count, part, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Chat(msgspec.Struct, gc=False):
    model_instance_id: Any = ""
    output: Any = None
    stats: Any = None


class Typed(msgspec.Struct, gc=False):
    type: Any = ""
    content: Any = None
    model_instance_id: Any = ""
    result: Chat | None = None


decode = msgspec.json.Decoder(Chat).decode
decode_event = msgspec.json.Decoder(Typed).decode


def ask(body: Body, _path: str) -> Asked:
    found = asked(body)
    found.effort = text(body.get("reasoning"))
    found.max_tokens = count(body.get("max_output_tokens"))
    return found


def stats_usage(stats: object) -> Usage | None:
    shown = part(stats)
    read, written = count(shown.get("input_tokens")), count(shown.get("total_output_tokens"))
    if read is None or written is None:
        return None
    return checked(Usage(read, written, None, None, count(shown.get("reasoning_output_tokens"))))


def answered(chat: Chat) -> Answered:
    output = chat.output if type(chat.output) is list else []
    return Answered(text(chat.model_instance_id), stats_usage(chat.stats), output, pending=chat.output is None)


def answer(data: bytes) -> Answered:
    return answered(decode(data))


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        found.model = found.model or text(event.model_instance_id)
        if event.type == "message.delta" and event.content:
            found.seen.append(piece)
            found.texts.append(event.content)
        elif event.type == "reasoning.delta":
            found.texts.append(event.content)
        elif event.type == "chat.end" and event.result is not None:
            found.ended, found.usage = True, stats_usage(event.result.stats)
    return found


READERS = (
    Reader(
        api="lm_studio.chat",
        kind="chat",
        paths=("/api/v1/chat",),
        items="input",
        head=frozenset({"system_prompt", "integrations", "previous_response_id"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
        own=True,
    ),
)
