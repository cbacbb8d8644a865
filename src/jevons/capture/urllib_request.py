"""Tap for the standard library's ``urllib.request``: ``OpenerDirector.open``, where every opener and urlopen pass."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from jevons.capture import recorder
from jevons.capture.follow import Follower
from jevons.capture.recorder import Exchange, covered, in_flight
from jevons.capture.urllib3 import sent


def tap(module: ModuleType) -> Callable[[], None]:
    """Tap ``urllib.request``. Returns the undo."""
    director = module.OpenerDirector
    open_ = director.open

    @wraps(open_)
    def tapped(self: Any, fullurl: Any, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        exchange = _open(fullurl, data)
        if exchange is None:
            return open_(self, fullurl, data, *args, **kwargs)
        token = in_flight.set(exchange)
        try:
            response = open_(self, fullurl, data, *args, **kwargs)
        except BaseException as error:
            _fail(exchange, error)
            raise
        finally:
            in_flight.reset(token)
        _answer(exchange, response)
        return response

    director.open = tapped

    def undo() -> None:
        if director.open is tapped:
            director.open = open_

    return undo


def _open(request: Any, data: Any) -> Exchange | None:
    taken = recorder.active
    if taken is None:
        return None
    try:
        if isinstance(request, str):
            method, url, body = ("GET" if data is None else "POST"), request, data
        else:
            # As `open` will have it: data given here goes into the request.
            body = request.data if data is None else data
            method = getattr(request, "method", None) or ("GET" if body is None else "POST")
            url = request.full_url
        if method != "POST":
            return None
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        host = parts.hostname or ""
        if covered(host, path):
            return None
        exchange = taken.open("urllib", method, host, path, port=parts.port)
        if exchange is not None:
            exchange.request = sent(body)
        return exchange
    except Exception as error:
        taken.note_error(error)
        return None


def _fail(exchange: Exchange, error: BaseException) -> None:
    status = getattr(error, "code", None)  # an HTTPError: the server answered so
    if isinstance(status, int):
        exchange.status = status
        exchange.finish()
    else:
        reason = getattr(error, "reason", None)  # of a URLError
        exchange.fail(reason if isinstance(reason, BaseException) else error)


def _answer(exchange: Exchange, response: Any) -> None:
    try:
        exchange.status = response.status
        exchange.take_headers(response.headers)
        if hasattr(response, "recorded_response"):  # vcrpy's: reading it says nothing of a network
            exchange.finish(response.recorded_response["body"]["string"])
        elif isinstance(response, http.client.HTTPResponse):
            exchange.encoding = response.headers.get("content-encoding", "")
            follower = Follower(exchange)
            response.__class__ = _followed(response.__class__)
            response._jevons = follower  # type: ignore[attr-defined]
        else:  # what some handler made up
            exchange.finish()
    except Exception as error:
        exchange.recorder.note_error(error)


@cache
def _followed(kind: Any) -> type:
    return type(kind.__name__, (_Reads, kind), {"__slots__": (), "__module__": kind.__module__})


class _Reads:
    """The reading methods of a response, noting what they return. Iteration goes through ``readline``."""

    __slots__ = ()
    _jevons: Follower

    def read(self, *args: Any) -> Any:
        return _read(self, super().read, args)  # type: ignore[misc]

    def read1(self, *args: Any) -> Any:
        return _read(self, super().read1, args)  # type: ignore[misc]

    def readline(self, *args: Any) -> Any:
        return _read(self, super().readline, args)  # type: ignore[misc]

    def readinto(self, buffer: Any) -> Any:
        return _read(self, super().readinto, (buffer,), buffer)  # type: ignore[misc]

    def close(self) -> None:
        try:
            super().close()  # type: ignore[misc]
        finally:
            if not self._jevons.busy:  # else the end of the body closes it, its last piece still to come
                self._jevons.leave()


def _read(response: Any, read: Callable[..., Any], args: tuple[Any, ...], buffer: Any = None) -> Any:
    follower = response._jevons
    if follower.busy:
        return read(*args)
    follower.busy = True
    try:
        data = read(*args)
    except BaseException as error:
        follower.fail(error)
        raise
    finally:
        follower.busy = False
    follower.piece(data if buffer is None else memoryview(buffer).cast("B")[:data])
    if not response.length and (response.isclosed() or response.length == 0):
        follower.end()
    elif response.isclosed():  # with bytes still to come, which http.client does not always mind
        follower.leave()
    return data
