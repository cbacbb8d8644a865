"""Mistral's own paths, in the shapes of docs.mistral.ai/api."""

from __future__ import annotations

from typing import Any

from wire.exchange import each, events, sent

from jevons.wire import find

HOST = "api.mistral.ai"
USAGE = {"prompt_tokens": 8, "completion_tokens": 91, "total_tokens": 99}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "a + b"}, "finish_reason": "stop"}


def test_fill_in_the_middle() -> None:
    asked = {"model": "codestral-latest", "prompt": "def add(a, b):\n    return ", "suffix": "\n", "random_seed": 5}
    call = sent((HOST, "/v1/fim/completions"), asked, {"model": "codestral-2508", "choices": [CHOICE], "usage": USAGE})
    assert (call.provider, call.kind, call.model_answered, call.seed) == (
        "mistral_ai",
        "completion",
        "codestral-2508",
        5,
    )
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 8, 91)
    call = sent((HOST, "/v1/fim/completions"), asked, {"model": "codestral-2508", "choices": [CHOICE]})
    assert (call.usage, call.output_tokens) == ("estimated", 1)
    parts = events({"choices": [{"delta": {"content": "a "}}]}, {"choices": [{"delta": {"content": "+ b"}}]}, "[DONE]")
    call = sent((HOST, "/v1/fim/completions"), {**asked, "stream": True}, pieces=each(parts))
    assert (call.usage, call.chunks, call.output_tokens) == ("estimated", 2, 1)


def test_agents_answer_as_a_chat() -> None:
    asked = {"agent_id": "ag_1", "messages": [{"role": "user", "content": "Who is the best?"}]}
    assert len(b'[{"content":"Who is the best?","role":"user"},') == 46
    call = sent(
        (HOST, "/v1/agents/completions"), asked, {"model": "mistral-large", "choices": [CHOICE], "usage": USAGE}
    )
    assert (call.api, call.kind, call.model, call.model_answered) == ("openai.chat", "chat", "", "mistral-large")
    assert (call.usage, call.output_tokens, call.prompt_bytes) == ("reported", 91, 46)


ASK: dict[str, Any] = {
    "inputs": "Hello",
    "model": "mistral-medium-latest",
    "stream": False,
    "instructions": "Be brief",
    "completion_args": {"temperature": 0.3, "max_tokens": 50, "random_seed": 1},
}
CONNECTED = {**USAGE, "connector_tokens": 40, "connectors": {"web_search": 1}}


def test_conversations() -> None:
    output = {"type": "message.output", "content": "Hi.", "model": "mistral-medium-2508", "role": "assistant"}
    answer = {"object": "conversation.response", "conversation_id": "c", "outputs": [output], "usage": CONNECTED}
    call = sent((HOST, "/v1/conversations"), ASK, answer)
    assert (call.api, call.kind, call.model) == ("mistral_ai.conversations", "chat", "mistral-medium-latest")
    assert call.model_answered == "mistral-medium-2508"
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 48, 91)
    assert (call.temperature, call.max_tokens, call.seed) == (0.3, 50, 1)
    call = sent((HOST, "/v1/conversations/c/restart"), {"agent_id": "ag_1", "inputs": [{"content": "x"}]}, answer)
    assert (call.model, call.usage) == ("ag_1", "reported")


def test_a_streamed_conversation() -> None:
    parts = events(
        {"type": "conversation.response.started", "conversation_id": "c"},
        {"type": "message.output.delta", "content": "Hi", "model": "m-2508"},
        {"type": "message.output.delta", "content": " there"},
        {"type": "conversation.response.done", "usage": USAGE},
        names=True,
    )
    call = sent((HOST, "/v1/conversations"), {**ASK, "stream": True}, pieces=each(parts))
    assert (call.streamed, call.usage, call.input_tokens, call.chunks) == (True, "reported", 8, 2)
    assert (call.model_answered, call.error) == ("m-2508", "")


def test_conversations_of_openai_are_a_store() -> None:
    assert find("POST", "api.openai.com", "/v1/conversations") is None
    assert find("POST", "shop.example.com", "/v1/conversations/7/messages") is None


def test_pages_read_are_counted_as_images() -> None:
    asked = {"model": "mistral-ocr-latest", "document": {"type": "document_url", "document_url": "https://x.example/a"}}
    answer = {
        "model": "mistral-ocr-2512",
        "pages": [{"index": 0, "markdown": "# Title"}, {"index": 1, "markdown": "Text"}],
        "usage_info": {"pages_processed": 2, "doc_size_bytes": 3002783},
    }
    call = sent((HOST, "/v1/ocr"), asked, answer)
    assert (call.kind, call.usage, call.images, call.input_tokens) == ("other", "unknown", 2, None)
    assert call.characters >= len("# Title" + "Text")
