"""What the machine counts while a command runs: energy where counters can be read, processor time of the command."""

from __future__ import annotations

import time

from jevons.capture.meter import Counter, nvml, rapl, unread_card
from jevons.capture.process import Tree, ended_s
from jevons.record import Machine


class Watch:
    """Counts from the moment it is made. `follow` names the process, `read` looks, `end` looks last.

    A counter of a processor starts again after some minutes of full load: `read` more often than that.
    """

    def __init__(self) -> None:
        self._processors, self._cards = _Joules(rapl()), _Joules(nvml())
        self._hidden = unread_card(self._cards.count > 0)
        self._start = time.monotonic()
        self._ended_s = ended_s()
        self._tree: Tree | None = None

    def follow(self, pid: int) -> None:
        """The process whose processor time counts, with all that it starts."""
        if self._tree is None:
            self._tree = Tree(pid)

    def read(self) -> Machine:
        """So far."""
        return self._made(self._tree.cpu_s() if self._tree else None)

    def end(self) -> Machine:
        """In all; once the process has been waited for.

        What lived and ended between two looks is in it then, if who started it waited for it (getrusage(2)).
        """
        now = ended_s()
        counted = now - self._ended_s if now is not None and self._ended_s is not None else None
        looked = self._tree.cpu_s() if self._tree else None
        return self._made(max((value for value in (looked, counted) if value is not None), default=None))

    def _made(self, cpu_s: float | None) -> Machine:
        return Machine(
            duration_us=round((time.monotonic() - self._start) * 1e6),
            processors=self._processors.count,
            cards=self._cards.count,
            processor_mj=self._processors.mj(),
            card_mj=self._cards.mj(),
            cpu_us=None if cpu_s is None else round(cpu_s * 1e6),
            unread_card=self._hidden,
        )


class _Joules:
    """The sum of some counters since it was made."""

    def __init__(self, counters: list[Counter]) -> None:
        self._counters = counters
        self._joules = 0.0
        self._last = self._values()

    @property
    def count(self) -> int:
        return len(self._counters)

    def mj(self) -> int | None:
        values = self._values()
        if not self._counters:
            return None
        self._joules += sum(map(Counter.grown, self._counters, self._last, values))
        self._last = values
        return round(self._joules * 1e3)

    def _values(self) -> list[float]:
        try:
            return [counter.read() for counter in self._counters]
        except Exception:  # gone while it was watched (a driver that was unloaded): what it would say now is unknown
            self._counters = []
            return []
