"""DeepEval: traces (``llmSpans``) and test runs (``.latest_run_full.json``), with the judges of their metrics.

Token counts are what the traced framework counted, input with cached and output with reasoning; a metric that names a
model had a judge, whose tokens recent versions count. Source: confident-ai/deepeval, tracing/api.py, test_run/api.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.record import Call
from jevons.sources.exchange import mapping
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import between, moment, of_model, provider
from jevons.wire.base import text

KIND = "deepeval"
_SPANS = ("baseSpans", "agentSpans", "retrieverSpans", "toolSpans")
_CASES = ("testCases", "conversationalTestCases")
_INPUT, _OUTPUT = (
    ("inputTokenCount", "inputTokens", "input_tokens"),
    ("outputTokenCount", "outputTokens", "output_tokens"),
)


def holds(document: Any) -> bool:
    """Whether a document is one of these."""
    of = mapping(document)
    return isinstance(of.get("llmSpans"), list) or any(isinstance(of.get(name), list) for name in _CASES)


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every span and every metric."""
    for document in documents:
        of = mapping(document)
        if not holds(of):
            yield Skipped("no file of DeepEval's")
            continue
        if "llmSpans" in of:
            yield from _trace(of, "")
        for name in _CASES:
            for number, case in enumerate(of.get(name) or []):
                one = mapping(case)
                test = text(one.get("name")) or f"{name}[{number}]"
                yield from _trace(mapping(one.get("trace")), test)
                for index, metric in enumerate(one.get("metricsData") or []):
                    yield _metric(mapping(metric), test, f"{of.get('testRunId', of.get('identifier'))}/{test}/{index}")


def _trace(trace: Any, test: str) -> Iterator[Entry]:
    for name in _SPANS:
        if trace.get(name):
            yield Skipped(f"{name.removesuffix('Spans')} span: no model call", len(trace[name]))
    for one in trace.get("llmSpans") or []:
        yield _span(mapping(one), test)


def _span(span: Any, test: str) -> Seen:
    named, model = of_model(span.get("model"))
    call = Call(id="", run="", test=test, model=model, provider=named)
    if span.get("provider"):
        call.provider = provider(span["provider"])
    tokens.fill(call, tokens.canonical(tokens.first(span, _INPUT), tokens.first(span, _OUTPUT)))
    call.started_us = moment(span.get("startTime"))
    call.duration_us = between(call.started_us, moment(span.get("endTime")))
    if text(span.get("status")).upper() in ("ERRORED", "ERROR", "FAILED"):
        call.error = "error"
    own = text(span.get("uuid"))
    return Seen(call, (f"deepeval:{own}",) if own else ())


def _metric(metric: Any, test: str, own: str) -> Entry:
    if not text(metric.get("evaluationModel")):
        return Skipped("metric that names no model")
    named, model = of_model(metric["evaluationModel"])
    call = Call(id="", run="", test=test, role="judge", model=model, provider=named)
    tokens.fill(call, tokens.canonical(tokens.first(metric, _INPUT), tokens.first(metric, _OUTPUT)))
    return Seen(call, (f"deepeval:{own}",))
