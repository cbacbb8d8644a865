"""Sessions of Gemini CLI (``~/.gemini/tmp/*/chats/session-*.json``), and its recorded answers (``*.responses``).

``tokens``: input is the prompt with what was cached, ``tool`` the prompt of tools beside it; output excludes thoughts.
A recorded answer holds Gemini's own responses. Source: google-gemini/gemini-cli,
packages/core/src/services/chatRecordingService.ts (TokensSummary), core/fakeContentGenerator.ts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources import bodies
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import moment
from jevons.wire import gemini
from jevons.wire.base import text, whole

KIND = "gemini_cli"


def holds(document: Any) -> bool:
    """Whether a document is a session, or a recorded answer."""
    of = mapping(document)
    if text(of.get("method")).startswith(("generateContent", "embedContent", "countTokens")):
        return "response" in of
    return "sessionId" in of and isinstance(of.get("messages"), list)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every message, or every recorded answer."""
    for document in documents:
        of = mapping(document)
        if "method" in of:
            yield _recorded(of)
            continue
        for index, one in enumerate(of.get("messages") or []):
            yield _message(mapping(one), f"{of.get('sessionId')}/{mapping(one).get('id', index)}")


def _message(of: Any, own: str) -> Entry:
    kind, counts = text(of.get("type")), mapping(of.get("tokens"))
    if kind != "gemini":
        return Skipped(f"session's {kind[:40] or 'line'}: no answer of a model")
    call = Call(id="", run="", provider="gcp.gemini", model=text(of.get("model")), streamed=True)
    call.started_us = moment(of.get("timestamp"))
    read, tool, thoughts = (whole(counts.get(name)) for name in ("input", "tool", "thoughts"))
    tokens.fill(
        call,
        tokens.canonical(
            None if read is None else read + (tool or 0), whole(counts.get("output")), whole(counts.get("cached")),
            None, thoughts, whole(counts.get("total")), reasoning_inside=False,
        ),
    )  # fmt: skip
    return Seen(call, (f"gemini_cli:{own}",))


def _recorded(of: Any) -> Entry:
    method, answered = text(of.get("method")), of["response"]
    if not method.startswith("generateContent"):
        return Skipped(f"{method}: no call to a model")
    parts = answered if isinstance(answered, list) else [answered]
    events = [(number, bodies.json(one)) for number, one in enumerate(parts)]
    found = gemini.stream(events)
    call = Call(id="", run="", provider="gcp.gemini", streamed=isinstance(answered, list))
    call.model_answered = found.model
    tokens.fill(call, found.usage)
    return Seen(call)
