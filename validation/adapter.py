"""How a case of published results finds the product's functions: by theme, and by what the names of its inputs say.

An adapter `needs` some kinds of figures (`case_names`), it `may` have others, and has no use for any more. It holds no
formula: it maps names and units onto arguments, and gives figures by (kind, label) in base units, or by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from case_names import Given

CASES = Path(__file__).resolve().parents[2] / "shared" / "data" / "papers" / "cases.json"
Results = dict[Any, Any]
Function = Callable[[Given], Results]


class Adapter(NamedTuple):
    """A function and what it is chosen by."""

    themes: frozenset[int]
    needs: frozenset[str]
    may: frozenset[str]
    function: Function


class Either(NamedTuple):
    """Papers print one or the other under the same name."""

    it: float
    facility: float


class Holds(NamedTuple):
    """A printed table against what the product says of it."""

    holds: bool
    note: str


class PendingError(Exception):
    """Nothing of the product says anything of this yet."""


ADAPTERS: list[Adapter] = []


def adapter(*themes: int, needs: str, may: str = "") -> Callable[[Function], Function]:
    """Register; `needs` and `may` are kinds, separated by commas; ``*`` in a kind is anything."""

    def register(function: Function) -> Function:
        kinds = [frozenset(kind.strip() for kind in text.split(",") if kind.strip()) for text in (needs, may)]
        ADAPTERS.append(Adapter(frozenset(themes), *kinds, function))
        return function

    return register


def choose(theme: int, given: Given) -> Function | None:
    """The first adapter whose needs are all there, and that has use for all there is."""
    for one in ADAPTERS:
        known = one.needs | one.may
        if (
            theme in one.themes
            and all(any(_fits(kind, pattern) for kind in given.kinds) for pattern in one.needs)
            and all(any(_fits(kind, pattern) for pattern in known) for kind in given.kinds)
        ):
            return one.function
    return None


def _fits(kind: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), kind) is not None
