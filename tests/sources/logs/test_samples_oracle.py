"""Samples of other tools beside their own sums: tokens as the format means them, every record accounted for."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sources.logs.read import Told, told


@pytest.fixture
def formats(shared_data: Path) -> Path:
    return shared_data / "formats"


def document(path: Path) -> Any:
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def rows(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def accounted(found: Told) -> int:
    return len(found.seen) + found.skipped.total() + len(found.metered) + len(found.billed)


@pytest.mark.parametrize("name", ["popularity.json", "security-guide.json", "browser.json.gz"])
def test_inspect_ai(name: str, formats: Path) -> None:
    """The log's own sums by model; in these, of May 2025, OpenAI's input holds what was cached (total = in + out)."""
    log = document(formats / "inspect_ai" / name)
    found = told(formats / "inspect_ai" / name)
    (own,) = log["stats"]["model_usage"].values()
    assert found.sums() == (own["input_tokens"], own["output_tokens"])
    assert sum(found.sums()) == own["total_tokens"]
    assert sum(call.cached_tokens or 0 for call in found.calls) == own["input_tokens_cache_read"]
    assert accounted(found) == sum(len(sample["events"]) for sample in log["samples"])


def test_inspect_ai_archives(formats: Path) -> None:
    for path in sorted((formats / "inspect_ai").glob("*.eval")):
        with zipfile.ZipFile(path) as opened:
            own = json.loads(opened.read("header.json"))["stats"]["model_usage"]["openai/gpt-4o-mini"]
            samples = [json.loads(opened.read(name)) for name in opened.namelist() if name.startswith("samples/")]
        found = told(path)
        assert found.sums() == (own["input_tokens"], own["output_tokens"])
        assert len({call.test for call in found.calls}) == len(samples) == 10
        assert accounted(found) == sum(len(sample["events"]) for sample in samples)


@pytest.mark.parametrize("name", ["spend_logs_payload.excerpt.json", "standard_logging_payload.excerpt.json"])
def test_litellm(name: str, formats: Path) -> None:
    own = document(formats / "litellm" / name)
    found = told(formats / "litellm" / name)
    (call,) = found.calls
    assert (call.input_tokens, call.output_tokens) == (own["prompt_tokens"], own["completion_tokens"])
    assert (call.provider, call.model, call.streamed) == ("openai", own["model"], own.get("stream", False))
    assert accounted(found) == 1


def test_langfuse(formats: Path) -> None:
    path = formats / "langfuse" / "litellm_langfuse_ingestion_batch_bedrock.json"
    batch = document(path)["batch"]
    own = batch[1]["body"]
    found = told(path)
    (seen,) = found.seen
    assert sum(found.sums()) == own["usageDetails"]["total"]
    assert (seen.call.provider, seen.call.region) == ("aws.bedrock", own["modelParameters"]["aws_region"])
    assert f"answer:{own['id'].partition('_')[2]}" in seen.ids
    assert accounted(found) == len(batch)


def test_promptfoo_results(formats: Path) -> None:
    """Rows and judged assertions add up to the sums that promptfoo prints of its prompt."""
    path = formats / "promptfoo" / "french_greeting_output.excerpt.json"
    own = document(path)["results"]["stats"]["tokenUsage"]
    found = told(path)
    product = [call for call in found.calls if call.role == "product"]
    judges = [call for call in found.calls if call.role == "judge"]
    assert [(call.input_tokens, call.output_tokens) for call in product] == [(own["prompt"], own["completion"])]
    assert sum(call.input_tokens or 0 for call in judges) == own["assertions"]["prompt"]
    assert sum(call.output_tokens or 0 for call in judges) == own["assertions"]["completion"]
    assert len(judges) == document(path)["results"]["results"][0]["gradingResult"]["tokensUsed"]["numRequests"]


def test_promptfoo_sums(formats: Path) -> None:
    """Of a file without rows: total = prompt + completion + what promptfoo's own cache answered, which is no call."""
    path = formats / "promptfoo" / "bbq_results.metrics_excerpt.json"
    prompts = [one["metrics"]["tokenUsage"] for one in document(path)["results"]["prompts"]]
    found = told(path)
    asked = [*prompts, *(one["assertions"] for one in prompts)]
    assert found.sums() == (sum(one["prompt"] for one in asked), sum(one["completion"] for one in asked))
    assert sum(found.sums()) == sum(one["total"] - one["cached"] for one in asked)
    assert sum(call.role == "product" for call in found.calls) == sum(one["numRequests"] for one in prompts)
    assert found.skipped.total() == sum(one["cached"] > 0 for one in asked)


