"""Google Gemini: generateContent and embedContent (ai.google.dev/api/generate-content), also on Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

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
    integer,
    number,
    part,
    text,
)


class Content(msgspec.Struct, gc=False):
    parts: list[dict[str, Any]] | None = None


class Candidate(msgspec.Struct, gc=False, rename="camel"):
    content: Content | None = None
    finish_reason: Any = None


class Generated(msgspec.Struct, gc=False, rename="camel"):
    model_version: Any = ""
    candidates: list[Candidate] | None = None
    usage_metadata: Any = None
    prompt_feedback: Any = None


class Embedded(msgspec.Struct, gc=False, rename="camel"):
    usage_metadata: Any = None


_EFFORT = ("thinkingLevel", "thinking_level", "thinkingBudget", "thinking_budget")  # SDKs send either spelling

_WRITTEN = ("candidatesTokenCount", "thoughtsTokenCount")
_BESIDE_PROMPT = (*_WRITTEN, "toolUsePromptTokenCount")

decode = msgspec.json.Decoder(Generated).decode
decode_embedded = msgspec.json.Decoder(Embedded).decode


def ask(body: Body, path: str) -> Asked:
    """The model is in the path (``models/NAME:generateContent``), the parameters in generationConfig."""
    config = part(body.get("generationConfig", body.get("generation_config")))
    thinking = part(config.get("thinkingConfig", config.get("thinking_config")))
    effort = next((value for key in _EFFORT if (value := thinking.get(key)) is not None), None)
    return Asked(
        text(path.rpartition(":")[0].rpartition("/")[2]),
        ":stream" in path,
        number(config.get("temperature")),
        integer(config.get("seed")),
        str(effort) if type(effort) is int else text(effort).lower(),
        count(config.get("maxOutputTokens", config.get("max_output_tokens"))),
    )


def gemini_usage(usage: object) -> Usage | None:
    """Candidates exclude thoughts, and the prompt excludes what tools fed back: both are added.

    A count that is zero is left out of the JSON, so a lone prompt count is a whole answer. A prompt that is left out
    is what the total has more than the rest; without a total it is unknown (see `gemini_wrote`).
    """
    shown = part(usage)
    prompt = count(shown.get("promptTokenCount"))
    if prompt is None:
        total = count(shown.get("totalTokenCount"))
        rest = sum(count(shown.get(key)) or 0 for key in _BESIDE_PROMPT)
        prompt = total - rest if total is not None and total > rest else None
    if prompt is None:
        return None
    thoughts = count(shown.get("thoughtsTokenCount"))
    return checked(
        Usage(
            prompt + (count(shown.get("toolUsePromptTokenCount")) or 0),
            (count(shown.get("candidatesTokenCount")) or 0) + (thoughts or 0),
            count(shown.get("cachedContentTokenCount")),
            None,
            thoughts,
        )
    )


def gemini_wrote(usage: object) -> int | None:
    """Output of a usage that does not show its prompt."""
    shown = part(usage)
    counts = [counted for key in _WRITTEN if (counted := count(shown.get(key))) is not None]
    return sum(counts) if counts else None


def collect(found: Answered, reply: Generated, piece: int) -> None:
    """Add one (partial) reply to what is known."""
    found.model = text(reply.model_version) or found.model
    found.usage = gemini_usage(reply.usage_metadata) or found.usage
    found.wrote = gemini_wrote(reply.usage_metadata) or found.wrote
    if part(reply.prompt_feedback).get("blockReason"):
        found.ended = found.pending = True  # stopped before the model; usage is shown if it ran
    shown = False
    for candidate in reply.candidates or ():
        if candidate.finish_reason:
            found.ended = True
        for item in (candidate.content and candidate.content.parts) or ():
            found.texts.append(item)
            mime = part(item.get("inlineData")).get("mimeType")
            found.images += type(mime) is str and mime.startswith("image/")
            if not item.get("thought") and item.get("text") != "":
                shown = True
    if shown:
        found.seen.append(piece)


def answer(data: bytes) -> Answered:
    found = Answered(texts=[], seen=[])
    collect(found, decode(data), 0)
    return found


def stream(events: Sequence[Event]) -> Answered:
    found = Answered(ended=False, texts=[], seen=[])
    for piece, data in events:
        try:
            collect(found, decode(data), piece)
        except UNREADABLE:
            continue
    return found


def ask_embedding(_body: Body, path: str) -> Asked:
    return Asked(text(path.rpartition(":")[0].rpartition("/")[2]))


def answer_embedding(data: bytes) -> Answered:
    """Newer models show what they read; an embedding writes no tokens."""
    usage = gemini_usage(decode_embedded(data).usage_metadata)
    return Answered(usage=usage and usage._replace(output=0, reasoning=None))


_HEAD = frozenset(
    {"systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config", "cachedContent", "cached_content"}
)

READERS = (
    Reader(
        api="gemini.generate",
        kind="chat",
        paths=(":generateContent", ":streamGenerateContent"),
        items="contents",
        head=_HEAD,
        ask=ask,
        answer=answer,
        stream=stream,
    ),
    Reader(
        api="gemini.embed",
        kind="embeddings",
        paths=(":embedContent",),
        items="content",
        head=frozenset(),
        ask=ask_embedding,
        answer=answer_embedding,
    ),
    Reader(
        api="gemini.batch_embed",
        kind="embeddings",
        paths=(":batchEmbedContents",),
        items="requests",
        head=frozenset(),
        ask=ask_embedding,
        answer=answer_embedding,
    ),
)
