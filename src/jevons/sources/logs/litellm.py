"""LiteLLM's gateway log: spend logs (the proxy's table) and standard logging payloads (its callbacks), JSON.

Usage is OpenAI's, or Anthropic's names beside it; prompt_tokens includes cached tokens for every provider. Sources:
BerriAI/litellm, proxy/_types.py (SpendLogsPayload), types/utils.py (StandardLoggingPayload), llms/anthropic usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import address, between, failure, moment, provider, seconds
from jevons.wire.base import Usage, integer, number, text, whole

KIND, BY_LINE = "litellm", True
_KINDS = {
    "completion": "chat",
    "chat_completion": "chat",
    "responses": "chat",
    "anthropic_messages": "chat",
    "generate_content": "chat",
    "generate_content_stream": "chat",
    "text_completion": "completion",
    "embedding": "embeddings",
    "embeddings": "embeddings",
    "image_generation": "image",
    "image_edit": "image",
    "transcription": "audio",
    "speech": "audio",
    "moderation": "moderation",
    "rerank": "rerank",
    "pass_through_endpoint": "other",
}


def holds(document: Any) -> bool:
    """Whether a document is one of its records."""
    of = mapping(document)
    return "call_type" in of and "startTime" in of and ("request_id" in of or "custom_llm_provider" in of)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every record."""
    for document in documents:
        if not holds(document):
            yield Skipped("no record of LiteLLM's")
        elif str(document.get("cache_hit")).lower() == "true":
            yield Skipped("answered by LiteLLM's cache: no call was made")
        else:
            yield _entry(document)


def _entry(of: Any) -> Entry:
    operation = text(of.get("call_type")).removeprefix("a")
    kind = _KINDS.get(operation) or _KINDS.get(text(of.get("call_type")))
    if kind is None:
        return Skipped(f"LiteLLM's {operation[:40] or 'record'}: no call to a model")
    call = Call(id="", run="", kind=kind, model=text(of.get("model")))
    call.provider = provider(of.get("custom_llm_provider"))
    hidden, asked = mapping(of.get("hidden_params")), mapping(of.get("model_parameters"))
    base = text(of.get("api_base")) or text(hidden.get("api_base"))
    if base:
        there = address(base)
        call.host_class, call.region = there.host_class, there.region
    answered = _decoded(of.get("response"))
    call.model_answered = text(answered.get("model"))
    metadata = _decoded(of.get("metadata"))
    usage = metadata.get("usage_object") or answered.get("usage") or of
    found = tokens.of_usage(usage) or tokens.of_usage(of)
    if kind in ("embeddings", "moderation", "rerank") and found is None:
        found = tokens.canonical(whole(of.get("prompt_tokens")), 0)
    call.streamed = of.get("stream") is True
    call.temperature, call.seed = number(asked.get("temperature")), integer(asked.get("seed"))
    call.max_tokens = whole(asked.get("max_tokens"))
    call.started_us = moment(of.get("startTime"))
    ended = moment(of.get("endTime"))
    call.duration_us = seconds(of.get("response_time")) or between(call.started_us, ended)
    first = moment(of.get("completionStartTime"))
    if call.streamed and call.started_us <= first < ended:
        call.first_us, call.decode_us = first - call.started_us, ended - first
    if of.get("status") == "failure":
        told = mapping(of.get("error_information") or metadata.get("error_information"))
        call.error = failure(told.get("error_code") or told.get("error_class") or "error")
        if not sum((found or (0, 0))[:2]):
            found = Usage(0, 0)  # an error status: the server says that nothing was computed
    tokens.fill(call, found)
    own = text(of.get("request_id")) or text(of.get("id"))
    ids = (f"litellm:{own}", f"answer:{own}") if own else ()
    answer = text(answered.get("id"))
    return Seen(call, (*ids, f"answer:{answer}") if answer and answer != own else ids)


def _decoded(value: Any) -> Any:
    """An object, which the proxy's table keeps as text."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return {}
    return mapping(value)
