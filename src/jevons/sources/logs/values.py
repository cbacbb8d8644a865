"""Values as logs print them: times, names, providers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jevons.wire.base import number, text
from jevons.wire.hosts import Address, look_up

_LATEST_US = 4_102_444_800_000_000
_KIND = re.compile(r"[A-Za-z_][\w.]{0,63}")

_PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "azure_openai": "azure.ai.openai",
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azureopenai": "azure.ai.openai",
    "azureai": "azure.ai.inference",
    "aws": "aws.bedrock",
    "amazon": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "google": "gcp.gemini",
    "gemini": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "googleai": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "mistralai": "mistral_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
    "grok": "x_ai",
    "together_ai": "together",
    "togetherai": "together",
    "fireworks_ai": "fireworks",
    "moonshot": "moonshot_ai",
    "cohere_chat": "cohere",
    "text-completion-openai": "openai",
    "openai-responses": "openai",
    "responses": "openai",
}
"""Names that tools give providers -> OpenTelemetry's ``gen_ai.provider.name``, where the two differ."""


def provider(value: object) -> str:
    """OpenTelemetry's name of a provider (v1.41) as some tool names it; ``unknown`` for none."""
    name = text(value).strip().lower()
    return _PROVIDERS.get(name.replace(" ", "_"), name) or "unknown"


def of_model(value: object) -> tuple[str, str]:
    """(provider, model) of names such as ``openai/gpt-4o`` or ``openai:chat:gpt-4o``; ``unknown`` for none."""
    name = text(value)
    cut = next((sign for sign in name if sign in "/:"), "")
    if not cut:
        return "unknown", name
    head, _, rest = name.partition(cut)
    if cut == ":" and "/" not in rest:
        rest = rest.rpartition(":")[2] if rest.partition(":")[0] in _MODES else rest
    return provider(head), rest


_MODES = ("chat", "completion", "embedding", "embeddings", "messages", "responses", "realtime", "image", "assistant")


@lru_cache(maxsize=512)
def address(value: str) -> Address:
    """What a base address, or a host, tells."""
    host = value.partition("://")[2] or value
    return look_up(host.partition("/")[0].rpartition("@")[2])


def moment(value: Any) -> int:
    """Microseconds since 1970 UTC of ISO 8601 text (without a zone: UTC), or of seconds, milliseconds, microseconds or
    nanoseconds by their size; 0 for anything else."""
    if isinstance(value, str):
        stripped = value.strip()
        if stripped[:1].isalpha() or not stripped:
            return 0
        try:
            found = datetime.fromisoformat(stripped)
            return _bounded(round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e6))
        except (ValueError, OverflowError):
            pass
        try:
            value = int(stripped) if stripped.isdecimal() else float(stripped)
        except ValueError:
            return 0
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10**14:
        return _bounded(value // 1000 if value >= 10**17 else value)
    at = number(value)
    if at is None or at <= 0:
        return 0
    return _bounded(round(at * 1e3) if at >= 1e11 else round(at * 1e6))


def _bounded(time_us: int) -> int:
    return time_us if 0 < time_us < _LATEST_US else 0


def seconds(value: Any) -> int:
    """Microseconds of a duration in seconds; 0 for anything that is none."""
    found = number(value)
    return round(found * 1e6) if found is not None and 0 < found < 1e7 else 0


def between(start_us: int, end_us: int) -> int:
    """Microseconds from start to end; 0 where either is unknown or they contradict."""
    return end_us - start_us if 0 < start_us <= end_us else 0


def failure(value: object, otherwise: str = "error") -> str:
    """Kind of a failure, never its message: the value where it is a name or a status, else `otherwise`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"http_{value}" if 400 <= value <= 599 else otherwise
    name = str(value)
    if name.isdecimal():
        return failure(int(name), otherwise) if len(name) == 3 else otherwise
    return name if _KIND.fullmatch(name) else otherwise
