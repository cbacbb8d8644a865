"""HTTP/1.1 to upstreams, over connections that are kept: head and body in one write, an answer as it comes.

Its own, over h11, because a call that goes through may take a millisecond longer at most, and clients made for more
take half of that. So it follows no redirect, keeps no cookie, tries nothing twice and reads no proxy from the
environment. A kept connection that anything comes over while nothing was asked is closed: it would be taken for the
answer to the next request.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import cast

import certifi
import h11

from jevons.server.request import Header
from jevons.server.upstreams import Upstream

_CONNECT_S = 10.0
_IDLE_S = 15.0
_IDLE_MOST = 256
_HEAD_MOST = 100 << 10
_AHEAD = 256 << 10
"""Bytes of an answer that may wait here for a client that reads slowly."""


class ConnectError(OSError):
    """No connection came about: nothing was sent."""


class Connections:
    """Connections to upstreams; one event loop's."""

    def __init__(self) -> None:
        self._tls = ssl.create_default_context()
        self._tls.load_verify_locations(certifi.where())
        self._idle: defaultdict[str, list[_Connection]] = defaultdict(list)

    async def send(
        self, to: Upstream, method: str, target: str, headers: list[Header], body: bytes, sent: Callable[[], object]
    ) -> Coming:
        """The head of the answer to a request; `sent` is called when that is on its way.

        Raises ConnectError, h11.RemoteProtocolError.
        """
        connection = self._kept(to.name) or await self._made(to)
        try:
            machine = connection.machine
            head = machine.send(h11.Request(method=method, target=target.encode("ascii"), headers=headers))
            data = machine.send(h11.Data(data=body)) if body else b""
            end = machine.send(h11.EndOfMessage())
            connection.transport.write((head or b"") + (data or b"") + (end or b""))
            sent()
            await connection.more()
            while True:
                event = machine.next_event()
                if event is h11.NEED_DATA:
                    await connection.more()
                elif isinstance(event, h11.Response):
                    return Coming(self, to.name, connection, event)
                elif not isinstance(event, h11.InformationalResponse):
                    raise h11.RemoteProtocolError("no answer came")
        except BaseException:
            connection.transport.abort()
            raise

    def _kept(self, name: str) -> _Connection | None:
        idle = self._idle[name]
        while idle:
            found = idle.pop()
            if not found.over and time.monotonic() - found.idle_since < _IDLE_S:
                found.idle_since = 0.0
                return found
            found.transport.abort()
        return None

    async def _made(self, to: Upstream) -> _Connection:
        secure = to.scheme == b"https"
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, made = await asyncio.get_running_loop().create_connection(
                    _Connection,
                    to.host,
                    to.port or (443 if secure else 80),
                    ssl=self._tls if secure else None,
                    happy_eyeballs_delay=0.25,
                )
        except OSError as error:  # TimeoutError and ssl.SSLError are such, too
            raise ConnectError from error
        return made

    def take_back(self, name: str, connection: _Connection) -> None:
        """A connection over which all was said: keep it if it may be used again."""
        machine, idle = connection.machine, self._idle[name]
        done = machine.our_state is h11.DONE and machine.their_state is h11.DONE
        if not done or connection.over or connection.came or machine.trailing_data[0] or len(idle) >= _IDLE_MOST:
            connection.transport.abort() if not done else connection.transport.close()
            return
        machine.start_next_cycle()
        connection.idle_since = time.monotonic()
        idle.append(connection)


class Coming:
    """An answer whose head is here."""

    def __init__(self, home: Connections, name: str, connection: _Connection, head: h11.Response) -> None:
        self.status = head.status_code
        self.headers: list[Header] = [(bytes(name), bytes(value)) for name, value in head.headers]
        self._home, self._name, self._connection = home, name, connection

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its body, as it comes. Raises h11.RemoteProtocolError where it breaks off."""
        machine, ended = self._connection.machine, False
        while not ended:
            here: list[bytes] = []
            room = 1  # the first goes on at once; of what is here already, ever more together
            while (event := machine.next_event()) is not h11.NEED_DATA:
                if not isinstance(event, h11.Data):
                    ended = True
                    break
                here.append(bytes(event.data))
                if len(here) >= room:
                    yield b"".join(here)
                    here.clear()
                    room *= 2
            if here:
                yield b"".join(here)
            if not ended:
                await self._connection.more()

    def close(self) -> None:
        """Let go of the connection, which is kept if all was read."""
        self._home.take_back(self._name, self._connection)


class _Connection(asyncio.Protocol):
    """One connection: what came over it and was not read yet."""

    def __init__(self) -> None:
        self.machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MOST)
        self.transport: asyncio.Transport = cast(asyncio.Transport, None)
        self.came = bytearray()
        self.over = False
        """Whether the other side ended it."""
        self.idle_since = 0.0
        """When it was last used, while nothing is asked over it; else 0."""
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.idle_since:
            self.over = True
            self.transport.abort()
            return
        self.came += data
        if len(self.came) > _AHEAD and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over = True
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def more(self) -> None:
        """Give the parser what came, or word that no more will."""
        if not self.came and not self.over:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        data = bytes(self.came)
        self.came.clear()
        if self._paused and not self.over:
            self._paused = False
            self.transport.resume_reading()
        self.machine.receive_data(data)
