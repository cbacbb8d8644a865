"""Amazon Bedrock agents and knowledge bases: models called by the service, for one request of the client.

docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_InvokeAgent, ..._InvokeInlineAgent,
..._RetrieveAndGenerate, ..._RetrieveAndGenerateStream. Only traces (``enableTrace``) tell how many tokens each model
read and wrote. Without them usage is unknown: prompts are the service's own, so the texts that are shown say little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire import eventstream
from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, Usage, checked, part, text
from jevons.wire.bedrock_converse import converse_usage, model_name


class Shown(msgspec.Struct, gc=False):
    chunk: Any = None
    trace: Any = None
    output: Any = None


decode = msgspec.json.Decoder(Shown).decode


def ask(body: Body, path: str) -> Asked:
    """An inline agent and a knowledge base name their model; an agent is its own."""
    base = part(body.get("retrieveAndGenerateConfiguration"))
    kept = part(base.get("knowledgeBaseConfiguration", base.get("externalSourcesConfiguration")))
    named = text(body.get("foundationModel")) or text(kept.get("modelArn"))
    config = part(body.get("streamingConfigurations"))
    return Asked(model_name(named), config.get("streamFinalResponse") is True or path.endswith("Stream"))


def model_calls(trace: object) -> list[Usage]:
    """What each model call in a trace event read and wrote."""
    found = []
    for step in part(part(trace).get("trace")).values():
        shown = part(part(part(step).get("modelInvocationOutput")).get("metadata")).get("usage")
        usage = converse_usage(shown)
        if usage is not None:
            found.append(usage)
    return found


def named_model(trace: object) -> str:
    for step in part(part(trace).get("trace")).values():
        name = text(part(part(step).get("modelInvocationInput")).get("foundationModel"))
        if name:
            return model_name(name)
    return ""


def stream(events: Sequence[Event]) -> Answered:
    """No event marks the end: a stream that gave an answer is taken to be whole."""
    found = Answered(ended=False, texts=[], seen=[], pending=True)
    read = written = 0
    for piece, data in events:
        try:
            event = decode(data)
        except UNREADABLE:
            continue
        calls = model_calls(event.trace)
        if calls:
            read, written = read + sum(call.input for call in calls), written + sum(call.output for call in calls)
            found.usage = checked(Usage(read, written))
        found.model = found.model or named_model(event.trace)
        if event.chunk is not None or event.output is not None:
            found.ended = True
            found.seen.append(piece)
    return found


def answer(_data: bytes) -> Answered:
    return Answered(pending=True)


READERS = (
    Reader(
        api="bedrock.agent",
        kind="chat",
        paths=("/agentAliases/*/sessions/*/text", "/retrieveAndGenerate", "/retrieveAndGenerateStream", "/agents/*"),
        items="inputText",
        head=frozenset({"input", "instruction"}),
        ask=ask,
        answer=answer,
        stream=stream,
        frames=eventstream.events,
        own=True,
    ),
)