def test_deepeval(formats: Path) -> None:
    path = formats / "deepeval" / "langgraph_multi_turn_schema.json"
    own = document(path)
    found = told(path)
    assert found.sums() == (
        sum(span["inputTokenCount"] for span in own["llmSpans"]),
        sum(span["outputTokenCount"] for span in own["llmSpans"]),
    )
    assert accounted(found) == sum(len(value) for name, value in own.items() if name.endswith("Spans"))


def test_claude_code(formats: Path) -> None:
    """Anthropic's input excludes cached tokens; every line is accounted for."""
    for path in sorted((formats / "claude_code").glob("*.jsonl")):
        lines = rows(path)
        messages = [line.get("message") for line in lines if isinstance(line, dict)]
        usages = [one["usage"] for one in messages if isinstance(one, dict) and one.get("usage")]
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        found = told(path)
        assert found.sums() == (
            sum(usage.get(name, 0) for usage in usages for name in names),
            sum(usage["output_tokens"] for usage in usages),
        )
        assert accounted(found) == len(lines)
    whole = formats / "claude_code" / "simonw_sample_session.json"
    found = told(whole)
    assert accounted(found) == len(document(whole)["loglines"])
    assert {call.usage for call in found.calls} == {"unknown"}  # these answers show no usage: unknown, not zero


def test_codex(formats: Path) -> None:
    """Its counts add up to its own running total."""
    path = formats / "codex" / "ccusage_fixture_session.jsonl"
    lines = rows(path)
    own = lines[-1]["payload"]["info"]["total_token_usage"]
    found = told(path)
    assert sum(found.sums()) == own["total_tokens"]
    assert sum(call.cached_tokens or 0 for call in found.calls) == own["cached_input_tokens"]
    assert sum(call.reasoning_tokens or 0 for call in found.calls) == own["reasoning_output_tokens"]
    assert [call.model for call in found.calls] == ["gpt-5.2-codex", "gpt-5.3-codex"]
    assert accounted(found) == len(lines)


def test_gemini_cli(formats: Path) -> None:
    """Gemini's candidates exclude thoughts; the last part of a stream holds its counts."""
    for name in ("agent-resume-session.json", "context-compress.responses.jsonl"):
        answers = rows(formats / "gemini_cli" / name)
        read = written = 0
        for one in answers:
            parts = one["response"] if isinstance(one["response"], list) else [one["response"]]
            usage = parts[-1]["usageMetadata"]
            read += usage["promptTokenCount"]
            written += usage["totalTokenCount"] - usage["promptTokenCount"]
        found = told(formats / "gemini_cli" / name)
        assert found.sums() == (read, written)
        assert accounted(found) == len(answers)


def test_agents_traces(formats: Path) -> None:
    """Responses are known by their names, their tokens are not."""
    for path in sorted((formats / "openai_api").glob("agents_traces_*.json")):
        own = document(path)["data"]
        names = [one["span_data"]["response_id"] for one in own if one.get("span_data", {}).get("type") == "response"]
        found = told(path)
        assert [seen.ids[1] for seen in found.seen] == [f"answer:{name}" for name in names]
        assert {call.usage for call in found.calls} == {"unknown"}
        assert accounted(found) == len(own)


def test_openai_usage(formats: Path) -> None:
    for path in sorted((formats / "openai_api").glob("organization_*.json")):
        own = [row for bucket in document(path)["data"] for row in bucket["results"]]
        found = told(path)
        assert found.seen == []
        assert accounted(found) == len(own)
        assert sum(row.input_tokens for row in found.billed) == sum(row.get("input_tokens", 0) for row in own)
        assert sum(row.requests or 0 for row in found.billed) == sum(
            row.get("num_model_requests", 0) for row in own if "web_searches" not in row["object"]
        )


def test_codecarbon(formats: Path) -> None:
    """Energy of runs: the last row of each, in kWh; the rows are all accounted for."""
    for path in sorted((formats / "codecarbon").glob("*.csv")):
        head, *body = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [dict(zip(head, one, strict=False)) for one in body]
        runs = {row.get("run_id") or str(at): row for at, row in enumerate(lines) if row["energy_consumed"]}
        wanted = [float(row["energy_consumed"]) * 3.6e9 for row in runs.values()]
        found = told(path)
        assert sorted(one.energy_mj for one in found.metered) == pytest.approx(sorted(wanted), abs=1)
        assert accounted(found) == len(lines)


def test_otlp_protobuf(formats: Path) -> None:
    pytest.importorskip("opentelemetry.proto", reason="needs the extra sources")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for path in sorted((formats / "otlp").glob("*.pb")):
        own = ExportTraceServiceRequest.FromString(path.read_bytes())
        spans = [span for one in own.resource_spans for scope in one.scope_spans for span in scope.spans]
        found = told(path)
        assert accounted(found) == len(spans)
        assert found.seen == []  # crewAI's own telemetry tells of crews and tools, of no model
