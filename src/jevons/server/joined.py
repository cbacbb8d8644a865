"""The head of an answer and what is here of its body in one write: each takes long, and wakes the client.

uvicorn writes them one after the other; its connection stands behind one that holds a head back until the body's first
piece comes, or the event loop has nothing else to do at the moment.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD = b"HTTP/1.1 "


class Joined:
    """A transport that joins an answer's head with what is written next in the same turn of the event loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write, but for a head that only just came. A piece of a body that looks like one waits a turn, too."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(_HEAD):
            self._held = data
            asyncio.get_running_loop().call_soon(self._flush)
            return
        self._transport.write(data)

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Write what is held, then as the transport does."""
        self._flush()
        self._transport.close()


class Protocol(H11Protocol):
    """uvicorn's HTTP over h11, on such a transport."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As the base."""
        super().connection_made(cast(asyncio.Transport, Joined(cast(asyncio.Transport, transport))))
