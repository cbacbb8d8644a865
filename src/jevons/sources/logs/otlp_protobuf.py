"""OTLP traces as Protobuf: one request, or several, each after its length (the collector's file exporter).

Needs opentelemetry-proto (extra ``sources``). Source: opentelemetry-proto, trace/v1/trace.proto; the collector's file
exporter writes each message after its size in four bytes, most significant first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import UnreadableError
from jevons.sources.logs import genai
from jevons.sources.logs.entry import Entry, Skipped

KIND = "otlp"
_FAILED = 2
MALFORMED = "message that is no OTLP request"
"""Why bytes that are no Protobuf of this kind are passed over."""


def holds(head: bytes) -> bool:
    """Whether a file that begins so may be OTLP: a first field of messages (resource spans), alone or after a size."""
    return head[:1] == b"\n" or (len(head) > 4 and head[4:5] == b"\n" and head[:2] == b"\0\0")


def messages(stream: Any, limit: int) -> Iterator[bytes]:
    """The messages of a file. Raises UnreadableError for one that is cut short or larger than `limit`."""
    head = stream.read(4)
    if head[:1] == b"\n":
        data = head + stream.read(limit + 1)
        if len(data) > limit:
            raise UnreadableError(f"is one message of more than {limit >> 20} MB: raise --max-mb to read it")
        yield data
        return
    while head:
        size = int.from_bytes(head, "big")
        if len(head) < 4 or size > limit:
            raise UnreadableError(f"ends in the middle of a message, or has one of more than {limit >> 20} MB")
        data = stream.read(size)
        if len(data) < size:
            raise UnreadableError("ends in the middle of a message: export it anew")
        yield data
        head = stream.read(4)


def read(documents: Iterator[bytes]) -> Iterator[Entry]:
    """Every span of every message. Raises UnreadableError where the library is missing."""
    try:
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    except ImportError:
        raise UnreadableError("is OTLP in Protobuf, which needs a library: pip install 'jevons[sources]'") from None
    for data in documents:
        request = ExportTraceServiceRequest()
        try:
            request.ParseFromString(data)
        except DecodeError:
            yield Skipped(MALFORMED)
            continue
        if not request.resource_spans:
            yield Skipped("message without spans")
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    yield genai.entry(_span(span))


def _span(span: Any) -> genai.Span:
    return genai.Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() if any(span.parent_span_id) else "",
        span.start_time_unix_nano // 1000,
        span.end_time_unix_nano // 1000,
        span.status.code == _FAILED,
        _attributes(span),
        next((_attributes(event).get("exception.type") for event in span.events if event.name == "exception"), ""),
    )


def _attributes(of: Any) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in of.attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind in ("string_value", "bool_value", "int_value", "double_value") else None
