"""Hugging Face: Text Generation Inference, Text Embeddings Inference, and the pipelines of the Inference API.

huggingface.github.io/text-generation-inference (generate, generate_stream),
huggingface.github.io/text-embeddings-inference (embed), huggingface.co/docs/inference-providers/providers/hf-inference
(``/hf-inference/models/ID/pipeline/TASK``).
Both servers count tokens in response headers (their router's source): ``x-prompt-tokens`` and ``x-generated-tokens``,
``x-compute-tokens``. The chat routes are OpenAI's, in `openai_chat`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jevons.wire import sse
from jevons.wire.base import (
    UNREADABLE,
    Answered,
    Asked,
    Body,
    Event,
    Reader,
    Usage,
    checked,
    count,
    header_count,
    integer,
    number,
    part,
    text,
)


class Generated(msgspec.Struct, gc=False):
    generated_text: Any = None
    details: Any = None
    token: Any = None  # streams


decode = msgspec.json.Decoder(Generated | list[Generated]).decode
decode_event = msgspec.json.Decoder(Generated).decode


def ask(body: Body, path: str) -> Asked:
    parameters = part(body.get("parameters"))
    return Asked(
        text(path.partition("/models/")[2].partition("/pipeline/")[0]),
        body.get("stream") is True or path.endswith("_stream"),
        number(parameters.get("temperature")),
        integer(parameters.get("seed")),
        "",
        count(parameters.get("max_new_tokens")),
    )


def detailed(details: object) -> Usage | None:
    """Counts of one generation, where it was asked to detail them."""
    get = part(details).get
    written, read = count(get("generated_tokens")), count(get("input_length"))
    prefill = get("prefill")
    if read is None and type(prefill) is list and prefill:
        read = len(prefill)  # with ``decoder_input_details`` the prompt's tokens are listed
    return None if written is None or read is None else checked(Usage(read, written))


def answer(data: bytes) -> Answered:
    reply = decode(data)
    each = reply if isinstance(reply, list) else [reply]
    return Answered(
        usage=detailed(each[0].details) if len(each) == 1 else None,
        texts=[one.generated_text for one in each],
    )


def stream(events: Sequence[Event]) -> Answered:
    """An event for each token; the last one has the whole text, and details where they are asked for."""
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            event = decode_event(data)
        except UNREADABLE:
            continue
        token = part(event.token)
        if token.get("text") and not token.get("special"):
            found.texts.append(token["text"])
            found.seen.append(piece)
        if event.generated_text is not None:
            found.ended = True
            found.usage = detailed(event.details)
    return found


def answer_read(_data: bytes) -> Answered:
    """Vectors, labels or scores: only the headers count."""
    return Answered()


def take_headers(found: Answered, headers: Mapping[str, str]) -> None:
    if found.usage is not None:
        return
    read = header_count(headers, "x-prompt-tokens")
    written = header_count(headers, "x-generated-tokens")
    if read is not None and written is not None:
        found.usage = Usage(read, written)


def take_compute(found: Answered, headers: Mapping[str, str]) -> None:
    read = header_count(headers, "x-compute-tokens")
    if read is not None:
        found.usage = Usage(read, 0)


# /generate and /embed are anybody's paths; a server of one's own is seen at its chat route and at /generate_stream.
_GENERATE = Reader(
    api="huggingface.generate",
    kind="completion",
    paths=("/generate", "", "/hf-inference/models/*", "/models/*"),
    items="inputs",
    head=frozenset(),
    ask=ask,
    answer=answer,
    stream=stream,
    frames=sse.events,
    headers=take_headers,
    own=True,
)
_PIPELINES = ("/models/*/pipeline/feature-extraction", "/models/*/pipeline/sentence-similarity")

READERS = (
    Reader(
        api="huggingface.embed",
        kind="embeddings",
        paths=(*_PIPELINES, "/embed", "/embed_all", "/embed_sparse", "/feature-extraction"),
        own=True,
        items="inputs",
        head=frozenset(),
        ask=ask,
        answer=answer_read,
        headers=take_compute,
    ),
    _GENERATE,
    _GENERATE._replace(api="huggingface.generate_stream", paths=("/generate_stream",), own=False),
)
