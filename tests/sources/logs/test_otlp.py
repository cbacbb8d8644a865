"""Spans of generative AI: every family of names, as JSON and as Protobuf."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sources.logs.read import lines, told
from sources.logs.spans import CALL, START_NS, TOKENS, request, span

from jevons.sources.logs.formats import Wanted
from jevons.sources.logs.opened import Log
from jevons.sources.logs.values import moment, of_model, provider

FAMILIES: dict[str, dict[str, Any]] = {
    "OpenTelemetry 1.41": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_creation.input_tokens": 10,
        "gen_ai.usage.reasoning.output_tokens": 20,
    },
    "OpenLLMetry": {
        "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "m",
        "gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 30, "llm.usage.total_tokens": 130,
        "gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.cache_creation_input_tokens": 10,
        "gen_ai.usage.reasoning_tokens": 20,
    },
    "OpenLLMetry, cached outside": {
        "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 30, "gen_ai.usage.total_tokens": 130,
        "gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.cache_creation_input_tokens": 10,
        "llm.usage.reasoning_tokens": 20,
    },
    "OpenInference": {
        "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "m",
        "llm.token_count.prompt": 100, "llm.token_count.completion": 30, "llm.token_count.total": 130,
        "llm.token_count.prompt_details.cache_read": 60, "llm.token_count.prompt_details.cache_write": 10,
        "llm.token_count.completion_details.reasoning": 20,
    },
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_names_means_the_same(family: str, tmp_path: Path) -> None:
    (call,) = told(lines(tmp_path / "t.jsonl", request(span(1, FAMILIES[family])))).calls
    assert (call.provider, call.model, call.kind, call.usage) == ("openai", "m", "chat", "reported")
    assert (call.input_tokens, call.output_tokens) == (100, 30)
    assert (call.cached_tokens, call.cache_write_tokens, call.reasoning_tokens) == (60, 10, 20)
    assert (call.started_us, call.duration_us) == (START_NS // 1000, 1_500_000)


def test_old_opentelemetry_names(tmp_path: Path) -> None:
    """Up to v1.36: gen_ai.system, prompt_tokens and completion_tokens; before v1.28, no operation."""
    old = {"gen_ai.system": "az.ai.openai", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 5,
           "gen_ai.usage.completion_tokens": 2}  # fmt: skip
    (call,) = told(lines(tmp_path / "t.jsonl", request(span(1, old)))).calls
    assert (call.provider, call.input_tokens, call.output_tokens) == ("azure.ai.openai", 5, 2)


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.operation.name": "invoke_agent", **TOKENS},
        {"gen_ai.operation.name": "execute_tool"},
        {"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 100},
        {"traceloop.span.kind": "workflow"},
        {"http.request.method": "POST"},
    ],
)
def test_what_only_adds_up_calls_is_no_call(attributes: dict[str, Any], tmp_path: Path) -> None:
    found = told(lines(tmp_path / "t.jsonl", request(span(1, attributes), span(2, {**CALL, **TOKENS}))))
    assert (len(found.seen), found.skipped.total()) == (1, 1)


def test_an_embedding_writes_nothing(tmp_path: Path) -> None:
    asked = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e", "gen_ai.usage.input_tokens": 7}
    (call,) = told(lines(tmp_path / "t.jsonl", request(span(1, asked)))).calls
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("embeddings", "reported", 7, 0)


def test_a_call_without_usage_is_unknown_and_a_failure_has_its_kind(tmp_path: Path) -> None:
    failed = {**CALL, "error.type": "APITimeoutError", "server.address": "localhost", "server.port": 8000}
    (call,) = told(lines(tmp_path / "t.jsonl", request(span(1, failed)))).calls
    assert (call.usage, call.input_tokens, call.error, call.host_class) == (
        "unknown", None, "APITimeoutError", "loopback",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "usage"),
    [
        ({"error.type": "openai.RateLimitError"}, ("reported", 0, 0)),
        ({"error.type": "529", "http.response.status_code": 529}, ("reported", 0, 0)),
        ({"error.type": "InternalServerError", "gen_ai.response.model": "m"}, ("unknown", None, None)),
        ({"error.type": "InternalServerError", **TOKENS}, ("reported", 100, 9)),
    ],
)
def test_what_was_refused_read_nothing_and_what_had_begun_is_unknown(
    attributes: dict[str, Any], usage: tuple[Any, ...], tmp_path: Path
) -> None:
    (call,) = told(lines(tmp_path / "t.jsonl", request(span(1, {**CALL, **attributes})))).calls
    assert (call.usage, call.input_tokens, call.output_tokens) == usage


def test_openinference_tells_what_was_asked_in_its_parameters_and_failures_in_events(tmp_path: Path) -> None:
    """Its ``llm.model_name`` is the model that answered, where one did."""
    asked = '{"model": "m", "stream": true, "temperature": 0.5, "seed": 7, "max_completion_tokens": 9}'
    answered = FAMILIES["OpenInference"] | {"llm.model_name": "m-2025", "llm.invocation_parameters": asked}
    torn = answered | {"llm.invocation_parameters": asked[:-3]}
    failed = span(3, {"openinference.span.kind": "LLM", "llm.invocation_parameters": asked})
    event = {"key": "exception.type", "value": {"stringValue": "openai.NotFoundError"}}
    failed |= {"status": {"code": 2}, "events": [{"name": "exception", "attributes": [event]}]}
    first, second, third = told(lines(tmp_path / "t.jsonl", request(span(1, answered), span(2, torn), failed))).calls
    assert (first.model, first.model_answered, first.streamed) == ("m", "m-2025", True)
    assert (first.temperature, first.seed, first.max_tokens) == (0.5, 7, 9)
    assert (second.model, second.model_answered, second.streamed) == ("m-2025", "", False)
    assert (third.model, third.error, third.usage, third.output_tokens) == ("m", "openai.NotFoundError", "reported", 0)


def test_a_message_in_an_error_is_not_kept(tmp_path: Path) -> None:
    failed = {**CALL, "error.type": "You asked: who is Ms Smith?"}
    assert told(lines(tmp_path / "t.jsonl", request(span(1, failed)))).calls[0].error == "error"


def test_ids_in_base64_are_the_same_ids(tmp_path: Path) -> None:
    """As converters that know no OTLP write bytes (google.protobuf.json_format)."""
    one = span(0xABC, {**CALL, **TOKENS}, parent=3, trace=0xDEF)
    other = {**one, **{name: base64.b64encode(bytes.fromhex(one[name])).decode() for name in ("traceId", "spanId")}}
    first, second = (told(lines(tmp_path / "t.jsonl", request(each))).seen[0] for each in (one, other))
    assert first.ids == second.ids == (f"span:{0xDEF:032x}/{0xABC:016x}",)


def test_torn_lines_are_counted_and_all_else_is_read(tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", *[request(span(number, {**CALL, **TOKENS})) for number in range(1, 40)])
    data = path.read_bytes().splitlines(keepends=True)
    data[30] = data[30][:80] + b"\n"
    data[12] = b"\xff\xfe\n"
    path.write_bytes(b"".join(data)[:-20])
    found = told(path)
    assert len(found.seen) == 36
    assert found.skipped.total() == 3


def test_one_document_many_lines_and_compressed_hold_the_same(tmp_path: Path) -> None:
    made = request(span(1, {**CALL, **TOKENS}), span(2, {**CALL, **TOKENS}))
    (tmp_path / "a.json").write_text(json.dumps(made, indent=1))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(made).encode()))
    assert told(tmp_path / "a.json").seen == told(tmp_path / "b.jsonl.gz").seen


def test_compressed_with_zstd(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="needs the extra scan")
    plain = lines(tmp_path / "t.jsonl", *[request(span(number, {**CALL, **TOKENS})) for number in range(1, 40)])
    packed = tmp_path / "t.jsonl.zst"
    packed.write_bytes(zstandard.compress(plain.read_bytes()))
    assert told(packed).seen == told(plain).seen
    whole = plain.stat().st_size
    with Log(packed, 1 << 20, Wanted(), offset=plain.read_bytes().index(b"\n") + 1) as log:
        assert (len(list(log.entries())), log.done) == (38, whole)


def test_a_line_beyond_the_limit_is_passed_over(tmp_path: Path) -> None:
    one = request(span(1, {**CALL, **TOKENS}))
    path = lines(tmp_path / "t.jsonl", one, {**one, "x": "y" * 5000}, request(span(2, {**CALL, **TOKENS})))
    with Log(path, 4096, Wanted()) as log:
        kinds = [type(entry).__name__ for entry in log.entries()]
        assert (sorted(kinds), log.done) == (["Seen", "Seen", "Skipped"], path.stat().st_size)


def test_protobuf_is_the_same_as_json(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.proto", reason="needs the extra sources")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    requests = []
    for number in range(1, 4):
        made = ExportTraceServiceRequest()
        one = made.resource_spans.add().scope_spans.add().spans.add()
        one.trace_id, one.span_id = (1).to_bytes(16, "big"), number.to_bytes(8, "big")
        one.start_time_unix_nano, one.end_time_unix_nano = START_NS, START_NS + 1_500_000_000
        for key, value in {**CALL, **TOKENS}.items():
            attribute = one.attributes.add()
            attribute.key = key
            if isinstance(value, int):
                attribute.value.int_value = value
            else:
                attribute.value.string_value = value
        requests.append(made.SerializeToString())
    (tmp_path / "one.pb").write_bytes(requests[0])
    (tmp_path / "many.pb").write_bytes(b"".join(len(one).to_bytes(4, "big") + one for one in requests))
    wanted = told(
        lines(tmp_path / "t.jsonl", *[request(span(number, {**CALL, **TOKENS})) for number in range(1, 4)])
    ).seen
    assert told(tmp_path / "one.pb").seen == wanted[:1]
    assert told(tmp_path / "many.pb").seen == wanted


def test_names_and_times() -> None:
    assert [provider(name) for name in ("OpenAI", "bedrock", "vertex_ai", "", None, "own-server")] == [
        "openai", "aws.bedrock", "gcp.vertex_ai", "unknown", "unknown", "own-server",
    ]  # fmt: skip
    assert of_model("openai:chat:gpt-4o") == ("openai", "gpt-4o")
    assert of_model("bedrock/anthropic.claude:0") == ("aws.bedrock", "anthropic.claude:0")
    assert of_model("gpt-4o") == ("unknown", "gpt-4o")
    at = 1_788_220_800_000_000
    for value in (
        "2026-09-01T00:00:00Z", "2026-09-01 02:00:00+02:00", "2026-09-01", at // 10**6, at // 1000, at, at * 1000,
        str(at // 10**6),
    ):  # fmt: skip
        assert moment(value) == at, value
    assert [moment(value) for value in ("soon", None, -1, True, "", 10**40, {})] == [0] * 7
