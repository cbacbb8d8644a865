"""Mistral OCR (docs.mistral.ai/api, ocr): a vision model reads pages; usage is in pages, never in tokens."""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.wire.base import Answered, Reader, count, part, text
from jevons.wire.openai_chat import ask


class Read(msgspec.Struct, gc=False):
    model: Any = ""
    pages: Any = None
    usage_info: Any = None


decode = msgspec.json.Decoder(Read).decode


def answer(data: bytes) -> Answered:
    """Each page is an image that the model read."""
    read = decode(data)
    pages = read.pages if type(read.pages) is list else []
    texts = [part(page).get("markdown") for page in pages]
    return Answered(text(read.model), texts=texts, images=count(part(read.usage_info).get("pages_processed")) or 0)


READERS = (
    Reader(
        api="mistral.ocr",
        kind="other",  # no law yet: neither a chat nor the making of an image
        paths=("/v1/ocr", "/providers/mistral/azure/ocr"),
        items="document",
        head=frozenset(),
        ask=ask,
        answer=answer,
    ),
)
