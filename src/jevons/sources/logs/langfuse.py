"""Langfuse: batches as its SDKs send them, and observations as its API and its exports list them, JSON.

``usageDetails`` counts each kind of token on its own: ``input`` is what no cache answered, unless ``total`` says that
it holds the cached too (as LiteLLM fills it). Sources: langfuse.com/docs, model usage and cost; langfuse/langfuse
fern/apis/server (ingestion, observations).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import between, moment, of_model
from jevons.wire.base import number, text, whole

KIND, BY_LINE = "langfuse", True
_MODELS = {"GENERATION": "chat", "EMBEDDING": "embeddings"}
_INPUT, _OUTPUT = (
    ("input", "promptTokens", "prompt_tokens", "input_tokens"),
    ("output", "completionTokens", "completion_tokens", "output_tokens"),
)
_READ = ("cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "cached_tokens", "cache_read")
_WRITE = ("cache_creation_input_tokens", "input_cache_creation", "cache_creation", "cache_write")
_REASONING = ("output_reasoning_tokens", "reasoning_tokens", "output_reasoning", "reasoning")
_TOTAL = ("total", "totalTokens", "total_tokens")


def holds(document: Any) -> bool:
    """Whether a document is one of these."""
    of = mapping(document)
    batch = of.get("batch")
    if isinstance(batch, list):
        return any("body" in mapping(one) and "type" in mapping(one) for one in batch)
    return _is_one(of) or any(map(_is_one, of["data"]) if isinstance(of.get("data"), list) else ())


def _is_one(of: Any) -> bool:
    return ("traceId" in mapping(of) or "trace_id" in mapping(of)) and text(of.get("type")) in (
        *_MODELS, "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL",
    )  # fmt: skip


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every observation; an update of one comes as the same one again."""
    for document in documents:
        of = mapping(document)
        if isinstance(of.get("batch"), list):
            yield from _batch(of["batch"])
        elif isinstance(of.get("data"), list):
            yield from (_observation(mapping(one), text(mapping(one).get("type"))) for one in of["data"])
        else:
            yield _observation(of, text(of.get("type")))


def _batch(batch: list[Any]) -> Iterator[Entry]:
    """A generation's events put together: it may be created without usage and updated with it."""
    whole_: dict[str, dict[str, Any]] = {}
    for one in batch:
        event = mapping(one)
        action, body = text(event.get("type")), mapping(event.get("body"))
        if not action.startswith("generation-"):
            yield Skipped(f"Langfuse's {action[:40] or 'event'}: no call to a model")
        elif text(body.get("id")) in whole_:
            whole_[body["id"]].update({name: value for name, value in body.items() if value is not None})
            yield Skipped("further event of a generation")
        else:
            whole_[text(body.get("id")) or f"#{len(whole_)}"] = dict(body)
    for body in whole_.values():
        yield _observation(body, "GENERATION")


def _observation(of: Any, kind: str) -> Entry:
    if kind not in _MODELS:
        return Skipped(f"Langfuse's {kind.lower()[:40] or 'record'}: no call to a model")
    get = of.get
    named, model = of_model(get("model"))
    call = Call(id="", run="", kind=_MODELS[kind], provider=named, model=model)
    asked = mapping(get("modelParameters") or get("model_parameters"))
    call.temperature, call.max_tokens = number(asked.get("temperature")), whole(asked.get("max_tokens"))
    call.region = text(asked.get("aws_region"))
    usage = mapping(get("usageDetails") or get("usage_details")) or mapping(get("usage"))
    counts = [tokens.first(usage, names) for names in (_INPUT, _OUTPUT, _READ, _WRITE, _REASONING, _TOTAL)]
    if call.kind == "embeddings" and counts[0] is not None:
        counts[1] = counts[1] or 0
    tokens.fill(call, tokens.canonical(*counts, cached_inside=False, reasoning_inside=False))
    call.started_us = moment(get("startTime") or get("start_time"))
    ended = moment(get("endTime") or get("end_time"))
    call.duration_us = between(call.started_us, ended)
    first = moment(get("completionStartTime") or get("completion_start_time"))
    if call.started_us <= first < ended:
        call.first_us, call.decode_us = first - call.started_us, ended - first
    if get("level") == "ERROR":
        call.error = "error"
    own = text(get("id"))
    ids = [f"langfuse:{own}"] if own else []
    head, _, answer = own.partition("_")
    if head.startswith("time-") and answer:  # LiteLLM names a generation by its start and its answer
        ids.append(f"answer:{answer}")
    return Seen(call, tuple(ids))
