"""OpenAI moderations (platform.openai.com/docs/api-reference/moderations), Mistral's and classifications beside them
(docs.mistral.ai/api, classifiers)."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Reader, text
from jevons.wire.openai_chat import ask
from jevons.wire.openai_embeddings import embedding_usage


class Moderated(msgspec.Struct, gc=False):
    model: Any = ""
    usage: Any = None


decode = msgspec.json.Decoder(Moderated).decode


def answer(data: bytes) -> Answered:
    """A classifier writes no tokens; few show what they read."""
    found = decode(data)
    return Answered(text(found.model), embedding_usage(found.usage))


READERS = (
    Reader(
        api="openai.moderations",
        kind="moderation",
        paths=("/moderations", "/v1/classifications", "/v1/chat/classifications"),
        items="input",
        head=frozenset(),
        ask=ask,
        answer=answer,
    ),
)
