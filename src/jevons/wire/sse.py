"""Streams: network pieces to plain bytes, to events with the piece that completed each."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import accumulate

from jevons.wire.base import Event

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
Inflate = Callable[[bytes], bytes]


def plain(pieces: Sequence[bytes], encoding: str = "") -> list[bytes]:
    """Pieces decompressed one by one, so that piece n still is what had arrived by then.

    gzip and zstd are known by their magic bytes, because the header may outlive a decoding
    layer; deflate and br have none, so the header is tried and the bytes taken as they are
    where they do not decode. A truncated stream gives what can be read of it; a coding whose
    library is missing (brotli, zstandard) gives nothing.
    """
    start = pieces[0] if pieces and len(pieces[0]) >= 4 else b"".join(pieces[:4])
    label = encoding.strip().lower()
    if start.startswith(GZIP):
        return _inflate(pieces, lambda: zlib.decompressobj(31).decompress)
    if start.startswith(ZSTD):
        return _inflate(pieces, _zstd)
    if label == "deflate":
        wrapped = start[:1] == b"\x78"
        return _inflate(pieces, lambda: zlib.decompressobj(15 if wrapped else -15).decompress) or list(pieces)
    if label == "br":
        return _inflate(pieces, _brotli) or list(pieces)
    return list(pieces)


def _inflate(pieces: Sequence[bytes], make: Callable[[], Inflate]) -> list[bytes]:
    """Decompressed pieces; short where the data breaks off, empty where nothing decodes."""
    out: list[bytes] = []
    with suppress(Exception):  # each library has its own error, and ImportError where it is missing
        out.extend(map(make(), pieces))
    return out if any(out) else []


def _zstd() -> Inflate:
    try:
        from compression.zstd import ZstdDecompressor  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress
    decompress: Inflate = ZstdDecompressor().decompress
    return decompress


def _brotli() -> Inflate:
    import brotli  # type: ignore[import-not-found,import-untyped,unused-ignore]

    decoder = brotli.Decompressor()
    decompress: Inflate = getattr(decoder, "process", None) or decoder.decompress
    return decompress


def events(pieces: Sequence[bytes]) -> list[Event]:
    """Data of each server-sent event, with the index of the piece that completed it.

    html.spec.whatwg.org/multipage/server-sent-events.html: lines end in LF, CRLF or CR, an
    empty line ends an event, several data lines are joined by LF, a line that starts with a
    colon is a comment. A last event without its empty line is kept: its JSON tells whether it
    is whole.
    """
    if b"\r" in b"".join(pieces):
        return _events(pieces, 0)
    found: list[Event] = []
    for index, piece in enumerate(pieces):  # most servers send one whole event at a time
        if piece[:6] != b"data: " or piece.find(b"\n") != len(piece) - 2 or piece[-1:] != b"\n":
            return found + _events(pieces, index)
        found.append((index, piece[6:-2]))
    return found


def _events(pieces: Sequence[bytes], index: int) -> list[Event]:
    """Events of the pieces from `index` on, however they are cut."""
    data = b"".join(pieces[index:])
    ends = list(accumulate(map(len, pieces[index:])))
    if b"\r" in data:
        data, ends = _with_line_feeds(data, ends)
    found: list[Event] = []
    last = len(ends) - 1
    position = piece = 0
    for block in data.split(b"\n\n"):
        position += len(block) + 2
        while piece < last and ends[piece] < position:
            piece += 1
        payload = block[6:] if block.startswith(b"data: ") and b"\n" not in block else _payload(block)
        if payload:
            found.append((index + piece, payload))
    return found


def _payload(block: bytes) -> bytes:
    start = block.find(b"\ndata: ")
    if start >= 0 and block.startswith(b"event:") and block.find(b"\n", start + 1) < 0:
        return block[start + 7 :]  # an event line and one data line, as most typed streams send
    lines = block.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))


def _with_line_feeds(data: bytes, ends: list[int]) -> tuple[bytes, list[int]]:
    """The same text with LF line ends, and where each piece now ends."""
    moved, before, pairs = [], 0, 0
    for end in ends:
        pairs += data.count(b"\r\n", max(before - 1, 0), end)  # from one byte back: a pair may straddle pieces
        moved.append(end - pairs)
        before = end
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), moved


def lines(pieces: Sequence[bytes]) -> list[Event]:
    """Objects of newline-delimited JSON, one a line, as `events` gives them; or server-sent events, where such come.

    A last line without its end is kept: its JSON tells whether it is whole.
    """
    data = b"".join(pieces)
    if not data.lstrip().startswith(b"{"):
        return events(pieces)
    ends = list(accumulate(map(len, pieces)))
    found: list[Event] = []
    position = piece = 0
    for line in data.split(b"\n"):
        position += len(line) + 1
        while piece < len(ends) - 1 and ends[piece] < position:
            piece += 1
        payload = line.strip()
        if payload:
            found.append((piece, payload))
    return found


_scan = json.JSONDecoder(strict=False).raw_decode


def elements(pieces: Sequence[bytes]) -> list[Event]:
    """Objects of a JSON array that arrives in pieces (Gemini without ``alt=sse``), as `events` gives them.

    Stops at the first object that is cut or malformed.
    """
    # Latin-1 maps bytes to characters one to one, so that positions in the text are positions in the data.
    whole = b"".join(pieces).decode("latin-1")
    ends = list(accumulate(map(len, pieces)))
    found: list[Event] = []
    position = piece = 0
    while True:
        while position < len(whole) and whole[position] in "[, \r\n\t":
            position += 1
        if position >= len(whole) or whole[position] != "{":
            return found
        try:
            _, end = _scan(whole, position)
        except (ValueError, RecursionError):
            return found
        while piece < len(ends) - 1 and ends[piece] < end:
            piece += 1
        found.append((piece, whole[position:end].encode("latin-1")))
        position = end
