"""Traces of OpenAI's Agents SDK, as it sends them: spans of responses and generations, JSON.

A response's span names the response and holds no usage: such calls are known, their tokens are not, unless something
else saw them too. Source: openai/openai-agents-python, tracing/span_data.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import between, moment
from jevons.wire.base import text

KIND, BY_LINE = "openai_agents", True


def holds(document: Any) -> bool:
    """Whether a document is a batch of such spans."""
    spans = mapping(document).get("data")
    return isinstance(spans, list) and any(mapping(one).get("object") in ("trace", "trace.span") for one in spans)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every span and every trace."""
    for document in documents:
        if not holds(document):
            yield Skipped("no batch of the Agents SDK's")
            continue
        yield from (_entry(mapping(one)) for one in document["data"])


def _entry(of: Any) -> Entry:
    data = mapping(of.get("span_data"))
    kind = text(data.get("type")) or text(of.get("object")) or "record"
    if kind not in ("response", "generation"):
        return Skipped(f"span of {kind[:40]}: no model call")
    call = Call(id="", run="", provider="openai", api="openai.responses" if kind == "response" else "")
    call.model = text(data.get("model"))
    tokens.fill(call, tokens.of_usage(data.get("usage")))
    call.started_us = moment(of.get("started_at"))
    call.duration_us = between(call.started_us, moment(of.get("ended_at")))
    if of.get("error"):
        call.error = "error"
    own, answer = text(of.get("id")), text(data.get("response_id"))
    return Seen(call, tuple(f"{what}:{name}" for what, name in (("openai_agents", own), ("answer", answer)) if name))
