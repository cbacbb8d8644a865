"""Tap for aiohttp: ``ClientSession.request``, ``post`` and ``_request``.

Recordings and mocks (vcrpy, aioresponses) replace ``_request``, so the tap lies above it too; the outermost one that a
request passes opens the call. A body is seen by giving its ``StreamReader``, which has slots and no room for more, a
class of the same layout; who follows it stands in a table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import cache, wraps
from types import ModuleType
from typing import Any

import msgspec

from jevons.capture import answers, recorder
from jevons.capture.follow import Follower
from jevons.capture.interceptor import Later
from jevons.capture.recorder import Exchange, covered, going_out, in_flight
from jevons.capture.urllib3 import sent

_LEFT = "ClientConnectionError"
"""What aiohttp itself puts into a stream that the program lets go of; a network's failures are subclasses."""


def tap(module: ModuleType) -> Callable[[], None]:
    """Tap ``aiohttp.client``. Returns the undo."""
    session = module.ClientSession
    request, post, inner = session.request, session.post, session._request

    @wraps(request)
    def tapped_request(self: Any, method: Any, url: Any, **kwargs: Any) -> Any:
        return _within(request(self, method, url, **kwargs), self, method, url, kwargs)

    @wraps(post)
    def tapped_post(self: Any, url: Any, **kwargs: Any) -> Any:
        return _within(post(self, url, **kwargs), self, "POST", url, kwargs)

    @wraps(inner)
    async def tapped_inner(self: Any, method: Any, str_or_url: Any, **kwargs: Any) -> Any:
        made = inner(self, method, str_or_url, **kwargs)
        if recorder.active is None or not _is_post(method):
            return await made
        if recorder.active.interceptor is not None:
            made = _going_out(made, self, method, str_or_url, kwargs)
        return await _Sending(made, self, str_or_url, kwargs)

    taps = {"request": tapped_request, "post": tapped_post, "_request": tapped_inner}
    before = {"request": request, "post": post, "_request": inner}
    for name, tapped in taps.items():
        setattr(session, name, tapped)

    def undo() -> None:
        for name, tapped in taps.items():
            if getattr(session, name) is tapped:
                setattr(session, name, before[name])

    return undo


async def _going_out(made: Any, session: Any, method: str, str_or_url: Any, kwargs: dict[str, Any]) -> Any:
    """aiohttp's own request, beneath recordings and mocks; or what the interceptor answers in its place."""
    url = None
    try:
        with suppress(Exception):
            url = session._build_url(str_or_url)

        def headers() -> dict[str, str]:
            given = session._prepare_headers(kwargs.get("headers")).items()
            own = {} if kwargs.get("json") is None else {"content-type": "application/json"}
            return own | {name.lower(): value for name, value in given}

        while isinstance(found := going_out((url and url.host) or "", url and url.port, headers), Later):
            await asyncio.sleep(found.seconds)
    except BaseException:
        made.close()
        raise
    if found is None or url is None:
        return await made
    made.close()
    answer = answers.aiohttp(found, session, method, url)
    check = kwargs.get("raise_for_status")
    check = session._raise_for_status if check is None else check
    if callable(check):
        await check(answer)
    elif check:
        answer.raise_for_status()
    return answer


def _is_post(method: Any) -> bool:
    return isinstance(method, str) and method.upper() == "POST"


def _within(manager: Any, session: Any, method: Any, url: Any, kwargs: dict[str, Any]) -> Any:
    """aiohttp's own object, to be awaited or entered, with the tap around the coroutine that it holds."""
    taken = recorder.active
    if taken is not None and _is_post(method):
        try:
            manager._coro = _Sending(manager._coro, session, url, kwargs)
        except Exception as error:
            taken.note_error(error)
    return manager


class _Sending(Coroutine[Any, Any, Any]):
    """A request's coroutine with an exchange opened when it starts. One that never starts is left as it is."""

    __slots__ = ("_arguments", "_inner", "_running")

    def __init__(self, inner: Any, session: Any, url: Any, kwargs: dict[str, Any]) -> None:
        self._inner = inner
        self._arguments = (session, url, kwargs)
        self._running: Generator[Any, Any, Any] | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._run()

    def send(self, value: Any) -> Any:
        if self._running is None:
            self._running = self._run()
        return self._running.send(value)

    def throw(self, *args: Any) -> Any:
        return (self._inner if self._running is None else self._running).throw(*args)

    def close(self) -> None:
        (self._inner if self._running is None else self._running).close()

    def _run(self) -> Generator[Any, Any, Any]:
        exchange = _open(*self._arguments)
        if exchange is None:
            return (yield from self._inner.__await__())
        token = in_flight.set(exchange)
        try:
            response = yield from self._inner.__await__()
        except BaseException as error:
            _fail(exchange, error)
            raise
        finally:
            with suppress(ValueError):  # thrown away, and closed by the garbage collector in another context
                in_flight.reset(token)
        _answer(exchange, self._arguments[0], response, self._arguments[2])
        return response


