"""Sessions of Codex CLI (``~/.codex/sessions/**/*.jsonl``): a ``token_count`` event after each answer.

``last_token_usage`` is the answer's own; input includes cached tokens, and output reasoning unless the total says
otherwise. The event is repeated where nothing was asked in between: then ``total_token_usage`` stands still. Source:
openai/codex, codex-rs/protocol (TokenUsageInfo).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import moment, provider
from jevons.wire.base import text

KIND = "codex"
_TYPES = ("session_meta", "turn_context", "event_msg", "response_item", "compacted")


def holds(document: Any) -> bool:
    """Whether a document is a line of such a session."""
    of = mapping(document)
    return of.get("type") in _TYPES and isinstance(of.get("payload"), dict)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every line: answers by their counts, and all else skipped."""
    session, model, named, before, number = "", "", "openai", None, 0
    for document in documents:
        of = mapping(document)
        payload, kind = mapping(of.get("payload")), text(of.get("type"))
        if kind == "session_meta":
            session = text(payload.get("id")) or session
            named = provider(payload.get("model_provider")) if payload.get("model_provider") else named
        model = text(payload.get("model")) or model
        info = mapping(payload.get("info"))
        if payload.get("type") != "token_count" or not info:
            yield Skipped(f"session's {(text(payload.get('type')) or kind or 'line')[:40]}: no count of an answer")
            continue
        model = text(info.get("model")) or model
        whole, last = info.get("total_token_usage"), info.get("last_token_usage")
        if whole is not None and whole == before:
            yield Skipped("count of an answer, repeated")
            continue
        before = whole
        call = Call(id="", run="", provider=named, api="openai.responses", model=model, streamed=True)
        call.started_us = moment(of.get("timestamp"))  # the answer's end: its start is not told
        tokens.fill(call, tokens.of_usage(last))
        number += 1
        yield Seen(call, (f"codex:{session}/{number}",) if session else ())
