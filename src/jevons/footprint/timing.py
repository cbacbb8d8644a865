"""Serving states: what the pooled timings of streams say of a server.

The state of a (provider, model, place, month) is estimated once, from the timings of all its streams pooled: never from
one call, one test or one cell, as inverting a latency call by call is biased up to eightfold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jevons.ledger.cells import Cell, Key

GENERATION = frozenset({"chat", "completion"})
"""Kinds of calls that write text token by token."""
LOCAL = frozenset({"loopback", "process"})
"""Classes of hosts that are one's own machine."""
ENOUGH = 20
"""Timed calls of a serving from which its latency is taken as it is; below, it is drawn to the prior."""


class State(NamedTuple):
    """Pooled timings of one serving: integers, so that they add up exactly."""

    calls: int = 0
    tokens: int = 0
    """Visible tokens after the first of each stream."""
    decode_us: int = 0

    @property
    def latency_s(self) -> float | None:
        """Mean seconds between two tokens; None where nothing was timed."""
        return self.decode_us * 1e-6 / self.tokens if self.tokens and self.decode_us else None

    @property
    def weight(self) -> float:
        """How far the latency counts against the prior, 0 to 1."""
        return min(self.calls / ENOUGH, 1.0) if self.latency_s else 0.0


class Served(NamedTuple):
    """What calls share a serving: one provider's one model, at one place, in one month."""

    provider: str
    model: str
    place: str
    month: str


States = Mapping[Served, State]


def served(key: Key, held: bool = False) -> Served:
    """The serving behind a physics key; `held`: taken for the same in every month, as comparisons do."""
    return Served(key.provider, key.model, key.place, "" if held else key.period[: len("2026-11")])


def states(cells: Iterable[Cell], held: bool = False) -> States:
    """Serving states of live cells (see `served`). Keep those of a whole ledger to price its parts alike."""
    pooled: dict[Served, State] = {}
    for cell in cells:
        key, sums = cell.key, cell.sums
        if key.mode == "live" and key.kind in GENERATION and key.host_class not in LOCAL and sums.timed_calls:
            at = served(key, held)
            had = pooled.get(at, State())
            made = (sums.timed_calls, sums.timed_output, sums.decode_us)
            pooled[at] = State(*(one + more for one, more in zip(had, made, strict=True)))
    return pooled
