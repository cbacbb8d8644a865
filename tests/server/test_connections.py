"""Connections that are kept, on both sides: each answer goes to the request that it is for."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from providers import Provider
from server.served import Serving, started

BODY = '{{"model": "fake-1", "messages": [{{"role": "user", "content": "number {number}"}}]}}'
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


def request(number: int, last: bool = False) -> bytes:
    body = BODY.format(number=number)
    line = f"POST /t/{number}/openai/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    close = "Connection: close\r\n" if last else ""
    return f"{line}{close}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def test_requests_one_after_the_other_without_waiting(server: Provider, serving: Serving) -> None:
    answer = serving.raw(b"".join(request(number, number == 9) for number in range(10)))
    assert answer.count(b"HTTP/1.1 200") == 10
    assert [one.body["messages"][0]["content"] for one in server.asked] == [f"number {number}" for number in range(10)]
    assert [call.test for call in serving.calls()] == [str(number) for number in range(10)]


class Upstream:
    """One that answers each request with the number in it, then says `after`, or closes."""

    def __init__(self, after: bytes, close: bool) -> None:
        self._after, self._close = after, close
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        self.ended = 0
        """Connections that the other side has closed."""
        self.answered = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            while data := sock.recv(65536):
                (number,) = re.findall(rb"number (\d+)", data)
                said = b'{"model": "m", "choices": [], "text": "%b"}' % number
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
                self.answered.wait(20)  # nothing is under way then: what comes now was not asked for
                self.answered.clear()
                if self._after:
                    sock.sendall(self._after)
                if self._close:
                    sock.shutdown(socket.SHUT_WR)
        self.ended += 1

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def answers(serving: Serving, upstream: Upstream, ends: bool) -> list[bytes]:
    """Of four requests, each after the one before was done with, its connection closed too if it `ends`."""
    found = []
    for number in range(4):
        found.append(serving.raw(request(number, last=True), wait_s=20).partition(b"\r\n\r\n")[2])
        upstream.answered.set()
        until = time.monotonic() + 20
        while ends and upstream.ended <= number and time.monotonic() < until:
            time.sleep(0.005)
    return found


WANTED = [b'{"model": "m", "choices": [], "text": "%d"}' % number for number in range(4)]


def test_a_connection_is_kept(tmp_path: Path) -> None:
    with Upstream(b"", close=False) as upstream:
        serving = started(tmp_path, "--upstream", f"openai={upstream.url}")
        assert answers(serving, upstream, ends=False) == WANTED
        assert upstream.connections == 1


def test_what_comes_without_being_asked_for_answers_nobody(tmp_path: Path) -> None:
    with Upstream(EVIL, close=False) as upstream:
        serving = started(tmp_path, "--upstream", f"openai={upstream.url}")
        assert answers(serving, upstream, ends=True) == WANTED
        assert upstream.connections == 4


def test_a_connection_that_the_upstream_closed_is_not_used_again(tmp_path: Path) -> None:
    with Upstream(b"", close=True) as upstream:
        serving = started(tmp_path, "--upstream", f"openai={upstream.url}")
        assert answers(serving, upstream, ends=True) == WANTED
        assert upstream.connections == 4
