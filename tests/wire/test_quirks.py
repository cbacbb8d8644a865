"""What compatible servers do otherwise, each in the shape of its own API reference."""

from __future__ import annotations

from typing import Any

import pytest
from wire.exchange import each, events, sent

from jevons.wire import find

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello, how are you?"}]}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Fine."}, "finish_reason": "stop"}
CHAT = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}


@pytest.mark.parametrize(
    ("host", "path", "usage", "expected"),
    [
        ("api.deepseek.com", "/chat/completions", {**CHAT, "prompt_cache_hit_tokens": 4}, (10, 20, 4, None)),
        (  # xAI: completion excludes reasoning, the total has it
            "api.x.ai",
            "/v1/chat/completions",
            {**CHAT, "total_tokens": 130, "completion_tokens_details": {"reasoning_tokens": 100}},
            (10, 120, None, 100),
        ),
        ("openrouter.ai", "/api/v1/chat/completions", {**CHAT, "cost": 0.1, "is_byok": False}, (10, 20, None, None)),
        ("api.groq.com", "/openai/v1/chat/completions", {**CHAT, "queue_time": 0.1}, (10, 20, None, None)),
        ("api.together.xyz", "/v1/chat/completions", {**CHAT, "cached_tokens": 3}, (10, 20, 3, None)),
        (
            "api.perplexity.ai",
            "/chat/completions",
            {**CHAT, "search_context_size": "low", "citation_tokens": 900, "num_search_queries": 3},
            (10, 20, None, None),
        ),
        ("api.cerebras.ai", "/v1/chat/completions", CHAT, (10, 20, None, None)),
        ("api.z.ai", "/api/paas/v4/chat/completions", CHAT, (10, 20, None, None)),
        ("api.fireworks.ai", "/inference/v1/chat/completions", CHAT, (10, 20, None, None)),
        ("api.deepinfra.com", "/v1/openai/chat/completions", {**CHAT, "estimated_cost": 1e-6}, (10, 20, None, None)),
        (
            "api.sambanova.ai",
            "/v1/chat/completions",
            {**CHAT, "total_tokens_per_sec": 400.5, "is_last_response": True},
            (10, 20, None, None),
        ),
        ("integrate.api.nvidia.com", "/v1/chat/completions", CHAT, (10, 20, None, None)),
        ("localhost:8000", "/v1/chat/completions", {**CHAT, "prompt_tokens_details": None}, (10, 20, None, None)),
        ("localhost:1234", "/api/v0/chat/completions", CHAT, (10, 20, None, None)),
        ("oai.helicone.ai", "/v1/chat/completions", CHAT, (10, 20, None, None)),
        ("localhost:4000", "/chat/completions", CHAT, (10, 20, None, None)),  # LiteLLM's proxy
        (
            "adb-1.azuredatabricks.net",
            "/serving-endpoints/databricks-llama/invocations",
            CHAT,
            (10, 20, None, None),
        ),
        (
            "gateway.ai.cloudflare.com",
            "/v1/0a1b/ours/openai/chat/completions",
            CHAT,
            (10, 20, None, None),
        ),
    ],
)
def test_chats(host: str, path: str, usage: Any, expected: tuple[int | None, ...]) -> None:
    call = sent((host, path), ASK, {"model": "m-1", "choices": [CHOICE], "usage": usage})
    assert (call.api, call.usage, call.model_answered) == ("openai.chat", "reported", "m-1")
    assert (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens) == expected


def chunk(content: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None}], **more}


def test_groq_puts_a_streams_usage_apart() -> None:
    last = {"choices": [{"delta": {}, "finish_reason": "stop"}], "x_groq": {"id": "req_1", "usage": CHAT}}
    parts = events(chunk("A", x_groq={"id": "req_1"}), chunk("B"), last, "[DONE]")
    call = sent(("api.groq.com", "/openai/v1/chat/completions"), {**ASK, "stream": True}, pieces=each(parts))
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 10, 20)


def test_running_usage_of_vllm_counts_once() -> None:
    """``continuous_usage_stats``: every chunk repeats the sum so far."""
    running = [chunk("x", usage={**CHAT, "completion_tokens": n}) for n in range(1, 9)]
    parts = events(*running, {"choices": [], "usage": {**CHAT, "completion_tokens": 9}}, "[DONE]")
    call = sent(("localhost:8000", "/v1/chat/completions"), {**ASK, "stream": True}, pieces=each(parts))
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 10, 9)


TIMINGS = {"cache_n": 230, "prompt_n": 1, "prompt_ms": 30.9, "predicted_n": 35, "predicted_ms": 661.0}


def test_llama_cpp_shows_timings_where_no_usage_was_asked_for() -> None:
    last = {"choices": [{"delta": {}, "finish_reason": "stop"}], "timings": TIMINGS}
    parts = events(chunk("A"), chunk("B"), last, "[DONE]")
    call = sent(("localhost:8080", "/v1/chat/completions"), {**ASK, "stream": True}, pieces=each(parts))
    assert (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens) == ("reported", 231, 35, 230)
    old = {key: value for key, value in TIMINGS.items() if key != "cache_n"}  # the prompt's length is not shown
    parts = events(chunk("A"), chunk("B"), {**last, "timings": old}, "[DONE]")
    call = sent(("localhost:8080", "/v1/chat/completions"), {**ASK, "stream": True}, pieces=each(parts))
    assert call.usage == "estimated"


