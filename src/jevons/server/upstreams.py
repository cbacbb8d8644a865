"""Where the proxy may send to: a list that is made when it starts, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

KNOWN = {
    "openai": "https://api.openai.com",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "mistral": "https://api.mistral.ai",
    "cohere": "https://api.cohere.com",
    "groq": "https://api.groq.com",
    "together": "https://api.together.xyz",
    "openrouter": "https://openrouter.ai",
    "deepseek": "https://api.deepseek.com",
    "xai": "https://api.x.ai",
    "perplexity": "https://api.perplexity.ai",
    "fireworks": "https://api.fireworks.ai",
    "huggingface": "https://router.huggingface.co",
    "github": "https://models.github.ai",
    "voyage": "https://api.voyageai.com",
    "ollama": "http://127.0.0.1:11434",
}
"""Providers' API hosts, as their own documentation gives them, each of a provider that `jevons.wire.hosts` knows."""
RESERVED = frozenset({"t", "k", "v1"})
"""First parts of paths that mean something else: a test, a token, OTLP."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_BASE = re.compile(r"[A-Za-z0-9/_.~:@!$&'()*+,;=%-]*")


class UpstreamError(ValueError):
    """An upstream that cannot be used: names it and the remedy."""


class Upstream(NamedTuple):
    """One server that requests may go to."""

    name: str
    scheme: bytes
    host: str
    port: int | None
    """None: the scheme's own."""
    base: str
    """Path that stands before every request's own; no slash at its end."""

    @property
    def authority(self) -> str:
        """As in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def upstream(name: str, url: str) -> Upstream:
    """One of the list. Raises UpstreamError."""
    said = f"upstream {name}"
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise UpstreamError(f"{said}: a name is of a-z, 0-9, _ . - and none of {', '.join(sorted(RESERVED))}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UpstreamError(f"{said}: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise UpstreamError(f"{said}: write it as NAME=https://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.query or parts.fragment or not _BASE.fullmatch(parts.path):
        raise UpstreamError(f"upstream {name}: give no user, password or query: they belong into requests")
    own = {"http": 80, "https": 443}[parts.scheme]
    return Upstream(name, parts.scheme.encode(), host, None if port == own else port, parts.path.rstrip("/"))


def upstreams(configured: Mapping[str, str], flags: Iterable[str]) -> dict[str, Upstream]:
    """The list: known providers, those of the settings, those of flags (``NAME=URL``); the later wins.

    Raises UpstreamError.
    """
    urls = {**KNOWN, **configured}
    for flag in flags:
        name, equals, url = flag.partition("=")
        if not equals:
            raise UpstreamError(f"--upstream {flag}: write it as NAME=https://HOST[:PORT][/PATH]")
        urls[name] = url
    return {name: upstream(name, url) for name, url in urls.items()}
