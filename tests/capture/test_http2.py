"""HTTP/2: several requests share a connection; the tap lies above it."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from jevons import capture
from jevons.record import Call

from .conftest import ASK, ROOT, STREAM

httpx = pytest.importorskip("httpx")
pytest.importorskip("h2")
import h2.config  # noqa: E402
import h2.connection  # noqa: E402
import h2.events  # noqa: E402

PATH = "/v1/chat/completions"
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
PLAIN = {
    "object": "chat.completion",
    "model": "fake-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Here."}, "finish_reason": "stop"}],
    "usage": USAGE,
}
PIECES = [
    b'data: {"object": "chat.completion.chunk", "model": "fake-1", '
    b'"choices": [{"index": 0, "delta": {"content": "Here."}}]}\n\n',
    b'data: {"object": "chat.completion.chunk", "model": "fake-1", "choices": [], "usage": %b}\n\n'
    % json.dumps(USAGE).encode(),
    b"data: [DONE]\n\n",
]


class _Server:
    """HTTP/2 on a loopback port with prior knowledge (RFC 9113, 3.3), each answer after the whole request."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.asked = 0
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        taken.sendall(connection.data_to_send())
        bodies: dict[int, bytes] = {}
        while data := taken.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    self.asked += 1
                    streamed = json.loads(bodies[event.stream_id]).get("stream")
                    pieces = PIECES if streamed else [json.dumps(PLAIN).encode()]
                    connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/plain")])
                    for piece in pieces:
                        connection.send_data(event.stream_id, piece)
                    connection.end_stream(event.stream_id)
            taken.sendall(connection.data_to_send())


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server()
    yield running
    running.socket.close()


@pytest.fixture
def calls() -> Iterator[list[Call]]:
    found: list[Call] = []
    handle = capture.install(found.append, run="r", root=ROOT, secret=b"0" * 16)
    yield found
    handle.uninstall()
    assert handle.recorder.errors == []


@pytest.mark.parametrize("body", [ASK, STREAM])
def test_one_by_one(server: _Server, calls: list[Call], body: dict[str, Any]) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        for _ in range(2):
            told = client.post(server.url + PATH, json=body)
            assert told.http_version == "HTTP/2"
            assert told.content
    capture.flush()
    assert (server.asked, server.connections) == (2, 1)
    assert [(call.mode, call.usage, call.input_tokens, call.output_tokens) for call in calls] == [
        ("live", "reported", 9, 2)
    ] * 2


def test_at_once_on_one_connection(server: _Server, calls: list[Call]) -> None:
    async def run() -> None:
        async with httpx.AsyncClient(http1=False, http2=True) as client:
            await client.post(server.url + PATH, json=ASK)
            await asyncio.gather(*(client.post(server.url + PATH, json=STREAM) for _ in range(6)))

    asyncio.run(run())
    capture.flush()
    assert (server.asked, server.connections) == (7, 1)
    assert [(call.usage, call.output_tokens) for call in calls] == [("reported", 2)] * 7
