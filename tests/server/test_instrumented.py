"""The real SDK of OpenTelemetry with those who instrument openai, against the loopback provider: what spans tell, by
each way they can come, is what the taps saw of the same calls."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from providers import Provider
from server.served import Serving

from jevons import capture
from jevons.ledger import importing
from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.record import Call
from jevons.sources.logs.formats import Wanted

openai = pytest.importorskip("openai")
trace = pytest.importorskip("opentelemetry.sdk.trace", reason="needs opentelemetry-sdk: group otel")
export = importlib.import_module("opentelemetry.sdk.trace.export")
WHY = "needs OpenTelemetry's exporters: group otel"
as_protobuf = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter", reason=WHY)
as_json = pytest.importorskip("opentelemetry.exporter.otlp.json.http.trace_exporter", reason=WHY)
to_file = pytest.importorskip("opentelemetry.exporter.otlp.json.file.trace_exporter", reason=WHY)
encoder = importlib.import_module("opentelemetry.exporter.otlp.proto.common.trace_encoder")
memory = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")

FACTS = (
    "kind", "model", "model_answered", "usage", "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens",
    "reasoning_tokens", "streamed", "failed", "temperature", "seed", "max_tokens", "host_class",
)  # fmt: skip
DETAILS = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")
"""Of which a zero need not be told."""
SILENT: dict[str, tuple[str, ...]] = {
    "opentelemetry.instrumentation.openai_v2": ("cached_tokens", "reasoning_tokens", "streamed"),
    "opentelemetry.instrumentation.genai.openai": ("streamed",),  # of a stream that was refused
    "opentelemetry.instrumentation.openai": ("reasoning_tokens", "seed", "host_class"),
    "openinference.instrumentation.openai": ("host_class",),
}
"""What an instrumentation leaves out, of every call or of some: unknown then, never another value."""
BLIND: dict[str, tuple[str, ...]] = {
    "opentelemetry.instrumentation.openai_v2": ("responses", "completions"),
    "opentelemetry.instrumentation.genai.openai": ("completions",),
}
"""Parts of the API whose calls make no span."""
TEXTLESS = ("opentelemetry.instrumentation.openai_v2", "opentelemetry.instrumentation.genai.openai")
"""Whose spans hold nothing that was said unless they are told to."""
WAYS = ("protobuf", "protobuf packed", "json", "json packed")
USAGE = {"stream": True, "stream_options": {"include_usage": True}}


def chat(client: Any, text: str, model: str = "fake-1", **more: Any) -> Any:
    """Plain, or the whole of a stream."""
    made = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)
    return list(made) if "stream" in more else made


async def at_once(base: str, text: str) -> None:
    async with openai.AsyncOpenAI(base_url=base, api_key="sk-not-a-key", max_retries=0) as client:
        plain, streamed = ([{"role": "user", "content": f"{how} {text}"}] for how in ("at once", "at once, in pieces"))
        await client.chat.completions.create(model="fake-1", messages=plain)
        async for _ in await client.chat.completions.create(model="fake-1", messages=streamed, **USAGE):
            pass


CASES: dict[str, Callable[[Any, str], Any]] = {
    "chat": lambda client, text: chat(client, text, temperature=0.5, seed=7, max_tokens=99),
    "chat, cached": lambda client, text: chat(client, f"cached {text}", reasoning_effort="low"),
    "chat, streamed": lambda client, text: chat(client, f"streamed {text}", **USAGE),
    "chat, streamed and cached": lambda client, text: chat(client, f"{text} cached", reasoning_effort="low", **USAGE),
    "chat, streamed without usage": lambda client, text: chat(client, f"untold {text}", stream=True),
    "chat, refused": lambda client, text: chat(client, text, "fake-1+500"),
    "chat, refused stream": lambda client, text: chat(client, text, "fake-1+500", **USAGE),
    "chat, async": lambda client, text: asyncio.run(at_once(str(client.base_url), text)),
    "embeddings": lambda client, text: client.embeddings.create(model="fake-1", input=[text, "the river"]),
    "responses": lambda client, text: client.responses.create(model="fake-1", input=text),
    "responses, streamed": lambda client, text: list(
        client.responses.create(model="fake-1", input=f"cached {text}", reasoning={"effort": "low"}, stream=True)
    ),
    "completions": lambda client, text: client.completions.create(model="fake-1", prompt=text),
    "completions, streamed": lambda client, text: list(
        client.completions.create(model="fake-1", prompt=f"{text} on", **USAGE)
    ),
}


class Switch(export.SpanExporter):  # type: ignore[misc]
    """Passes spans on to exporters that may be changed: some instrumentations cannot be put in a second time."""

    def __init__(self, *to: Any) -> None:
        self.to = to

    def export(self, spans: Any) -> Any:
        for exporter in self.to:
            assert exporter.export(spans) is export.SpanExportResult.SUCCESS
        return export.SpanExportResult.SUCCESS


@contextmanager
def instrumented(name: str, exporter: Any) -> Iterator[Any]:
    """openai under an instrumentation, whose spans an exporter takes; the provider of its tracers."""
    try:
        instrumentor = importlib.import_module(name).OpenAIInstrumentor()
    except ImportError:
        pytest.skip(f"needs the instrumentation {name}: group otel")
    traced = trace.TracerProvider()
    traced.add_span_processor(export.BatchSpanProcessor(exporter))
    instrumentor.instrument(tracer_provider=traced)
    try:
        yield traced
    finally:
        instrumentor.uninstrument()
        traced.shutdown()


def over_http(url: str, way: str) -> Any:
    """The official exporter of a way, to the test of its name."""
    made = as_protobuf if way.startswith("protobuf") else as_json
    packed = made.Compression("gzip") if way.endswith("packed") else None
    return made.OTLPSpanExporter(f"{url}/t/{way.replace(' ', '%20')}/v1/traces", compression=packed)


def tapped(server: Provider, text: str, cases: list[str], flush: Callable[[], object]) -> list[Call]:
    """The calls of some cases, as the taps see them; spans are flushed meanwhile, and are no calls."""
    calls: list[Call] = []
    handle = capture.install(calls.append, run="r", root=Path(__file__).parent, secret=b"0" * 16)
    try:
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key="sk-not-a-key", max_retries=0) as client:
            for name in cases:
                try:
                    CASES[name](client, text)
                except openai.InternalServerError:
                    assert "refused" in name
        flush()
        capture.flush()
    finally:
        handle.uninstall()
    assert len(calls) == len(cases) + 1, "the case at once makes two"
    return sorted(calls, key=lambda call: call.started_us)


def same(told: list[Call], seen: list[Call], silent: tuple[str, ...]) -> None:
    """Every call of spans is what the taps saw, or says less."""
    assert len(told) == len(seen)
    for call, truth in zip(sorted(told, key=lambda call: call.started_us), seen, strict=True):
        if truth.usage == "estimated":  # no usage was told, and spans hold no text to estimate from
            truth = msgspec.structs.replace(truth, usage="unknown", input_tokens=None, output_tokens=None)
        for fact in FACTS:
            said, true = getattr(call, fact), getattr(truth, fact)
            unsaid = said in (None, False, "cloud") if fact in silent else fact in DETAILS and said is None and not true
            assert said == true or unsaid, (fact, said, true, call)


def imported(folder: Path, paths: list[Path]) -> list[Call]:
    """The calls of files, of which a second import adds none."""
    home = Home(folder / ".jevons")
    first, second = (importing.run(home, paths, importing.Asked(Wanted(), "p")) for _ in range(2))
    calls = read(home).calls
    assert (first.unread, first.total.added) == ([], len(calls))
    assert (second.total.added, second.total.known) == (0, len(calls))
    return calls


@pytest.mark.parametrize("name", SILENT)
def test_spans_tell_what_taps_saw_by_every_way(name: str, server: Provider, serving: Serving, tmp_path: Path) -> None:
    cases = [case for case in CASES if case.partition(",")[0] not in BLIND.get(name, ())]
    seen: dict[str, list[Call]] = {}
    switch = Switch()
    with instrumented(name, switch) as traced:
        for way in WAYS:
            kept = memory.InMemorySpanExporter()
            switch.to = (over_http(serving.url, way), to_file.FileSpanExporter(tmp_path / f"{way}.jsonl"), kept)
            seen[way] = tapped(server, f"a whale by {way}", cases, traced.force_flush)
            written = encoder.encode_spans(kept.get_finished_spans()).SerializeToString()
            (tmp_path / f"{way}.pb").write_bytes(written)
            for exporter in switch.to:
                exporter.shutdown()
            assert b"whale" in written or name in TEXTLESS
    calls = serving.calls()
    for way in WAYS:
        same([call for call in calls if call.test == way], seen[way], SILENT[name])
    assert {call.test for call in calls} == set(WAYS)
    for form in ("jsonl", "pb"):
        found = imported(tmp_path / form, [tmp_path / f"{way}.{form}" for way in WAYS])
        same(found, [call for way in WAYS for call in seen[way]], SILENT[name])
    for path in tmp_path.rglob(".jevons/**/*"):
        assert path.is_dir() or b"whale" not in path.read_bytes(), "what was asked is in the spans, and stays there"


@pytest.mark.parametrize("name", SILENT)
def test_spans_and_the_proxy_see_each_call_once(name: str, server: Provider, serving: Serving) -> None:
    """The SDK asks the provider by itself once, and through the proxy once, which sees that call, too."""
    with instrumented(name, over_http(serving.url, "protobuf packed")):
        for base, text in ((server.url, "the sea"), (f"{serving.url}/openai", "where rivers meet the sea")):
            with openai.OpenAI(base_url=f"{base}/v1", api_key="sk-not-a-key") as client:
                chat(client, text)
    calls = serving.calls()
    by_proxy, by_span = ([call for call in calls if (call.source == "serve") == own] for own in (True, False))
    alone, through = ([(one.usage.input, one.usage.output)] for one in server.asked)
    assert [(call.input_tokens, call.output_tokens) for call in by_span] == alone
    assert [(call.input_tokens, call.output_tokens) for call in by_proxy] == through
