"""A request as what it asks: two requests with one key ask the same of the same server, word for word."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from jevons.wire.fingerprint import target

BEHAVIOUR = re.compile(
    r"anthropic-(version|beta)|openai-beta|x-amzn-bedrock-.*|x-goog-(?!api-key|api-client|user-project).*|x-use-cache|"
    r"x-wait-for-model|x-model-.*|x-portkey-(config|provider)|extra-parameters|azureml-model-deployment|prefer|accept"
)
"""Headers that change what a model answers; names in lower case."""
EPHEMERAL = 32_768
"""Ports from here on are given out by the system (Linux; others begin at 49152): on this machine they name nobody."""
ANY_PORT = "localhost:*"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = frozenset({None, 80, 443})


class Request(NamedTuple):
    """What is asked."""

    key: str
    """Digest of all that follows: 64 hexadecimal digits."""
    method: str
    host: str
    """With its port, where that names a server."""
    path: str
    headers: dict[str, str]
    """Those that change the answer, and the body's media type."""
    document: Any
    """The body as JSON; None for a body that is none."""
    body: bytes
    """In one spelling: JSON with sorted keys, or as it was sent."""


class _AmbiguousError(ValueError):
    pass


def request(
    method: str, host: str, port: int | None, path: str, headers: Mapping[str, str], body: bytes
) -> Request | None:
    """A request in its one spelling; None where its body is not known.

    Of JSON, the order of fields and white space do not count, nor do escapes of one and the same character; all else
    does. JSON that readers may take in two ways (a field given twice, numbers without an end) counts as bytes.
    """
    if not body:
        return None
    try:
        document = json.loads(body, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)
        spelt = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        written = b"json " + spelt.encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        document, written = None, b"bytes " + _without_boundary(body, headers.get("content-type", ""))
    if host in _LOOPBACK:
        host = "localhost"
    if host == "localhost" and port is not None and port >= EPHEMERAL:
        host = ANY_PORT
    elif port not in _DEFAULT_PORTS:
        host = f"{host}:{port}"
    told = {name: value for name, value in sorted(headers.items()) if BEHAVIOUR.fullmatch(name)}
    if told.get("accept") == "*/*":  # said or not, it says nothing
        del told["accept"]
    if "content-type" in headers:
        told["content-type"] = headers["content-type"].partition(";")[0].strip().lower()
    digest = blake2b(target(method, host, path), digest_size=32)
    for part in (json.dumps(told), written):
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return Request(digest.hexdigest(), method, host, _path(method, host, path), told, document, written)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _AmbiguousError
    return made


def _refuse(name: str) -> Any:
    raise _AmbiguousError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _AmbiguousError(text)
    return number


def _path(method: str, host: str, path: str) -> str:
    _, _, kept, query = json.loads(target(method, host, path))
    return str(kept) + ("?" + "&".join(query) if query else "")


def _without_boundary(body: bytes, content_type: str) -> bytes:
    """A multipart body without the line that parts it, which is another one each time."""
    found = re.search(r'boundary="?([^";]+)', content_type)
    return body.replace(found[1].encode("latin-1", "replace"), b"") if found else body
