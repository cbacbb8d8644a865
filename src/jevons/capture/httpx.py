"""Tap for httpx and its fork httpx2: ``Client.send`` and ``AsyncClient.send``.

Every request passes there, whatever answers it (the network, a recording, a mock).
A streamed body is seen by standing in for ``response.stream`` and passing its pieces on.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from jevons.capture import recorder
from jevons.capture.recorder import Exchange, covered, in_flight

_PROCESS_TRANSPORTS = frozenset({"ASGITransport", "WSGITransport", "_TestClientTransport"})


def tap(module: ModuleType) -> Callable[[], None]:
    """Tap `module` (httpx or httpx2). Returns the undo."""
    client, async_client = module.Client, module.AsyncClient
    send, async_send = client.send, async_client.send
    if hasattr(send, "_jevons"):  # httpx2 can stand in for httpx under its name
        return lambda: None
    tee, async_tee = _tees(module)
    source = module.__name__

    @wraps(send)
    def tapped(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _open(source, request)
        if exchange is None:
            return send(self, request, *args, **kwargs)
        token = in_flight.set(exchange)
        try:
            response = send(self, request, *args, **kwargs)
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            in_flight.reset(token)
        _answer(exchange, self, request, response, tee)
        return response

    @wraps(async_send)
    async def async_tapped(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _open(source, request)
        if exchange is None:
            return await async_send(self, request, *args, **kwargs)
        token = in_flight.set(exchange)
        try:
            response = await async_send(self, request, *args, **kwargs)
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            in_flight.reset(token)
        _answer(exchange, self, request, response, async_tee)
        return response

    tapped._jevons = async_tapped._jevons = True  # type: ignore[attr-defined]
    client.send, async_client.send = tapped, async_tapped

    def undo() -> None:
        if client.send is tapped:
            client.send = send
        if async_client.send is async_tapped:
            async_client.send = async_send

    return undo


def _open(source: str, request: Any) -> Exchange | None:
    taken = recorder.active
    if taken is None:
        return None
    try:
        url = request.url
        host, path = url.host, url.raw_path.decode("ascii", "replace")
        if covered(host, path):
            return None
        exchange = taken.open(source, request.method, host, path, port=url.port)
        if exchange is not None:
            exchange.request = _body(request)
            if taken.failing:
                exchange.said_retry = request.headers.get("x-stainless-retry-count", "")
        return exchange
    except Exception as error:
        taken.note_error(error)
        return None


def _answer(exchange: Exchange, client: Any, request: Any, response: Any, tee: Callable[..., Any]) -> None:
    try:
        exchange.status = response.status_code
        if exchange.mode == "live" and "network_stream" not in response.extensions:
            _tell_apart(exchange, client, request)
        exchange.take_headers(response.headers)
        if hasattr(response, "_content"):
            exchange.finish(response.content)
        else:
            exchange.encoding = response.headers.get("content-encoding", "")
            response.stream = tee(response.stream, exchange, exchange.watch())
    except Exception as error:
        exchange.recorder.note_error(error)


def _body(request: Any) -> bytes:
    try:
        return request.content  # type: ignore[no-any-return]
    except Exception:  # a body streamed out (a file upload) is gone: RequestNotRead
        return b""


def _tell_apart(exchange: Exchange, client: Any, request: Any) -> None:
    """No network stream: a transport that mocks, an app in this process, or some other transport."""
    names = {base.__name__ for base in type(client._transport_for_url(request.url)).__mro__}
    if "MockTransport" in names:
        exchange.mode = "mocked"
    elif not names.isdisjoint(_PROCESS_TRANSPORTS):
        exchange.mode = "mocked"  # an app stands in for the provider; what it asks itself is seen on its own


def _tees(module: Any) -> tuple[type[Any], type[Any]]:
    """Stand-ins for a response's stream, subclasses of what `module` insists on."""
    now = time.perf_counter_ns

    class Tee(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Any, exchange: Exchange, pieces: list[tuple[int, bytes]]) -> None:
            self._stream = stream
            self._exchange = exchange
            self._keep = pieces.append

        def __getattr__(self, name: str) -> Any:
            return getattr(self._stream, name)

        def __iter__(self) -> Iterator[bytes]:
            keep = self._keep
            try:
                for piece in self._stream:
                    keep((now(), piece))
                    yield piece
                self._exchange.ended = True
            except GeneratorExit:
                raise
            except BaseException as error:
                self._exchange.fail(error)
                raise

        def close(self) -> None:
            try:
                self._stream.close()
            finally:
                self._exchange.finish()

    class AsyncTee(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Any, exchange: Exchange, pieces: list[tuple[int, bytes]]) -> None:
            self._stream = stream
            self._exchange = exchange
            self._keep = pieces.append

        def __getattr__(self, name: str) -> Any:
            return getattr(self._stream, name)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            keep = self._keep
            try:
                async for piece in self._stream:
                    keep((now(), piece))
                    yield piece
                self._exchange.ended = True
            except GeneratorExit:
                raise
            except BaseException as error:
                self._exchange.fail(error)
                raise

        async def aclose(self) -> None:
            try:
                await self._stream.aclose()
            finally:
                self._exchange.finish()

    return Tee, AsyncTee