def test_llama_cpps_own_completion() -> None:
    where = ("localhost:8080", "/completion")
    asked = {"prompt": "Building a website is", "n_predict": 128, "temperature": 0.1}
    end = {
        "content": "",
        "stop": True,
        "model": "llama",
        "tokens_evaluated": 6,
        "tokens_predicted": 9,
        "timings": {"cache_n": 2},
    }
    call = sent(where, asked, {**end, "content": " simple."})
    assert (call.api, call.kind, call.max_tokens) == ("llama_cpp.completion", "completion", 128)
    assert (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens) == ("reported", 6, 9, 2)
    parts = events({"content": " sim", "stop": False}, {"content": "ple.", "stop": False}, end)
    call = sent(where, {**asked, "stream": True}, pieces=each(parts))
    assert (call.usage, call.output_tokens, call.chunks, call.error) == ("reported", 9, 2, "")
    call = sent(where, {**asked, "stream": True}, pieces=each(parts[:2]))
    assert (call.usage, call.error) == ("estimated", "cut")
    assert sent(where, {"form": "of another app"}, {"ok": True}).kind == "other"


STATS = {"input_tokens": 646, "total_output_tokens": 586, "reasoning_output_tokens": 40, "tokens_per_second": 29.7}


def test_lm_studios_own_chat() -> None:
    where = ("localhost:1234", "/api/v1/chat")
    asked = {"model": "qwen", "input": "Hello", "system_prompt": "Be brief", "max_output_tokens": 9}
    output = [{"type": "reasoning", "content": "Hm"}, {"type": "message", "content": "Hi"}]
    answer = {"model_instance_id": "qwen:2", "output": output, "stats": STATS}
    call = sent(where, asked, answer)
    assert (call.provider, call.api, call.model_answered) == ("lm_studio", "lm_studio.chat", "qwen:2")
    assert (call.usage, call.input_tokens, call.output_tokens, call.reasoning_tokens) == ("reported", 646, 586, 40)
    parts = events(
        {"type": "chat.start", "model_instance_id": "qwen:2"},
        {"type": "reasoning.delta", "content": "Hm"},
        {"type": "message.delta", "content": "Hi"},
        {"type": "chat.end", "result": answer},
        names=True,
    )
    call = sent(where, {**asked, "stream": True}, pieces=each(parts))
    assert (call.usage, call.output_tokens, call.chunks, call.error) == ("reported", 586, 1, "")
    match = find("POST", "shop.example.com", "/api/v1/chat")
    assert match is None or match.reader != "lm_studio.chat"


def test_cloudflare_names_the_model_in_the_path() -> None:
    where = ("api.cloudflare.com", "/client/v4/accounts/0a1b/ai/run/@cf/meta/llama-3.1-8b-instruct")
    answer = {"result": {"response": "Hi.", "usage": CHAT}, "success": True, "errors": []}
    call = sent(where, ASK | {"model": ""}, answer)
    assert (call.provider, call.api, call.model) == ("cloudflare", "cloudflare.run", "@cf/meta/llama-3.1-8b-instruct")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 10, 20)
    parts = events({"response": "Hi"}, {"response": "."}, {"response": "", "usage": CHAT}, "[DONE]")
    call = sent(where, {**ASK, "stream": True}, pieces=each(parts))
    assert (call.usage, call.output_tokens, call.chunks, call.error) == ("reported", 20, 2, "")
    call = sent(where, {"prompt": "A cat"}, b"\x89PNG....")
    assert (call.usage, call.input_tokens) == ("unknown", None)
    assert find("POST", "api.cloudflare.com", "/client/v4/accounts/0a1b/storage/kv/namespaces") is None


def test_a_job_that_perplexity_accepts_is_unknown() -> None:
    where = ("api.perplexity.ai", "/async/chat/completions")
    call = sent(where, {"request": ASK}, {"id": "7", "status": "CREATED", "model": "sonar-deep-research"})
    assert (call.usage, call.input_tokens) == ("unknown", None)


def test_portkeys_prompts_answer_as_a_chat() -> None:
    where = ("api.portkey.ai", "/v1/prompts/pp-1/completions")
    call = sent(where, {"variables": {"city": "Oslo"}}, {"model": "m-1", "choices": [CHOICE], "usage": CHAT})
    assert (call.provider, call.usage, call.output_tokens) == ("portkey", "reported", 20)


def test_anthropics_legacy_completions_are_estimated() -> None:
    where = ("api.anthropic.com", "/v1/complete")
    asked = {
        "model": "claude-2.1",
        "prompt": "\n\nHuman: Hello, how are you?\n\nAssistant:",
        "max_tokens_to_sample": 99,
    }
    end = {"type": "completion", "completion": "", "stop_reason": "stop_sequence", "model": "claude-2.1"}
    call = sent(where, asked, {**end, "completion": " I am fine, thank you."})
    assert (call.api, call.kind, call.usage, call.max_tokens) == ("anthropic.complete", "completion", "estimated", 99)
    assert 5 < (call.input_tokens or 0) < 20
    assert 3 < (call.output_tokens or 0) < 10
    parts = events(
        {**end, "completion": " I am", "stop_reason": None}, {**end, "completion": " fine."}, end, end=b"\r\n"
    )
    call = sent(where, {**asked, "stream": True}, pieces=each(parts))
    assert (call.usage, call.chunks, call.error) == ("estimated", 2, "")
