"""Keyed hashes of a request: the exact request, its meaning, and its prefixes.

One pass: each message is encoded canonically (sorted keys) once and fed to one running
BLAKE2b, copied at message boundaries. The hashes of the whole are built from that digest and
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

EDGE = 16
"""Prefixes kept from the start, and from the end, of a long conversation."""

_PREFIXED = frozenset({"chat", "completion"})
_SECRETS = frozenset({"api-key", "api_key", "apikey", "key", "access_token", "token", "subscription-key", "sig"})
_PLAIN = frozenset({"system", "instructions", "systemInstruction", "system_instruction"})  # text, not JSON

_encode = msgspec.json.Encoder(order="sorted").encode


class Prints(NamedTuple):
    """Hashes of a request, and its text as counts."""

    request_hash: str
    meaning_hash: str
    prefixes: list[tuple[str, int]]
    """Cumulative (hash, estimated tokens)."""
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
    for key in head:
        value = body[key]
        encoded = _encode(value)
        running.update(b"%b:%b;" % (key.encode(), encoded))
        if key in _PLAIN:
            tally.add(value)
        elif value is not None:
            tally.add_json(len(encoded))
    tokens = estimate.CHAT_ANSWER_TOKENS if reader.message_tokens else 0
    if reader.tools_tokens and body.get("tools"):
        tokens += reader.tools_tokens
    prefixes: list[tuple[str, int]] = []
    items: Any = body.get(items_key)
    if type(items) is not list:
        # A text is not a list of one text, and neither is it missing: mark which.
        running.update(b"=" if items_key in body else b"-")
        items = () if items is None else (items,)
    else:
        running.update(b"[")
    if reader.kind not in _PREFIXED:
        running.update(_encode(items))
        tally.add(body.get(items_key))
        tokens += tally.tokens
    else:
        prefixes.append((running.copy().hexdigest()[:16], tokens + tally.tokens))
        _walk(running, items, tally, prefixes, tokens, reader.message_tokens)
        tokens = prefixes[-1][1]
    digest = running.digest()
    remaining = _encode(rest) if rest else b"{}"
    exact = base.copy()
    exact.update(b"exact" + target(method, host, path) + digest + remaining + _encode(transport))
    meaning = base.copy()
    meaning.update(b"meaning" + digest + remaining)
    return Prints(exact.hexdigest(), meaning.hexdigest(), prefixes, tokens, tally)


def _walk(
    running: blake2b,
    items: Sequence[Any],
    tally: Tally,
    prefixes: list[tuple[str, int]],
    overhead: int,
    message_tokens: int,
) -> None:
    """Feed items one by one, noting a prefix after each that is not in the middle of a long conversation."""
    last = len(items)
    encode, update, copy, note = _encode, running.update, running.copy, prefixes.append
    middle = range(EDGE - 1, last - EDGE) if last + 1 > 2 * EDGE else ()
    for index, item in enumerate(items):
        update(encode(item) + b",")
        if type(item) is dict:
            overhead += message_tokens
            content = item.get("content")
            if type(content) is str and len(item) == 2 and content.isascii():  # the common message: role and text
                length = len(content)
                tally.characters += length
                tally.eighths += 2 * length
            else:
                tally.add(item)
        else:
            tally.add(item)
        if index not in middle:
            note((copy().hexdigest()[:16], overhead + tally.tokens))


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
    return Prints(exact.hexdigest(), meaning.hexdigest(), [], 0, Tally())


def scaled(prefixes: list[tuple[str, int]], tokens: int, reported: int) -> list[tuple[str, int]]:
    """Prefixes with their estimates scaled so that the whole prompt has the reported tokens."""
    if tokens <= 0:
        return prefixes
    return [(digest, min(so_far * reported // tokens, reported)) for digest, so_far in prefixes]
