"""Tables of calls (CSV, or JSON lines) with a column for each fact, as the user maps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from jevons.record import Call
from jevons.sources.logs import tokens
from jevons.sources.logs.entry import Entry, Seen, Skipped
from jevons.sources.logs.values import address, between, failure, moment, of_model, provider, seconds
from jevons.wire.base import text, whole

FIELDS = (
    "id", "answer", "started", "ended", "duration_s", "duration_ms", "provider", "host", "model", "model_answered",
    "kind", "input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens",
    "total_tokens", "cached", "reasoning", "test", "role", "status", "error", "streamed",
)  # fmt: skip
"""What a column can be mapped to. ``answer`` is the provider's id of its answer; ``cached`` and ``reasoning`` say
``inside`` or ``outside``: whether input includes cached tokens, output reasoning (inside, if nothing says)."""
_KINDS = ("chat", "completion", "embeddings", "image", "audio", "moderation", "rerank")
_ROLES = ("product", "judge", "set-up")
_TRUE = ("true", "1", "yes")


class MapError(ValueError):
    """A map of columns that cannot be: says why."""


def columns(given: tuple[str, ...]) -> dict[str, str]:
    """Field -> column, of ``field=column`` (or ``field==constant``). Raises MapError."""
    found: dict[str, str] = {}
    for one in given:
        field, equals, column = one.partition("=")
        if field not in FIELDS or not equals or not column:
            raise MapError(f"--map {one}: say FIELD=COLUMN or FIELD==CONSTANT; fields: {', '.join(FIELDS)}")
        found[field] = column
    for field in ("cached", "reasoning"):
        if found.get(field, "=inside") not in ("=inside", "=outside"):
            raise MapError(f"--map {field}: say {field}==inside or {field}==outside")
    return found


class Mapped(ModuleType):
    """The reader of a table whose columns are mapped."""

    KIND = "table"
    BY_LINE = True

    def __init__(self, columns: Mapping[str, str]) -> None:
        super().__init__("mapped")
        self._columns = columns

    def holds(self, document: Any) -> bool:
        """Whether a row has one of the columns."""
        return isinstance(document, dict) and any(
            not column.startswith("=") and _under(document, column) is not None for column in self._columns.values()
        )

    def read(self, documents: Iterator[Any]) -> Iterator[Entry]:
        """A call of every row."""
        for row in documents:
            if not self.holds(row):
                yield Skipped("row without any of the mapped columns")
                continue
            yield self._call({field: self._value(row, column) for field, column in self._columns.items()})

    def _value(self, row: Any, column: str) -> Any:
        return column[1:] if column.startswith("=") else _under(row, column)

    def _call(self, of: dict[str, Any]) -> Entry:
        counts = {
            field: _count(of.get(field))
            for field in FIELDS
            if field.endswith("_tokens")
        }  # fmt: skip
        if any(counts[field] is None and of.get(field) not in (None, "") for field in counts):
            return Skipped("row whose token count is no count")
        named, model = of_model(of.get("model")) if not of.get("provider") else ("unknown", text(of.get("model")))
        call = Call(id="", run="", model=model, model_answered=text(of.get("model_answered")), provider=named)
        if of.get("provider"):
            call.provider = provider(of["provider"])
        if text(of.get("host")):
            there = address(of["host"])
            call.host_class, call.region = there.host_class, there.region
            call.provider = there.provider if call.provider == "unknown" else call.provider
        call.kind = of["kind"] if of.get("kind") in _KINDS else "chat"
        call.role = of["role"] if of.get("role") in _ROLES else "product"
        call.test = text(of.get("test"))
        call.streamed = str(of.get("streamed")).lower() in _TRUE
        call.status = _count(of.get("status"))
        if of.get("error"):
            call.error = failure(of["error"])
        call.started_us = moment(of.get("started"))
        call.duration_us = (
            seconds(_number(of.get("duration_s")))
            or seconds(_number(of.get("duration_ms"))) // 1000
            or between(call.started_us, moment(of.get("ended")))
        )
        if call.kind in ("embeddings", "rerank", "moderation") and counts["output_tokens"] is None:
            counts["output_tokens"] = 0 if counts["input_tokens"] is not None else None
        usage = tokens.canonical(
            counts["input_tokens"], counts["output_tokens"], counts["cached_tokens"], counts["cache_write_tokens"],
            counts["reasoning_tokens"], counts["total_tokens"],
            cached_inside=of.get("cached") != "outside", reasoning_inside=of.get("reasoning") != "outside",
        )  # fmt: skip
        tokens.fill(call, usage)
        ids = [f"table:{of['id']}"] if of.get("id") not in (None, "") else []
        ids += [f"answer:{of['answer']}"] if of.get("answer") not in (None, "") else []
        return Seen(call, tuple(ids))


def _under(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column; of a nested field, by its path with dots."""
    if column in row:
        return row[column]
    found: Any = row
    for name in column.split("."):
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value


def _count(value: Any) -> int | None:
    return whole(_number(value)) if not isinstance(value, str) or not value.isdecimal() else whole(int(value[:17]))
