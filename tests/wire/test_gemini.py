"""Gemini, in the shapes of ai.google.dev/api/generate-content."""

from __future__ import annotations

import json
from typing import Any

from wire.exchange import GEMINI, GEMINI_STREAM, each, events, sent

ASK = {
    "contents": [{"role": "user", "parts": [{"text": "Explain how AI works"}]}],
    "systemInstruction": {"parts": [{"text": "Be brief"}]},
    "generationConfig": {
        "temperature": 0.5,
        "seed": 42,
        "maxOutputTokens": 800,
        "thinkingConfig": {"thinkingBudget": 1024},
    },
}
USAGE = {
    "promptTokenCount": 14,
    "candidatesTokenCount": 20,
    "thoughtsTokenCount": 30,
    "toolUsePromptTokenCount": 5,
    "cachedContentTokenCount": 4,
    "totalTokenCount": 69,
}


def reply(*parts: dict[str, Any], finish: str | None = "STOP", usage: Any = USAGE) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash-001"}


def test_thoughts_and_tool_results_are_added() -> None:
    call = sent(GEMINI, ASK, reply({"text": "AI learns patterns."}))
    assert (call.provider, call.api, call.kind) == ("gcp.gemini", "gemini.generate", "chat")
    assert (call.model, call.model_answered) == ("gemini-2.5-flash", "gemini-2.5-flash-001")
    assert (call.input_tokens, call.output_tokens) == (19, 50)
    assert (call.cached_tokens, call.reasoning_tokens) == (4, 30)
    assert call.input_tokens + call.output_tokens == USAGE["totalTokenCount"]
    assert (call.temperature, call.seed, call.max_tokens, call.effort) == (0.5, 42, 800, "1024")


def test_either_spelling_of_a_parameter() -> None:
    asked = {"contents": [], "generation_config": {"thinking_config": {"thinking_budget": 0}, "max_output_tokens": 9}}
    call = sent(GEMINI, asked, reply({"text": "x"}))
    assert (call.effort, call.max_tokens) == ("0", 9)


def test_a_count_left_out_is_zero() -> None:
    call = sent(GEMINI, ASK, reply(finish="MAX_TOKENS", usage={"promptTokenCount": 15, "thoughtsTokenCount": 2}))
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 15, 2)


STREAM = [
    reply({"text": "Thinking", "thought": True}, finish=None, usage={"promptTokenCount": 14}),
    reply({"text": "AI "}, finish=None, usage={"promptTokenCount": 14, "candidatesTokenCount": 2}),
    reply({"text": "learns "}, finish=None, usage={"promptTokenCount": 14, "candidatesTokenCount": 4}),
    reply({"functionCall": {"name": "f", "args": {}}}),
]


def check_stream(call: Any) -> None:
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 19, 50)
    assert (call.first_us, call.decode_us, call.chunks, call.timed) == (20_000, 20_000, 3, True)
    assert (call.error, call.model_answered) == ("", "gemini-2.5-flash-001")


def test_stream_of_events() -> None:
    check_stream(sent(GEMINI_STREAM, ASK, pieces=each(events(*STREAM, end=b"\r\n"), first_ms=10, gap_ms=10)))


def test_stream_as_a_json_array() -> None:
    where = (GEMINI_STREAM[0], GEMINI_STREAM[1].removesuffix("?alt=sse"))
    texts = [json.dumps(item, indent=1).encode() for item in STREAM]
    parts = [b"[" + texts[0], b",\r\n" + texts[1], b",\r\n" + texts[2], b",\r\n" + texts[3] + b"\n]"]
    check_stream(sent(where, ASK, pieces=each(parts, first_ms=10, gap_ms=10)))
    cut = sent(where, ASK, pieces=each([*parts[:2], parts[2][:50]]))
    assert (cut.error, cut.usage, cut.output_tokens, cut.chunks) == ("cut", "reported", 2, 1)


def test_a_blocked_prompt() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}}
    assert sent(GEMINI, ASK, {**blocked, "usageMetadata": {"promptTokenCount": 14}}).input_tokens == 14
    call = sent(GEMINI_STREAM, ASK, pieces=each(events(blocked)))
    assert (call.usage, call.input_tokens, call.error) == ("unknown", None, "")


def test_images() -> None:
    inline = {"inlineData": {"mimeType": "image/png", "data": "iVBO" * 1000}}
    file = {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/files/1"}}
    audio = {"inlineData": {"mimeType": "audio/mp3", "data": "SUQz" * 1000}}
    asked = {"contents": [{"parts": [{"text": "Compare"}, inline, file, audio]}]}
    assert sent(GEMINI, asked, reply({"text": "Same"})).images == 2
    assert sent(GEMINI, asked, reply(inline)).images == 3  # one drawn


def test_embeddings() -> None:
    host = GEMINI[0]
    one = sent(
        (host, "/v1beta/models/gemini-embedding-001:embedContent"),
        {"content": {"parts": [{"text": "What is the meaning of life?"}]}},
        {"embedding": {"values": [0.1, 0.2]}},
    )
    assert (one.kind, one.model, one.usage) == ("embeddings", "gemini-embedding-001", "estimated")
    assert (one.input_tokens, one.output_tokens) == (7, 0)  # 28 characters
    several = sent(
        (host, "/v1beta/models/gemini-embedding-2:batchEmbedContents"),
        {"requests": [{"model": "models/gemini-embedding-2", "content": {"parts": [{"text": "eight ch"}]}}] * 3},
        {"embeddings": [], "usageMetadata": {"promptTokenCount": 9}},
    )
    assert (several.usage, several.input_tokens, several.output_tokens) == ("reported", 9, 0)
