"""Hugging Face, in the shapes of its inference servers' API (Text Generation Inference, Text Embeddings Inference)."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

ENDPOINT = "abc.us-east-1.aws.endpoints.huggingface.cloud"
ROUTER = "router.huggingface.co"
ASK = {
    "inputs": "What is deep learning?",
    "parameters": {"max_new_tokens": 20, "temperature": 0.5, "seed": 4, "details": True},
}
TEXT = "Learning in many layers."
DETAILS = {"finish_reason": "length", "generated_tokens": 6, "seed": 4}
PREFILL = [{"id": n, "text": "x", "logprob": None} for n in range(7)]
HEADERS = {"x-prompt-tokens": "7", "x-generated-tokens": "6", "x-compute-type": "gpu+optimized"}


@pytest.mark.parametrize(
    ("details", "headers", "tokens"),
    [
        (DETAILS, HEADERS, ("reported", 7, 6)),
        (DETAILS | {"prefill": PREFILL}, {}, ("reported", 7, 6)),
        (DETAILS | {"input_length": 7, "prefill": []}, {}, ("reported", 7, 6)),
        (None, HEADERS, ("reported", 7, 6)),
        (DETAILS, {}, ("estimated", 22 // 4, 24 // 4)),
        (None, {"x-prompt-tokens": "7"}, ("estimated", 22 // 4, 24 // 4)),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_generate(listed: bool, details: Any, headers: dict[str, str], tokens: tuple[str, int, int]) -> None:
    answer: Any = {"generated_text": TEXT, "details": details}
    call = sent((ENDPOINT, "/generate"), ASK, [answer] if listed else answer, headers=headers)
    assert (call.provider, call.region, call.api) == ("huggingface", "us-east-1", "huggingface.generate")
    assert (call.kind, call.streamed, call.error) == ("completion", False, "")
    assert (call.usage, call.input_tokens, call.output_tokens) == tokens
    assert (call.max_tokens, call.temperature, call.seed) == (20, 0.5, 4)


@pytest.mark.parametrize(
    ("host", "path", "model"),
    [
        (ENDPOINT, "/", ""),
        (ENDPOINT, "/generate", ""),
        (ROUTER, "/hf-inference/models/google/gemma-2-2b-it", "google/gemma-2-2b-it"),
        ("api-inference.huggingface.co", "/models/gpt2", "gpt2"),
    ],
)
def test_where_it_is_spoken(host: str, path: str, model: str) -> None:
    call = sent((host, path), ASK, [{"generated_text": TEXT}], headers=HEADERS)
    assert (call.api, call.model, call.input_tokens) == ("huggingface.generate", model, 7)


def token(n: int, text: str, special: bool = False, **more: Any) -> dict[str, Any]:
    one = {"id": n, "text": text, "logprob": -0.1, "special": special}
    return {"index": n, "token": one, "generated_text": None, "details": None, **more}


STREAM = events(
    token(1, "Learning "),
    token(2, "in many "),
    token(3, "layers."),
    token(4, "</s>", special=True, generated_text=TEXT, details=DETAILS | {"input_length": 7, "generated_tokens": 4}),
)


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        (("localhost:8080", "/generate_stream"), ASK),
        ((ENDPOINT, "/"), ASK | {"stream": True}),
    ],
)
def test_stream(where: tuple[str, str], asked: Any) -> None:
    call = sent(where, asked, pieces=each(STREAM))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 7, 4)
    assert (call.error, call.chunks, call.timed) == ("", 3, True)
    cut = sent(where, asked, pieces=each(STREAM[:2]))
    assert (cut.error, cut.usage, cut.output_tokens) == ("cut", "estimated", 17 // 4)
    failed = sent(
        where, asked, pieces=each([*STREAM[:2], *events({"error": "overloaded", "error_type": "overloaded"})])
    )
    assert failed.error == "stream_error"


@pytest.mark.parametrize(
    ("where", "headers", "tokens"),
    [
        ((ENDPOINT, "/embed"), {"x-compute-tokens": "9"}, ("reported", 9, 0)),
        ((ROUTER, "/hf-inference/models/BAAI/bge/pipeline/feature-extraction"), {}, ("estimated", 22 // 4, 0)),
    ],
)
def test_embeddings(where: tuple[str, str], headers: dict[str, str], tokens: tuple[str, int, int]) -> None:
    call = sent(where, {"inputs": "What is deep learning?"}, [[0.25, 0.5]], headers=headers)
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("embeddings", *tokens)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/together/v1/chat/completions",
        "/novita/v3/openai/chat/completions",
        "/fireworks-ai/inference/v1/chat/completions",
        "/hf-inference/models/a/b/v1/chat/completions",
    ],
)
def test_compatible_paths_of_the_router(path: str) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    asked = {"model": "a/b", "messages": [{"role": "user", "content": "Hello"}]}
    call = sent((ROUTER, path), asked, {"choices": [], "usage": usage})
    assert (call.provider, call.api, call.model, call.input_tokens) == ("huggingface", "openai.chat", "a/b", 5)
