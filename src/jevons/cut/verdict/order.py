"""The order in which items are tried: drawn from their names and a seed, before there is any result.

By SHA-256, so it is the same on every machine and version of Python, and does not hang on how the list was sorted.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping


def draw(names: Iterable[str], seed: int) -> list[str]:
    """The names in a random order. ValueError if one stands there twice: it would be tried once."""
    found = list(names)
    if len(set(found)) < len(found):
        raise ValueError(f"named twice: {Counter(found).most_common(1)[0][0]}")
    return sorted(found, key=lambda name: _rank(name, seed))


def interleave(names: Iterable[str], strata: Mapping[str, str], seed: int) -> list[str]:
    """In a random order within each stratum, and every stretch with its part of every stratum."""
    by: defaultdict[str, list[str]] = defaultdict(list)
    for name in draw(names, seed):
        by[strata[name]].append(name)
    at = {name: (place + 0.5) / len(among) for among in by.values() for place, name in enumerate(among)}
    return sorted(at, key=lambda name: (at[name], _rank(name, seed)))


def _rank(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogatepass")).digest()
