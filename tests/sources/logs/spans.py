"""OTLP spans in tests."""

from __future__ import annotations

from typing import Any

START_NS = 1_788_220_800 * 10**9
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
TOKENS = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 9}


def span(number: int, attributes: dict[str, Any], parent: int = 0, trace: int = 1, at_s: float = 0) -> dict[str, Any]:
    """One span as OTLP's JSON has it."""
    start = START_NS + round(at_s * 1e9)
    made: dict[str, Any] = {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 1_500_000_000),
        "attributes": [{"key": key, "value": _value(value)} for key, value in attributes.items()],
    }
    return made | ({"parentSpanId": f"{parent:016x}"} if parent else {})


def request(*spans: dict[str, Any]) -> dict[str, Any]:
    """An export request."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
