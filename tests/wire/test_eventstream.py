"""AWS event streams: bytes built by the documented layout, and botocore's own parser beside where it is installed."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from providers.bedrock import message

from jevons.wire import eventstream

NAMES = st.sampled_from(["messageStart", "contentBlockDelta", "metadata", "chunk"])
PAYLOADS = st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers(), max_size=4)


def event(name: str, payload: Any) -> bytes:
    names = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return message(json.dumps(payload).encode(), **names)


def read(*pieces: bytes) -> list[tuple[int, Any]]:
    return [(piece, json.loads(data)) for piece, data in eventstream.events(pieces)]


@given(st.lists(st.tuples(NAMES, PAYLOADS), max_size=6), st.data())
def test_any_cut_into_pieces_gives_the_same_events(sent: list[tuple[str, Any]], data: st.DataObject) -> None:
    frames = [event(*one) for one in sent]
    whole = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    found = read(*pieces)
    assert [value for _, value in found] == [{name: payload} for name, payload in sent]
    end = 0
    for frame, (index, _) in zip(frames, found, strict=True):
        end += len(frame)
        before = sum(map(len, pieces[:index]))
        assert before < end <= before + len(pieces[index])  # the piece that held its last byte


@given(st.lists(st.tuples(NAMES, PAYLOADS), min_size=1, max_size=3), st.data())
def test_a_truncated_stream_gives_its_whole_events(sent: list[tuple[str, Any]], data: st.DataObject) -> None:
    frames = [event(*one) for one in sent]
    kept = data.draw(st.integers(0, sum(map(len, frames))))
    whole = sum(sum(map(len, frames[: n + 1])) <= kept for n in range(len(frames)))
    found = read(b"".join(frames)[:kept])
    assert [value for _, value in found] == [{name: payload} for name, payload in sent[:whole]]


@given(st.data())
def test_a_damaged_byte_is_noticed(data: st.DataObject) -> None:
    frames = [event("metadata", {"n": 1}), event("metadata", {"n": 2}), event("metadata", {"n": 3})]
    place = data.draw(st.integers(0, len(frames[1]) - 1))
    damaged = bytearray(frames[1])
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    found = [value["metadata"]["n"] for _, value in read(frames[0] + bytes(damaged) + frames[2])]
    # With sound lengths what follows is still found; with damaged ones nothing can be.
    assert found == ([1] if place < 12 else [1, 3])


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    eventstream.events([data])
    eventstream.headers(data)


def test_exceptions() -> None:
    named = {":message-type": "exception", ":exception-type": "throttlingException"}
    error = {":message-type": "error", ":error-code": "internalFailure", ":error-message": "no"}
    found = read(message(b'{"message":"slow down"}', **named), message(b"", **error))
    assert found == [(0, {"error": "throttlingException"}), (1, {"error": "internalFailure"})]


VALUES = [  # type, bytes of a value
    (0, b""),
    (1, b""),
    (2, b"\x01"),
    (3, b"\x00\x01"),
    (4, b"\x00\x00\x00\x01"),
    (5, b"\x00" * 8),
    (6, b"\x00\x03abc"),
    (8, b"\x00" * 8),
    (9, b"\x00" * 16),
]


def test_headers_of_every_type_are_stepped_over() -> None:
    packed = b"".join(b"\x01x" + bytes([kind]) + value for kind, value in VALUES)
    text = b"\x0b:event-type\x07" + struct.pack(">H", 8) + b"metadata"
    assert eventstream.headers(packed + text) == {":event-type": "metadata"}
    start = struct.pack(">II", 16 + len(packed + text) + 2, len(packed + text))
    whole = start + struct.pack(">I", zlib.crc32(start)) + packed + text + b"{}"
    assert read(whole + struct.pack(">I", zlib.crc32(whole))) == [(0, {"metadata": {}})]


def test_an_absurd_length_ends_the_reading() -> None:
    start = struct.pack(">II", 2**31, 0)
    assert read(event("metadata", {}) + start + struct.pack(">I", zlib.crc32(start)) + b"x" * 100) == [
        (0, {"metadata": {}})
    ]


@given(st.lists(st.tuples(NAMES, PAYLOADS), max_size=4), st.lists(st.integers(1, 60), max_size=20))
def test_botocore_reads_the_same(sent: list[tuple[str, Any]], sizes: list[int]) -> None:
    botocore = pytest.importorskip("botocore.eventstream", reason="botocore is not installed")
    whole = b"".join(event(*one) for one in sent)
    buffer = botocore.EventStreamBuffer()
    pieces, start = [], 0
    for size in [*sizes, len(whole)]:
        pieces.append(whole[start : start + size])
        buffer.add_data(pieces[-1])
        start += size
    theirs = [{one.headers[":event-type"]: json.loads(one.payload)} for one in buffer]
    assert [value for _, value in read(*pieces)] == theirs
