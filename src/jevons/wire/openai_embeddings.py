"""OpenAI embeddings and compatible servers (platform.openai.com/docs/api-reference/embeddings)."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Reader, Usage, count, part, text
from jevons.wire.openai_chat import ask


class Embeddings(msgspec.Struct, gc=False):
    model: Any = ""
    usage: Any = None


decode = msgspec.json.Decoder(Embeddings).decode


def answer(data: bytes) -> Answered:
    """An embedding writes no tokens, so a bare total (Voyage) is the input."""
    found = decode(data)
    usage = part(found.usage)
    read = count(usage.get("prompt_tokens", usage.get("input_tokens", usage.get("total_tokens"))))
    return Answered(text(found.model), None if read is None else Usage(read, 0))


READERS = (
    Reader(
        api="openai.embeddings",
        kind="embeddings",
        paths=("/embeddings",),
        items="input",
        head=frozenset(),
        ask=ask,
        answer=answer,
    ),
)
