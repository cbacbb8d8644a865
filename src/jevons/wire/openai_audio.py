"""OpenAI audio (platform.openai.com/docs/api-reference/audio) and Mistral's (docs.mistral.ai/api, audio).

Speech is asked for in text and answered in sound, transcriptions and translations the other way round. Usage is in
tokens, in seconds of sound, or in both; many answers (text, subtitles, sound) show none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Event, Reader, number, openai_usage, part, text
from jevons.wire.openai_chat import ask


class Heard(msgspec.Struct, gc=False):
    type: Any = ""
    model: Any = ""
    text: Any = None
    delta: Any = None
    usage: Any = None
    duration: Any = None


decode = msgspec.json.Decoder(Heard).decode


def milliseconds(seconds: object) -> int:
    """Seconds as a server may state them (as a number, or as text)."""
    if type(seconds) is str:
        try:
            seconds = float(seconds)
        except ValueError:
            return 0
    value = number(seconds) or 0.0
    return round(value * 1000) if 0 < value < 1e9 else 0


def take(found: Answered, heard: Heard) -> None:
    """What an answer, or the last event of a stream, says of its cost."""
    usage = part(heard.usage)
    found.model = found.model or text(heard.model)
    found.usage = openai_usage(heard.usage) or found.usage
    seconds = usage.get("seconds") or usage.get("prompt_audio_seconds") or heard.duration
    found.audio_ms = milliseconds(seconds) or found.audio_ms


def answer(data: bytes) -> Answered:
    heard = decode(data)
    found = Answered(texts=[heard.text], seen=[])
    take(found, heard)
    return found


def stream(events: Sequence[Event]) -> Answered:
    """Events are ``transcript.text.*`` or ``speech.audio.*`` (OpenAI), ``transcription.*`` (Mistral)."""
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            heard = decode(data)
        except UNREADABLE:
            continue
        kind = heard.type if type(heard.type) is str else ""
        if kind.endswith(".done"):
            found.ended = True
        elif kind.endswith(".delta"):
            found.seen.append(piece)
            shown = heard.delta if heard.delta is not None else heard.text
            if type(shown) is str:
                found.texts.append(shown)
        take(found, heard)
    return found


READERS = (
    Reader(
        api="openai.audio",
        kind="audio",
        paths=("/audio/speech", "/audio/transcriptions", "/audio/translations"),
        items="input",
        head=frozenset({"instructions"}),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
)
