"""OpenAI assistants' runs (platform.openai.com/docs/api-reference/runs and runs-streaming), also on Azure.

A run is inference. Started without a stream it is only queued: its usage shows up in later GET requests, which are no
calls, so the call that started it is unknown, and seen as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, asked, count, openai_usage, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Streamed(msgspec.Struct, gc=False):
    object: Any = ""
    model: Any = ""
    status: Any = ""
    usage: Any = None
    delta: Any = None


decode = msgspec.json.Decoder(Streamed).decode

_ENDS = frozenset({"completed", "incomplete", "failed", "cancelled", "expired", "requires_action"})


def ask(body: Body, _path: str) -> Asked:
    """The assistant's model, where the run names none, is known to the server only."""
    found = asked(body)
    found.max_tokens = count(body.get("max_completion_tokens"))
    return found


def answer(data: bytes) -> Answered:
    run = decode(data)
    return Answered(text(run.model), openai_usage(run.usage), pending=True)


def stream(events: Sequence[Event]) -> Answered:
    """Events are runs, steps and messages, told apart by ``object``; a run's usage is the sum of its steps'."""
    found = Answered(ended=False, texts=[], seen=[], pending=True)
    for piece, data in events:
        try:
            event = decode(data)
        except UNREADABLE:
            found.ended = found.ended or data == b"[DONE]"
            continue
        if event.object in ("thread.message.delta", "thread.run.step.delta"):
            found.seen.append(piece)
        elif event.object == "thread.run":
            found.model = found.model or text(event.model)
            found.usage = openai_usage(event.usage) or found.usage
            found.ended = found.ended or text(event.status) in _ENDS
    return found


READERS = (
    Reader(
        api="openai.runs",
        kind="chat",
        paths=(
            "/v1/threads/*/runs",
            "/v1/threads/runs",
            "/v1/threads/*/submit_tool_outputs",
            "/openai/threads/*/runs",
            "/openai/threads/runs",
            "/openai/threads/*/submit_tool_outputs",
        ),
        items="additional_messages",
        head=frozenset({"assistant_id", "instructions", "additional_instructions", "tools", "thread"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
    ),
)
