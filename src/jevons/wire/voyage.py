"""Voyage's own embedding routes (docs.voyageai.com/reference); its plain ones are OpenAI's, in `openai_embeddings`."""

from __future__ import annotations

from jevons.wire import openai_embeddings

READERS = (
    openai_embeddings.READERS[0]._replace(
        api="voyage.embeddings",
        paths=("/multimodalembeddings", "/contextualizedembeddings"),
        items="inputs",
    ),
)
