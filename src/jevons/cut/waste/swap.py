"""Which model takes less for the same tokens."""

from __future__ import annotations

from collections.abc import Iterable

from jevons.footprint import Overrides
from jevons.footprint.account import account
from jevons.ledger.cells import Cell, Key, Sums


def energy_wh(key: Key, sums: Sums, overrides: Overrides | None = None) -> float:
    """Central energy of calls if the model of `key` answered them; 0 where nothing is known."""
    (made,) = account([Cell(key, (), sums)], overrides=overrides, timings={})
    return made.figures.amount("energy_wh")


def least(keys: Iterable[Key], sums: Sums, below_wh: float, overrides: Overrides | None = None) -> Key | None:
    """Of some models the one that takes least for these tokens, if that is less than `below_wh`."""
    found = [(energy_wh(key, sums, overrides), key) for key in keys]
    known = [pair for pair in found if 0 < pair[0] < below_wh]
    return min(known)[1] if known else None
