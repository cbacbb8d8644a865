"""One request passed on and its answer passed back, piece by piece as it comes, while a recorder looks on.

Bodies of requests are read whole first, up to a bound: their hash and model are facts of the call. Of answers, the
pieces of an AI call are held until it has ended, up to the same bound, and then let go. How long an answer may take is
the client's to say: when it leaves, the request ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter_ns, time_ns
from typing import Any

from jevons.capture.interceptor import Answer, Later
from jevons.capture.recorder import Exchange, Recorder, going_out, in_flight
from jevons.capture.scope import Scope
from jevons.cut.budget import BudgetExceeded
from jevons.cut.replay import ReplayMiss
from jevons.server.request import TOKEN, Header, RefusedError, Target, passed_on
from jevons.server.sending import Coming, Connections
from jevons.server.upstreams import Upstream

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SOURCE = "serve"
_OURS = frozenset({b"host", b"content-length", b"expect", TOKEN})
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
_WATCHED_S = 0.02
"""After so long a call is watched for its client's leaving: fast ones would wait for the watch to begin."""


class GoneError(Exception):
    """The client left before it was answered."""


class BrokenError(Exception):
    """The upstream's answer broke off: the client's must, too."""


class Proxy:
    """Passes requests on to upstreams; `most` bounds bodies, in bytes."""

    def __init__(self, recorder: Recorder, most: int) -> None:
        self._recorder = recorder
        self._most = most
        self._connections = Connections()

    async def serve(self, upstream: Upstream, target: Target, scope: Any, receive: Receive, send: Send) -> None:
        """Pass one request on. Raises RefusedError before anything was answered, BrokenError after."""
        body = await read(scope, receive, self._most)
        method, headers = scope["method"], [pair for pair in passed_on(scope["headers"]) if pair[0] not in _OURS]
        exchange: Exchange | None = None
        began = time_ns() // 1_000, perf_counter_ns()
        work, over = asyncio.current_task(), False

        def opened() -> Exchange | None:
            nonlocal exchange
            if exchange is None and (made := self._exchange(method, upstream, target, headers, body)) is not None:
                made.started_us, made.start_ns = began
                exchange = made
            return exchange

        def leave(_: object) -> None:
            if not over and work is not None:
                work.cancel()

        gone: asyncio.Future[Message] | None = None

        def watch() -> None:
            nonlocal gone
            gone = asyncio.ensure_future(receive())  # nothing comes any more but word that the client is gone
            gone.add_done_callback(leave)

        watching = asyncio.get_running_loop().call_later(_WATCHED_S, watch)
        try:
            if self._recorder.interceptor is not None:
                found = await self._asked(opened(), upstream, headers)
                if found is not None:
                    await _replay(found, exchange, send)
                    return
            sent = [(b"host", upstream.authority.encode()), *headers]
            if body or method not in _BODILESS:
                sent.append((b"content-length", b"%d" % len(body)))
            # What nobody asks before a request goes out is noted once it has: the upstream works meanwhile.
            sending = self._connections.send(upstream, method, target.path, sent, body, opened)
            await self._pass_back(sending, opened, send)
        except asyncio.CancelledError as error:
            if (left := opened()) is not None:
                left.fail(error) if left.status is None else left.finish()
            if gone is None or not gone.done():  # the server stops
                raise
        finally:
            over = True
            watching.cancel()
            if gone is not None:
                gone.cancel()

    def _exchange(
        self, method: str, upstream: Upstream, target: Target, headers: list[Header], body: bytes
    ) -> Exchange | None:
        exchange = self._recorder.open(SOURCE, method, upstream.host, target.path, port=upstream.port)
        if exchange is not None:
            exchange.request = body
            exchange.site = ("", 0, False)
            exchange.scope, exchange.phase = Scope(target.test, phase="call"), "call" if target.test else ""
            if self._recorder.failing:
                said = dict(headers).get(b"x-stainless-retry-count", b"")
                exchange.said_retry = said.decode("latin-1")
        return exchange

    async def _asked(self, exchange: Exchange | None, upstream: Upstream, headers: list[Header]) -> Answer | None:
        """What a recording answers in the upstream's place. Raises RefusedError where a call may not go out."""
        if exchange is None:
            return None
        in_flight.set(exchange)

        def named() -> dict[str, str]:
            return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}

        try:
            while isinstance(found := going_out(upstream.host, upstream.port, named), Later):
                await asyncio.sleep(found.seconds)
        except BudgetExceeded as error:
            raise RefusedError(403, "budget", str(error)) from None
        except ReplayMiss as error:
            raise RefusedError(403, "replay", str(error)) from None
        return found

    async def _pass_back(self, sending: Awaitable[Coming], opened: Callable[[], Exchange | None], send: Send) -> None:
        try:
            response = await sending
            exchange = opened()
        except Exception as error:
            if (exchange := opened()) is not None:
                exchange.fail(error)
            raise RefusedError(502, "upstream", f"the upstream did not answer ({type(error).__name__})") from None
        try:
            pieces = None if exchange is None else self._begun(exchange, response)
            await send(
                {"type": "http.response.start", "status": response.status, "headers": passed_on(response.headers)}
            )
            held = 0
            async for piece in response.pieces():
                if pieces is not None and exchange is not None:
                    pieces.append((perf_counter_ns(), piece))
                    held += len(piece)
                    if held > self._most:
                        pieces.clear()
                        pieces, exchange.error = None, "too_large"
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            if exchange is not None:  # after the end, which need not wait; before any other request is looked at
                _ended(exchange, response)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if exchange is not None:
                exchange.fail(error)
            raise BrokenError from None
        finally:
            response.close()

    def _begun(self, exchange: Exchange, response: Coming) -> list[tuple[int, bytes]] | None:
        """The head of an answer is here: the list for its pieces, or None of a redirect, which is no call."""
        exchange.status = response.status
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if 300 <= response.status < 400 and "location" in headers:
            exchange.drop()
            return None
        exchange.take_headers(headers)
        exchange.encoding = headers.get("content-encoding", "")
        return exchange.watch()


def _ended(exchange: Exchange, response: Coming) -> None:
    """An answer came whole: a document where its length was told, else a stream."""
    exchange.ended = True
    told = any(name.lower() == b"content-length" for name, _ in response.headers)
    if told and not exchange.encoding and not exchange.error and not exchange.done:
        exchange.finish(b"".join(piece for _, piece in exchange.pieces))
    else:
        exchange.finish()


async def _replay(answer: Answer, exchange: Exchange | None, send: Send) -> None:
    """Answer with what was recorded."""
    if exchange is not None:
        exchange.status = answer.status
        exchange.take_headers(dict(answer.headers))
        exchange.watch().extend((perf_counter_ns(), piece) for piece in answer.pieces)
        exchange.ended = True
        exchange.finish(answer.pieces[0] if len(answer.pieces) == 1 else None)
    headers = passed_on([(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers])
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for piece in answer.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def read(scope: Any, receive: Receive, most: int) -> bytes:
    """The body of a request. Raises RefusedError where it is larger than `most` bytes, GoneError."""
    told = int(next((value for name, value in scope["headers"] if name == b"content-length"), b"0"))
    parts: list[bytes] = []
    came, more = 0, True
    while more:
        if max(told, came) > most:
            raise RefusedError(413, "size", f"the body is larger than {most >> 20} MB: --max-mb allows more")
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        parts.append(message.get("body", b""))
        came += len(parts[-1])
        more = message.get("more_body", False) or came > most
    return b"".join(parts)
