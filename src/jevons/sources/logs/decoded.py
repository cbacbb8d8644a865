"""Texts of logs decoded: JSON that other languages wrote too, and several documents in one text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from jevons.sources.exchange import UnreadableError

MARK = b"\xef\xbb\xbf"
"""A byte order mark of UTF-8, as some programs begin their files."""


def decoded(data: bytes) -> Any:
    """A JSON document; None for what is none."""
    data = data.removeprefix(MARK)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # NaN and lone surrogates, which other languages write
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def several(data: bytes) -> Iterator[Any]:
    """Documents one after another, each over as many lines as it likes. Raises UnreadableError where one is no JSON."""
    try:
        text, at = data.decode("utf-8-sig"), 0
        decoder = json.JSONDecoder()
        while (at := _begin(text, at)) < len(text):
            document, at = decoder.raw_decode(text, at)
            yield document
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is no valid JSON ({' '.join(str(error).split())[:80]})") from None


def text_of(line: bytes) -> str:
    """Text of a line, whatever its bytes."""
    return line.removeprefix(MARK).decode("utf-8", "replace")


def _begin(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
