"""Cassettes of langchain's standard tests: gzipped YAML, requests and responses in two lists.

``{requests: [{method, uri, body, headers}], responses: [{status: {code}, headers, body: {string}}]}``, the n-th
answer belonging to the n-th request. Source: langchain_tests.conftest, CustomPersister and CustomSerializer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources import vcr
from jevons.sources.exchange import Record


def holds(document: Any) -> bool:
    """Whether a document has the two lists."""
    return isinstance(document, dict) and all(isinstance(document.get(key), list) for key in ("requests", "responses"))


def read(document: Any) -> Iterator[Record]:
    """Exchanges in order; a request without an answer has none."""
    asked, answered = document["requests"], document["responses"]
    pairs = [
        {"request": one, "response": answered[index] if index < len(answered) else None}
        for index, one in enumerate(asked)
    ]
    return vcr.read(pairs)
