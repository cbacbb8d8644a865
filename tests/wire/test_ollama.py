"""Ollama's own API, in the shapes of docs.ollama.com/api."""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.exchange import each, sent

from jevons.record import Call
from jevons.wire import find, sse
from jevons.wire.ollama import stream

CHAT = ("localhost:11434", "/api/chat")
GENERATE = ("localhost:11434", "/api/generate")
ASK = {
    "model": "gemma3",
    "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Why is the sky blue?"}],
    "options": {"temperature": 0, "seed": 7, "num_predict": 100},
    "think": True,
}
COUNTS = {
    "total_duration": 4_883_583_458,
    "load_duration": 1_334_875,
    "prompt_eval_count": 26,
    "prompt_eval_duration": 342_546_000,
    "eval_count": 282,
    "eval_duration": 4_535_599_000,
}


def reply(content: str = "", done: bool = False, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"model": "gemma3", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": done, **more}


def lines(*replies: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in replies]


STREAM = lines(
    reply(message={"thinking": "Scattering, I think."}),
    reply("Rayleigh "),
    reply("scattering – "),
    reply("blue."),
    reply(done=True, done_reason="stop", **COUNTS),
)


def test_a_whole_answer() -> None:
    call = sent(CHAT, {**ASK, "stream": False}, reply("Rayleigh scattering.", done=True, **COUNTS))
    assert (call.provider, call.api, call.kind, call.host_class) == ("ollama", "ollama.chat", "chat", "loopback")
    assert (call.model, call.model_answered, call.streamed) == ("gemma3", "gemma3", False)
    assert (call.usage, call.input_tokens, call.output_tokens, call.cached_tokens) == ("reported", 26, 282, None)
    assert (call.temperature, call.seed, call.max_tokens, call.effort) == (0.0, 7, 100, "true")
    assert call.prompt_chain


def test_an_answer_is_streamed_unless_asked_otherwise() -> None:
    call = sent(CHAT, ASK, pieces=each(STREAM))
    assert (call.streamed, call.usage, call.input_tokens, call.output_tokens) == (True, "reported", 26, 282)
    assert (call.first_us, call.decode_us, call.chunks, call.timed) == (110_000, 20_000, 3, True)
    assert call.error == ""


def test_tokens_read_from_the_cache() -> None:
    call = sent(CHAT, ASK, reply("x", done=True, **COUNTS, prompt_eval_cached_count=20))
    assert (call.input_tokens, call.cached_tokens) == (26, 20)


def test_a_prompt_whose_count_is_left_out_is_estimated_beside_the_output_shown() -> None:
    counts = {key: value for key, value in COUNTS.items() if not key.startswith("prompt")}
    call = sent(CHAT, ASK, reply("Blue.", done=True, **counts))
    assert (call.usage, call.output_tokens) == ("estimated", 282)
    assert 10 < (call.input_tokens or 0) < 30


def test_a_cut_stream_is_estimated() -> None:
    call = sent(CHAT, ASK, pieces=each(STREAM[:3]))
    assert (call.usage, call.error) == ("estimated", "cut")
    assert (call.output_tokens or 0) > 3


def test_a_stream_that_fails_says_so() -> None:
    call = sent(CHAT, ASK, pieces=each([*STREAM[:2], b'{"error":"an error was encountered"}\n']))
    assert (call.usage, call.error) == ("estimated", "stream_error")


def test_loading_a_model_reads_and_writes_nothing() -> None:
    answer = {"model": "gemma3", "response": "", "done": True, "done_reason": "load"}
    call = sent(GENERATE, {"model": "gemma3"}, answer)
    assert (call.usage, call.input_tokens, call.output_tokens) == ("reported", 0, 0)


def test_generate() -> None:
    asked = {"model": "gemma3", "system": "Be brief", "prompt": "Why?", "stream": False}
    answer = {"model": "gemma3", "response": "Because.", "thinking": "Hm", "done": True, **COUNTS}
    call = sent(GENERATE, asked, answer)
    assert (call.api, call.kind, call.usage, call.input_tokens) == ("ollama.generate", "completion", "reported", 26)
    assert sent(GENERATE, {**asked, "system": "Be long"}, answer).prompt_chain != call.prompt_chain


def test_images_are_counted_and_are_no_text() -> None:
    picture = "iVBORw0KGgo" * 1000
    message = {"role": "user", "content": "What is this?", "images": [picture, picture]}
    call = sent(CHAT, {"model": "gemma3", "messages": [message]}, reply("A cat.", done=True))
    other = {**message, "images": [picture, picture + "A"]}
    assert (call.usage, call.images) == ("estimated", 2)
    assert (call.input_tokens or 0) < 1000
    assert sent(CHAT, {"model": "gemma3", "messages": [other]}).meaning_hash != call.meaning_hash
    call = sent(GENERATE, {"model": "gemma3", "prompt": "What is this?", "images": [picture]})
    assert call.images == 1


def test_embeddings() -> None:
    where = ("localhost:11434", "/api/embed")
    answer = {"model": "all-minilm", "embeddings": [[0.1], [0.2]], "prompt_eval_count": 8}
    call = sent(where, {"model": "all-minilm", "input": ["a", "b"]}, answer)
    assert (call.kind, call.usage, call.input_tokens, call.output_tokens) == ("embeddings", "reported", 8, 0)
    where = ("localhost:11434", "/api/embeddings")
    call = sent(where, {"model": "all-minilm", "prompt": "Here is an article about llamas"}, {"embedding": [0.5]})
    assert (call.kind, call.usage, call.output_tokens) == ("embeddings", "estimated", 0)
    assert 4 < (call.input_tokens or 0) < 12


@pytest.mark.parametrize("host", ["127.0.0.1:11434", "ollama", "ollama:8080", "ollama.com", "10.0.0.4:11434"])
def test_servers_known_for_ollama(host: str) -> None:
    match = find("POST", host, "/api/chat")
    assert match is not None
    assert (match.provider, match.reader) == ("ollama", "ollama.chat")


@pytest.mark.parametrize("host", ["testserver", "localhost:3000", "shop.example.com"])
@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings"])
def test_a_web_app_under_test_is_no_ollama(host: str, path: str) -> None:
    match = find("POST", host, path)
    assert match is None or not match.reader.startswith("ollama")


def read(pieces: list[bytes]) -> Call:
    return sent(CHAT, ASK, pieces=each(pieces))


@given(st.sets(st.integers(1, len(b"".join(STREAM)) - 1), max_size=12))
def test_cutting_a_stream_anywhere_changes_no_event_and_no_count(cuts: set[int]) -> None:
    whole = b"".join(STREAM)
    edges = [0, *sorted(cuts), len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    found = sse.lines(pieces)
    assert [data for _, data in found] == [line.strip() for line in STREAM]
    for (piece, _), end in zip(found, accumulate(map(len, STREAM)), strict=True):
        assert edges[piece] < end <= edges[piece + 1]  # the piece that completed the line
    assert stream(found).texts == stream(sse.lines(STREAM)).texts
    call = read(pieces)
    assert (call.usage, call.input_tokens, call.output_tokens, call.chunks, call.error) == ("reported", 26, 282, 3, "")
