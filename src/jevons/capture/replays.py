"""Telling an answer that a recording or a mock gave from one that a model gave.

The surest sign is the tool's own act of answering, so that is what is marked;
each mark names the call in flight and passes everything through.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from jevons.capture import recorder, urllib3
from jevons.capture.recorder import in_flight


def _mark(mode: str) -> None:
    exchange = in_flight.get()
    if exchange is not None:
        exchange.mode = mode


def _marking(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    @wraps(function)
    def marked(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = function(*args, **kwargs)
        except BaseException as error:
            if type(error).__name__ != "PassThrough":  # respx: let this one through to the network
                _mark(mode)
            raise
        _mark(mode)
        return answer

    return marked


def _marking_async(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    @wraps(function)
    async def marked(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = await function(*args, **kwargs)
        except BaseException as error:
            if type(error).__name__ != "PassThrough":
                _mark(mode)
            raise
        _mark(mode)
        return answer

    return marked


def _replace(owner: Any, **functions: Callable[..., Any]) -> Callable[[], None]:
    before = {name: getattr(owner, name) for name in functions}
    for name, function in functions.items():
        setattr(owner, name, function)

    def undo() -> None:
        for name, function in before.items():
            if getattr(owner, name) is functions[name]:
                setattr(owner, name, function)

    return undo


def vcr(module: Any) -> Callable[[], None]:
    """vcrpy, and pytest-recording on top of it: a cassette plays a response."""
    cassette = module.Cassette
    return _replace(cassette, play_response=_marking(cassette.play_response, "replayed"))


def respx(module: Any) -> Callable[[], None]:
    """respx: a route answers."""
    router = module.Router
    return _replace(
        router, resolve=_marking(router.resolve, "mocked"), aresolve=_marking_async(router.aresolve, "mocked")
    )


def pytest_httpx(module: Any) -> Callable[[], None]:
    """pytest-httpx: the `httpx_mock` fixture answers."""
    mock = module.HTTPXMock
    return _replace(
        mock,
        _handle_request=_marking(mock._handle_request, "mocked"),
        _handle_async_request=_marking_async(mock._handle_async_request, "mocked"),
    )


def aioresponses(module: Any) -> Callable[[], None]:
    """aioresponses: a match answers, or nothing matches and the request is refused."""
    mock = module.aioresponses
    match = mock.match

    @wraps(match)
    async def marked(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            answer = await match(self, *args, **kwargs)
        except BaseException:
            _mark("mocked")
            raise
        if answer is not None or not getattr(self, "passthrough_unmatched", False):
            _mark("mocked")
        return answer

    return _replace(mock, match=marked)


def responses(module: Any) -> Callable[[], None]:
    """responses: it stands in for requests' adapter, so that its answers never come to urllib3."""
    mock = module.RequestsMock
    on_request = mock._on_request

    @wraps(on_request)
    def marked(self: Any, adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = on_request(self, adapter, request, *args, **kwargs)
        _mocked_requests(request, answer)
        return answer

    return _replace(mock, _on_request=marked)


def requests_mock(module: Any) -> Callable[[], None]:
    """requests-mock: the same, as an adapter of its own."""
    adapter = module.Adapter
    send = adapter.send

    @wraps(send)
    def marked(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = send(self, request, *args, **kwargs)
        _mocked_requests(request, answer)
        return answer

    return _replace(adapter, send=marked)


def _mocked_requests(request: Any, answer: Any) -> None:
    """A call that a mock of requests answered; not one that it let through, which urllib3's tap has seen."""
    taken = recorder.active
    if taken is None or in_flight.get() is not None:
        return
    try:
        if hasattr(answer.raw, "_jevons"):
            return
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        exchange = taken.open("requests", request.method, parts.hostname or "", path)
        if exchange is not None:
            exchange.mode = "mocked"
            exchange.request = urllib3.sent(request.body)
            urllib3.follow(exchange, answer.raw)
    except Exception as error:
        taken.note_error(error)


MARKS = {
    "vcr.cassette": vcr,
    "respx.router": respx,
    "pytest_httpx": pytest_httpx,
    "aioresponses.core": aioresponses,
    "responses": responses,
    "requests_mock.adapter": requests_mock,
}
