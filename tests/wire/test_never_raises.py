"""Whatever the bytes, `read` returns, and the call it filled is sound."""

from __future__ import annotations

import base64
import json
import sys
from contextlib import suppress
from functools import cache
from types import FunctionType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from providers.bedrock import message
from wire.sound import NAMES, sound

from jevons.record import Call
from jevons.wire import Match, read, sse
from jevons.wire.base import UNREADABLE, Reader
from jevons.wire.match import READERS

COUNTS = [
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-prompt-tokens",
    "x-compute-tokens",
]
WORDS = ["text_delta", "message_start", "message_delta", "response.completed", "image", "compaction", "message-end"]
FRAMES = ["messageStop", "contentBlockDelta", "metadata", "chunk", "trace"]
TIMES = st.integers(-(2**62), 2**62)


def names_of(reader: Reader) -> set[str]:
    """Words that the reader's modules look for: fields of their structures, and their constants."""
    found = set(NAMES)
    modules = {one.__module__ for one in (reader.ask, reader.answer, reader.stream, reader.shape) if one is not None}
    for value in [value for module in modules for value in vars(sys.modules[module]).values()]:
        if isinstance(value, type) and issubclass(value, msgspec.Struct):
            found.update(value.__struct_encode_fields__)
        elif isinstance(value, tuple | frozenset):
            found.update(item for item in value if isinstance(item, str))
        elif isinstance(value, FunctionType):
            found.update(item for item in value.__code__.co_consts if isinstance(item, str) and item.isidentifier())
    return found


@cache
def anything(api: str) -> st.SearchStrategy[bytes]:
    """Bytes of which some look like what the reader reads, in every framing."""
    words = st.sampled_from(sorted(names_of(READERS[api])))
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**80), 2**80)
        | st.integers(0, 9)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
        | st.sampled_from(WORDS)
    )
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5), max_leaves=20
    )
    data = values.map(lambda value: json.dumps(value).encode())
    parts = st.lists(data | st.binary(max_size=20), max_size=5)
    return (
        st.binary(max_size=200)
        | data
        | parts.map(lambda items: b"".join(b"data: " + item + b"\n\n" for item in items))
        | parts.map(b"\n".join)
        | data.map(lambda item: b'data: {"\xd3":' + item + b"}\n\n" + b"data: " + item + b"\n\n")
        | st.lists(st.tuples(st.sampled_from(FRAMES), data), max_size=5).map(framed)
        | st.binary(max_size=40).map(lambda tail: b"\x1f\x8b" + tail)
    )


def framed(items: list[tuple[str, bytes]]) -> bytes:
    """An AWS event stream; chunks carry the model's own events."""
    packed = [(name, b'{"bytes":"%b"}' % base64.b64encode(item) if name == "chunk" else item) for name, item in items]
    return b"".join(message(item, **{":event-type": name}) for name, item in packed)


@pytest.mark.parametrize("reader", READERS)
@given(
    data=st.data(),
    status=st.sampled_from([None, 200, 400, 500]),
    encoding=st.sampled_from(["", "gzip", "deflate", "br", "zstd"]),
    path=st.text(max_size=20) | st.sampled_from(["/v1/models/m:generateContent?x=1", "/model/m/converse-stream"]),
    headers=st.dictionaries(st.sampled_from(COUNTS), st.text(max_size=4) | st.integers(0, 99).map(str)),
)
@settings(max_examples=60)
def test_any_bytes(reader: str, data: st.DataObject, path: str, status: int | None, **how: Any) -> None:
    some = anything(reader)
    request, response = data.draw(some), data.draw(st.none() | some)
    pieces = data.draw(st.none() | st.lists(st.tuples(TIMES, some), max_size=5))
    how |= {"request": request, "response": response, "pieces": pieces}
    call = Call(id="1", run="1", status=status)
    match = Match(reader, "unknown", "cloud", "")
    read(call, match, method="POST", host="h", path=path, start_ns=0, secret=b"s", **how)
    sound(call)


@pytest.mark.parametrize("reader", [api for api, reader in READERS.items() if reader.stream is not None])
@given(data=st.data())
@settings(max_examples=60)
def test_a_reader_itself_raises_nothing_but_decode_errors(reader: str, data: st.DataObject) -> None:
    """`read` would hide what else a reader raises, and with it what the reader had found."""
    body = data.draw(anything(reader))
    with suppress(*UNREADABLE):
        READERS[reader].answer(body)
    frames = READERS[reader].frames or sse.events
    stream = READERS[reader].stream
    assert stream is not None
    assert stream(frames([body])).texts is not None


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
