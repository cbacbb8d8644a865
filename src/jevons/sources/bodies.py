"""Bodies as recordings hold them, back to the bytes that were sent; decompressed within a bound."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from jevons.sources.exchange import UnreadableError

LIMIT = 64 << 20
"""Bytes that one recording, or one body in it, may unpack to. The largest of the suites studied holds 4 MB."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

_WRAPPED = frozenset({"string", "base64_string", "encoding"})
_encode = msgspec.json.Encoder().encode


def plain(value: Any) -> bytes:
    """A recorded body as bytes: text, bytes, ``{string | base64_string}`` (VCR), or JSON that was parsed."""
    if isinstance(value, dict) and value and _WRAPPED.issuperset(value):
        if value.get("base64_string") is not None:
            return from_base64(value["base64_string"])
        value = value.get("string")
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else json(value)


def json(value: Any) -> bytes:
    """JSON of a parsed body."""
    return _encode(value)


def from_base64(value: Any) -> bytes:
    """Bytes of base64 text; the text itself where it is none."""
    raw = value if isinstance(value, bytes) else str(value).encode()
    try:
        return base64.b64decode(raw, validate=False)
    except (binascii.Error, ValueError):
        return raw


def header(headers: Mapping[str, Any], name: str) -> str:
    """First value of a response header as text; empty where there is none."""
    for key, value in headers.items():
        if isinstance(key, str) and key.lower() == name:
            if isinstance(value, list):
                value = value[0] if value else ""
            return value if isinstance(value, str) else ""
    return ""


def inflated(data: bytes, encoding: str = "", limit: int = LIMIT) -> bytes:
    """A body without its compression; what can be read of it where it breaks off.

    gzip and zstd are known by their magic bytes, deflate and br by the content-encoding header, which
    outlives decoding: bytes that do not decode are taken as they are. Raises UnreadableError beyond `limit`.
    """
    if data.startswith(GZIP):
        return gunzip(data, limit)
    if data.startswith(ZSTD):
        return _by_slices(_zstd_decoder, data, limit, 1 << 12) or data
    if encoding == "br":
        return _by_slices(_brotli_decoder, data, limit, 16) or data
    if encoding == "deflate":
        return _zlib(data, 15 if data[:1] == b"\x78" else -15, limit) or data
    return data


def gunzip(data: bytes, limit: int = LIMIT) -> bytes:
    """Content of gzip data, of all its members. Raises UnreadableError beyond `limit`."""
    return _zlib(data, 31, limit)


def _zlib(data: bytes, window: int, limit: int) -> bytes:
    out = bytearray()
    while data:
        decoder = zlib.decompressobj(window)
        try:
            out += decoder.decompress(data, limit + 1 - len(out))
        except zlib.error:
            break
        _check(len(out), limit)
        data = decoder.unused_data if decoder.eof else b""
    return bytes(out)


def _by_slices(make: Any, data: bytes, limit: int, size: int) -> bytes:
    """Decompress bit by bit, so that a bomb is noticed before it has filled the memory."""
    out = bytearray()
    try:
        decode = make()
        for start in range(0, len(data), size):
            out += decode(data[start : start + size])
            _check(len(out), limit)
    except UnreadableError:
        raise
    except Exception:  # each library has its own error, and ImportError where it is missing
        return bytes(out)
    return bytes(out)


def _zstd_decoder() -> Any:
    from jevons.sources.zstd import decoder

    return decoder().decompress


def _brotli_decoder() -> Any:
    import brotli

    made = brotli.Decompressor()
    return getattr(made, "process", None) or made.decompress


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise UnreadableError(f"unpacks to more than {limit >> 20} MB: raise --max-mb if it is what it should be")
