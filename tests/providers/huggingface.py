"""Hugging Face: text generation and feature extraction of a model (huggingface.co/docs/text-generation-inference)."""

from __future__ import annotations

import re
from typing import Any

from providers import text
from providers.answer import JSON, Answer, Event, Usage, sse

_PATH = re.compile(r"/(?:hf-inference/)?models/([^/]+)(/pipeline/feature-extraction)?")


def answer(method: str, path: str, body: JSON) -> Answer | None:
    """The answer to a request, or None if the format is another's."""
    match = _PATH.fullmatch(path)
    if method != "POST" or match is None or "inputs" not in body:
        return None
    return _embed(body, match[1]) if match[2] else _generate(body, match[1])


def _generate(body: JSON, model: str) -> Answer:
    prompt = body["inputs"]
    said = text.answer(prompt)
    pieces = text.grouped(said, 1)  # a token an event
    usage = Usage(input=text.count(prompt), output=len(pieces))
    wants = (body.get("parameters") or {}).get("details")
    # A plain answer never counts what was read, unless asked for each token of it.
    result = Answer("huggingface.generate", "completion", model, "", usage, told=False)
    details = {"finish_reason": "eos_token", "generated_tokens": usage.output, "seed": None}
    if not body.get("stream"):
        made: JSON = {"generated_text": said}
        if wants:
            made["details"] = details | {"prefill": [], "tokens": []}
        result.body = [made]
        return result
    result.events = []
    for n, (piece, size) in enumerate(pieces):
        last = n == len(pieces) - 1
        token = {"id": n + 5, "text": piece, "logprob": -0.5, "special": False}
        more: JSON = {"generated_text": said if last else None}
        more["details"] = details | {"input_length": usage.input} if last else None
        result.events.append(Event(sse({"index": n + 1, "token": token} | more), size, told=last))
    result.failure = sse({"error": "fake overload", "error_type": "overloaded"})
    return result


def _embed(body: JSON, model: str) -> Answer:
    given: Any = body["inputs"]
    inputs = [given] if isinstance(given, str) else given
    vectors = [text.vector(one, 16) for one in inputs]
    usage = Usage(input=sum(map(text.count, inputs)))
    return Answer("huggingface.embed", "embeddings", model, "", usage, body=vectors, told=False)
