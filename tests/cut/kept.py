"""What the tests of replay share: a store in a folder, and taps that ask it."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jevons import capture
from jevons.capture import scope
from jevons.cut.replay import Plan, Replay
from jevons.record import Call

MONTH_S = 30 * 86_400.0


@contextmanager
def replaying(
    folder: Path, mode: str = "new_episodes", mark: str = "any", **plan: Any
) -> Iterator[tuple[Replay, list[Call]]]:
    """Taps with a replay, in a test marked so; its calls. Nothing of jevons may have failed at the end."""
    calls: list[Call] = []
    made = Replay(Plan(mode=mode, folder=str(folder), **({"new": True, "max_age_s": MONTH_S} | plan)))
    handle = capture.install(calls.append, run="r", root=folder.parent, secret=b"0" * 16, interceptor=made)
    scope.enter(scope.Scope("t", replay=mark))
    try:
        yield made, calls
        capture.flush()
    finally:
        scope.enter(scope.OUTSIDE)
        handle.uninstall()
    assert handle.recorder.errors == [], "jevons itself failed"


@contextmanager
def one_answer(
    said: bytes, kind: str, more: dict[str, str] | None = None, length: bool = True, status: int = 200
) -> Iterator[tuple[str, list[bytes]]]:
    """A server that always gives the same answer: its address, and what it was sent."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            for name, value in {
                "content-type": kind,
                **({"content-length": str(len(said))} if length else {}),
                **(more or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(case: Callable[..., Any], *arguments: Any) -> Any:
    """What a case gives back, be it a coroutine or not."""
    made = case(*arguments)
    return asyncio.run(made) if inspect.iscoroutine(made) else made


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy that a developer's shell may have set."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
