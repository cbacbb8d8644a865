"""Keyed hashes of a request: the exact request, its meaning, and its prefixes.

One pass: the prompt is encoded canonically (sorted keys) once and fed block by block to one
running BLAKE2b (see `jevons.wire.chain`). The hashes of the whole are built from its digest and
the encoded remaining fields. Keyed with the ledger's secret, so that nobody without it can
test a guessed prompt against a ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from jevons.wire import estimate
from jevons.wire.base import Reader
from jevons.wire.chain import link
from jevons.wire.estimate import Tally

TRANSPORT = frozenset(
    {
        "model",
        "modelId",
        "stream",
        "stream_options",
        "user",
        "metadata",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "extra_headers",
        "extra_body",
    }
)
"""Fields that do not change what the model is asked; left out of the meaning hash (the model itself is in it)."""

_PREFIXED = frozenset({"chat", "completion"})
_SECRETS = frozenset({"api-key", "api_key", "apikey", "key", "access_token", "token", "subscription-key", "sig"})
_PLAIN = frozenset({"system", "instructions", "systemInstruction", "system_instruction"})  # text, not JSON

_encode = msgspec.json.Encoder(order="sorted").encode


class Prints(NamedTuple):
    """Hashes of a request, and its text as counts."""

    request_hash: str
    meaning_hash: str
    chain: str
    """Hashes of the prompt's beginnings (`jevons.wire.chain`); empty where no text is written after a prompt."""
    size: int
    """Bytes of the canonical prompt; 0 without a chain."""
    tokens: int
    """Estimated input tokens of the whole prompt."""
    tally: Tally


@lru_cache(maxsize=8)
def _keyed(secret: bytes) -> blake2b:
    if len(secret) > blake2b.MAX_KEY_SIZE:
        secret = blake2b(secret).digest()
    return blake2b(key=secret, digest_size=16)


def of_name(secret: bytes, name: str) -> bytes:
    """Keyed hash (16 bytes) of a name such as the id that a provider gives its answer."""
    digest = _keyed(secret).copy()
    digest.update(name.encode("utf-8", "surrogatepass"))
    return digest.digest()


@lru_cache(maxsize=1024)
def target(method: str, host: str, path: str) -> bytes:
    """Canonical method, host and path: query parameters by name, keys and tokens left out."""
    path, _, query = path.partition("?")
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0].lower() not in _SECRETS]
    kept = sorted(pairs, key=lambda pair: pair.partition("=")[0])  # values of one name keep their order
    return _encode([method.upper(), host.lower(), path, kept])


def of_json(
    secret: bytes,
    method: str,
    host: str,
    path: str,
    model: str,
    body: dict[str, Any],
    reader: Reader,
) -> Prints:
    """Fingerprint a JSON object body; prefixes are noted where the model writes text after the prompt."""
    items_key, head_keys = reader.items, reader.head
    head: list[str] = []
    rest: dict[str, Any] = {}
    transport: dict[str, Any] = {}
    for key, value in body.items():
        if key in TRANSPORT:
            transport[key] = value
        elif key in head_keys:
            head.append(key)
        elif key != items_key:
            rest[key] = value
    tally = Tally()
    base = _keyed(secret)
    running = base.copy()
    running.update(_encode([reader.api, model]))
    head.sort()
    prompt: list[bytes] = []
    for key in head:
        value = body[key]
        encoded = _encode(value)
        prompt.append(b"%b:%b;" % (key.encode(), encoded))
        if key in _PLAIN:
            tally.add(value)
        elif value is not None:
            tally.add_json(len(encoded))
    tokens = estimate.CHAT_ANSWER_TOKENS if reader.message_tokens else 0
    if reader.tools_tokens and body.get("tools"):
        tokens += reader.tools_tokens
    items: Any = body.get(items_key)
    if type(items) is not list:
        # A text is not a list of one text, and neither is it missing: mark which.
        prompt.append(b"=" if items_key in body else b"-")
        items = () if items is None else (items,)
    else:
        prompt.append(b"[")
    encoded = _encode(items)
    if reader.kind in _PREFIXED:
        if items:  # without its end, so that a longer conversation begins with a shorter one
            prompt += (encoded[1:-1], b",")
            tokens += _tell(items, tally, reader.message_tokens)
        text = b"".join(prompt)
        size = len(text)
        chain, digest = link(running, text)
    else:
        tally.add(body.get(items_key))
        running.update(b"".join((*prompt, encoded)))
        chain, size, digest = "", 0, running.digest()
    tokens += tally.tokens
    remaining = _encode(rest) if rest else b"{}"
    exact = base.copy()
    exact.update(b"exact" + target(method, host, path) + digest + remaining + _encode(transport))
    meaning = base.copy()
    meaning.update(b"meaning" + digest + remaining)
    return Prints(exact.hexdigest(), meaning.hexdigest(), chain, size, tokens, tally)


def _tell(items: Sequence[Any], tally: Tally, message_tokens: int) -> int:
    """Count the text of items; tokens that mark the limits of messages among them."""
    messages = 0
    for item in items:
        if type(item) is dict:
            messages += 1
            content = item.get("content")
            if type(content) is str and len(item) == 2 and content.isascii():  # the common message: role and text
                length = len(content)
                tally.characters += length
                tally.eighths += 2 * length
                continue
        tally.add(item)
    return messages * message_tokens


def of_bytes(secret: bytes, method: str, host: str, path: str, kind: str, raw: bytes) -> Prints:
    """Fingerprint a body that is no JSON object: canonical JSON if it is JSON, else the bytes themselves.

    A multipart body's boundary is random and is left out.
    """
    try:
        raw = b"json" + _encode(msgspec.json.decode(raw))
    except Exception:  # not JSON, or nested beyond the interpreter's limit
        if raw.startswith(b"--"):
            raw = raw.replace(raw[: max(raw.find(b"\r\n"), 2)], b"--")
        raw = b"raw" + raw
    exact, meaning = _keyed(secret).copy(), _keyed(secret).copy()
    exact.update(b"exact" + target(method, host, path) + raw)
    meaning.update(b"meaning" + _encode(kind) + raw)
    return Prints(exact.hexdigest(), meaning.hexdigest(), "", 0, 0, Tally())
