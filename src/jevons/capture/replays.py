"""Telling an answer that a recording or a mock gave from one that a model gave.

The surest sign is the tool's own act of answering, so that is what is marked;
each mark names the call in flight and passes everything through.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

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


MARKS = {"vcr.cassette": vcr, "respx.router": respx, "pytest_httpx": pytest_httpx}
