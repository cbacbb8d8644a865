"""Tries that failed and were made again by the client."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store

_REMEDY = {
    "http_429": "fewer calls at once: pytest -n with fewer workers, or a client with a rate limit",
    "cut": "ask for less at a time (max_tokens): streams are cut short",
}


def find(store: Store) -> Iterator[Found]:
    """Failed calls whose request was tried again; others may be what their test is about."""
    again = "SELECT turn, request_hash FROM target WHERE retry > 0 AND request_hash <> ''"
    query = f"SELECT n FROM target SEMI JOIN ({again}) AS again USING (turn, request_hash) WHERE NOT ok"  # noqa: S608
    if not store.mark("retries", query):
        return
    errors = store.rows(
        f"SELECT error, count(*) FROM ({query}) JOIN target USING (n) GROUP BY error ORDER BY 2 DESC, 1"  # noqa: S608
    )
    yield Found(
        kind="retries",
        what=f"failed and tried again: {', '.join(f'{count:,} {error}' for error, count in errors[:4])}",
        do=[_REMEDY.get(errors[0][0], "a longer timeout, or a look at why the server fails")],
        why="the tries that succeed stay",
    )
