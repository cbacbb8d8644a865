"""Deterministic words, token counts, vectors and values that fit a JSON schema."""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Any

# About one token a word, long words in pieces: 4 to 5 characters a token in English, as real tokenizers have it.
_TOKEN = re.compile(r"\s*\w{1,8}|\s*[^\w\s]")
_SENTENCES = (
    "The café at the river opens early and serves bread with honey.",
    "A test that asks a model twice has paid for the same answer twice.",
    "Water cools the machines, and dry places feel it first.",
    "Nobody knows a total that nobody has counted.",
    "Prices fall, use grows, and the sum may well be larger than before.",
)


def tokens(text: str) -> list[str]:
    """`text` in tokens; joined they give it back, but for trailing white space."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """How many tokens `text` has."""
    return len(tokens(text))


def seed(text: str) -> int:
    """A number that depends on nothing but `text`."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


def answer(prompt: str) -> str:
    """An answer of a few sentences that depends on nothing but the prompt."""
    first = seed(prompt)
    return " ".join(_SENTENCES[(first + n) % len(_SENTENCES)] for n in range(3 + first % 3))


def grouped(text: str, size: int = 3) -> list[tuple[str, int]]:
    """`text` in chunks of up to `size` tokens, each with how many it has."""
    parts = tokens(text)
    return [("".join(parts[n : n + size]), len(parts[n : n + size])) for n in range(0, len(parts), size)]


def vector(text: str, size: int) -> list[float]:
    """A vector of single-precision numbers, so that base64 and decimal answers are the same."""
    start = seed(text)
    numbers = [((start >> (n % 40)) % 1000 + n) / 1024 for n in range(size)]
    return list(struct.unpack(f"<{size}f", struct.pack(f"<{size}f", *numbers)))


def example(schema: dict[str, Any], number: int = 1, defs: dict[str, Any] | None = None) -> Any:
    """A value that fits `schema`; its integers are `number`."""
    defs = defs or schema.get("$defs") or {}
    if "$ref" in schema:
        return example(defs[schema["$ref"].rsplit("/", 1)[-1]], number, defs)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0], number, defs)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        return {name: example(inner, number, defs) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {"type": "string"}), number, defs)] * schema.get("minItems", 1)
    return {"integer": number, "number": number + 0.5, "boolean": True, "null": None}.get(kind, "Lisboa")
