"""OTLP traces as JSON: one request, or one a line (the collector's file exporter).

``{resourceSpans: [{resource, scopeSpans: [{scope, spans: [{traceId, spanId, parentSpanId, startTimeUnixNano,
endTimeUnixNano, status: {code}, attributes: [{key, value: {stringValue | intValue | ...}}]}]}]}]}``. Ids are
hexadecimal, 64-bit integers may be text. Source: opentelemetry.io/docs/specs/otlp, JSON Protobuf Encoding. Ids in
base64, as generic Protobuf-to-JSON converters write them against that rule, are read too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import mapping
from jevons.sources.logs import genai
from jevons.sources.logs.entry import Entry, Skipped

KIND, BY_LINE = "otlp", True
_FAILED = (2, "STATUS_CODE_ERROR")
_OTHERS = {"resourceMetrics": "metric", "resourceLogs": "log record"}


def holds(document: Any) -> bool:
    """Whether a document is an OTLP request."""
    return isinstance(document, dict) and any(
        isinstance(document.get(name), list) for name in ("resourceSpans", "resource_spans", *_OTHERS)
    )


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every span."""
    for document in documents:
        if not holds(document):
            yield Skipped("no OTLP request")
            continue
        for resource in _list(document, "resourceSpans", "resource_spans"):
            for scope in _list(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
                for span in _list(scope, "spans"):
                    yield _entry(span)
        for name, what in _OTHERS.items():
            if document.get(name):
                yield Skipped(f"OTLP {what}s: sums or texts, no calls", len(document[name]))


def _entry(span: Any) -> Entry:
    if not isinstance(span, dict):
        return Skipped("span that is no object")
    get = span.get
    return genai.entry(
        genai.Span(
            _id(get("traceId", get("trace_id")), 16),
            _id(get("spanId", get("span_id")), 8),
            _id(get("parentSpanId", get("parent_span_id")), 8),
            _micros(get("startTimeUnixNano", get("start_time_unix_nano"))),
            _micros(get("endTimeUnixNano", get("end_time_unix_nano"))),
            mapping(get("status")).get("code") in _FAILED,
            _attributes(span),
            next(
                (
                    _attributes(event).get("exception.type")
                    for event in _list(span, "events")
                    if isinstance(event, dict) and event.get("name") == "exception"
                ),
                "",
            ),
        )
    )


def _attributes(of: Any) -> dict[str, Any]:
    return {
        one["key"]: _value(one.get("value"))
        for one in _list(of, "attributes")
        if isinstance(one, dict) and isinstance(one.get("key"), str)
    }


def _list(document: Any, *names: str) -> list[Any]:
    for name in names:
        found = document.get(name) if isinstance(document, dict) else None
        if isinstance(found, list):
            return found
    return []


def _value(value: Any) -> Any:
    """A scalar; None for lists and maps, which hold texts of the conversation."""
    of = mapping(value)
    if "stringValue" in of:
        return of["stringValue"]
    for name in ("boolValue", "doubleValue", "string_value", "bool_value", "double_value"):
        if name in of:
            return of[name]
    whole = of.get("intValue", of.get("int_value"))
    if isinstance(whole, str):
        return int(whole) if whole.removeprefix("-").isdecimal() and len(whole) < 21 else None
    return whole


def _id(value: Any, size: int) -> str:
    if not isinstance(value, str) or not value:
        return ""
    if len(value) != 2 * size and value.endswith("="):
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return value.lower()
        value = raw.hex() if len(raw) == size else value
    value = value.lower()
    return "" if value.strip("0") == "" else value


def _micros(value: Any) -> int:
    if isinstance(value, str):
        value = int(value) if value.isdecimal() and len(value) < 21 else 0
    return value // 1000 if type(value) is int and 0 < value < 4_102_444_800 * 10**9 else 0
