"""The provider's name of an answer, by which whoever else saw the call knows it: a keyed hash, and of nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jevons import wire
from jevons.record import Call
from jevons.wire.fingerprint import of_name

CHAT: dict[str, Any] = {
    "id": "chatcmpl-ABCdef123", "object": "chat.completion", "model": "m",
    "choices": [{"message": {"content": "hi", "tool_calls": [{"id": "call_12345678"}]}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
}  # fmt: skip
CHUNK = {"id": "chatcmpl-ABCdef123", "choices": [{"delta": {"content": "hi"}}]}
STARTED = {"type": "message_start", "message": {"id": "msg_01ABCDEF", "usage": {"input_tokens": 1, "output_tokens": 1}}}
GEMINI = {"candidates": [{"content": {"parts": [{"text": "x" * 9000}]}}], "responseId": "gEm-1ni_AB"}


def events(*documents: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in documents)


@pytest.mark.parametrize(
    ("host", "path", "body", "name"),
    [
        ("api.openai.com", "/v1/chat/completions", json.dumps(CHAT).encode(), "chatcmpl-ABCdef123"),
        # Some servers write their fields in another order: a tool call's id is not the answer's.
        (
            "api.openai.com", "/v1/chat/completions", json.dumps(dict(reversed(CHAT.items()))).encode(),
            "chatcmpl-ABCdef123",
        ),
        ("api.openai.com", "/v1/chat/completions", events(CHUNK, CHUNK) + b"data: [DONE]\n\n", "chatcmpl-ABCdef123"),
        ("api.openai.com", "/v1/responses", b'{"id": "resp_0123456789", "output": []}', "resp_0123456789"),
        ("api.anthropic.com", "/v1/messages", events(STARTED), "msg_01ABCDEF"),
        (
            "generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-pro:generateContent",
            json.dumps(GEMINI).encode(), "gEm-1ni_AB",
        ),
        ("api.openai.com", "/v1/embeddings", b'{"data": [], "usage": {"prompt_tokens": 1}}', ""),
        ("api.openai.com", "/v1/chat/completions", b"<html>", ""),
    ],
)  # fmt: skip
def test_the_name_of_an_answer(host: str, path: str, body: bytes, name: str) -> None:
    call = Call(id="c", run="r", status=200)
    match = wire.find("POST", host, path)
    assert match is not None
    streamed = body.startswith(b"data:")
    wire.read(
        call, match, method="POST", host=host, path=path, request=b'{"model": "m", "messages": []}',
        response=None if streamed else body, pieces=[(0, body)] if streamed else None, start_ns=0, secret=b"s",
    )  # fmt: skip
    assert call.answer_hash == (of_name(b"s", f"answer:{name}").hex() if name else "")
