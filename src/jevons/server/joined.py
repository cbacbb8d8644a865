"""The head of an answer and the first of its body in one write, where both are here: a write takes long, and wakes the
client for nothing if it holds a head alone.

uvicorn writes each by itself. So its connection stands behind one that can hold writes back for a moment.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol


class Joined:
    """A transport that holds back what is written between `hold` and `release`."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def hold(self) -> None:
        """From now on, keep what is written. Whoever calls this calls `release` before waiting for anything."""
        self._held = self._held or []

    def release(self) -> None:
        """Write what was kept, at once, and go on as usual."""
        held, self._held = self._held, None
        if held:
            self._transport.write(b"".join(held))

    def close(self) -> None:
        self.release()
        self._transport.close()


answering: ContextVar[Joined] = ContextVar("answering")
"""The connection over which the request at hand came."""


class Protocol(H11Protocol):
    """uvicorn's HTTP over h11, on such transports."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._joined = Joined(cast(asyncio.Transport, transport))
        super().connection_made(cast(asyncio.Transport, self._joined))

    def data_received(self, data: bytes) -> None:
        answering.set(self._joined)  # the task that answers is made beneath
        super().data_received(data)
