"""Asked live although a recording of the project holds the answer: recorded again, unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import RECORDING, Store


def find(store: Store) -> Iterator[Found]:
    """Live calls whose exact request is in what `jevons scan` found (hashes with the same secret)."""
    if store.mode == "recorded":  # there it is an exact repeat "in another recording"
        return
    recordings = f"SELECT hash(request_hash) FROM calls WHERE part = '{RECORDING}' AND ok AND request_hash <> ''"  # noqa: S608
    query = f"SELECT n FROM target WHERE ok AND request_hash <> '' AND hash(request_hash) IN ({recordings})"  # noqa: S608
    if store.mark("recorded", query):
        yield Found(
            kind="recorded",
            what="asked live, word for word as in a recording of these tests",
            do=["pytest --record-mode=none (vcrpy, pytest-recording): the recording answers"],
            why="a recording ages: a changed model is not noticed",
        )
