"""AWS event streams: the binary framing of Bedrock's streamed answers (``application/vnd.amazon.eventstream``).

Layout (smithy.io/2.0/aws/amazon-eventstream.html, docs.aws.amazon.com/transcribe/latest/dg/event-stream.html),
integers big-endian: total length (4 bytes), length of the headers (4), CRC-32 of these eight (4), headers, payload,
CRC-32 of all before it (4). A header: length of its name (1), name, type of its value (1), value; booleans have no
value, numbers a fixed size, byte arrays and strings a length (2) and that many bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from struct import Struct, error
from zlib import crc32

import msgspec

from jevons.wire.base import Event

LONGEST = 24 * 2**20 + 128 * 2**10
"""Longest payload and headers that AWS sends, in bytes."""

_PRELUDE = Struct(">III")
_LENGTH = Struct(">H")
_CRC = Struct(">I")
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Size of a value by its type: booleans, byte, short, integer, long, timestamp, UUID."""
_BYTES, _STRING = 6, 7


def events(pieces: Sequence[bytes]) -> list[Event]:
    """Each message as JSON, with the index of the piece that completed it.

    The name of an event is in a header, so that the JSON is ``{NAME: payload}``; an exception (a header
    ``:exception-type`` or ``:error-code``) is ``{"error": NAME}``. A message that does not fit its checksum is left
    out; after lengths that do not fit theirs nothing more can be told apart, nor is a message that breaks off.
    """
    data = b"".join(pieces)
    ends = list(accumulate(map(len, pieces)))
    found: list[Event] = []
    start = piece = 0
    while start + 16 <= len(data):
        total, head, check = _PRELUDE.unpack_from(data, start)
        if crc32(data[start : start + 8]) != check or head + 16 > total or total > LONGEST:
            break
        end = start + total
        if end > len(data):
            break
        while ends[piece] < end:
            piece += 1
        if crc32(data[start : end - 4]) == _CRC.unpack_from(data, end - 4)[0]:
            payload = data[start + 12 + head : end - 4]
            found.append((piece, _as_json(headers(data[start + 12 : start + 12 + head]), payload)))
        start = end
    return found


def headers(data: bytes) -> dict[str, str]:
    """Headers that hold text, as far as they can be read."""
    found: dict[str, str] = {}
    position = 0
    try:
        while position < len(data):
            name_end = position + 1 + data[position]
            name, kind = data[position + 1 : name_end], data[name_end]
            position = name_end + 1
            if kind in _FIXED:
                position += _FIXED[kind]
            elif kind in (_BYTES, _STRING):
                length = _LENGTH.unpack_from(data, position)[0]
                position += 2
                if kind == _STRING:
                    found[name.decode()] = data[position : position + length].decode()
                position += length
            else:
                break
    except (IndexError, UnicodeDecodeError, error):
        pass  # they break off: what was read stays
    return found


def _as_json(named: dict[str, str], payload: bytes) -> bytes:
    failure = named.get(":exception-type", named.get(":error-code"))
    if failure is not None:
        return msgspec.json.encode({"error": failure or "unknown"})
    return b"{%b:%b}" % (msgspec.json.encode(named.get(":event-type", "")), payload or b"null")
