"""Vertex AI, in the shapes of cloud.google.com/vertex-ai/generative-ai/docs/model-reference."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

from jevons.wire.hosts import look_up

HOST = "europe-west4-aiplatform.googleapis.com"
PROJECT = "/v1/projects/p/locations/europe-west4/publishers"


def embedding(count: Any) -> dict[str, Any]:
    return {"embeddings": {"values": [0.25], "statistics": {"truncated": False, "token_count": count}}}


ASK = {"instances": [{"content": "What is life?", "task_type": "RETRIEVAL_QUERY"}, {"content": "Fish"}]}


@pytest.mark.parametrize("counts", [(4, 2), (4.0, 2.0)])
def test_embeddings_count_each_text(counts: tuple[Any, Any]) -> None:
    answer = {"predictions": [embedding(count) for count in counts], "metadata": {"billableCharacterCount": 15}}
    call = sent((HOST, f"{PROJECT}/google/models/gemini-embedding-001:predict"), ASK, answer)
    assert (call.provider, call.region, call.kind) == ("gcp.vertex_ai", "europe-west4", "embeddings")
    assert (call.model, call.usage) == ("gemini-embedding-001", "reported")
    assert (call.input_tokens, call.output_tokens) == (6, 0)


def test_a_text_without_a_count_leaves_the_sum_unknown() -> None:
    answer = {"predictions": [embedding(4), {"embeddings": {"values": [0.25]}}]}
    call = sent((HOST, f"{PROJECT}/google/models/text-embedding-005:predict"), ASK, answer)
    assert (call.usage, call.input_tokens) == ("estimated", (13 + len("RETRIEVAL_QUERY") + 4) // 4)


def test_imagen() -> None:
    drawn = {"bytesBase64Encoded": "iVBO", "mimeType": "image/png"}
    answer = {"predictions": [drawn, drawn, {"raiFilteredReason": "58061214"}]}
    asked = {"instances": [{"prompt": "a cat"}], "parameters": {"sampleCount": 3}}
    call = sent((HOST, f"{PROJECT}/google/models/imagen-4.0-generate-001:predict"), asked, answer)
    assert (call.kind, call.model, call.images, call.usage) == ("image", "imagen-4.0-generate-001", 2, "unknown")


CHAT = {"model": "mistral-small-2503", "messages": [{"role": "user", "content": "Hello"}]}
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def test_mistral() -> None:
    answer = {"model": "mistral-small-2503", "choices": [{"message": {"content": "Hi there"}}], "usage": USAGE}
    call = sent((HOST, f"{PROJECT}/mistralai/models/mistral-small-2503:rawPredict"), CHAT, answer)
    assert (call.api, call.kind, call.model) == ("vertex.chat", "chat", "mistral-small-2503")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 5, 3)


def test_mistral_stream_without_a_model_in_the_body() -> None:
    parts = events(
        {"choices": [{"delta": {"content": "Hi "}}]},
        {"choices": [{"delta": {"content": "there"}, "finish_reason": "stop"}], "usage": USAGE},
        "[DONE]",
    )
    asked = {"messages": CHAT["messages"]}
    call = sent((HOST, f"{PROJECT}/mistralai/models/mistral-small-2503:streamRawPredict"), asked, pieces=each(parts))
    assert (call.model, call.streamed, call.error) == ("mistral-small-2503", True, "")
    assert (call.usage, call.input_tokens, call.output_tokens, call.chunks) == ("reported", 5, 3, 2)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("aiplatform.googleapis.com", ""),
        ("aiplatform.eu.rep.googleapis.com", "eu"),
        ("us-east5-aiplatform.googleapis.com", "us-east5"),
    ],
)
def test_hosts(host: str, region: str) -> None:
    assert look_up(host) == ("gcp.vertex_ai", "cloud", region)


def test_claude() -> None:
    asked = {"anthropic_version": "vertex-2023-10-16", "messages": CHAT["messages"], "max_tokens": 10}
    answer = {"content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 8, "output_tokens": 4}}
    call = sent((HOST, f"{PROJECT}/anthropic/models/claude-sonnet-4@20250514:rawPredict"), asked, answer)
    assert (call.api, call.model) == ("anthropic.messages", "claude-sonnet-4@20250514")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 8, 4)


def test_llama() -> None:
    path = "/v1/projects/p/locations/us-east5/endpoints/openapi/chat/completions"
    asked = CHAT | {"model": "meta/llama-4-maverick"}
    call = sent(("us-east5-aiplatform.googleapis.com", path), asked, {"choices": [], "usage": USAGE})
    assert (call.api, call.model, call.region, call.input_tokens) == (
        "openai.chat",
        "meta/llama-4-maverick",
        "us-east5",
        5,
    )
