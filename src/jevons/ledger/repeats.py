"""Requests that were asked before, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jevons.record import Call


def exact(calls: Iterable[Call], mode: str = "live") -> Iterator[Call]:
    """The successful calls of one mode whose exact request an earlier one of the same run had asked already.

    The first of its kind is no repeat; failed calls and other modes are left out (replays and mocks cost a model
    nothing, what was recorded is never added to what ran).
    """
    seen: set[tuple[str, str]] = set()
    for call in calls:
        if call.mode != mode or call.failed or not call.request_hash:
            continue
        asked = (call.run, call.request_hash)
        if asked in seen:
            yield call
        seen.add(asked)
