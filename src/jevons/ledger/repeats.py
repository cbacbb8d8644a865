"""Requests that were asked before, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jevons.record import Call


def exact(calls: Iterable[Call]) -> Iterator[Call]:
    """The live, successful calls whose exact request an earlier one of the same run had asked already.

    The first of its kind is no repeat; failed calls, replays and mocks are left out, for they cost a model nothing.
    """
    seen: set[tuple[str, str]] = set()
    for call in calls:
        if call.mode != "live" or call.failed or not call.request_hash:
            continue
        asked = (call.run, call.request_hash)
        if asked in seen:
            yield call
        seen.add(asked)
