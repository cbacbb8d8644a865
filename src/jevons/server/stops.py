"""What may stop or answer a call before it goes out: the run's caps, and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from jevons.capture.interceptor import Chain, Interceptor
from jevons.cut.budget import Guard, Plan, guard
from jevons.cut.cap_flags import caps
from jevons.cut.replay import Replay
from jevons.cut.replay.asked import plan, said
from jevons.cut.shared_count import SharedCount
from jevons.ledger.home import Home
from jevons.settings import Settings


class Stops:
    """The guard and the replay of one run of the server; `interceptor` is None where nothing is asked for."""

    def __init__(self, settings: Settings, root: Path, home: Home, run: str, budget: Sequence[str], mode: str) -> None:
        self._most_mb = settings.replay.max_mb
        self._count: SharedCount | None = None
        self._guard: Guard | None = None
        self._replay: Replay | None = None
        mode = mode or settings.replay.mode
        if mode not in ("", "off"):
            self._replay = Replay(plan(settings.replay, mode, root, home.path))
        found = caps(settings, root, budget, "--budget")
        if found:
            file = home.path / f"{run}.budget"
            with suppress(OSError):  # the count says so
                home.make()
            self._count = SharedCount.create(file)
            self._guard = guard(Plan(found, str(file)), self._count, settings, root)
        links: list[Interceptor] = [link for link in (self._replay, self._guard) if link is not None]
        self.interceptor: Interceptor | None = Chain(*links) if links else None

    def end(self) -> list[str]:
        """Lines about what they did; lets go of the count."""
        lines = []
        if self._replay is not None:
            lines += said(self._replay.done, self._replay.plan.mode, self._replay.store, self._most_mb)
        if self._guard is not None and self._count is not None:
            lines += [f"budget: {line}" for line in self._guard.said()]
            if self._count.alone:
                lines.append(f"budget: the count could not be kept in a file ({self._count.alone})")
            self._count.close(remove=True)
        return lines
