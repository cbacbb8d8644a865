"""Amazon Bedrock beside text: embeddings, rerankers and images behind InvokeModel, and guardrails.

Bodies: docs.aws.amazon.com/bedrock/latest/userguide, "Amazon Titan Text Embeddings", "Amazon Nova multimodal
embeddings", "Cohere Embed", "Cohere Rerank", "Amazon Nova Canvas", "Stability AI models"; API_runtime_ApplyGuardrail.
The model's name in the path tells them from text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire import cohere
from jevons.wire.base import Answered, Asked, Body, Reader, Usage, count, text
from jevons.wire.bedrock_invoke import ask, take_headers


class Reply(msgspec.Struct, gc=False, rename="camel"):
    input_text_token_count: Any = None  # Titan embeddings; others leave their count to the headers
    meta: Any = None  # Cohere
    images: Any = None  # Titan, Nova Canvas, Stability
    artifacts: Any = None  # Stable Diffusion XL


decode = msgspec.json.Decoder(Reply).decode

_EMBEDDED = ("inputText", "singleEmbeddingParams", "segmentedEmbeddingParams")  # Titan, Nova


def answer(data: bytes) -> Answered:
    reply = decode(data)
    read = count(reply.input_text_token_count)
    drawn = reply.images if type(reply.images) is list else reply.artifacts
    return Answered(
        usage=cohere.cohere_usage(reply.meta) if read is None else Usage(read, 0),
        images=len(drawn) if type(drawn) is list else 0,
    )


def shape(body: Body) -> Body:
    """The body with what is embedded, whatever its name, as input."""
    name = next((name for name in _EMBEDDED if name in body), "")
    if not name or "input" in body:
        return cohere.embedded(body)
    rest = {key: value for key, value in body.items() if key != name}
    return {**rest, "input": body[name]}


def ask_guardrail(_body: Body, path: str) -> Asked:
    return Asked(text(path.partition("/guardrail/")[2].partition("/")[0]))


def answer_guardrail(_data: bytes) -> Answered:
    """Guardrails count units of text per policy, no tokens."""
    return Answered(pending=True)


READERS = (
    Reader(
        api="bedrock.embed",
        kind="embeddings",
        paths=("/model/*embed*/invoke",),
        items="input",
        head=frozenset(),
        ask=ask,
        answer=answer,
        headers=take_headers,
        shape=shape,
    ),
    Reader(
        api="bedrock.rerank",
        kind="rerank",
        paths=("/model/*rerank*/invoke",),
        items="documents",
        head=frozenset({"query"}),
        ask=ask,
        answer=answer,
        headers=take_headers,
    ),
    Reader(
        api="bedrock.image",
        kind="image",
        paths=("/model/*titan-image*/invoke", "/model/*nova-canvas*/invoke", "/model/*stability.*/invoke"),
        items="prompt",
        head=frozenset({"textToImageParams", "text_prompts"}),
        ask=ask,
        answer=answer,
    ),
    Reader(
        api="bedrock.guardrail",
        kind="moderation",
        paths=("/guardrail/*/apply",),
        items="content",
        head=frozenset(),
        ask=ask_guardrail,
        answer=answer_guardrail,
    ),
)
