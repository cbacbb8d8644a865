"""Amazon Bedrock, in the shapes of docs.aws.amazon.com/bedrock (API reference, "Inference request parameters")."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from providers.bedrock import message
from wire.exchange import each, sent

HOST = "bedrock-runtime.eu-west-1.amazonaws.com"
COUNTS = "x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"


def where(model: str, verb: str) -> tuple[str, str]:
    return HOST, f"/model/{model}/{verb}"


def event(name: str, payload: Any) -> bytes:
    names = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return message(json.dumps(payload).encode(), **names)


def failure(name: str) -> bytes:
    return message(b'{"message":"too many"}', **{":message-type": "exception", ":exception-type": name})


def chunk(data: Any) -> bytes:
    return event("chunk", {"bytes": base64.b64encode(json.dumps(data).encode()).decode(), "p": "abcd"})


# -- converse -----------------------------------------------------------------------------------------

HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1%3A0"
ASK = {
    "messages": [{"role": "user", "content": [{"text": "Write a haiku about rain."}]}],
    "system": [{"text": "You are a poet."}],
    "inferenceConfig": {"maxTokens": 300, "temperature": 0.5},
    "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
}
CACHED = {
    "inputTokens": 20,
    "outputTokens": 31,
    "totalTokens": 1591,
    "cacheReadInputTokens": 1500,
    "cacheWriteInputTokens": 40,
}


def reply(usage: Any) -> dict[str, Any]:
    content = [{"text": "Soft rain on the roof"}]
    found = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn"}
    return found | ({} if usage is None else {"usage": usage, "metrics": {"latencyMs": 900}})


def test_converse_adds_what_the_cache_held_and_took() -> None:
    call = sent(where(HAIKU, "converse"), ASK, reply(CACHED))
    assert (call.provider, call.region, call.api, call.kind) == ("aws.bedrock", "eu-west-1", "bedrock.converse", "chat")
    assert call.model == "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 1560, 31)
    assert (call.cached_tokens, call.cache_write_tokens) == (1500, 40)
    assert call.input_tokens + call.output_tokens == CACHED["totalTokens"]
    assert (call.temperature, call.max_tokens, call.effort, call.streamed) == (0.5, 300, "1024", False)


def test_converse_without_usage_is_estimated() -> None:
    call = sent(where(HAIKU, "converse"), ASK, reply(None))
    assert call.usage == "estimated"
    assert call.input_tokens == 3 + 4 + (25 + 15) // 4  # the answer's start, one message, characters
    assert call.output_tokens == 21 // 4


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fmeta.llama3-8b", "meta.llama3-8b"),
        (
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0",
            "us.amazon.nova-lite-v1:0",
        ),
        ("arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aimported-model%2Fabc", "imported-model/abc"),
        (
            "arn%3Aaws-us-gov%3Abedrock%3Aus-gov-west-1%3A111122223333%3Aapplication-inference-profile%2Fx1",
            "application-inference-profile/x1",
        ),
    ],
)
def test_a_model_is_named_without_its_account(path: str, model: str) -> None:
    assert sent(where(path, "converse"), ASK, reply(CACHED)).model == model
    assert sent(where(path, "converse-stream"), ASK, reply(CACHED)).model == model


def test_the_model_that_a_router_chose() -> None:
    arn = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    routed = reply(CACHED) | {"trace": {"promptRouter": {"invokedModelId": arn}}}
    assert sent(where("r", "converse"), ASK, routed).model_answered == "anthropic.claude-3-haiku-20240307-v1:0"


def delta(**what: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": what, "p": "ab"})


STREAM = [
    event("messageStart", {"role": "assistant", "p": "abc"}),
    delta(reasoningContent={"text": "Five, seven, five."}),
    delta(text="Soft rain "),
    delta(text="on the roof"),
    event("contentBlockStop", {"contentBlockIndex": 0}),
    event("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t1", "name": "save"}}}),
    delta(toolUse={"input": '{"line": 1}'}),
    event("messageStop", {"stopReason": "tool_use"}),
    event("metadata", {"usage": CACHED, "metrics": {"latencyMs": 5}}),
]


def test_converse_stream() -> None:
    call = sent(where(HAIKU, "converse-stream"), ASK, pieces=each(STREAM, first_ms=10, gap_ms=10))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 1560, 31)
    assert (call.error, call.chunks, call.first_us, call.decode_us, call.timed) == ("", 3, 30_000, 40_000, True)
    recorded = sent(where(HAIKU, "converse-stream"), ASK, b"".join(STREAM))
    assert (recorded.streamed, recorded.input_tokens, recorded.chunks, recorded.timed) == (True, 1560, 3, False)


def test_a_stream_that_is_compressed() -> None:
    call = sent(where(HAIKU, "converse-stream"), ASK, gzip.compress(b"".join(STREAM)))
    assert (call.usage, call.input_tokens) == ("reported", 1560)


def test_a_cut_stream() -> None:
    cut = sent(where(HAIKU, "converse-stream"), ASK, pieces=each([*STREAM[:3], STREAM[3][:-9]]))
    assert (cut.error, cut.usage, cut.chunks) == ("cut", "estimated", 1)
    assert cut.output_tokens == (18 + 10) // 4  # the thought, and what was whole
    failed = sent(where(HAIKU, "converse-stream"), ASK, pieces=each([*STREAM[:3], failure("throttlingException")]))
    assert (failed.error, failed.usage) == ("stream_error", "estimated")


def test_an_error_costs_nothing() -> None:
    refused = {"message": "The provided model identifier is invalid."}
    call = sent(where("x", "converse-stream"), ASK, refused, status=400)
    assert (call.usage, call.input_tokens, call.output_tokens, call.streamed) == ("reported", 0, 0, True)


def test_images_and_documents_are_no_text() -> None:
    picture = {"image": {"format": "png", "source": {"bytes": "iVBO" * 1000}}}
    paper = {"document": {"format": "pdf", "name": "paper", "source": {"bytes": "JVBE" * 1000}}}
    asked = {"messages": [{"role": "user", "content": [{"text": "Compare both"}, picture, paper]}]}
    call = sent(where(HAIKU, "converse"), asked, reply(None))
    assert call.images == 1
    assert call.input_tokens == 7 + 258 + (12 + len("pngpdfpaper") - 3) // 4


def test_a_longer_conversation_begins_with_the_shorter() -> None:
    turn = {"role": "assistant", "content": [{"text": "Soft rain on the roof"}]}
    more = ASK | {"messages": [*ASK["messages"], turn, {"role": "user", "content": [{"text": "Another"}]}]}
    first, second = (sent(where(HAIKU, "converse"), body, reply(CACHED)) for body in (ASK, more))
    streamed = sent(where(HAIKU, "converse-stream"), ASK, b"".join(STREAM))
    assert first.prompt_chain[:-8]
    assert second.prompt_chain.startswith(first.prompt_chain[:-8])
    assert first.meaning_hash == streamed.meaning_hash != second.meaning_hash
    assert first.request_hash != streamed.request_hash


# -- invoke -------------------------------------------------------------------------------------------

CHAT = {"messages": [{"role": "user", "content": "Why is the sky blue?"}], "max_tokens": 64}
CLAUDE = CHAT | {"anthropic_version": "bedrock-2023-05-31", "temperature": 0.2}
CONFIG = {"inferenceConfig": {"max_new_tokens": 64}}
PROMPT = {"prompt": "Why is the sky blue?", "max_gen_len": 64, "temperature": 0.2}
TEXT = "Blue light is scattered most."
NO_COUNT: dict[str, str] = {}

FAMILIES = [  # model, request, answer, headers, input, output
    (
        "anthropic.claude-3-haiku-20240307-v1:0",
        CLAUDE,
        {
            "model": "claude-3-haiku-20240307",
            "content": [{"type": "text", "text": TEXT}],
            "usage": {"input_tokens": 14, "output_tokens": 9, "cache_read_input_tokens": 100},
        },
        NO_COUNT,
        (114, 9),
    ),
    (
        "amazon.nova-lite-v1:0",
        {"messages": [{"role": "user", "content": [{"text": "Why is the sky blue?"}]}], **CONFIG},
        reply({"inputTokens": 6, "outputTokens": 9, "totalTokens": 15, "cacheReadInputTokenCount": 3}),
        NO_COUNT,
        (9, 9),
    ),
    (
        "amazon.titan-text-express-v1",
        {"inputText": "Why is the sky blue?", "textGenerationConfig": {"maxTokenCount": 64, "temperature": 0.2}},
        {"inputTextTokenCount": 6, "results": [{"tokenCount": 9, "outputText": TEXT, "completionReason": "FINISH"}]},
        NO_COUNT,
        (6, 9),
    ),
    (
        "meta.llama3-8b-instruct-v1:0",
        PROMPT,
        {"generation": TEXT, "prompt_token_count": 7, "generation_token_count": 9, "stop_reason": "stop"},
        NO_COUNT,
        (7, 9),
    ),
    ("mistral.mistral-7b-instruct-v0:2", PROMPT, {"outputs": [{"text": TEXT, "stop_reason": "stop"}]}, (8, 9), (8, 9)),
    (
        "mistral.pixtral-large-2502-v1:0",
        CHAT,
        {"choices": [{"message": {"content": TEXT}}], "usage": {"prompt_tokens": 8, "completion_tokens": 9}},
        NO_COUNT,
        (8, 9),
    ),
    ("cohere.command-text-v14", PROMPT, {"generations": [{"text": TEXT}], "prompt": "Why is the"}, (6, 9), (6, 9)),
    ("cohere.command-r-v1:0", {"message": "Why?", "chat_history": []}, {"text": TEXT}, (2, 9), (2, 9)),
    (
        "ai21.jamba-1-5-mini-v1:0",
        CHAT,
        {"choices": [{"message": {"content": TEXT}}], "usage": {"prompt_tokens": 16, "completion_tokens": 9}},
        (99, 99),
        (16, 9),
    ),
    ("deepseek.r1-v1:0", PROMPT, {"choices": [{"text": TEXT, "stop_reason": "stop"}]}, (8, 9), (8, 9)),
    ("anthropic.claude-v2", PROMPT, {"completion": TEXT, "stop_reason": "stop_sequence"}, (8, 9), (8, 9)),
]


@pytest.mark.parametrize(
    ("model", "request_", "answer", "headers", "tokens"), FAMILIES, ids=[row[0] for row in FAMILIES]
)
def test_every_familys_answer(model: str, request_: Any, answer: Any, headers: Any, tokens: tuple[int, int]) -> None:
    shown = dict(zip(COUNTS, map(str, headers), strict=False))
    call = sent(where(model, "invoke"), request_, answer, headers=shown)
    assert (call.api, call.kind, call.model) == ("bedrock.invoke", "chat", model)
    assert (call.usage, (call.input_tokens, call.output_tokens)) == ("reported", tokens)
    assert call.prompt_bytes > len("Why?")  # the prompt was found, whatever its name
    quiet = {key: value for key, value in answer.items() if "oken" not in key and key != "usage"}
    for result in quiet.get("results", []):
        result.pop("tokenCount")
    estimated = sent(where(model, "invoke"), request_, quiet)
    assert (estimated.usage, estimated.output_tokens) == ("estimated", 21 // 4 if "output" in quiet else 29 // 4)


def test_headers_leave_cached_tokens_out() -> None:
    shown = dict(zip(COUNTS, ("10", "4"), strict=True))
    shown |= {"x-amzn-bedrock-cache-read-input-token-count": "90"}
    shown |= {"x-amzn-bedrock-cache-write-input-token-count": "7"}
    call = sent(where("mistral.m", "invoke"), PROMPT, {"outputs": [{"text": TEXT}]}, headers=shown)
    assert (call.input_tokens, call.output_tokens, call.cached_tokens, call.cache_write_tokens) == (107, 4, 90, 7)


@pytest.mark.parametrize("value", ["", "-4", "four", "4.5", "9" * 30, "٤"])
def test_a_header_that_is_no_count(value: str) -> None:
    shown = dict(zip(COUNTS, (value, "4"), strict=True))
    call = sent(where("mistral.m", "invoke"), PROMPT, {"outputs": [{"text": TEXT}]}, headers=shown)
    assert call.usage == "estimated"


def metrics(read: int, written: int, cached: int = 0) -> dict[str, Any]:
    counts = {"inputTokenCount": read, "outputTokenCount": written, "cacheReadInputTokenCount": cached}
    return {"amazon-bedrock-invocationMetrics": counts | {"invocationLatency": 300, "firstByteLatency": 90}}


CLAUDE_STREAM = [
    {
        "type": "message_start",
        "message": {"model": "claude-3-haiku", "usage": {"input_tokens": 14, "output_tokens": 1}},
    },
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Blue "}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "light"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"} | metrics(14, 9),
]
STREAMS = [
    ("anthropic.claude-3-haiku-20240307-v1:0", CLAUDE_STREAM),
    (
        "amazon.nova-lite-v1:0",
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "Blue "}, "contentBlockIndex": 0}},
            {"contentBlockDelta": {"delta": {"text": "light"}, "contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 14, "outputTokens": 9}}} | metrics(14, 9),
        ],
    ),
    (
        "amazon.titan-text-express-v1",
        [
            {"outputText": "Blue ", "index": 0, "totalOutputTextTokenCount": 2, "inputTextTokenCount": 14},
            {"outputText": "light", "index": 0, "totalOutputTextTokenCount": 9, "completionReason": "FINISH"}
            | metrics(14, 9),
        ],
    ),
    (
        "meta.llama3-8b-instruct-v1:0",
        [
            {"generation": "Blue ", "prompt_token_count": 14, "generation_token_count": 1, "stop_reason": None},
            {"generation": "light", "prompt_token_count": None, "generation_token_count": 9, "stop_reason": "stop"},
        ],
    ),
    (
        "mistral.mistral-7b-instruct-v0:2",
        [
            {"outputs": [{"text": "Blue ", "stop_reason": None}]},
            {"outputs": [{"text": "light", "stop_reason": "stop"}]} | metrics(14, 9),
        ],
    ),
    (
        "cohere.command-r-v1:0",
        [
            {"is_finished": False, "event_type": "text-generation", "text": "Blue "},
            {"is_finished": False, "event_type": "text-generation", "text": "light"},
            {"is_finished": True, "event_type": "stream-end", "response": {"text": "Blue light"}} | metrics(14, 9),
        ],
    ),
    (
        "ai21.jamba-1-5-mini-v1:0",
        [
            {"choices": [{"delta": {"role": "assistant", "content": "Blue "}, "finish_reason": None}]},
            {"choices": [{"delta": {"content": "light"}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 14, "completion_tokens": 9}},
        ],
    ),
]


@pytest.mark.parametrize(("model", "parts"), STREAMS, ids=[model for model, _ in STREAMS])
def test_every_familys_stream(model: str, parts: list[Any]) -> None:
    frames = [chunk(part) for part in parts]
    call = sent(where(model, "invoke-with-response-stream"), PROMPT, pieces=each(frames))
    assert (call.api, call.streamed, call.error, call.chunks) == ("bedrock.invoke", True, "", 2)
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 14, 9)
    cut = sent(where(model, "invoke-with-response-stream"), PROMPT, pieces=each([frames[0], failure("x")]))
    assert cut.error == "stream_error"


def test_metrics_alone_are_usage() -> None:
    """Claude's own counts can be left out; metrics leave the cache out of the input."""
    parts = [part | ({} if "message" not in part else {"message": {}}) for part in CLAUDE_STREAM]
    parts[3:] = [{"type": "message_stop"} | metrics(14, 9, cached=5)]
    call = sent(where("m", "invoke-with-response-stream"), CLAUDE, b"".join(map(chunk, parts)))
    assert (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens) == ("reported", 19, 9, 5)


