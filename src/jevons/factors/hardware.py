"""Hardware: embodied carbon, lifetimes, power of a busy core, coverage of power meters."""

from __future__ import annotations

from functools import lru_cache

from jevons.factors.table import Factor, factor, index
from jevons.factors.user import User


@lru_cache(maxsize=512)
def hardware(name: str, user: User | None = None) -> Factor:
    """A row of ``hardware.csv`` by name, or the user's in its place; KeyError names the rows there are."""
    table = index("hardware", "name")
    if name not in table:
        raise KeyError(f"no hardware {name!r}; there are {', '.join(table)}")
    of_user = user.find(name, ()) if user else None
    return of_user or factor(name, table[name], steps=("one row",))
