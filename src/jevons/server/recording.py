"""What one run of the server records, and where: the run, its calls, what may stop or answer them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from jevons.capture.recorder import Recorder
from jevons.capture.site import Site
from jevons.ledger.home import Home
from jevons.ledger.imports import As
from jevons.ledger.spool import Spool
from jevons.record import Call, Machine, Run
from jevons.server.app import App
from jevons.server.listening import Listening
from jevons.server.proxy import Proxy
from jevons.server.request import Gate
from jevons.server.stops import Stops
from jevons.server.traces import Kept, Traces
from jevons.server.upstreams import Upstream
from jevons.settings import Settings
from jevons.sources.names import masked


class Asked(NamedTuple):
    """How to serve."""

    upstreams: Mapping[str, Upstream]
    token: str = ""
    most: int = 64 << 20
    """Bytes of the largest body."""
    budget: Sequence[str] = ()
    """Caps on the run, as `jevons.cut.cap_flags.parsed` reads them."""
    replay: str = ""
    """One of `jevons.settings.REPLAY_MODES`; empty: as the settings say."""


class Recording:
    """The server of one run. `start` it, and `end` it: what it saw is on the disk then."""

    def __init__(self, run: Run, root: Path, settings: Settings, home: Home, asked: Asked) -> None:
        self.run = run
        self.calls = 0
        self._spool = Spool(home, run.id)
        self.notes: list[str] = []
        """What budget and replay did, once it has ended."""
        self._stops = Stops(settings, root, home, run.id, asked.budget, asked.replay)
        secret, full = home.secret(), settings.ids == "full"
        self.recorder = Recorder(
            self._take, run=run.id, site=Site(root), secret=secret, interceptor=self._stops.interceptor
        )
        self.recorder.batch = 1  # whoever ends this process by a signal leaves no time to hand over
        named: Callable[[str], str] = lru_cache(4096)(lambda name: masked(name, secret, full))
        self.proxy = Proxy(self.recorder, asked.most)
        how = As(f"serve-{run.id}", "otlp", run.project, secret, full)
        self.traces = Traces(Kept(home, how), asked.most)
        self.app = App(Gate(asked.upstreams, asked.token, named), self.proxy, self.traces)
        self._listening: Listening | None = None

    def _take(self, call: Call) -> None:
        self.calls += 1
        self._spool(call)

    def counted(self, machine: Machine) -> None:
        """Note what the machine counted so far."""
        self.run = msgspec.structs.replace(self.run, machine=machine)
        self._spool(self.run)

    def start(self, listener: socket.socket) -> None:
        """Serve. Raises RuntimeError where that is impossible."""
        self._spool(self.run)
        self._listening = Listening(self.app, listener)
        self._listening.start()

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._listening is not None and self._listening.alive

    def end(self) -> None:
        """Stop serving; the ledger is whole when this returns."""
        if self._listening is not None:
            self._listening.stop()
        self.recorder.flush()
        self.notes = self._stops.end()
        lost = {"lost": self._spool.lost, "lost_reason": self._spool.lost_reason}
        self.run = msgspec.structs.replace(self.run, ended_us=time.time_ns() // 1_000, **lost)
        self._spool(self.run)
        self._spool.close(sync=True)
