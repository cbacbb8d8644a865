"""Sessions of Claude Code (``~/.claude/projects/*/*.jsonl``): each answer with Anthropic's usage.

Input excludes cached and cache-written tokens: they are added. An answer is written once for each of its blocks, all
under one message id, and its last line holds the whole of its output; sessions that go on from others repeat their
lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import moment
from jevons.wire.base import Usage, text

KIND = "claude_code"
_OPEN = 64
"""Answers whose further lines may still come: blocks of one are close together, with results of tools between."""


def holds(document: Any) -> bool:
    """Whether a document is a line of such a session, or a session as one document."""
    of = mapping(document)
    if isinstance(of.get("loglines"), list):
        return True
    usage = mapping(mapping(of.get("message")).get("usage"))
    return ("sessionId" in of and "message" in of) or ("requestId" in of and bool(usage))


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every line: answers, once each, and all else skipped."""
    pending: dict[str, Seen] = {}
    for document in documents:
        of = mapping(document)
        for line in of["loglines"] if isinstance(of.get("loglines"), list) else [of]:
            found = _line(mapping(line))
            if isinstance(found, Skipped):
                yield found
                continue
            before = pending.get(found.ids[0]) if found.ids else None
            if before is None:
                pending[found.ids[0] if found.ids else f"#{len(pending)}"] = found
            else:
                if (found.call.output_tokens or 0) > (before.call.output_tokens or 0):
                    tokens.fill(before.call, _usage_of(found.call))
                before.call.duration_us = max(found.call.started_us - before.call.started_us, 0)
                yield Skipped("further line of an answer")
            while len(pending) > _OPEN:
                yield pending.pop(next(iter(pending)))
    yield from pending.values()


def _line(of: Any) -> Seen | Skipped:
    message = mapping(of.get("message"))
    kind = text(of.get("type")) or text(message.get("role")) or "line"
    if kind != "assistant":
        return Skipped(f"session's {kind[:40]}: no answer of a model")
    usage = message.get("usage")
    if text(message.get("model")) == "<synthetic>":
        return Skipped("answer that the program wrote itself")
    call = Call(id="", run="", provider="anthropic", api="anthropic.messages", streamed=True)
    call.model = call.model_answered = text(message.get("model"))
    call.started_us = moment(of.get("timestamp"))
    tokens.fill(call, tokens.of_usage(usage, cached_inside=False) if usage else None)
    answer, request = text(message.get("id")), text(of.get("requestId"))
    own = answer or text(of.get("uuid"))
    # Sessions and exports cut answers' ids short, so that a request's id is part of their name where it is known.
    ids = [f"claude_code:{own}/{request}"] if own else []
    return Seen(call, (*ids, *([f"answer:{answer}"] if answer.startswith("msg_") and len(answer) > 12 else [])))


def _usage_of(call: Call) -> Usage:
    return Usage(
        call.input_tokens or 0, call.output_tokens or 0, call.cached_tokens, call.cache_write_tokens,
        call.reasoning_tokens,
    )  # fmt: skip
