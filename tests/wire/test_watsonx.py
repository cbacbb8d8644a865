"""IBM watsonx.ai, in the shapes of cloud.ibm.com/apidocs/watsonx-ai."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

from jevons.wire.hosts import look_up

HOST = "eu-de.ml.cloud.ibm.com"
CHAT = {
    "model_id": "ibm/granite-3-3-8b-instruct",
    "project_id": "p",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "What is a cell?"}]}],
    "max_tokens": 100,
    "temperature": 0.4,
    "seed": 3,
}
REPLY = {
    "id": "chat-1",
    "model_id": "ibm/granite-3-3-8b-instruct",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "The unit of life."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 31, "completion_tokens": 6, "total_tokens": 37},
}


def test_chat() -> None:
    call = sent((HOST, "/ml/v1/text/chat?version=2025-01-01"), CHAT, REPLY)
    assert (call.provider, call.region, call.api, call.kind) == ("ibm.watsonx.ai", "eu-de", "watsonx.chat", "chat")
    assert (call.model, call.model_answered) == ("ibm/granite-3-3-8b-instruct",) * 2
    assert (call.usage, call.input_tokens, call.output_tokens, call.streamed) == ("reported", 31, 6, False)
    assert (call.max_tokens, call.temperature, call.seed) == (100, 0.4, 3)


def test_a_deployment_names_its_model_in_the_answer() -> None:
    asked = {"messages": CHAT["messages"]}
    call = sent((HOST, "/ml/v1/deployments/d-1/text/chat?version=2025-01-01"), asked, REPLY)
    assert (call.model, call.model_answered) == ("d-1", "ibm/granite-3-3-8b-instruct")


def test_chat_stream() -> None:
    def part(**what: Any) -> dict[str, Any]:
        return {"id": "chat-1", "model_id": "ibm/granite-3-3-8b-instruct", "choices": [], **what}

    parts = events(
        part(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]),
        part(choices=[{"index": 0, "delta": {"content": "The unit "}, "finish_reason": None}]),
        part(choices=[{"index": 0, "delta": {"content": "of life."}, "finish_reason": "stop"}]),
        part(usage=REPLY["usage"]),
    )
    numbered = [b"id: %d\nevent: message\n" % n + data for n, data in enumerate(parts, 1)]
    path = "/ml/v1/text/chat_stream?version=2025-01-01"
    call = sent((HOST, path), CHAT, pieces=each(numbered))
    assert (call.api, call.streamed, call.usage) == ("watsonx.chat", True, "reported")
    assert (call.input_tokens, call.output_tokens, call.chunks, call.error) == (31, 6, 2, "")
    assert call.model_answered == "ibm/granite-3-3-8b-instruct"
    cut = sent((HOST, path), CHAT, pieces=each(numbered[:2]))
    assert (cut.error, cut.usage, cut.output_tokens) == ("cut", "estimated", 9 // 4)


GENERATION = {
    "model_id": "ibm/granite-13b-chat-v2",
    "input": "What is a cell?",
    "parameters": {"decoding_method": "sample", "max_new_tokens": 50, "temperature": 0.7, "random_seed": 9},
    "project_id": "p",
}


def result(text: str, written: int, read: int, reason: str) -> dict[str, Any]:
    counts = {"generated_token_count": written, "input_token_count": read}
    return {
        "model_id": "ibm/granite-13b-chat-v2",
        "results": [{"generated_text": text, "stop_reason": reason} | counts],
    }


def test_generation() -> None:
    call = sent((HOST, "/ml/v1/text/generation"), GENERATION, result("The unit of life.", 6, 5, "eos_token"))
    assert (call.api, call.kind, call.model) == ("watsonx.generation", "completion", "ibm/granite-13b-chat-v2")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 5, 6)
    assert (call.max_tokens, call.temperature, call.seed) == (50, 0.7, 9)
    silent = {"results": [{"generated_text": "The unit of life.", "stop_reason": "eos_token"}]}
    estimated = sent((HOST, "/ml/v1/text/generation"), GENERATION, silent)
    assert (estimated.usage, estimated.input_tokens, estimated.output_tokens) == ("estimated", 15 // 4, 17 // 4)


@pytest.mark.parametrize("later", [0, 5])  # the input's count is repeated, or is 0, after the first event
def test_generation_stream(later: int) -> None:
    parts = events(
        result("", 0, 5, "NOT_FINISHED"),
        result("The ", 1, later, "not_finished"),
        result("unit ", 3, later, "not_finished"),
        result("of life.", 6, later, "eos_token"),
    )
    path = "/ml/v1/deployments/d-1/text/generation_stream"
    call = sent((HOST, path), GENERATION, pieces=each(parts))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 5, 6)
    assert (call.error, call.chunks, call.timed) == ("", 3, True)
    cut = sent((HOST, path), GENERATION, pieces=each(parts[:3]))
    assert (cut.error, cut.usage, cut.input_tokens, cut.output_tokens) == ("cut", "reported", 5, 3)


@pytest.mark.parametrize(("path", "kind"), [("embeddings", "embeddings"), ("rerank", "rerank")])
def test_what_only_reads(path: str, kind: str) -> None:
    asked = {"model_id": "ibm/slate-125m-english-rtrvr", "inputs": ["one", "two"], "project_id": "p"}
    answer = {"model_id": "ibm/slate-125m-english-rtrvr", "results": [], "input_token_count": 10}
    call = sent((HOST, f"/ml/v1/text/{path}"), asked, answer)
    assert (call.kind, call.model, call.usage) == (kind, "ibm/slate-125m-english-rtrvr", "reported")
    assert (call.input_tokens, call.output_tokens) == (10, 0)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("us-south.ml.cloud.ibm.com", "us-south"),
        ("private.jp-tok.ml.cloud.ibm.com", "jp-tok"),
        ("ap-south-1.aws.wxai.ibm.com", "ap-south-1"),
    ],
)
def test_hosts(host: str, region: str) -> None:
    assert look_up(host) == ("ibm.watsonx.ai", "cloud", region)


def test_compatible_path() -> None:
    call = sent((HOST, "/ml/gateway/v1/chat/completions"), CHAT | {"model": "m"}, REPLY)
    assert (call.provider, call.api, call.input_tokens) == ("ibm.watsonx.ai", "openai.chat", 31)
