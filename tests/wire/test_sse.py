"""Streams cut, compressed and dressed in every way that the network and the standard allow."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.exchange import CHAT, GEMINI_STREAM, MESSAGES, MS, each, events, sent
from wire.test_anthropic import STREAM as ANTHROPIC
from wire.test_gemini import STREAM as GEMINI
from wire.test_openai import STREAM, STREAMED, USAGE

from jevons.wire import sse


def test_the_standard() -> None:
    # html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    text = b"\xef\xbb\xbf: comment\n\ndata: YHOO\ndata: +2\ndata: 10\n\n"
    text += b"event: x\ndata:first\nid: 1\n\ndata\n\ndata:  two\n\n"
    assert [data for _, data in sse.events([text])] == [b"YHOO\n+2\n10", b"first", b" two"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_arrives_with_the_piece_that_ends_it(end: bytes) -> None:
    blank = end + end
    pieces = [
        b"data: a" + blank + b"da",
        b"ta: b" + end,
        end + b": ping" + blank,
        b"data: c" + blank + b"data: d" + blank,
    ]
    assert sse.events(pieces) == [(0, b"a"), (2, b"b"), (3, b"c"), (3, b"d")]


def test_a_line_end_in_two_pieces() -> None:
    assert sse.events([b"data: a\r", b"\n\r", b"\ndata: b\r\n\r\n"]) == [(1, b"a"), (2, b"b")]


WHOLE = {
    "openai": (CHAT, b"".join(events(*STREAM, USAGE, "[DONE]"))),
    "openai-crlf": (CHAT, b": hi\r\n\r\n" + b"".join(events(*STREAM, USAGE, "[DONE]", end=b"\r\n"))),
    "anthropic": (MESSAGES, b"".join(events(*ANTHROPIC, names=True))),
    "gemini": (GEMINI_STREAM, b"".join(events(*GEMINI, end=b"\r\n"))),
}


@pytest.mark.parametrize("name", WHOLE)
@given(data=st.data())
@settings(max_examples=60)
def test_any_split_gives_the_same_facts(name: str, data: st.DataObject) -> None:
    where, whole = WHOLE[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    one = sent(where, STREAMED, pieces=[(0, whole)])
    split = sent(where, STREAMED, pieces=each(parts))
    facts = ("usage", "input_tokens", "output_tokens", "model_answered", "chunks", "error", "cached_tokens", "streamed")
    assert [getattr(split, field) for field in facts] == [getattr(one, field) for field in facts]
    assert one.usage == "reported"
    assert split.error == ""


def compressed(kind: str, parts: list[bytes]) -> list[bytes]:
    """Each part compressed and flushed, as a server streams."""
    wbits = {"gzip": 31, "deflate": 15, "raw": -15}[kind]
    squeeze = zlib.compressobj(wbits=wbits)
    out = [squeeze.compress(part) + squeeze.flush(zlib.Z_SYNC_FLUSH) for part in parts]
    return [*out, squeeze.flush()]


@pytest.mark.parametrize(
    ("kind", "encoding"), [("gzip", "gzip"), ("gzip", ""), ("gzip", "br"), ("deflate", "deflate"), ("raw", "deflate")]
)
def test_compressed_pieces_keep_their_times(kind: str, encoding: str) -> None:
    parts = events(*STREAM, USAGE, "[DONE]")
    call = sent(CHAT, STREAMED, pieces=each(compressed(kind, parts), first_ms=100, gap_ms=10), encoding=encoding)
    assert (call.usage, call.output_tokens, call.error) == ("reported", 10, "")
    assert (call.first_us, call.decode_us, call.timed) == (110_000, 20_000, True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
def test_a_header_may_lie(encoding: str) -> None:
    call = sent(CHAT, STREAMED, pieces=each(events(*STREAM, USAGE, "[DONE]")), encoding=encoding)
    assert (call.usage, call.output_tokens) == ("reported", 10)


def test_truncated_gzip_gives_what_there_is() -> None:
    parts = compressed("gzip", events(*STREAM))
    call = sent(CHAT, STREAMED, pieces=each([*parts[:3], parts[3][:4]]), encoding="gzip")
    assert (call.error, call.usage, call.chunks) == ("cut", "estimated", 2)


def test_bytes_that_only_look_like_gzip() -> None:
    call = sent(CHAT, STREAMED, pieces=[(MS, b"\x1f\x8b\x08 no")], encoding="gzip")
    assert (call.error, call.usage, call.output_tokens) == ("", "unknown", None)


def test_a_compression_that_cannot_be_read_is_unknown() -> None:
    noise = bytes(range(128, 228))
    for encoding in ("br", "zstd", "deflate", "aes128gcm"):
        call = sent(CHAT, STREAMED, pieces=each([noise, noise]), encoding=encoding)
        assert (call.error, call.usage, call.output_tokens) == ("", "unknown", None)


def test_a_stream_of_comments_only_is_cut() -> None:
    call = sent(CHAT, STREAMED, pieces=each([b": OPENROUTER PROCESSING\n\n"] * 3))
    assert (call.error, call.usage, call.output_tokens, call.chunks) == ("cut", "estimated", 0, 0)


def test_gzip_broken_midway_keeps_its_beginning() -> None:
    parts = compressed("gzip", events(*STREAM))
    assert len(sse.plain([*parts[:3], b"\xff" * 40, parts[4]])) == 3


def test_zstd() -> None:
    zstandard = pytest.importorskip("zstandard")
    squeeze = zstandard.ZstdCompressor().compressobj()
    parts = [
        squeeze.compress(part) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for part in events(*STREAM, USAGE)
    ]
    call = sent(CHAT, STREAMED, pieces=each(parts), encoding="zstd")
    assert (call.usage, call.output_tokens, call.timed) == ("reported", 10, True)


def test_brotli() -> None:
    brotli = pytest.importorskip("brotli", reason="brotli is not installed")
    whole = brotli.compress(b"".join(events(*STREAM, USAGE)))
    call = sent(CHAT, STREAMED, pieces=[(0, whole[:20]), (1, whole[20:])], encoding="br")
    assert (call.usage, call.output_tokens) == ("reported", 10)


def test_a_compressed_body() -> None:
    answer = gzip.compress(b'{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4}}')
    assert sent(CHAT, STREAMED, answer).input_tokens == 3


def test_elements_of_an_array_hold_any_text() -> None:
    first, second = '{"t": "é ] } \\" 好"}'.encode(), b'{"u": [1, {"v": 2}]}'
    whole = b"[" + first + b",\n" + second + b"]"
    for cut in range(len(whole)):
        found = sse.elements([whole[:cut], whole[cut:]])
        assert [data for _, data in found] == [first, second]
        assert [piece for piece, _ in found] == [int(cut < 1 + len(first)), int(cut < len(whole) - 1)]


def test_lines_however_they_are_cut() -> None:
    """Newline-delimited JSON; the last line may lack its end, and servers may send events instead."""
    lines = [b'{"a": 1}\n', b"\n", b'{"b": "\xc3\xa9"}\r\n', b'{"c": 3}']
    whole = b"".join(lines)
    last_bytes = [8, len(whole) - 9, len(whole) - 1]
    for size in range(1, len(whole) + 1):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        found = sse.lines(pieces)
        assert [data for _, data in found] == [b'{"a": 1}', b'{"b": "\xc3\xa9"}', b'{"c": 3}']
        assert [index for index, _ in found] == [place // size for place in last_bytes]
    assert sse.lines([b'data: {"a": 1}\n\n']) == [(0, b'{"a": 1}')]