def test_parameters_of_every_family() -> None:
    stream = "invoke-with-response-stream"
    titan = {"inputText": "x", "textGenerationConfig": {"maxTokenCount": 12, "temperature": 0.1}}
    nova = {"messages": [], "inferenceConfig": {"max_new_tokens": 13, "temperature": 0.2}}
    llama = {"prompt": "x", "max_gen_len": 14, "temperature": 0.3}
    for body, limit, temperature in ((titan, 12, 0.1), (nova, 13, 0.2), (llama, 14, 0.3)):
        call = sent(where("m", stream), body)
        assert (call.max_tokens, call.temperature, call.streamed) == (limit, temperature, True)


# -- beside text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "body", "answer", "headers"),
    [
        ("amazon.titan-embed-text-v2:0", {"inputText": "Hello, world!"}, {"inputTextTokenCount": 5}, {}),
        ("cohere.embed-english-v3", {"texts": ["Hello, world!"]}, {"embeddings": [[0.5]]}, {COUNTS[0]: "5"}),
        ("us.cohere.embed-v4:0", {"texts": ["Hello, world!"]}, {"embeddings": {"float": [[0.5]]}}, {COUNTS[0]: "5"}),
        (
            "amazon.nova-2-multimodal-embeddings-v1:0",
            {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {"text": {"value": "Hello, world!"}}},
            {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]},
            {COUNTS[0]: "5"},
        ),
    ],
)
def test_embeddings(model: str, body: Any, answer: Any, headers: dict[str, str]) -> None:
    call = sent(where(model, "invoke"), body, answer, headers=headers)
    assert (call.kind, call.model, call.usage) == ("embeddings", model, "reported")
    assert (call.input_tokens, call.output_tokens) == (5, 0)
    estimated = sent(where(model, "invoke"), body, {"embeddings": []})
    assert (estimated.usage, estimated.input_tokens, estimated.output_tokens) == ("estimated", 13 // 4, 0)


def test_an_embedding_behind_a_profile() -> None:
    """Only the answer shows that the profile's model embeds: its headers count no output."""
    path = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc"
    call = sent(where(path, "invoke"), {"inputText": "Hello"}, {"embedding": [0.5]}, headers={COUNTS[0]: "5"})
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 5, 0)


