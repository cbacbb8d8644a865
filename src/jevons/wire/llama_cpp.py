"""llama.cpp's own completions (github.com/ggml-org/llama.cpp, tools/server/README.md): ``/completion``, ``/infill``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jevons.wire.base import UNREADABLE, Answered, Asked, Body, Event, Reader, Usage, asked, checked, count, part, text


class Completion(msgspec.Struct, gc=False):
    model: Any = ""
    content: Any = None
    stop: Any = None
    tokens_evaluated: Any = None
    tokens_predicted: Any = None
    timings: Any = None


decode = msgspec.json.Decoder(Completion).decode


def timed_usage(timings: object) -> Usage | None:
    """Usage from ``timings``, which every answer of the server holds: ``prompt_n`` leaves out what came from the cache,
    ``cache_n``. Servers before ``cache_n`` (2025) do not show how long the prompt was."""
    shown = part(timings)
    fresh, cached, written = count(shown.get("prompt_n")), count(shown.get("cache_n")), count(shown.get("predicted_n"))
    if fresh is None or cached is None or written is None:
        return None
    return checked(Usage(fresh + cached, written, cached))


def ask(body: Body, _path: str) -> Asked:
    found = asked(body)
    found.max_tokens = count(body.get("n_predict"))  # -1 is no limit
    return found


def collect(found: Answered, reply: Completion, piece: int) -> None:
    found.model = found.model or text(reply.model)
    if reply.content:
        found.texts.append(reply.content)
        found.seen.append(piece)
    if reply.stop is True:
        found.ended = True
        read, written = count(reply.tokens_evaluated), count(reply.tokens_predicted)
        if read is not None and written is not None:
            found.usage = checked(Usage(read, written, count(part(reply.timings).get("cache_n"))))
        else:
            found.usage = timed_usage(reply.timings)


def answer(data: bytes) -> Answered:
    found = Answered(texts=[], seen=[])
    reply = decode(data)
    collect(found, reply, 0)
    found.pending = reply.content is None
    return found


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            collect(found, decode(data), piece)
        except UNREADABLE:
            continue
    return found


READERS = (
    Reader(
        api="llama_cpp.completion",
        kind="completion",
        paths=("/completion", "/infill"),
        items="prompt",
        head=frozenset({"input_prefix", "input_suffix", "input_extra"}),
        ask=ask,
        answer=answer,
        stream=stream,
    ),
)
