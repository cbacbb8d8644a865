"""Which request is a call to an AI model, and in which wire format."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from jevons.wire import (
    anthropic_complete,
    anthropic_messages,
    bedrock_agent,
    bedrock_converse,
    bedrock_invoke,
    bedrock_other,
    cloudflare,
    cohere,
    gemini,
    gemini_interactions,
    hosts,
    huggingface,
    jobs,
    llama_cpp,
    lm_studio,
    mistral_conversations,
    mistral_ocr,
    ollama,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_moderations,
    openai_responses,
    openai_runs,
    rerank,
    snowflake,
    vertex,
    voyage,
    watsonx,
)
from jevons.wire.base import Reader

FORMATS = (
    ollama,
    lm_studio,
    openai_chat,
    openai_responses,
    vertex,
    watsonx,
    anthropic_messages,
    gemini,
    openai_embeddings,
    openai_completions,
    openai_images,
    openai_audio,
    openai_moderations,
    openai_runs,
    bedrock_other,
    bedrock_converse,
    bedrock_invoke,
    bedrock_agent,
    cohere,
    snowflake,
    voyage,
    rerank,
    llama_cpp,
    gemini_interactions,
    mistral_conversations,
    mistral_ocr,
    anthropic_complete,
    cloudflare,
    jobs,
    huggingface,
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
_BEGINNINGS: list[tuple[str, str]] = []
for _reader in READERS.values():
    for _path in _reader.paths:
        _found = _BEGINNINGS if _path.endswith("*") else _TAILS.setdefault(_tail(_path), [])
        _found.append((_path, _reader.api))
_OPEN = tuple(path.partition("*")[0] for path, _ in _BEGINNINGS)

_VERSIONED = re.compile(r"/v\d+[a-z0-9]*/|/openai/")


@lru_cache(maxsize=4096)
def find(method: str, host: str, path: str) -> Match | None:
    """The format and place of an AI call, or None for any other request.

    `host` may carry a port, `path` a query. Costs well under a microsecond for other traffic.
    """
    path = path.partition("?")[0].removesuffix("/")
    if method.upper() != "POST" or (_tail(path) not in _TAILS and not path.startswith(_OPEN)):
        return None
    return _find(host, path)


def _fits(wanted: str, path: str) -> bool:
    """Whether a path is as `Reader.paths` wants it."""
    if wanted[-1:] == "*":
        begin, *parts = wanted[:-1].split("*")
        return path.startswith(begin) and all(part in path for part in parts)
    *parts, end = wanted.split("*")
    return path.endswith(end) and all(part in path for part in parts)


def _may(wanted: str, api: str, provider: str) -> bool:
    """Whether a path that says too little of itself comes from the one provider that speaks this format there."""
    if wanted[-1:] not in ("", "*") and not READERS[api].own:
        return True
    family, named, _ = api.partition(".")
    return family in provider.split(".") if named else provider != "unknown"


def _find(host: str, path: str) -> Match | None:
    address = hosts.look_up(host)
    candidates = (*_TAILS.get(_tail(path), ()), *_BEGINNINGS)
    provider = address.provider
    fitting = (pair for pair in candidates if _fits(pair[0], path) and _may(pair[0], pair[1], provider))
    end, api = next(fitting, ("", ""))
    if not api:
        return None
    if end[:1] == ":":
        if "/models/" not in path and "/tunedModels/" not in path and "/endpoints/" not in path:
            return None
        if api == "anthropic.messages" and ("/anthropic/" not in path or "count-tokens" in path):
            return None
    # An address that tells nothing must look like an API: other services have paths such as /forms/7/responses.
    plain = end[:1] == ":" or "*" in end or end == "/chat/completions" or path == end or _VERSIONED.search(path)
    if address.provider == "unknown" and not plain:
        return None
    return Match(api, address.provider, address.host_class, address.region or hosts.path_region(path))
