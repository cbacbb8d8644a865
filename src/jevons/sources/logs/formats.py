"""Which reader a log is for: by its first documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from jevons.sources.exchange import UnreadableError
from jevons.sources.logs import (
    anthropic_usage,
    claude_code,
    codecarbon,
    codex,
    deepeval,
    eco_ci,
    gemini_cli,
    inspect_ai,
    langfuse,
    litellm,
    openai_agents,
    openai_usage,
    otlp,
    promptfoo,
)  # fmt: skip
from jevons.sources.logs.table import Mapped

FORMATS: tuple[ModuleType, ...] = (
    otlp, inspect_ai, litellm, langfuse, promptfoo, deepeval, codecarbon, eco_ci, openai_usage, anthropic_usage,
    openai_agents,
)  # fmt: skip
SESSIONS: tuple[ModuleType, ...] = (claude_code, codex, gemini_cli)
"""Logs of agent programs: people's own work, read only when asked for."""
KNOWN = (
    "OTLP, inspect_ai, LiteLLM, Langfuse, promptfoo, DeepEval, the Agents SDK, CodeCarbon, Eco-CI, usage reports of "
    "OpenAI and Anthropic"
)
_NAMES = (".json", ".jsonl", ".ndjson", ".csv", ".eval", ".pb", ".binpb", ".log")


class Wanted(NamedTuple):
    """What is asked for."""

    columns: Mapping[str, str] = {}
    """Our field -> the log's column (or ``=constant``): the log is a table of calls."""
    sessions: bool = False
    """Whether sessions of agent programs are to be read."""


def may_be(name: str) -> bool:
    """Whether a file under a folder may be a log, by its name."""
    return name.lower().removesuffix(".gz").removesuffix(".zst").endswith(_NAMES)


def tells(document: Any, wanted: Wanted) -> bool:
    """Whether a document tells which reader its log is for."""
    return bool(wanted.columns) or any(module.holds(document) for module in (*FORMATS, *SESSIONS))


def of(documents: list[Any], wanted: Wanted) -> ModuleType:
    """The reader of a log that begins with these documents. Raises UnreadableError."""
    if wanted.columns:
        return Mapped(wanted.columns)
    if not documents:
        raise UnreadableError("holds no record")
    for module in (*FORMATS, *SESSIONS):
        if any(module.holds(document) for document in documents):
            return find(module, wanted)
    raise UnreadableError(f"is no log that jevons knows ({KNOWN}): name its columns with --map")


def find(module: ModuleType, wanted: Wanted) -> ModuleType:
    """The same module, unless it is not asked for."""
    if module in SESSIONS and not wanted.sessions:
        raise UnreadableError("is a session of an agent program: read with --sessions")
    return module
