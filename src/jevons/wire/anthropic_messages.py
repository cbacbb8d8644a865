"""Anthropic messages (docs.anthropic.com/en/api/messages and messages-streaming), also on Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, Usage, asked, checked, count, part, text
from jevons.wire.estimate import CHAT_MESSAGE_TOKENS


class Message(msgspec.Struct, gc=False):
    model: Any = ""
    content: Any = None
    usage: Any = None


class Delta(msgspec.Struct, gc=False):
    text: Any = None
    partial_json: Any = None
    thinking: Any = None
    stop_reason: Any = None


class Typed(msgspec.Struct, gc=False):
    type: Any = ""
    message: Message | None = None
    delta: Delta | None = None
    usage: Any = None


decode = msgspec.json.Decoder(Message).decode
decode_event = msgspec.json.Decoder(Typed).decode


def ask(body: Body, path: str) -> Asked:
    found = asked(body)
    effort = part(body.get("output_config")).get("effort")
    if effort is None:
        thinking = part(body.get("thinking"))
        effort = thinking.get("budget_tokens", thinking.get("type"))
    found.effort = str(effort) if type(effort) is int else text(effort)
    if not found.model and "/models/" in path:  # Vertex AI: .../publishers/anthropic/models/NAME:rawPredict
        found.model = text(path.rpartition("/models/")[2].partition(":")[0])
        found.streamed = found.streamed or ":stream" in path
    return found


def anthropic_usage(shown_usage: object) -> Usage | None:
    """Anthropic's input_tokens exclude cached tokens, so read and written ones are added."""
    shown = part(shown_usage)
    fresh, written = count(shown.get("input_tokens")), count(shown.get("output_tokens"))
    if fresh is None or written is None:
        return None
    read, stored = count(shown.get("cache_read_input_tokens")), count(shown.get("cache_creation_input_tokens"))
    thinking = count(part(shown.get("output_tokens_details")).get("thinking_tokens"))
    usage = Usage(fresh + (read or 0) + (stored or 0), written, read, stored, thinking)
    iterations = shown.get("iterations")
    for iteration in iterations if type(iterations) is list else ():
        # The counts on top leave out what compacting the context took
        # (docs.anthropic.com/en/docs/build-with-claude/compaction, "Understanding usage").
        if part(iteration).get("type") == "compaction":
            more = anthropic_usage({**iteration, "iterations": None})
            if more is not None:
                usage = Usage(
                    usage.input + more.input,
                    usage.output + more.output,
                    (usage.cached or 0) + (more.cached or 0),
                    (usage.cache_write or 0) + (more.cache_write or 0),
                    thinking,
                )
    return checked(usage)


def _region(shown_usage: object) -> str:
    """``us`` where inference was bound to it; empty for ``global`` and what is not documented
    (platform.claude.com/docs/en/manage-claude/data-residency)."""
    return "us" if part(shown_usage).get("inference_geo") == "us" else ""


def answer(data: bytes) -> Answered:
    message = decode(data)
    usage = anthropic_usage(message.usage)
    return Answered(text(message.model), usage, [message.content], region=_region(message.usage))


def stream(events: Sequence[Event]) -> Answered:
    """Usage starts in message_start; message_delta repeats it, cumulative, so its counts replace the first."""
    found = Answered(ended=False, texts=[], seen=[])
    usage: dict[str, Any] = {}
    final = False
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        delta = event.delta
        if event.type == "content_block_delta":
            if delta is None:
                continue
            shown = delta.text or delta.partial_json
            if shown:
                found.texts.append(shown)
                found.seen.append(piece)
            elif delta.thinking:
                found.texts.append(delta.thinking)
        elif event.type == "message_start" and event.message is not None:
            found.model = text(event.message.model)
            usage.update(part(event.message.usage))
        elif event.type == "message_delta":
            usage.update((key, value) for key, value in part(event.usage).items() if value is not None)
            final = final or bool(event.usage)
            if delta is not None and delta.stop_reason:
                found.ended = True
        elif event.type == "message_stop":
            found.ended = True
    found.region = _region(usage)
    if final or found.ended:
        found.usage = anthropic_usage(usage)
    else:  # before message_delta, output_tokens is a placeholder
        found.begun = anthropic_usage(usage)
    return found


READERS = (
    Reader(
        api="anthropic.messages",
        kind="chat",
        paths=("/v1/messages", "/anthropic/messages", ":rawPredict", ":streamRawPredict"),
        items="messages",
        head=frozenset({"system", "tools", "output_format"}),
        ask=ask,
        answer=answer,
        stream=stream,
        message_tokens=CHAT_MESSAGE_TOKENS,
        tools_tokens=346,  # docs.anthropic.com/en/docs/agents-and-tools/tool-use/overview, Claude 4, tool_choice auto
    ),
)
