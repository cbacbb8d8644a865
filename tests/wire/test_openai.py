"""OpenAI's formats, in the shapes of platform.openai.com/docs/api-reference, and what compatible servers change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire.exchange import CHAT, EMBEDDINGS, RESPONSES, each, events, sent

from jevons.wire import openai_chat

ASK = {
    "model": "gpt-4o",
    "messages": [
        {"role": "developer", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Hello!"},
    ],
    "temperature": 0,
    "seed": 7,
    "max_completion_tokens": 50,
    "reasoning_effort": "low",
}


def completion(usage: Any, content: Any = "Hello! How can I assist you today?") -> dict[str, Any]:
    return {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion",
        "created": 1741569952,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": usage,
        "service_tier": "default",
    }


def test_chat() -> None:
    usage = {
        "prompt_tokens": 1117,
        "completion_tokens": 46,
        "total_tokens": 1163,
        "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 0},
    }
    call = sent(CHAT, ASK, completion(usage))
    assert (call.provider, call.api, call.kind) == ("openai", "openai.chat", "chat")
    assert (call.model, call.model_answered) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (call.temperature, call.seed, call.max_tokens, call.effort) == (0.0, 7, 50, "low")
    assert call.usage == "reported"
    assert (call.input_tokens, call.output_tokens) == (1117, 46)
    assert (call.cached_tokens, call.reasoning_tokens, call.cache_write_tokens) == (1024, 30, None)
    assert (call.streamed, call.error, call.chunks, call.first_us) == (False, "", 0, None)


def test_xai_leaves_reasoning_out_of_completion() -> None:
    usage = {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 135,  # docs.x.ai: 32 + 9 + 94
        "prompt_tokens_details": {"cached_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 94},
    }
    call = sent(("api.x.ai", "/v1/chat/completions"), ASK, completion(usage))
    assert (call.input_tokens, call.output_tokens, call.reasoning_tokens) == (32, 103, 94)


def test_deepseek_cache() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "total_tokens": 110,
        "prompt_cache_hit_tokens": 64,
        "prompt_cache_miss_tokens": 36,
    }
    call = sent(("api.deepseek.com", "/chat/completions"), ASK, completion(usage))
    assert (call.provider, call.input_tokens, call.cached_tokens) == ("deepseek", 100, 64)


def test_azure_names_the_model_in_the_path() -> None:
    where = ("acme.openai.azure.com", "/openai/deployments/my-gpt4/chat/completions?api-version=2024-06-01")
    asked = {key: value for key, value in ASK.items() if key != "model"}
    call = sent(where, asked, completion({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}))
    assert (call.provider, call.model, call.input_tokens) == ("azure.ai.openai", "my-gpt4", 1)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        "12 tokens",
        [12, 3],
        {"prompt_tokens": -5, "completion_tokens": 3},
        {"prompt_tokens": "12", "completion_tokens": 3},
        {"prompt_tokens": 1.5, "completion_tokens": 3},
        {"prompt_tokens": True, "completion_tokens": 3},
        {"prompt_tokens": 2**53 + 1, "completion_tokens": 3},
        {"prompt_tokens": 10**30, "completion_tokens": 3},
        {"total_tokens": 15},
    ],
)
def test_usage_that_is_none_falls_back_to_text(usage: Any) -> None:
    call = sent(CHAT, ASK, completion(usage))
    assert call.usage == "estimated"
    # 28 and 6 characters at 4 a token, two messages at 4, 3 for the answer's start; 34 characters answered
    assert (call.input_tokens, call.output_tokens) == (34 // 4 + 11, 34 // 4)


def test_absurd_details_are_left_out() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 999},
        "completion_tokens_details": "none",
    }
    call = sent(CHAT, ASK, completion(usage))
    assert (call.usage, call.input_tokens, call.cached_tokens, call.reasoning_tokens) == ("reported", 10, None, None)


def test_images_in_a_request() -> None:
    asked = {
        "model": "gpt-4o",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What differs?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9000}},
                ],
            }
        ],
    }
    call = sent(CHAT, asked, completion(None, "Nothing."))
    assert call.images == 2
    assert call.input_tokens is not None
    assert call.input_tokens < 600  # base64 is not text


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_a_refused_request_used_nothing(status: int) -> None:
    answer = {"error": {"message": "no", "type": "invalid_request_error"}}
    call = sent(CHAT, ASK, answer, status=status)
    assert (call.usage, call.input_tokens, call.output_tokens, call.error) == ("reported", 0, 0, "")
    assert (call.model, call.temperature) == ("gpt-4o", 0.0)
    assert call.request_hash
    assert call.meaning_hash


def test_no_answer_at_all() -> None:
    call = sent(CHAT, ASK, None, status=None, error="ConnectError")
    assert (call.usage, call.input_tokens, call.output_tokens, call.error) == ("unknown", None, None, "ConnectError")
    assert call.request_hash


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b'{"id": "chatcmpl-1", "choi', b"null", b"[]", b"7"])
def test_an_answer_of_another_kind_is_unknown(answer: bytes) -> None:
    call = sent(CHAT, ASK, answer)
    assert (call.usage, call.input_tokens, call.output_tokens) == ("unknown", None, None)
    assert call.characters == 34


def test_a_body_of_the_wrong_shape_still_shows_its_usage() -> None:
    answer = {"model": "m", "choices": "none", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    call = sent(CHAT, ASK, answer)
    assert (call.usage, call.input_tokens, call.output_tokens, call.model_answered) == ("reported", 3, 4, "m")


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [choice],
        **more,
    }


STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo "}),
    chunk({"content": "you"}),
    chunk({}, "stop"),
]
USAGE = {"choices": [], "model": "m", "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}}
STREAMED = {**ASK, "stream": True}


def test_chat_stream_with_usage() -> None:
    pieces = each(events(*STREAM, USAGE, "[DONE]"), first_ms=100, gap_ms=10)
    call = sent(CHAT, STREAMED, pieces=pieces)
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 19, 10)
    assert (call.model_answered, call.error) == ("gpt-4o-mini-2024-07-18", "")
    # the role-only event at 100 ms shows nothing; text at 110, 120, 130
    assert (call.first_us, call.decode_us, call.chunks, call.timed) == (110_000, 20_000, 3, True)


def test_an_event_that_is_no_utf8_costs_only_itself() -> None:
    broken = b'data: {"choices":[{"delta":{"refusal":"\xd3\xff"}}]}\n\n'
    whole = events(*STREAM, USAGE, "[DONE]")
    call = sent(CHAT, STREAMED, pieces=each([whole[0], broken, *whole[1:]], first_ms=100, gap_ms=10))
    assert (call.usage, call.input_tokens, call.output_tokens, call.error) == ("reported", 19, 10, "")


def test_chat_stream_without_usage_is_estimated() -> None:
    call = sent(CHAT, STREAMED, pieces=each(events(*STREAM, "[DONE]")))
    assert (call.usage, call.error) == ("estimated", "")
    assert (call.input_tokens, call.output_tokens) == (34 // 4 + 11, 9 // 4)


def test_a_stream_that_breaks_off_is_cut() -> None:
    call = sent(CHAT, STREAMED, pieces=each(events(*STREAM[:3])))
    assert (call.error, call.usage, call.chunks, call.timed) == ("cut", "estimated", 2, False)
    assert call.output_tokens == 6 // 4


def test_a_callers_error_is_kept() -> None:
    call = sent(CHAT, STREAMED, pieces=each(events(*STREAM[:3])), error="ReadTimeout")
    assert call.error == "ReadTimeout"


def test_a_stream_that_never_began_is_cut() -> None:
    call = sent(CHAT, STREAMED, pieces=[])
    assert (call.error, call.usage, call.output_tokens, call.first_us) == ("cut", "estimated", 0, None)


def test_an_answer_that_nobody_read_is_unknown() -> None:
    call = sent(CHAT, ASK, pieces=[])
    assert (call.streamed, call.error, call.usage, call.output_tokens) == (False, "", "unknown", None)


def test_buffered_streams_are_not_timed() -> None:
    whole = b"".join(events(*STREAM, USAGE, "[DONE]"))
    call = sent(CHAT, STREAMED, pieces=[(90_000_000, whole)])
    assert (call.chunks, call.timed, call.first_us, call.decode_us) == (3, False, 90_000, 0)
    recorded = sent(CHAT, STREAMED, whole)  # a recording plays the body at once
    assert (recorded.streamed, recorded.input_tokens, recorded.timed, recorded.first_us) == (True, 19, False, None)


def test_reasoning_is_not_visible_and_tool_calls_are() -> None:
    call_delta = {"index": 0, "function": {"arguments": '{"x"'}}
    stream = [
        chunk({"reasoning_content": "Let me think"}),
        chunk({"tool_calls": [{**call_delta, "id": "t", "type": "function"}]}),
        chunk({"tool_calls": [call_delta]}),
        chunk({"content": None}, "tool_calls"),
    ]
    call = sent(CHAT, STREAMED, pieces=each(events(*stream, "[DONE]"), first_ms=0, gap_ms=10))
    assert (call.chunks, call.first_us, call.decode_us) == (2, 10_000, 10_000)


def test_an_error_that_answers_a_stream() -> None:
    call = sent(CHAT, STREAMED, pieces=[(1, b'{"error": {"message": "slow down"}}')], status=429)
    assert (call.usage, call.output_tokens, call.streamed, call.error) == ("reported", 0, True, "")


def test_a_plain_answer_read_in_pieces() -> None:
    answer = completion({"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11})
    data = json.dumps(answer).encode()
    call = sent(CHAT, ASK, pieces=[(1, data[:40]), (2, data[40:])])
    assert (call.streamed, call.usage, call.input_tokens, call.first_us) == (False, "reported", 5, None)


def response(**more: Any) -> dict[str, Any]:
    return {
        "id": "resp_67ccd2bed1ec8190b14f964abc054267",
        "object": "response",
        "status": "completed",
        "model": "gpt-5-2025-08-07",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "In a quiet grove"}]},
        ],
        "usage": {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 12},
            "output_tokens": 87,
            "output_tokens_details": {"reasoning_tokens": 64},
            "total_tokens": 123,
        },
        **more,
    }


def test_responses() -> None:
    asked = {"model": "gpt-5", "input": "Tell a story.", "max_output_tokens": 200, "reasoning": {"effort": "high"}}
    call = sent(RESPONSES, asked, response())
    assert (call.api, call.kind, call.model_answered) == ("openai.responses", "chat", "gpt-5-2025-08-07")
    assert (call.max_tokens, call.effort) == (200, "high")
    assert (call.input_tokens, call.cached_tokens, call.output_tokens, call.reasoning_tokens) == (36, 12, 87, 64)


def test_a_background_response_has_not_run_yet() -> None:
    asked = {"model": "gpt-5", "input": "Tell a story.", "background": True}
    call = sent(RESPONSES, asked, response(status="queued", usage=None, output=[]))
    assert (call.usage, call.input_tokens) == ("unknown", None)


def test_responses_stream() -> None:
    stream = [
        {"type": "response.created", "response": response(status="in_progress", usage=None, output=[])},
        {"type": "response.in_progress", "response": response(status="in_progress", usage=None, output=[])},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        {"type": "response.reasoning_summary_text.delta", "delta": "Thinking"},
        {"type": "response.output_text.delta", "delta": "In"},
        {"type": "response.output_text.delta", "delta": " a quiet"},
        {"type": "response.function_call_arguments.delta", "delta": "{}"},
        {"type": "response.output_text.done", "text": "In a quiet"},
        {"type": "response.completed", "response": response()},
    ]
    asked = {"model": "gpt-5", "input": [{"role": "user", "content": "Tell a story."}], "stream": True}
    pieces = each(events(*stream, names=True), first_ms=0, gap_ms=5)
    call = sent(RESPONSES, asked, pieces=pieces)
    assert (call.usage, call.input_tokens, call.output_tokens, call.error) == ("reported", 36, 87, "")
    assert (call.first_us, call.decode_us, call.chunks, call.timed) == (20_000, 10_000, 3, True)
    cut = sent(RESPONSES, asked, pieces=pieces[:6])
    # "In a quiet" and the hidden "Thinking": 18 characters
    assert (cut.error, cut.usage, cut.output_tokens, cut.model_answered) == ("cut", "estimated", 4, "gpt-5-2025-08-07")


def test_embeddings() -> None:
    answer = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.0023064255, -0.009327292]}],
        "model": "text-embedding-ada-002",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    call = sent(EMBEDDINGS, {"model": "text-embedding-ada-002", "input": "The food was delicious"}, answer)
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("embeddings", "reported", 8, 0)
    assert (call.prompt_chain, call.prompt_bytes) == ("", 0)
    del answer["usage"]
    assert sent(EMBEDDINGS, {"model": "m", "input": [[1, 2, 3], [4, 5]]}, answer).input_tokens == 5  # token ids
    assert sent(EMBEDDINGS, {"model": "m", "input": ["eight ch", "eight ch"]}, answer).input_tokens == 4


def test_voyage_shows_a_total() -> None:
    call = sent(("api.voyageai.com", "/v1/embeddings"), {"input": ["a"]}, {"usage": {"total_tokens": 10}})
    assert (call.provider, call.usage, call.input_tokens, call.output_tokens) == ("voyage", "reported", 10, 0)


def test_completions() -> None:
    where = ("api.openai.com", "/v1/completions")
    asked = {"model": "gpt-3.5-turbo-instruct", "prompt": "Say this is a test", "max_tokens": 7, "temperature": 0}
    answer = {
        "object": "text_completion",
        "model": "gpt-3.5-turbo-instruct",
        "choices": [{"text": "\n\nThis is indeed a test", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }
    call = sent(where, asked, answer)
    assert (call.kind, call.input_tokens, call.output_tokens, call.max_tokens) == ("completion", 5, 7, 7)
    parts = [{"choices": [{"text": text, "finish_reason": None}]} for text in ("This", " is", " it")]
    streamed = sent(where, {**asked, "stream": True}, pieces=each(events(*parts, "[DONE]")))
    assert (streamed.usage, streamed.chunks, streamed.timed, streamed.error) == ("estimated", 3, True, "")


def test_images_audio_moderations() -> None:
    drawn = sent(
        ("api.openai.com", "/v1/images/generations"),
        {"model": "gpt-image-1", "prompt": "A cute baby sea otter", "n": 2},
        {
            "created": 1713833628,
            "data": [{"b64_json": "..."}, {"b64_json": "..."}],
            "usage": {
                "total_tokens": 100,
                "input_tokens": 50,
                "output_tokens": 50,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            },
        },
    )
    assert (drawn.kind, drawn.images, drawn.usage, drawn.output_tokens) == ("image", 2, "reported", 50)
    spoken = sent(("api.openai.com", "/v1/audio/speech"), {"model": "tts-1", "input": "The quick fox"}, b"ID3\x04")
    assert (spoken.kind, spoken.model, spoken.usage, spoken.characters) == ("audio", "tts-1", "unknown", 13)
    form = b'--x1\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--x1--\r\n'
    heard = sent(("api.openai.com", "/v1/audio/transcriptions"), form, {"text": "Hi", "duration": 3.5})
    assert (heard.model, heard.audio_ms, heard.usage) == ("whisper-1", 3500, "unknown")
    judged = sent(("api.openai.com", "/v1/moderations"), {"input": "ok"}, {"model": "omni", "results": []})
    assert (judged.kind, judged.usage, judged.characters) == ("moderation", "unknown", 2)


def test_a_body_of_no_format_at_an_unknown_host_is_other() -> None:
    call = sent(("shop.example.com", "/v1/messages"), {"to": "+44", "text": "Hi"}, {"sid": "SM1"})
    assert call.kind == "other"
    unseen = sent(("localhost:8000", "/v1/chat/completions"), b"", None, status=None, error="ConnectError")
    assert unseen.kind == "chat"  # no body seen says nothing


@pytest.mark.parametrize(
    ("delta", "shows"),
    [
        ({"content": "word"}, True),
        ({"content": ""}, False),
        ({"content": None, "reasoning_content": "hm"}, False),
        ({"reasoning_content": "hm"}, False),
        ({"content": '"'}, True),
        ({"tool_calls": [{"index": 0, "function": {"arguments": '{"content":"x"}'}}]}, False),
        ({"reasoning": '"content":"x"'}, False),
    ],
)
def test_text_is_known_by_its_bytes_and_never_wrongly(delta: dict[str, object], shows: bool) -> None:
    event = {"id": "x", "choices": [{"index": 0, "delta": delta}]}
    assert openai_chat.shows_text(json.dumps(event, separators=(",", ":")).encode()) is shows


def test_a_long_stream_with_usage_is_timed_like_one_read_whole() -> None:
    deltas = [{"role": "assistant", "content": ""}, {"reasoning_content": "hm"}, *[{"content": "w"}] * 20, {}]
    shown = [{"model": "m", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    ends = [{"model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 21}}]
    lines = [json.dumps(event, separators=(",", ":")).encode() for event in [*shown, *ends]] + [b"[DONE]"]
    spaced = [json.dumps(event).encode() for event in [*shown, *ends]] + [b"[DONE]"]
    fast, slow = (openai_chat.stream(list(enumerate(made))) for made in (lines, spaced))
    assert fast.seen == slow.seen == list(range(2, 22))
    assert fast.usage == slow.usage
    assert fast.ended
