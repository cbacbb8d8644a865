"""Tap for urllib3 1.26 and 2, and so for requests and botocore: ``HTTPConnectionPool.urlopen``.

``urlopen`` calls itself for each retry and redirect; each attempt is a call of its own, as with an SDK's retries.
An answer that is read later is seen by giving the response a class that notes what its methods return.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, wraps
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from jevons.capture import recorder
from jevons.capture.follow import Follower
from jevons.capture.recorder import Exchange, covered, in_flight

_SOURCE = "urllib3"
_RETRIES = 4  # place of `retries` in urlopen's arguments
_GAVE_UP = re.compile(r"too many (\d{3}) error responses")  # urllib3.exceptions.ResponseError.SPECIFIC_ERROR


def tap(module: ModuleType) -> Callable[[], None]:
    """Tap ``urllib3.connectionpool``. Returns the undo."""
    pool = module.HTTPConnectionPool
    urlopen = pool.urlopen

    @wraps(urlopen)
    def tapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = _open(self, args, kwargs)
        if exchange is None:
            return urlopen(self, *args, **kwargs)
        token = in_flight.set(exchange)
        try:
            response = urlopen(self, *args, **kwargs)
        except BaseException as error:
            _fail(exchange, error)
            raise
        finally:
            in_flight.reset(token)
        _answer(exchange, response, kwargs)
        return response

    pool.urlopen = tapped

    def undo() -> None:
        if pool.urlopen is tapped:
            pool.urlopen = urlopen

    return undo


def _argument(args: tuple[Any, ...], kwargs: dict[str, Any], place: int, name: str) -> Any:
    return args[place] if len(args) > place else kwargs.get(name)


def _open(pool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exchange | None:
    taken = recorder.active
    if taken is None:
        return None
    try:
        outer = in_flight.get()
        again = outer is not None and outer.source == _SOURCE
        if outer is not None and again:
            _next_attempt(outer, _argument(args, kwargs, _RETRIES, "retries"))
        method, url = _argument(args, kwargs, 0, "method"), _argument(args, kwargs, 1, "url")
        host, port = pool.host, pool.port
        if url[:1] != "/":  # to a proxy
            parts = urlsplit(url)
            port = parts.port
            host, url = parts.hostname or host, parts._replace(scheme="", netloc="", fragment="").geturl()
        if not again and covered(host, url):
            return None
        exchange = taken.open(_SOURCE, method, host, url, port=port)
        if exchange is not None:
            exchange.request = sent(_argument(args, kwargs, 2, "body"))
        return exchange
    except Exception as error:
        taken.note_error(error)
        return None


def sent(body: Any) -> bytes:
    """A request's body, where it is at hand: one streamed out (a file, an iterator) is not."""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    return bytes(body) if isinstance(body, (bytes, bytearray, memoryview)) else b""


def _next_attempt(before: Exchange, retries: Any) -> None:
    """urllib3 tries again within `before`: how that attempt ended stands in the history of its retries."""
    last = (getattr(retries, "history", None) or (None,))[-1]
    if last is None or last.redirect_location:
        before.drop()
    elif last.error is not None:
        before.fail(last.error)
    else:
        before.status = last.status
        before.finish()


def _fail(exchange: Exchange, error: BaseException) -> None:
    if exchange.done:
        return
    reason = getattr(error, "reason", None)  # of a MaxRetryError
    gave_up = _GAVE_UP.search(str(reason)) if reason is not None else None
    if gave_up:
        exchange.status = int(gave_up[1])
        exchange.finish()
    else:
        exchange.fail(reason if isinstance(reason, BaseException) else error)


def _answer(exchange: Exchange, response: Any, kwargs: dict[str, Any]) -> None:
    if exchange.done:  # a later attempt got this answer
        return
    try:
        status = exchange.status = response.status
        if 300 <= status < 400 and "location" in response.headers:  # what follows it is the call
            exchange.drop()
        elif hasattr(response, "recorded_response"):  # vcrpy's: reading it says nothing of a network
            exchange.take_headers(response.headers)
            exchange.finish(response.recorded_response["body"]["string"])
        elif kwargs.get("preload_content", True):
            exchange.take_headers(response.headers)
            data = response.data
            exchange.error = "IncompleteRead" if getattr(response, "length_remaining", 0) else ""
            exchange.finish(data)
        else:
            follow(exchange, response)
    except Exception as error:
        exchange.recorder.note_error(error)


def follow(exchange: Exchange, response: Any) -> None:
    """Note what the program reads of a response whose body is yet to be read."""
    exchange.status = response.status
    if response.status >= 400:  # all is said; an SDK may try again before it closes this one
        exchange.finish()
        return
    exchange.take_headers(response.headers)
    exchange.encoding = response.headers.get("content-encoding", "")
    follower = Follower(exchange)
    response.__class__ = _followed(response.__class__)
    response._jevons = follower


@cache
def _followed(kind: Any) -> type:
    return type(kind.__name__, (_Reads, kind), {"__slots__": (), "__module__": kind.__module__})


class _Reads:
    """The reading methods of a response, noting what they return."""

    __slots__ = ()
    _jevons: Follower

    def read(self, *args: Any, **kwargs: Any) -> Any:
        return _read(self, super().read, args, kwargs)  # type: ignore[misc]

    def read1(self, *args: Any, **kwargs: Any) -> Any:
        return _read(self, super().read1, args, kwargs)  # type: ignore[misc]

    def read_chunked(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        follower = self._jevons
        pieces = super().read_chunked(*args, **kwargs)  # type: ignore[misc]
        try:
            while True:
                follower.busy = True
                try:
                    data = next(pieces)
                except StopIteration:
                    break
                except BaseException as error:
                    follower.fail(error)
                    raise
                finally:
                    follower.busy = False
                _note(self, data, _argument(args, kwargs, 1, "decode_content"))
                yield data
        finally:
            pieces.close()
        follower.end()

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        yield from super().stream(*args, **kwargs)  # type: ignore[misc]
        _end(self)

    def close(self) -> None:
        try:
            super().close()  # type: ignore[misc]
        finally:
            self._jevons.leave()

    def release_conn(self) -> None:
        try:
            super().release_conn()  # type: ignore[misc]
        finally:
            if not self._jevons.busy:  # else the body's end gives the connection back, its last piece still to come
                self._jevons.leave()


def _read(response: Any, read: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    follower = response._jevons
    if follower.busy:
        return read(*args, **kwargs)
    follower.busy = True
    try:
        data = read(*args, **kwargs)
    except BaseException as error:
        follower.fail(error)
        raise
    finally:
        follower.busy = False
    _note(response, data, _argument(args, kwargs, 1, "decode_content"))
    amount = _argument(args, kwargs, 0, "amt")
    if (not data and amount != 0 and response.closed) or (read.__name__ == "read" and (amount is None or amount < 0)):
        _end(response)
    elif response.closed and not response.length_remaining:  # decompressed bytes may wait to be read
        follower.exchange.ended = True
    return data


def _end(response: Any) -> None:
    """No more comes: that was all, unless bytes are missing, which urllib3 1.26 does not mind."""
    if response.length_remaining:
        response._jevons.leave()
    else:
        response._jevons.end()


def _note(response: Any, data: Any, decode: bool | None) -> None:
    follower = response._jevons
    encoding = follower.exchange.encoding
    if encoding and (response.decode_content if decode is None else decode):
        known = getattr(response, "CONTENT_DECODERS", ())
        if all(name.strip() in known for name in encoding.lower().split(",")):
            follower.exchange.encoding = ""  # urllib3 has undone it
    follower.piece(data)
