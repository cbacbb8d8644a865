"""Work that a provider does later, and runs of assistants: seen, and never taken for zero."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

from jevons.wire import find

RUNS = ("api.openai.com", "/v1/threads/thread_1/runs")


@pytest.mark.parametrize(
    ("where", "asked", "answer"),
    [
        (("api.openai.com", "/v1/batches"), {"input_file_id": "file-1"}, {"id": "batch_1", "status": "validating"}),
        (("api.anthropic.com", "/v1/messages/batches"), {"requests": []}, {"processing_status": "in_progress"}),
        (("api.mistral.ai", "/v1/batch/jobs"), {"input_files": ["f"], "model": "m"}, {"status": "QUEUED"}),
        (
            ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-flash:batchGenerateContent"),
            {"batch": {}},
            {"name": "batches/1"},
        ),
        (("api.openai.com", "/v1/fine_tuning/jobs"), {"model": "m", "training_file": "f"}, {"status": "queued"}),
        (("api.openai.com", "/v1/videos"), {"model": "sora-2", "prompt": "x"}, {"status": "queued"}),
    ],
)
def test_jobs_are_seen_and_unknown(where: tuple[str, str], asked: Any, answer: Any) -> None:
    call = sent(where, asked, answer)
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("other", "unknown", None, None)
    assert call.provider != "unknown"


def test_a_queued_run_is_unknown() -> None:
    answer = {"id": "run_1", "object": "thread.run", "status": "queued", "model": "gpt-4o", "usage": None}
    call = sent(RUNS, {"assistant_id": "asst_1"}, answer)
    assert (call.api, call.kind, call.model_answered) == ("openai.runs", "chat", "gpt-4o")
    assert (call.usage, call.input_tokens) == ("unknown", None)


def run(status: str, usage: Any = None) -> dict[str, Any]:
    return {"id": "run_1", "object": "thread.run", "status": status, "model": "gpt-4o", "usage": usage}


DELTA = {"object": "thread.message.delta", "delta": {"content": [{"type": "text", "text": {"value": "Hi"}}]}}


def test_a_streamed_run_shows_its_usage() -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 11, "total_tokens": 31}
    parts = events(run("queued"), run("in_progress"), DELTA, DELTA, run("completed", usage), "[DONE]")
    call = sent(RUNS, {"assistant_id": "asst_1", "stream": True}, pieces=each(parts))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 20, 11)
    assert (call.chunks, call.error) == (2, "")


def test_a_cut_run_is_unknown() -> None:
    call = sent(RUNS, {"assistant_id": "asst_1", "stream": True}, pieces=each(events(run("queued"), DELTA)))
    assert (call.usage, call.error) == ("unknown", "cut")


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("GET", "api.openai.com", "/v1/threads/t/runs/r"),  # a poll computes nothing
        ("POST", "api.openai.com", "/v1/threads"),
        ("POST", "api.openai.com", "/v1/batches/b/cancel"),
        ("POST", "api.openai.com", "/v1/evals/e/runs"),
        ("POST", "localhost:2024", "/threads/t/runs"),  # a server of agents, whose own calls are seen
        ("POST", "eu.i.posthog.com", "/batch"),
        ("POST", "shop.example.com", "/v1/videos"),
        ("POST", "shop.example.com", "/v1/batches"),
    ],
)
def test_what_is_no_inference(method: str, host: str, path: str) -> None:
    assert find(method, host, path) is None
