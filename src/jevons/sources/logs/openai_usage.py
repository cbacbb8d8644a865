"""OpenAI's usage reports (``/v1/organization/usage/*``, JSON pages): what was billed, by day, project and model.

input_tokens includes cached and cache-written tokens. Source: platform.openai.com/docs/api-reference/usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jevons.sources.exchange import mapping
from jevons.sources.logs.entry import Billed, Entry, Skipped
from jevons.wire.base import text, whole

KIND = "openai_usage"
_PREFIX = "organization.usage."
_KINDS = {
    "completions": "chat",
    "embeddings": "embeddings",
    "moderations": "moderation",
    "images": "image",
    "audio_speeches": "audio",
    "audio_transcriptions": "audio",
}
_DIMENSIONS = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "size", "source")


def holds(document: Any) -> bool:
    """Whether a document is a page of such a report."""
    of = mapping(document)
    buckets = of.get("data")
    return of.get("object") == "page" and isinstance(buckets, list) and all(
        mapping(one).get("object") == "bucket" for one in buckets
    )  # fmt: skip


def read(documents: Iterator[Any]) -> Iterator[Entry]:
    """Every row of every bucket."""
    for document in documents:
        if not holds(document):
            yield Skipped("no page of a usage report")
            continue
        for bucket in document["data"]:
            for row in bucket.get("results") or []:
                yield _row(mapping(row), whole(bucket.get("start_time")) or 0)


def _row(of: Any, start_s: int) -> Entry:
    what = text(of.get("object")).removeprefix(_PREFIX).removesuffix(".result")
    if what not in _KINDS:
        return Skipped(f"OpenAI's {what[:40] or 'row'}: no tokens of a model")
    told = (f"{name}={of[name]}" for name in _DIMENSIONS if of.get(name) is not None)
    return Billed(
        provider="openai",
        project=text(of.get("project_id")),
        model=text(of.get("model")),
        started_us=start_s * 1_000_000,
        kind=_KINDS[what],
        bucket=" ".join((f"openai {what} {start_s}", *told)),
        requests=whole(of.get("num_model_requests")),
        input_tokens=whole(of.get("input_tokens")) or 0,
        cached_tokens=whole(of.get("input_cached_tokens")) or 0,
        cache_write_tokens=whole(of.get("input_cache_write_tokens")) or 0,
        output_tokens=whole(of.get("output_tokens")) or 0,
    )
