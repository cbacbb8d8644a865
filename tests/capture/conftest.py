"""One case, run twice against the loopback server: without taps and with them."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from providers import Received, closed_url, provider

from jevons import capture
from jevons.record import Call

ROOT = Path(__file__).parents[2]
ASK = {"model": "fake-1", "messages": [{"role": "user", "content": "Where does the river meet the sea?"}]}
STREAM = ASK | {"stream": True, "stream_options": {"include_usage": True}}
_PORT = re.compile(r"port[= ]*\d+|127\.0\.0\.1\W{1,3}\d+|0x[0-9a-f]+")
_TAPPED = {
    "urllib3.connectionpool": [("HTTPConnectionPool", "urlopen")],
    "aiohttp.client": [("ClientSession", name) for name in ("request", "post", "_request")],
    "urllib.request": [("OpenerDirector", "open")],
    "httpx": [("Client", "send"), ("AsyncClient", "send")],
}


@dataclass
class Seen:
    """What came of the run with taps."""

    result: Any
    calls: list[Call]
    asked: list[Received]

    @property
    def call(self) -> Call:
        (only,) = self.calls
        return only


Twice = Callable[..., Seen]


def ask(model: str = "fake-1", **more: Any) -> dict[str, Any]:
    return ASK | {"model": model} | more


def stream(model: str = "fake-1") -> dict[str, Any]:
    return STREAM | {"model": model}


def _run(case: Callable[[str], Any], url: str) -> Any:
    """What `case` gives back or raises, in a form that can be compared."""
    try:
        made = case(url)
        return asyncio.run(made) if inspect.iscoroutine(made) else made
    except Exception as error:
        return type(error), _PORT.sub("", str(error))


def _places() -> list[Any]:
    return [
        getattr(getattr(sys.modules[module], owner), name)
        for module, places in _TAPPED.items()
        if module in sys.modules
        for owner, name in places
    ]


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy that a developer's shell may have set."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def twice() -> Iterator[Twice]:
    """``twice(case)`` runs ``case(url)`` without and with taps and checks what holds of any case.

    What the client gets and what reaches the server are the same, each request that a model had to work for is
    recorded once, reported tokens are the server's own, and nothing stays tapped. `refused`: nobody listens.
    """
    handles: list[capture.Handle] = []

    def run(case: Callable[[str], Any], *, refused: bool = False) -> Seen:
        with provider() as plain:
            expected = _run(case, closed_url() if refused else plain.url)
            sent = [(one.method, one.path, one.body, _without_port(one)) for one in plain.requests]
        before = _places()
        calls: list[Call] = []
        with provider() as tapped:
            handle = capture.install(calls.append, run="r", root=ROOT, secret=b"0" * 16)
            handles.append(handle)
            try:
                result = _run(case, closed_url() if refused else tapped.url)
            finally:
                handle.uninstall()
            assert result == expected
            assert [(one.method, one.path, one.body, _without_port(one)) for one in tapped.requests] == sent
            asked = tapped.asked
        assert _places() == before
        assert handle.recorder.errors == []
        assert len(calls) == (1 if refused else len(asked))
        calls.sort(key=lambda call: call.started_us)
        for call, truth in zip(calls, asked, strict=False):
            assert (call.api, call.model, call.mode) == (truth.answer.api, truth.answer.model, "live")
            assert call.host_class == "loopback"
            cut = any(name.startswith("cut") for name in truth.trouble)
            # Cut, or packed in a way that the client cannot undo, before it gave it back.
            assert call.status == truth.status or ((cut or "zstd" in truth.trouble) and call.status is None)
            assert call.request_hash
            assert call.duration_us > 0
            if call.usage == "reported":
                assert (call.input_tokens, call.output_tokens) == (truth.usage.input, truth.usage.output)
        return Seen(result, calls, asked)

    yield run
    for handle in handles:
        handle.uninstall()


def _without_port(one: Received) -> dict[str, str]:
    return {name: value for name, value in one.headers.items() if name != "host"}
