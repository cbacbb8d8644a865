"""Which request is a call to an AI model, and in which wire format."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from jevons.wire import (
    anthropic_messages,
    gemini,
    hosts,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_other,
    openai_responses,
)
from jevons.wire.base import Reader

FORMATS = (
    openai_chat,
    openai_responses,
    anthropic_messages,
    gemini,
    openai_embeddings,
    openai_completions,
    openai_other,
)
"""Modules of wire formats. A new format is one more file, listed here; where two end alike, the first wins."""

READERS: dict[str, Reader] = {reader.api: reader for module in FORMATS for reader in module.READERS}

WITH_HEADERS = frozenset(api for api, reader in READERS.items() if reader.headers is not None)
"""Formats that say something in their response headers: only theirs need be kept."""


class Match(NamedTuple):
    """A request that a reader understands."""

    reader: str
    """Key of `READERS`: the wire format."""
    provider: str
    host_class: str
    region: str


def _tail(path: str) -> str:
    """Last segment with its separator: ``/completions``, ``:generateContent``."""
    return path[max(path.rfind("/"), path.rfind(":"), 0) :]


_TAILS: dict[str, list[tuple[str, str]]] = {}
for _reader in READERS.values():
    for _path in _reader.paths:
        _TAILS.setdefault(_tail(_path), []).append((_path, _reader.api))

_VERSIONED = re.compile(r"/v\d+[a-z0-9]*/|/openai/")


@lru_cache(maxsize=4096)
def find(method: str, host: str, path: str) -> Match | None:
    """The format and place of an AI call, or None for any other request.

    `host` may carry a port, `path` a query. Costs well under a microsecond for other traffic.
    """
    path = path.partition("?")[0].removesuffix("/")
    return _find(host, path) if method.upper() == "POST" and _tail(path) in _TAILS else None


def _find(host: str, path: str) -> Match | None:
    end, api = next((pair for pair in _TAILS[_tail(path)] if path.endswith(pair[0])), ("", ""))
    if not end:
        return None
    if end[0] == ":":
        if "/models/" not in path and "/tunedModels/" not in path and "/endpoints/" not in path:
            return None
        if api == "anthropic.messages" and ("/anthropic/" not in path or "count-tokens" in path):
            return None
    address = hosts.look_up(host)
    # An address that tells nothing must look like an API: other services have paths such as /forms/7/responses.
    plain = end[0] == ":" or end == "/chat/completions" or path == end or _VERSIONED.search(path)
    if address.provider == "unknown" and not plain:
        return None
    return Match(api, address.provider, address.host_class, address.region or hosts.path_region(path))