def _open(session: Any, str_or_url: Any, kwargs: dict[str, Any]) -> Exchange | None:
    taken = recorder.active
    if taken is None:
        return None
    try:
        url = session._build_url(str_or_url)
        host, path = url.host or "", url.raw_path_qs
        if kwargs.get("params"):
            more = url.with_query(kwargs["params"]).raw_query_string
            path += ("&" if "?" in path else "?") + more
        if covered(host, path):
            return None
        exchange = taken.open("aiohttp", "POST", host, path, port=url.port)
        if exchange is not None:
            document = kwargs.get("json")
            exchange.request = sent(kwargs.get("data")) if document is None else _encoded(document, session)
        return exchange
    except Exception as error:
        taken.note_error(error)
        return None


def _encoded(document: Any, session: Any) -> bytes:
    taken = recorder.active
    try:
        if taken is None or taken.interceptor is None:
            return msgspec.json.encode(document)
    except Exception:  # for the session's own encoder only
        return b""
    # Who is asked has to see what is sent, to the letter.
    written = (getattr(session, "_json_serialize_bytes", None) or session._json_serialize)(document)
    return written.encode() if isinstance(written, str) else bytes(written)


def _fail(exchange: Exchange, error: BaseException) -> None:
    status = getattr(error, "status", None)  # of a ClientResponseError: raise_for_status
    if isinstance(status, int) and getattr(error, "headers", None) is not None:  # else a status that aiohttp made up
        exchange.status = status
        exchange.finish()
    else:
        exchange.fail(error)


def _answer(exchange: Exchange, session: Any, response: Any, kwargs: dict[str, Any]) -> None:
    try:
        exchange.status = response.status
        if response.status >= 400:  # all is said; an SDK may try again before it closes this one
            exchange.finish()
            return
        exchange.take_headers(response.headers)
        body = response._body  # read already: by a recording, a middleware, a check of the session's
        if body is not None:
            exchange.finish(bytes(body))
            return
        undone = kwargs.get("auto_decompress")
        if not (session.auto_decompress if undone is None else undone):
            exchange.encoding = response.headers.get("content-encoding", "")
        content = response.content
        followers[id(content)] = Follower(exchange)
        try:
            content.__class__ = _followed(content.__class__)
        except BaseException:
            del followers[id(content)]
            raise
        if content.is_eof():
            exchange.ended = True
            if content.at_eof():
                followers[id(content)].end()
    except Exception as error:
        exchange.recorder.note_error(error)


followers: dict[int, Follower] = {}
"""Who follows a stream, by the stream's id. A stream takes its line out when it goes."""


@cache
def _followed(kind: Any) -> Any:
    """A stream's class whose every byte on its way to the program passes ``_read_nowait_chunk``.

    Its one base is ``kind`` and it adds no slot, so that the layout is the same, with slots (aiohttp 3.11) or without.
    """

    class Followed(kind):  # type: ignore[misc]
        __slots__ = ()

        def _read_nowait_chunk(self, n: int) -> bytes:
            data: bytes = super()._read_nowait_chunk(n)
            follower = followers.get(id(self))
            if follower is not None:
                follower.exchange.error = ""  # a read that was broken off, and here is another
                follower.piece(data)
                if self.at_eof():
                    follower.end()
            return data

        async def _wait(self, *args: Any) -> None:
            try:
                await super()._wait(*args)
            except BaseException as error:
                follower = followers.get(id(self))
                if follower is not None:  # the program may read on all the same
                    follower.exchange.error = type(error).__name__
                raise

        def feed_eof(self) -> None:
            super().feed_eof()
            follower = followers.get(id(self))
            if follower is not None:
                follower.exchange.ended = True
                follower.exchange.error = ""
                if self.at_eof():
                    follower.end()

        def set_exception(self, exc: Any, *args: Any, **kwargs: Any) -> None:
            super().set_exception(exc, *args, **kwargs)
            follower = followers.get(id(self))
            if follower is not None:
                if type(exc).__name__ == _LEFT:
                    follower.leave()
                else:
                    follower.fail(exc if isinstance(exc, BaseException) else exc())

        def __del__(self) -> None:
            followers.pop(id(self), None)

    Followed.__name__, Followed.__qualname__, Followed.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    return Followed
