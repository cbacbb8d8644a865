"""Cohere, in the shapes of docs.cohere.com/reference (chat, chat-v1, generate, embed)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire.exchange import each, events, sent

V2 = ("api.cohere.com", "/v2/chat")
V1 = ("api.cohere.com", "/v1/chat")
ASK = {
    "model": "command-a-03-2025",
    "messages": [{"role": "user", "content": "Tell me about Lisbon"}],
    "temperature": 0.3,
    "max_tokens": 200,
    "seed": 7,
    "thinking": {"type": "enabled", "token_budget": 512},
    "stream": False,
}
USAGE = {
    "billed_units": {"input_tokens": 5, "output_tokens": 40},
    "tokens": {"input_tokens": 71, "output_tokens": 42},
    "cached_tokens": 16,
}


def reply(usage: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "Lisbon is the capital of Portugal."}]
    return {
        "id": "c1",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": content},
        "usage": usage,
    }


def test_tokens_are_preferred_to_billed_units() -> None:
    call = sent(V2, ASK, reply(USAGE))
    assert (call.provider, call.api, call.kind, call.model) == ("cohere", "cohere.chat", "chat", "command-a-03-2025")
    assert (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens) == ("reported", 71, 42, 16)
    assert (call.temperature, call.max_tokens, call.seed, call.effort) == (0.3, 200, 7, "512")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"billed_units": {"input_tokens": 5, "output_tokens": 40}}, ("reported", 5, 40)),
        ({"tokens": {"input_tokens": 71.0, "output_tokens": 42.0}}, ("reported", 71, 42)),
        ({"tokens": {}, "billed_units": {"input_tokens": 5, "output_tokens": 40}}, ("reported", 5, 40)),
        ({"billed_units": {"search_units": 1}}, ("estimated", 3 + 4 + 20 // 4, 34 // 4)),
        ({"tokens": {"input_tokens": 71.5}}, ("estimated", 3 + 4 + 20 // 4, 34 // 4)),
    ],
)
def test_what_usage_may_look_like(usage: Any, tokens: tuple[str, int, int]) -> None:
    call = sent(V2, ASK, reply(usage))
    assert (call.usage, call.input_tokens, call.output_tokens) == tokens


STREAM = [
    {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant", "content": []}}},
    {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I look it up. "}}},
    {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"thinking": "Portugal. "}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Lisbon "}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "is the "}}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "capital."}}}},
    {"type": "content-end", "index": 0},
    {"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {"arguments": "{}"}}}}},
    {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": USAGE}},
]


def test_stream_of_version_2() -> None:
    call = sent(V2, ASK | {"stream": True}, pieces=each(events(*STREAM, names=True), first_ms=10, gap_ms=10))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 71, 42)
    assert (call.error, call.chunks, call.first_us, call.decode_us) == ("", 4, 50_000, 40_000)
    cut = sent(V2, ASK | {"stream": True}, pieces=each(events(*STREAM[:6], names=True)))
    assert (cut.error, cut.usage, cut.chunks) == ("cut", "estimated", 2)
    assert cut.output_tokens == (len("I look it up. ") + len("Portugal. ") + len("Lisbon is the ")) // 4


ASK_1 = {
    "message": "And Porto?",
    "chat_history": [
        {"role": "USER", "message": "Tell me about Lisbon"},
        {"role": "CHATBOT", "message": "It is the capital."},
    ],
    "preamble": "Be brief",
}
META = {"api_version": {"version": "1"}, **USAGE}
END = {"text": "Porto is in the north.", "generation_id": "g", "meta": META}


def lines(*data: Any) -> list[bytes]:
    return [json.dumps(item).encode() + b"\n" for item in data]


STREAM_1 = lines(
    {"is_finished": False, "event_type": "stream-start", "generation_id": "g"},
    {"is_finished": False, "event_type": "text-generation", "text": "Porto is "},
    {"is_finished": False, "event_type": "text-generation", "text": "in the "},
    {"is_finished": False, "event_type": "text-generation", "text": "north."},
    {"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE", "response": END},
)


def test_version_1() -> None:
    call = sent(V1, ASK_1, END)
    assert (call.api, call.kind) == ("cohere.chat_v1", "chat")
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 71, 42)
    estimated = sent(V1, ASK_1, END | {"meta": None})
    assert estimated.input_tokens == 3 + 3 * 4 + (len('"Be brief"') + 20 + 18 + 10) // 4
    assert estimated.output_tokens == 22 // 4


def test_stream_of_version_1() -> None:
    """Lines, however they are cut; the last may lack its end."""
    call = sent(V1, ASK_1 | {"stream": True}, pieces=each(STREAM_1, first_ms=10, gap_ms=10))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 71, 42)
    assert (call.error, call.chunks, call.first_us, call.decode_us, call.timed) == ("", 3, 20_000, 20_000, True)
    whole = b"".join(STREAM_1)
    bits = sent(V1, ASK_1 | {"stream": True}, pieces=each([whole[i : i + 7] for i in range(0, len(whole) - 1, 7)]))
    assert (bits.usage, bits.output_tokens, bits.chunks) == ("reported", 42, 3)
    cut = sent(V1, ASK_1 | {"stream": True}, pieces=each(STREAM_1[:3]))
    assert (cut.error, cut.usage, cut.output_tokens) == ("cut", "estimated", 16 // 4)


def test_the_next_turn_begins_with_this_one() -> None:
    said = [{"role": "USER", "message": "And Porto?"}, {"role": "CHATBOT", "message": "Porto is in the north."}]
    later = ASK_1 | {"chat_history": ASK_1["chat_history"] + said, "message": "And Faro?"}  # type: ignore[operator]
    first, second = sent(V1, ASK_1, END), sent(V1, later, END)
    assert second.prompt_chain.startswith(first.prompt_chain[:-8])
    assert len(second.prompt_chain) > len(first.prompt_chain) > 12


def test_generate() -> None:
    answer = {"generations": [{"text": "once upon a time"}], "meta": META}
    call = sent(("api.cohere.com", "/v1/generate"), {"prompt": "Tell a story", "model": "command"}, answer)
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("completion", "reported", 71, 42)


@pytest.mark.parametrize("path", ["/v1/embed", "/v2/embed"])
def test_embeddings_read_what_is_billed(path: str) -> None:
    asked = {"model": "embed-v4.0", "texts": ["hello", "world"], "input_type": "search_document"}
    units = {"input_tokens": 2, "image_tokens": 500}
    call = sent(("api.cohere.com", path), asked, {"embeddings": {}, "meta": {"billed_units": units}})
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("embeddings", "reported", 502, 0)
    estimated = sent(("api.cohere.com", path), asked, {"embeddings": {}})
    assert (estimated.usage, estimated.input_tokens) == ("estimated", 10 // 4)


def test_pictures_that_are_embedded() -> None:
    asked = {"model": "embed-v4.0", "images": ["data:image/png;base64," + "iVBO" * 100], "input_type": "image"}
    call = sent(("api.cohere.com", "/v2/embed"), asked, {"embeddings": {}, "meta": {"billed_units": {"images": 1}}})
    assert (call.images, call.usage, call.input_tokens) == (1, "estimated", 258)
