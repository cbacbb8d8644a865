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


def embedding_usage(shown: object) -> Usage | None:
    """Usage of a model that writes no tokens, so that a bare total (Voyage, Jina) is the input."""
    usage = part(shown)
    read = count(usage.get("prompt_tokens", usage.get("input_tokens", usage.get("total_tokens"))))
    return None if read is None else Usage(read, 0)


def answer(data: bytes) -> Answered:
    found = decode(data)
    return Answered(text(found.model), embedding_usage(found.usage))


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
