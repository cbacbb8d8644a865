"""OpenAI images, audio and moderations: few of them show tokens (platform.openai.com/docs/api-reference)."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Reader, number, openai_usage, part, text
from jevons.wire.openai_chat import ask


class Other(msgspec.Struct, gc=False):
    model: Any = ""
    data: Any = None
    usage: Any = None
    duration: Any = None


decode = msgspec.json.Decoder(Other).decode


def answer(data: bytes) -> Answered:
    """Images in ``data``; seconds of audio in ``usage.seconds`` or ``duration``, where shown."""
    other = decode(data)
    seconds = number(part(other.usage).get("seconds")) or number(other.duration) or 0.0
    return Answered(
        text(other.model),
        openai_usage(other.usage),
        images=len(other.data) if type(other.data) is list else 0,
        audio_ms=round(seconds * 1000) if 0 < seconds < 1e9 else 0,
    )


def _reader(kind: str, api: str, items: str, *paths: str) -> Reader:
    return Reader(api, kind, paths, items, frozenset(), ask, answer)


READERS = (
    _reader("image", "openai.images", "prompt", "/images/generations", "/images/edits", "/images/variations"),
    _reader("audio", "openai.audio", "input", "/audio/speech", "/audio/transcriptions", "/audio/translations"),
    _reader("moderation", "openai.moderations", "input", "/moderations"),
)
