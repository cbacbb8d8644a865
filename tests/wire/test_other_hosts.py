"""Routes of their own at hosts that else speak OpenAI's: docs.voyageai.com/reference, docs.snowflake.com (Cortex)."""

from __future__ import annotations

from wire.exchange import each, events, sent


def test_voyage() -> None:
    call = sent(
        ("api.voyageai.com", "/v1/multimodalembeddings"),
        {"model": "voyage-multimodal-3", "inputs": [{"content": [{"type": "text", "text": "a cat"}]}]},
        {"data": [], "model": "voyage-multimodal-3", "usage": {"text_tokens": 2, "image_pixels": 0, "total_tokens": 2}},
    )
    assert (call.provider, call.kind, call.usage) == ("voyage", "embeddings", "reported")
    assert (call.input_tokens, call.output_tokens) == (2, 0)


CORTEX = "acme.snowflakecomputing.com"


def test_cortex_complete() -> None:
    asked = {"model": "llama3.1-8b", "messages": [{"role": "user", "content": "Hello"}]}
    parts = events(
        {"model": "llama3.1-8b", "choices": [{"delta": {"type": "text", "content": "Hi", "text": "Hi"}}], "usage": {}},
        {
            "model": "llama3.1-8b",
            "choices": [{"delta": {"type": "text", "content": "", "text": ""}}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        },
    )
    call = sent((CORTEX, "/api/v2/cortex/inference:complete"), asked, pieces=each(parts))
    assert (call.provider, call.kind, call.model, call.usage) == ("snowflake", "chat", "llama3.1-8b", "reported")
    assert (call.input_tokens, call.output_tokens, call.error) == (12, 3, "")
    cut = sent((CORTEX, "/api/v2/cortex/inference:complete"), asked, pieces=each(parts[:1]))
    assert (cut.usage, cut.error) == ("estimated", "cut")


def test_cortex_embed() -> None:
    answer = {"data": [], "model": "e5-base-v2", "usage": {"total_tokens": 3}}
    call = sent((CORTEX, "/api/v2/cortex/inference:embed"), {"model": "e5-base-v2", "text": ["Hello"]}, answer)
    assert (call.kind, call.usage, call.input_tokens) == ("embeddings", "reported", 3)
