"""From the bytes of a file to its records: the format is known by what the file holds."""

from __future__ import annotations

import json as standard_json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
import yaml

from jevons.sources import agents, bodies, ddapm, har, langchain, llama_stack, nock, vcr, yaml_text
from jevons.sources.exchange import Broken, Record, UnreadableError

FORMATS: tuple[ModuleType, ...] = (llama_stack, ddapm, nock, har, langchain, vcr, agents)
"""The more particular first. Each has ``holds(document)``, ``read(document)`` and perhaps ``test(document)``."""

HEAD = 16 << 10
"""Bytes at the start of a file that show whether it may be a recording."""

_YAML = re.compile(rb"^(?:- request:|(?:interactions|http_interactions|requests|messages)[ \t]*:)", re.MULTILINE)
_SURE = re.compile(rb"^(?:- request:|(?:interactions|http_interactions)[ \t]*:)", re.MULTILINE)
_JSON = re.compile(rb'"(?:interactions|http_interactions|is_streaming|scope|entries|request)"\s*:')
_SPACE = b"\xef\xbb\xbf \t\r\n"


def may_be(head: bytes) -> bool:
    """Whether a file that begins so may be a recording."""
    return head.startswith(bodies.GZIP) or is_json(head) or _YAML.search(head) is not None


def is_json(head: bytes) -> bool:
    """Whether this begins like a JSON object or array."""
    return head.lstrip(_SPACE)[:1] in (b"{", b"[")


def is_binary(head: bytes) -> bool:
    """Whether this is no text."""
    return b"\0" in head


def records(data: bytes, limit: int) -> tuple[str, Iterator[Record]] | None:
    """The test that the recording itself names (or "") and its records; None for a file that is no recording.

    Raises UnreadableError for a recording that cannot be read.
    """
    if data.startswith(bodies.GZIP):
        data = bodies.gunzip(data, limit)
    if is_binary(data[:HEAD]):
        return None
    if is_json(data[:HEAD]):
        if not _JSON.search(data):
            return None
        return _read(_json(data))
    if not _YAML.search(data[: 4 * HEAD]):
        return None
    return _read_yaml(data)


def _read(document: Any, lost: Broken | None = None) -> tuple[str, Iterator[Record]] | None:
    for module in FORMATS:
        if module.holds(document):
            test = getattr(module, "test", None)
            return (test(document) if test else ""), _each(module, document, lost)
    return None


def _each(module: ModuleType, document: Any, lost: Broken | None) -> Iterator[Record]:
    yield from module.read(document)
    if lost is not None:
        yield lost


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # also takes NaN, a byte order mark and lone surrogates, which other languages write
        return standard_json.loads(data)
    except RecursionError:
        raise UnreadableError("is nested too deeply: record it anew") from None
    except ValueError as error:
        raise UnreadableError(f"is no valid JSON ({error}): record it anew or mend it") from None


def _read_yaml(data: bytes) -> tuple[str, Iterator[Record]] | None:
    try:
        return _read(_yaml(data))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if not _SURE.search(data):
            return None  # some other YAML
        line, reason = _where(error)
    # What precedes the record that breaks is sound: read that.
    before = b"".join(data.splitlines(keepends=True)[: max(line - 1, 0)]) if line else data
    for _ in range(2):
        before = before[: max(before.rfind(b"\n- ") + 1, 0)]
        try:
            document = _yaml(before)
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        found = document if isinstance(document, list) else next(iter(_lists(document)), [])
        lost = Broken(len(found), f"and what follows it: no valid YAML ({reason}): record it anew")
        return _read(document, lost) or ("", iter([lost]))
    raise UnreadableError(f"is no valid YAML ({reason}): record it anew or mend it")


def _lists(document: Any) -> Iterator[list[Any]]:
    if isinstance(document, dict):
        yield from (value for value in document.values() if isinstance(value, list))


def _yaml(data: bytes) -> Any:
    return yaml_text.load(data)


def _where(error: Exception) -> tuple[int, str]:
    """Line of the error (from 1; 0 where unknown) and what it is, in one line without the file's text."""
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or error or type(error).__name__
    if isinstance(error, RecursionError):
        what = "nested too deeply"
    what = " ".join(str(what).split())[:100]
    return (mark.line + 1, f"line {mark.line + 1}: {what}") if mark else (0, what)
