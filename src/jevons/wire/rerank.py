"""Rerankers: documents put in order by how well they answer a query.

Jina (api.jina.ai/redoc), Voyage (docs.voyageai.com/reference/reranker-api), Together
(docs.together.ai/reference/rerank), vLLM and LiteLLM (Cohere's shape), llama.cpp, NVIDIA NIM (``/ranking``) and Text
Embeddings Inference.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Body, Reader, Usage, part, text, whole
from jevons.wire.openai_chat import ask
from jevons.wire.openai_embeddings import embedding_usage

_DOCUMENTS = ("documents", "passages", "texts")  # NIM, Text Embeddings Inference


class Ranked(msgspec.Struct, gc=False):
    model: Any = ""
    usage: Any = None
    meta: Any = None


decode = msgspec.json.Decoder(Ranked).decode


def answer(data: bytes) -> Answered:
    """A score is no token. ``meta.billed_units.search_units`` are searches, not tokens."""
    found = decode(data)
    usage = embedding_usage(found.usage)
    if usage is None:
        meta = part(found.meta)
        billed = part(meta.get("billed_units"))
        shown = part(meta.get("tokens")).get("input_tokens", billed.get("input_tokens", billed.get("total_tokens")))
        read = whole(shown)
        usage = None if read is None else Usage(read, 0)
    return Answered(text(found.model), usage)


def shape(body: Body) -> Body:
    """The same request with its documents under one name."""
    name = next((key for key in _DOCUMENTS[1:] if key in body), "")
    if not name or "documents" in body:
        return body
    return {"documents" if key == name else key: value for key, value in body.items()}


READERS = (
    Reader(
        api="rerank",
        kind="rerank",
        paths=("/rerank", "/reranking", "/v1/ranking"),
        items="documents",
        head=frozenset({"query"}),
        ask=ask,
        answer=answer,
        shape=shape,
    ),
)
