"""Real instrumentations of OpenTelemetry, OpenLLMetry and OpenInference: their spans tell what the taps saw, and each
call is known to be the same one."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from providers import provider
from sources.logs.read import told

from jevons import capture
from jevons.record import Call
from jevons.wire.fingerprint import of_name

openai = pytest.importorskip("openai")
sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="needs opentelemetry-sdk")
encoder = pytest.importorskip("opentelemetry.exporter.otlp.proto.common.trace_encoder", reason="needs its exporter")

INSTRUMENTATIONS = {
    "official": "opentelemetry.instrumentation.openai_v2",
    "OpenLLMetry": "opentelemetry.instrumentation.openai",
    "OpenInference": "openinference.instrumentation.openai",
}
ASK: list[Any] = [{"role": "user", "content": "Where does the river meet the sea, and why is that so?"}]
LONG: list[Any] = [{"role": "system", "content": "You were cached. " + "Answer in whole sentences. " * 40}, *ASK]


def calls(url: str) -> None:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="not-a-key") as client:
        client.chat.completions.create(model="fake-1", messages=ASK)
        client.chat.completions.create(model="fake-1", messages=LONG)
        list(
            client.chat.completions.create(
                model="fake-1", messages=ASK, stream=True, stream_options={"include_usage": True}
            )
        )
        client.embeddings.create(model="fake-1", input="the sea")


@pytest.mark.parametrize("family", INSTRUMENTATIONS)
def test_spans_tell_what_the_taps_saw(family: str, tmp_path: Path) -> None:
    found = pytest.importorskip(INSTRUMENTATIONS[family], reason=f"needs the instrumentation: {family}")
    in_memory = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    exporter, traced = in_memory.InMemorySpanExporter(), sdk.TracerProvider()
    traced.add_span_processor(export.SimpleSpanProcessor(exporter))
    instrumentor = found.OpenAIInstrumentor()
    tapped: list[Call] = []
    instrumentor.instrument(tracer_provider=traced)
    handle = capture.install(tapped.append, secret=b"s", run="r", root=tmp_path)
    try:
        with provider() as server:
            calls(server.url)
            capture.flush()
    finally:
        handle.uninstall()
        instrumentor.uninstrument()
    path = tmp_path / "spans.pb"
    path.write_bytes(encoder.encode_spans(exporter.get_finished_spans()).SerializeToString())
    seen = sorted(told(path).seen, key=lambda one: one.call.started_us)
    tapped.sort(key=lambda one: one.started_us)
    assert len(seen) == len(tapped) == 4
    for one, tap in zip(seen, tapped, strict=True):
        assert (one.call.kind, one.call.answered_by) == (tap.kind, tap.answered_by)
        assert (one.call.usage, one.call.input_tokens, one.call.output_tokens) == (
            tap.usage, tap.input_tokens, tap.output_tokens,
        )  # fmt: skip
        names = [of_name(b"s", name).hex() for name in one.ids if name.startswith("answer:")]
        assert names in ([], [tap.answer_hash])
        assert abs(one.call.started_us - tap.started_us) < 2_000_000
