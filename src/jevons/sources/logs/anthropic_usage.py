"""Anthropic's usage reports (``/v1/organizations/usage_report/messages``, JSON pages): what was billed, by day.

uncached_input_tokens excludes cached and cache-written tokens: they are added. Requests are not counted. Source:
docs.anthropic.com, Usage and Cost Admin API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import mapping
from jevons.sources.logs.entry import Billed, Entry, Skipped
from jevons.sources.logs.values import moment
from jevons.wire.base import text, whole

KIND = "anthropic_usage"
_DIMENSIONS = ("workspace_id", "api_key_id", "model", "service_tier", "context_window", "inference_geo")


def holds(document: Any) -> bool:
    """Whether a document is a page of such a report."""
    buckets = mapping(document).get("data")
    return isinstance(buckets, list) and any(
        "starting_at" in mapping(one) and isinstance(mapping(one).get("results"), list) for one in buckets
    )


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every row of every bucket."""
    for document in documents:
        if not holds(document):
            yield Skipped("no page of a usage report")
            continue
        for bucket in document["data"]:
            for row in bucket.get("results") or []:
                yield _row(mapping(row), text(bucket.get("starting_at")))


def _row(of: Any, start: str) -> Entry:
    if "output_tokens" not in of:
        return Skipped("Anthropic's row without tokens (of costs)")
    told = (f"{name}={of[name]}" for name in _DIMENSIONS if of.get(name) is not None)
    written = sum(whole(value) or 0 for value in mapping(of.get("cache_creation")).values())
    cached = whole(of.get("cache_read_input_tokens")) or 0
    return Billed(
        provider="anthropic",
        project=text(of.get("workspace_id")),
        model=text(of.get("model")),
        started_us=moment(start),
        bucket=" ".join((f"anthropic messages {start}", *told)),
        input_tokens=(whole(of.get("uncached_input_tokens")) or 0) + cached + written,
        cached_tokens=cached,
        cache_write_tokens=written,
        output_tokens=whole(of.get("output_tokens")) or 0,
    )
