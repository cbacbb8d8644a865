"""Recorded conversations with an agent program (Claude Code's SDK): no exchange with a model, but AI.

``messages: [{type: assistant | user | result ...}]`` or JSON-lines frames of the same. Its usage is the program's own
sum, so the model's answers are counted and not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import Record, Unread


def holds(document: Any) -> bool:
    """Whether a document is such a conversation."""
    return isinstance(document, dict) and isinstance(document.get("messages"), list) and _answers(document) > 0


def read(document: Any) -> Iterator[Record]:
    """Its answers, counted."""
    yield Unread("agent message", _answers(document))


def _answers(document: Any) -> int:
    return sum(isinstance(one, dict) and one.get("type") == "assistant" for one in document["messages"])
