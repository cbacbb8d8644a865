"""Who is asked about calls before they leave this process: budgets, replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from jevons.capture.recorder import Exchange
    from jevons.record import Call


class Answer(msgspec.Struct, frozen=True):
    """A response that is given in a server's place."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """None that tells how a body travels: no encoding, no length."""
    pieces: tuple[bytes, ...]
    """The body as it arrives, piece by piece, with nothing to decode."""


class Later(msgspec.Struct, frozen=True):
    """Somebody else is asking the same: ask again in a moment."""

    seconds: float


Asked = Answer | Later | None
"""None: let it go out."""


class Interceptor(Protocol):
    """Asked whether calls may go, and told how they end."""

    def before(self, exchange: Exchange) -> Asked:
        """`exchange` is about to be sent. To stop it, raise a BaseException that is no Exception: clients try again
        after those, and hide them in their own."""

    def finished(self, exchange: Exchange, call: Call) -> None:
        """An exchange that went out is over: its answer, if one came, stands in it, and what was read there in `call`,
        which says ``cut`` of a stream that lacks its end, whoever ended it."""

    def after(self, call: Call, out: bool) -> None:
        """`call` was made of a finished exchange, and the sink has it; `out`: it went out."""

    def dropped(self, exchange: Exchange) -> None:
        """An exchange that went out was no call after all: a redirect, which another follows. Also one that another
        interceptor stopped."""


class Chain:
    """Interceptors asked one after the other: the first that answers, or stops a call, decides."""

    def __init__(self, *links: Interceptor) -> None:
        self._links = links

    def before(self, exchange: Exchange) -> Asked:
        """What the first link says that says anything."""
        __tracebackhide__ = True
        for number, link in enumerate(self._links):
            try:
                found = link.before(exchange)
            except BaseException:
                for asked in self._links[:number]:
                    asked.dropped(exchange)
                raise
            if found is not None:
                return found
        return None

    def finished(self, exchange: Exchange, call: Call) -> None:
        """Tell all."""
        for link in self._links:
            link.finished(exchange, call)

    def after(self, call: Call, out: bool) -> None:
        """Tell all."""
        for link in self._links:
            link.after(call, out)

    def dropped(self, exchange: Exchange) -> None:
        """Tell all."""
        for link in self._links:
            link.dropped(exchange)
