"""What a program reads of an answer, noted as it reads it: for stacks whose response is an object to read from."""

from __future__ import annotations

import time
from typing import Any

from jevons.capture.recorder import Exchange

_now = time.perf_counter_ns


class Follower:
    """Stands in a response's attributes, and ends the exchange at the latest when the response goes.

    Nothing here raises. A response refers to its follower, never the other way round: what the program
    drops is freed as early as without us.
    """

    __slots__ = ("_keep", "busy", "exchange")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._keep = exchange.watch().append
        self.busy = False
        """Whether a method of the response is at work, so that what it calls in turn is not noted twice."""

    def piece(self, data: Any) -> None:
        """The program got these bytes."""
        if data:
            self._keep((_now(), bytes(data)))

    def end(self) -> None:
        """There is no more to read."""
        self.exchange.ended = True
        self.exchange.finish()

    def leave(self) -> None:
        """The program lets go of the answer, read to its end or not."""
        self.exchange.finish()

    def fail(self, error: BaseException) -> None:
        """The answer broke."""
        self.exchange.fail(error)

    def __del__(self) -> None:
        self.exchange.finish()
