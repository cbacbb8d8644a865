"""Whatever the bytes, `read` returns, and the call it filled is sound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jevons.record import Call, decode, encode
from jevons.wire import Match, read
from jevons.wire.match import READERS

NAMES = """
model messages input prompt contents content parts role text type usage usageMetadata choices message delta
tool_calls finish_reason prompt_tokens completion_tokens input_tokens output_tokens total_tokens iterations
promptTokenCount candidatesTokenCount candidates response output generationConfig temperature seed stream max_tokens
reasoning thinking inlineData data mimeType source system tools status x_groq
"""
names = st.sampled_from(NAMES.split())
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["text_delta", "message_start", "message_delta", "response.completed", "image", "compaction"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=20,
)
json_bytes = values.map(lambda value: json.dumps(value).encode())
sse_bytes = st.lists(json_bytes | st.binary(max_size=20), max_size=5).map(
    lambda items: b"".join(b"data: " + item + b"\n\n" for item in items)
)
anything = (
    st.binary(max_size=200) | json_bytes | sse_bytes | st.binary(max_size=40).map(lambda tail: b"\x1f\x8b" + tail)
)
TIMES = st.integers(-(2**62), 2**62)


def sound(call: Call) -> None:
    assert decode(encode(call)) == call  # it can be written and read back
    assert call.usage in ("reported", "estimated", "unknown")
    for count in (call.input_tokens, call.output_tokens, call.cached_tokens, call.reasoning_tokens):
        assert count is None or 0 <= count <= 2**53
    if call.usage == "reported":
        assert call.input_tokens is not None
        assert call.output_tokens is not None
        assert (call.cached_tokens or 0) + (call.cache_write_tokens or 0) <= call.input_tokens
        assert (call.reasoning_tokens or 0) <= call.output_tokens
    assert len(call.prefixes) <= 32
    assert call.request_hash
    assert call.meaning_hash
    if call.timed:
        assert call.chunks >= 3
        assert call.decode_us


@pytest.mark.parametrize("reader", READERS)
@given(
    request=anything,
    response=st.none() | anything,
    pieces=st.none() | st.lists(st.tuples(TIMES, anything), max_size=5),
    status=st.sampled_from([None, 200, 400, 500]),
    encoding=st.sampled_from(["", "gzip", "deflate", "br", "zstd"]),
    path=st.text(max_size=20) | st.just("/v1/models/m:generateContent?x=1"),
)
@settings(max_examples=120, deadline=None)
def test_any_bytes(reader: str, request: bytes, path: str, **how: Any) -> None:
    status = how.pop("status")
    call = Call(id="1", run="1", status=status)
    match = Match(reader, "unknown", "cloud", "")
    read(call, match, method="POST", host="h", path=path, request=request, start_ns=0, secret=b"s", **how)
    sound(call)


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "body",
    [
        deep(100_000),
        b'{"messages":' + deep(900) + b"}",
        b'{"messages":' + deep(50_000) + b"}",
        b'{"messages":[' + b'{"content":' * 900 + b"1" + b"}" * 900 + b"]}",
        b'{"model":"' + b"m" * 10_000 + b'"}',
    ],
)
def test_deep_and_long_bodies(reader: str, body: bytes) -> None:
    for pieces in (None, [(1, body)]):
        call = Call(id="1", run="1", status=200)
        match = Match(reader, "openai", "cloud", "")
        read(
            call,
            match,
            method="POST",
            host="h",
            path="/p",
            request=body,
            response=body,
            pieces=pieces,
            start_ns=0,
            secret=b"s",
        )
        sound(call)


def test_an_unknown_reader() -> None:
    call = Call(id="1", run="1")
    match = Match("none", "unknown", "cloud", "")
    read(call, match, method="", host="", path="", request=b"", response=None, pieces=None, start_ns=0, secret=b"")
    assert call.kind == "other"
