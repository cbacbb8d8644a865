"""Anthropic messages, in the shapes of docs.anthropic.com/en/api/messages and messages-streaming."""

from __future__ import annotations

from typing import Any

from wire.exchange import MESSAGES, each, events, sent

ASK = {"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello, world"}]}


def answer(**usage: Any) -> dict[str, Any]:
    return {
        "id": "msg_013Zva2CMHLNnjNJJKqJ2EF",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": "Hi! My name is Claude."}],
        "stop_reason": "end_turn",
        "usage": usage,
    }


def test_cached_tokens_are_part_of_the_input() -> None:
    call = sent(
        MESSAGES,
        {**ASK, "thinking": {"type": "enabled", "budget_tokens": 1600}},
        answer(input_tokens=50, cache_creation_input_tokens=200, cache_read_input_tokens=1800, output_tokens=503),
    )
    assert (call.provider, call.api, call.kind) == ("anthropic", "anthropic.messages", "chat")
    assert (call.input_tokens, call.output_tokens) == (2050, 503)
    assert (call.cached_tokens, call.cache_write_tokens) == (1800, 200)
    assert (call.model, call.model_answered) == ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929")
    assert (call.max_tokens, call.effort) == (1024, "1600")


def test_compaction_is_added() -> None:
    # docs.anthropic.com/en/docs/build-with-claude/compaction: the counts on top leave it out
    iterations = [
        {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500},
        {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
    ]
    call = sent(MESSAGES, ASK, answer(input_tokens=23_000, output_tokens=1_000, iterations=iterations))
    assert (call.input_tokens, call.output_tokens) == (203_000, 4_500)


def test_vertex_names_the_model_in_the_path() -> None:
    where = (
        "us-east5-aiplatform.googleapis.com",
        "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict",
    )
    asked = {"anthropic_version": "vertex-2023-10-16", "messages": ASK["messages"], "max_tokens": 10}
    call = sent(where, asked, answer(input_tokens=1, output_tokens=2))
    assert (call.provider, call.model, call.region) == ("gcp.vertex_ai", "claude-sonnet-4@20250514", "us-east5")


def test_an_answer_may_say_where_it_ran() -> None:
    # platform.claude.com/docs/en/manage-claude/data-residency: usage.inference_geo
    start = {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 1, "inference_geo": "us"}}}
    assert sent(MESSAGES, ASK, pieces=each(events(start, *STREAM[1:], names=True))).region == "us"
    for said, region in (("us", "us"), ("global", ""), (None, ""), ("my secret", "")):
        call = sent(MESSAGES, ASK, answer(input_tokens=1, output_tokens=2, inference_geo=said))
        assert call.region == region


START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-opus-4-1",
        "stop_reason": None,
        "usage": {"input_tokens": 25, "cache_read_input_tokens": 100, "output_tokens": 1},
    },
}


def delta(**fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": fields}


STREAM = [
    START,
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    delta(type="thinking_delta", thinking="Let me see"),
    delta(type="signature_delta", signature="EqQB" * 50),
    delta(type="text_delta", text="Hello"),
    delta(type="text_delta", text="!"),
    delta(type="input_json_delta", partial_json='{"location":'),
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 15},
    },
    {"type": "message_stop"},
]


def test_stream() -> None:
    call = sent(MESSAGES, {**ASK, "stream": True}, pieces=each(events(*STREAM, names=True), first_ms=0, gap_ms=10))
    assert (call.usage, call.input_tokens, call.cached_tokens, call.output_tokens) == ("reported", 125, 100, 15)
    assert (call.model_answered, call.error, call.streamed) == ("claude-opus-4-1", "", True)
    # text at 50 and 60 ms, tool input at 70; neither thinking nor signatures are visible
    assert (call.first_us, call.decode_us, call.chunks, call.timed) == (50_000, 20_000, 3, True)


def test_message_delta_repeats_cumulative_counts() -> None:
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    usage = {"input_tokens": 10682, "cache_read_input_tokens": 0, "output_tokens": 510}  # web search: read more
    call = sent(MESSAGES, ASK, pieces=each(events(START, {**last, "usage": usage}, names=True)))
    assert (call.input_tokens, call.output_tokens, call.cached_tokens) == (10682, 510, 0)


def test_a_cut_stream_keeps_its_input_and_estimates_its_output() -> None:
    call = sent(MESSAGES, {**ASK, "stream": True}, pieces=each(events(*STREAM[:7], names=True)))
    # shown so far: "Let me see", "Hello", "!" = 16 characters; output_tokens of message_start is a placeholder
    assert (call.error, call.usage, call.input_tokens, call.cached_tokens, call.output_tokens) == (
        "cut",
        "estimated",
        125,
        100,
        4,
    )


def test_an_error_event_is_an_error_of_the_stream() -> None:
    broken = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert sent(MESSAGES, ASK, pieces=each(events(*STREAM[:6], broken, names=True))).error == "stream_error"


def test_images_and_documents() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/" * 1000}}
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE" * 1000}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image, {"type": "text", "text": "two"}]}
    asked = {**ASK, "messages": [{"role": "user", "content": [image, pdf, result]}]}
    assert sent(MESSAGES, asked, answer(input_tokens=9, output_tokens=9)).images == 2