def test_images_are_counted() -> None:
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a cat"}}
    call = sent(where("amazon.nova-canvas-v1:0", "invoke"), body, {"images": ["iVBO", "iVBO"], "error": None})
    assert (call.kind, call.images, call.usage) == ("image", 2, "unknown")


def test_guardrails_count_no_tokens() -> None:
    body = {"source": "INPUT", "content": [{"text": {"text": "Which stock should I buy?"}}]}
    answer = {"action": "NONE", "usage": {"topicPolicyUnits": 1, "contentPolicyUnits": 1}}
    call = sent((HOST, "/guardrail/abc/version/1/apply"), body, answer)
    assert (call.kind, call.model, call.usage, call.characters) == ("moderation", "abc", "unknown", 25)


AGENTS = ("bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/A1/agentAliases/B1/sessions/s-1/text")


def trace(name: str, **what: Any) -> bytes:
    return event("trace", {"agentId": "A1", "trace": {name: what}})


def test_an_agents_traces_count_its_models() -> None:
    model = {"foundationModel": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"}
    parts = [
        trace("preProcessingTrace", modelInvocationInput=model),
        trace(
            "preProcessingTrace",
            modelInvocationOutput={"metadata": {"usage": {"inputTokens": 100, "outputTokens": 10}}},
        ),
        trace(
            "orchestrationTrace",
            modelInvocationOutput={"metadata": {"usage": {"inputTokens": 300, "outputTokens": 25}}},
        ),
        event("chunk", {"bytes": base64.b64encode(b"It is sunny.").decode()}),
    ]
    call = sent(AGENTS, {"inputText": "How is the weather?", "enableTrace": True}, b"".join(parts))
    assert (call.api, call.kind, call.model_answered) == ("bedrock.agent", "chat", "amazon.nova-pro-v1:0")
    assert (call.usage, call.input_tokens, call.output_tokens, call.error) == ("reported", 400, 35, "")
    silent = sent(AGENTS, {"inputText": "How is the weather?"}, parts[-1])
    assert (silent.usage, silent.input_tokens, silent.characters) == ("unknown", None, 19)


@pytest.mark.parametrize(
    ("host", "path", "api"),
    [
        (HOST, "/openai/v1/chat/completions", "openai.chat"),
        ("bedrock-mantle.us-east-1.api.aws", "/v1/responses", "openai.responses"),
        ("bedrock-mantle.us-east-1.api.aws", "/anthropic/v1/messages", "anthropic.messages"),
    ],
)
def test_compatible_paths(host: str, path: str, api: str) -> None:
    call = sent((host, path), CHAT | {"model": "openai.gpt-oss-20b"})
    assert (call.provider, call.api) == ("aws.bedrock", api)
    assert call.region in ("eu-west-1", "us-east-1")
