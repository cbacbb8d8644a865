"""Hardware: embodied carbon, lifetimes, power of a busy core, coverage of power meters."""

from __future__ import annotations

from functools import lru_cache

from jevons.factors.table import Factor, factor, index


@lru_cache(maxsize=64)
def hardware(name: str) -> Factor:
    """A row of ``hardware.csv`` by name; KeyError names the rows there are."""
    table = index("hardware", "name")
    if name not in table:
        raise KeyError(f"no hardware {name!r}; there are {', '.join(table)}")
    return factor(name, table[name], steps=("one row",))
