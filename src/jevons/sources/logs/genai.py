"""Spans of generative AI to calls: OpenTelemetry's names old and new, OpenLLMetry's, OpenInference's.

Sources: open-telemetry/semantic-conventions v1.41.1 model/gen-ai/registry.yaml and its deprecated attributes (up to
v1.36); traceloop/openllmetry semconv_ai/__init__.py; Arize-ai/openinference spec/semantic_conventions.md.

A model call may be seen by two instruments (a framework's and an SDK's): then one span lies within the other. The one
whose parent, or child, is a counted model call is the same call. Spans of agents and workflows print sums over their
calls and are never counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Seen, Skipped
from jevons.sources.logs.values import address, between, failure, provider
from jevons.wire.base import Usage, number, text, whole

_OPERATIONS = {
    "chat": "chat",
    "generate_content": "chat",
    "text_completion": "completion",
    "completion": "completion",
    "embeddings": "embeddings",
    "embedding": "embeddings",
    "rerank": "rerank",
    "image_generation": "image",
}
_INFERENCE = {"LLM": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank"}
_INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
)  # fmt: skip
_OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens",
)  # fmt: skip
_READ = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
)  # fmt: skip
_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)  # fmt: skip
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)  # fmt: skip
_TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total")
_ASKED = ("gen_ai.request.model", "llm.request.model", "llm.model_name", "embedding.model_name", "reranker.model_name")
_NAMED = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_STREAMED = ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming")
_PARAMETERS = ("llm.invocation_parameters", "embedding.invocation_parameters")
_MOST = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_PROMPTS = ("llm.prompts.0.prompt.text", "llm.prompts")
_BASES = ("gen_ai.openai.api_base", "openai.api_base", "gen_ai.request.api_base", "llm.request.api_base", "url.full")
_REFUSED = frozenset(
    {
        *("BadRequestError", "AuthenticationError", "PermissionDeniedError", "NotFoundError", "ConflictError"),
        *("UnprocessableEntityError", "RateLimitError", "InternalServerError", "OverloadedError"),
    }
)
"""What the official SDKs of OpenAI and Anthropic raise for a status of 400 or more, and for nothing else (their
``_exceptions.py``); others use the names for streams that fail midway, too, of which a model has been named."""


class Span(NamedTuple):
    """One span."""

    trace: str
    """Lower-case hexadecimal; empty where unknown. So the ids below."""
    id: str
    parent: str
    started_us: int
    ended_us: int
    failed: bool
    attributes: Mapping[str, Any]
    exception: object = ""
    """Type of the exception that it ended with, where it says one."""


def entry(span: Span) -> Seen | Skipped:
    """The call that a span tells of, or why it tells of none."""
    found = span.attributes
    kind, why = _kind(found)
    if not kind:
        return Skipped(why)
    call = Call(id="", run="", kind=kind, started_us=span.started_us)
    call.duration_us = between(span.started_us, span.ended_us)
    call.model = _first(found, _ASKED)
    call.model_answered = text(found.get("gen_ai.response.model")) or text(found.get("llm.response.model"))
    parameters = _parameters(found)
    if asked := text(parameters.get("model")):  # OpenInference names the model that answered, and here the one asked
        call.model, call.model_answered = asked, call.model_answered or call.model
    _place(call, found)
    tokens.fill(
        call,
        tokens.canonical(
            *(tokens.first(found, names) for names in (_INPUT, _OUTPUT, _READ, _WRITE, _REASONING, _TOTAL))
        )
        if kind not in ("embeddings", "rerank")
        else _read_only(found),
    )
    call.streamed = any(found.get(name) is True for name in _STREAMED) or parameters.get("stream") is True
    call.temperature = number(found.get("gen_ai.request.temperature", parameters.get("temperature")))
    seed = found.get("gen_ai.request.seed", parameters.get("seed"))
    call.seed = seed if type(seed) is int and abs(seed) < 2**63 else None
    call.max_tokens = whole(found.get("gen_ai.request.max_tokens"))
    if call.max_tokens is None:
        call.max_tokens = tokens.first(parameters, _MOST)
    call.test = text(found.get("test.case.name"))
    status = whole(found.get("http.response.status_code", found.get("http.status_code")))
    call.status = status if status is not None and 100 <= status <= 599 else None
    named = found.get("error.type") or (span.exception if span.failed else "")
    if span.failed or named:
        call.error = failure(named) if named else "error"
    refused = call.error.rpartition(".")[2] in _REFUSED and not call.model_answered
    if call.usage == "unknown" and (refused or (call.status or 0) >= 400):
        call.usage, call.input_tokens, call.output_tokens = "reported", 0, 0  # what is refused reads and writes nothing
    return _identified(span, call, text(found.get("gen_ai.response.id")))


def _kind(found: Mapping[str, Any]) -> tuple[str, str]:
    """Kind of call, or why it is none."""
    operation = text(found.get("gen_ai.operation.name")).lower()
    if operation:
        return _OPERATIONS.get(operation, ""), f"span of {operation}: no model call"
    role = text(found.get("openinference.span.kind")).upper()
    if role == "LLM" and any(name in found for name in _PROMPTS):
        return "completion", ""
    if role:
        return _INFERENCE.get(role, ""), f"span of {role.lower()}: no model call"
    asked = text(found.get("llm.request.type")).lower()
    if asked:
        return _OPERATIONS.get(asked, ""), f"span of {asked}: no model call"
    flow = text(found.get("traceloop.span.kind")).lower()
    if flow:
        return "", f"span of {flow}: no model call"
    if any(name in found for name in (*_INPUT, *_OUTPUT)) and any(name in found for name in _ASKED):
        return "chat", ""  # before v1.28, the operation had no attribute of its own
    return "", "span that tells of no model"


def _parameters(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """OpenInference's parameters of a request, which it writes as JSON."""
    written = next((found[name] for name in _PARAMETERS if name in found), None)
    if not isinstance(written, str):
        return {}
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        return mapping(msgspec.json.decode(written))
    return {}


def _read_only(found: Mapping[str, Any]) -> Usage | None:
    """Tokens of what writes nothing: an embedding."""
    read = tokens.first(found, _INPUT)
    read = tokens.first(found, _TOTAL) if read is None else read
    return None if read is None else tokens.canonical(read, tokens.first(found, _OUTPUT) or 0)


def _place(call: Call, found: Mapping[str, Any]) -> None:
    host = text(found.get("server.address")) or _first(found, _BASES)
    port = found.get("server.port")
    call.provider = provider(_first(found, _NAMED))
    if host:
        there = address(f"{host}:{port}" if port not in (None, 443, "443") and host.count(":") == 0 else host)
        call.host_class, call.region = there.host_class, there.region
        if call.provider == "unknown":
            call.provider = there.provider


def _identified(span: Span, call: Call, answer: str) -> Seen:
    own = f"span:{span.trace}/{span.id}"
    answers = [f"answer:{answer}"] if answer else []
    if not span.trace or not span.id:
        return Seen(call, tuple(answers))
    above = f"{span.trace}/{span.parent}" if span.parent else ""
    return Seen(
        call,
        (own, *answers),
        same=(f"over:{span.trace}/{span.id}", *([f"span:{above}"] if above else ())),
        leaves=(f"over:{above}",) if above else (),
    )


def _first(found: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = found.get(name)
        if value and text(value):
            return text(value)
    return ""
