"""Vertex AI beside Gemini and Claude: predict (embeddings, Imagen) and partners that speak OpenAI's chat format.

cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api and imagen-api; Mistral and AI21
behind rawPredict: cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral. Claude's rawPredict is in
`anthropic_messages`; Llama and others are at ``/endpoints/openapi/chat/completions``, in `openai_chat`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire import openai_chat
from jevons.wire.base import Answered, Asked, Body, Reader, Usage, part, text, whole


class Predicted(msgspec.Struct, gc=False):
    predictions: Any = None


decode = msgspec.json.Decoder(Predicted).decode


def ask(_body: Body, path: str) -> Asked:
    return Asked(text(path.rpartition(":")[0].rpartition("/")[2]))


def answer_embeddings(data: bytes) -> Answered:
    """Each embedding states the tokens of its text; one that does not leaves the sum unknown."""
    predictions = decode(data).predictions
    total: int | None = None
    for prediction in predictions if type(predictions) is list else ():
        read = whole(part(part(part(prediction).get("embeddings")).get("statistics")).get("token_count"))
        if read is None:
            return Answered()
        total = (total or 0) + read
    return Answered(usage=None if total is None else Usage(total, 0))


def answer_images(data: bytes) -> Answered:
    """Images that were drawn; one that a filter held back has a reason in its place."""
    predictions = decode(data).predictions
    drawn = predictions if type(predictions) is list else ()
    return Answered(images=sum("raiFilteredReason" not in part(one) for one in drawn))


def ask_partner(body: Body, path: str) -> Asked:
    found = openai_chat.ask(body, path)
    found.model = found.model or ask(body, path).model
    found.streamed = found.streamed or path.endswith(":streamRawPredict")
    return found


_PARTNERS = ("mistralai", "ai21")
_METHODS = ("rawPredict", "streamRawPredict")

READERS = (
    Reader(
        api="vertex.embed",
        kind="embeddings",
        paths=("/models/*embedding*:predict", "/models/*gecko*:predict"),
        items="instances",
        head=frozenset(),
        ask=ask,
        answer=answer_embeddings,
    ),
    Reader(
        api="vertex.images",
        kind="image",
        paths=("/models/*imagen*:predict", "/models/*imagegeneration*:predict"),
        items="instances",
        head=frozenset(),
        ask=ask,
        answer=answer_images,
    ),
    openai_chat.READERS[0]._replace(
        api="vertex.chat",
        paths=tuple(f"/publishers/{name}/*:{method}" for name in _PARTNERS for method in _METHODS),
        ask=ask_partner,
    ),
)
