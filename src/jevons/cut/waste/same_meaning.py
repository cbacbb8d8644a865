"""Same-meaning repeats beyond exact ones: only fields that do not change what the model is asked differ."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store


def find(store: Store) -> Iterator[Found]:
    """Calls with the meaning of an earlier one, and another request. `asked.find` comes first."""
    if store.mark("same-meaning", "SELECT n FROM asked WHERE meaning AND NOT exact"):
        yield Found(
            kind="same-meaning",
            what="asked before in the same words, with other transport fields (stream, user, metadata, host ...)",
            do=["send them alike, then @pytest.mark.jevons_replay answers all but the first"],
            why="a test of streaming needs its stream: align only what the test is not about",
        )
