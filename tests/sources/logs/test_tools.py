"""What the samples of a tool do not show: caches that make no call, failures, updates, logs without events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sources.logs.read import lines, told

SPEND: dict[str, Any] = {
    "request_id": "chatcmpl-1", "call_type": "acompletion", "startTime": "2026-01-24 09:20:46.847371",
    "endTime": "2026-01-24 09:20:48.847371", "model": "claude-x", "custom_llm_provider": "anthropic",
    "prompt_tokens": 1010, "completion_tokens": 7, "total_tokens": 1017, "status": "success",
}  # fmt: skip


def test_litellm(tmp_path: Path) -> None:
    usage = {"usage_object": {"prompt_tokens": 1010, "completion_tokens": 7, "total_tokens": 1017,
                              "cache_read_input_tokens": 900, "cache_creation_input_tokens": 10}}  # fmt: skip
    found = told(
        lines(
            tmp_path / "spend.jsonl",
            {**SPEND, "metadata": json.dumps(usage)},
            {**SPEND, "cache_hit": "True"},
            {**SPEND, "status": "failure", "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0,
             "metadata": {"error_information": {"error_code": "429", "error_message": "You said ..."}}},
            {**SPEND, "call_type": "aembedding", "completion_tokens": 0, "prompt_tokens": 12, "total_tokens": 12},
            {**SPEND, "call_type": "create_file"},
        )
    )  # fmt: skip
    cached, failed, embedded = found.calls
    assert (cached.input_tokens, cached.output_tokens, cached.cached_tokens) == (1010, 7, 900)
    assert (cached.duration_us, cached.provider) == (2_000_000, "anthropic")
    assert (failed.error, failed.usage, failed.input_tokens) == ("http_429", "reported", 0)
    assert (embedded.kind, embedded.input_tokens, embedded.output_tokens) == ("embeddings", 12, 0)
    assert found.skipped.total() == 2


def test_langfuse_generations_are_put_together_from_their_events(tmp_path: Path) -> None:
    def event(kind: str, **body: Any) -> dict[str, Any]:
        return {"id": "e", "type": kind, "body": {"id": "g", "traceId": "t", **body}}

    details = {"input": 20, "output": 9, "input_cached_tokens": 80, "output_reasoning_tokens": 4}
    path = tmp_path / "batch.json"
    made = event("generation-create", model="gpt-4o", startTime="2026-05-26T21:13:16Z")
    path.write_text(
        json.dumps({"batch": [made, event("generation-update", usageDetails=details), event("span-create")]})
    )
    found = told(path)
    (call,) = found.calls
    # Without a total, each kind of token is on its own: 20 + 80, and 9 + 4.
    assert (call.input_tokens, call.output_tokens, call.cached_tokens, call.model) == (100, 13, 80, "gpt-4o")
    assert found.skipped.total() == 2


def test_langfuse_lists_of_observations(tmp_path: Path) -> None:
    one = {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "model": "gpt-4o",
        "usage": {"input": 5, "output": 6, "total": 11},
    }
    found = told(lines(tmp_path / "o.jsonl", one, {**one, "type": "SPAN"}))
    assert found.sums() == (5, 6)
    assert found.skipped.total() == 1


def test_inspect_ai_without_events_and_with_a_cache(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 4, "input_tokens_cache_read": 90, "total_tokens": 104}
    sums = {"eval": {"task": "t", "run_id": "r"}, "stats": {"model_usage": {"anthropic/x": usage}},
            "results": {"completed_samples": 3}}  # fmt: skip
    (tmp_path / "sums.json").write_text(json.dumps(sums))
    found = told(tmp_path / "sums.json")
    assert (len(found.calls), found.sums()) == (3, (100, 4))  # cached tokens lie outside input: the total says so
    event = {"event": "model", "model": "anthropic/x", "output": {"usage": usage}, "role": "grader"}
    sample = {"id": 1, "epoch": 2, "events": [event, {**event, "cache": "read"}, {"event": "state"}]}
    (tmp_path / "events.json").write_text(json.dumps({"eval": {"task": "t"}, "samples": [sample]}))
    found = told(tmp_path / "events.json")
    assert [(call.role, call.attempt, call.input_tokens) for call in found.calls] == [("judge", 2, 100)]
    assert found.skipped.total() == 2


def test_promptfoo_cache_makes_no_call(tmp_path: Path) -> None:
    row = {"testIdx": 0, "provider": {"id": "openai:chat:gpt-4o"}, "latencyMs": 3,
           "response": {"cached": True, "tokenUsage": {"cached": 24, "total": 24}}}  # fmt: skip
    failed = {**row, "response": None, "failureReason": 2}
    (tmp_path / "out.json").write_text(json.dumps({"evalId": "e", "results": {"version": 3, "results": [row, failed]}}))
    found = told(tmp_path / "out.json")
    assert [(call.error, call.usage, call.model) for call in found.calls] == [("error", "unknown", "gpt-4o")]
    assert found.skipped["answered by promptfoo's own cache: no call was made"] == 1


def test_deepeval_judges(tmp_path: Path) -> None:
    metrics = [{"name": "a", "evaluationModel": "gpt-4.1", "inputTokenCount": 50, "outputTokenCount": 8},
               {"name": "b", "evaluationModel": "gpt-4.1"}, {"name": "c", "evaluationModel": None}]  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps({"testCases": [{"name": "test_x", "metricsData": metrics}]}))
    found = told(tmp_path / "run.json")
    assert [(call.role, call.usage, call.input_tokens) for call in found.calls] == [
        ("judge", "reported", 50), ("judge", "unknown", None),
    ]  # fmt: skip
    assert found.skipped.total() == 1


def test_eco_ci(tmp_path: Path) -> None:
    lap = {
        "repository": "o/r",
        "workflow": "w",
        "run_id": "1",
        "label": "tests",
        "energy_joules": 40,
        "power_avg_watts": 4,
    }
    found = told(lines(tmp_path / "eco.jsonl", lap, {**lap, "label": "TOTAL", "energy_joules": 100.5}))
    assert [(one.energy_mj, one.scope) for one in found.metered] == [(100_500, "server")]
    assert found.skipped.total() == 1


def test_anthropic_usage_adds_what_was_cached(tmp_path: Path) -> None:
    row = {"uncached_input_tokens": 100, "cache_read_input_tokens": 900, "output_tokens": 7, "model": "claude-x",
           "cache_creation": {"ephemeral_1h_input_tokens": 4, "ephemeral_5m_input_tokens": 6}}  # fmt: skip
    page = {"data": [{"starting_at": "2026-09-01T00:00:00Z", "results": [row, {"amount": "12.3"}]}], "has_more": False}
    (tmp_path / "usage.json").write_text(json.dumps(page))
    found = told(tmp_path / "usage.json")
    (billed,) = found.billed
    assert (billed.input_tokens, billed.cached_tokens, billed.cache_write_tokens) == (1010, 900, 10)
    assert (billed.requests, billed.started_us) == (None, 1_788_220_800_000_000)
    assert found.skipped.total() == 1
