"""Connections that are kept, on both sides: each answer goes to the request that it is for."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


@contextmanager
def upstream(after: bytes, close: bool) -> Iterator[tuple[str, list[int]]]:
    """One that answers each request with the number in it, then says `after`; its address, and its connections."""
    made = socket.create_server(("127.0.0.1", 0))
    connections: list[int] = []

    def one(sock: socket.socket) -> None:
        with suppress(OSError), sock:
            while data := sock.recv(65536):
                (number,) = re.findall(rb"number (\d+)", data)
                said = b'{"model": "m", "choices": [], "text": "%b"}' % number
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
                if after:
                    time.sleep(0.05)
                    sock.sendall(after)
                if close:
                    return

    def listen() -> None:
        with suppress(OSError):
            while True:
                sock, _ = made.accept()
                connections.append(1)
                threading.Thread(target=one, args=(sock,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.getsockname()[1]}", connections
    finally:
        made.close()


def answers(serving: Serving) -> list[bytes]:
    found = []
    for number in range(4):
        found.append(serving.raw(request(number, last=True)).partition(b"\r\n\r\n")[2])
        time.sleep(0.1)
    return found


WANTED = [b'{"model": "m", "choices": [], "text": "%d"}' % number for number in range(4)]


def test_a_connection_is_kept(tmp_path: Path) -> None:
    with upstream(b"", close=False) as (url, connections):
        assert answers(started(tmp_path, "--upstream", f"openai={url}")) == WANTED
        assert len(connections) == 1


def test_what_comes_without_being_asked_for_answers_nobody(tmp_path: Path) -> None:
    with upstream(EVIL, close=False) as (url, connections):
        assert answers(started(tmp_path, "--upstream", f"openai={url}")) == WANTED
        assert len(connections) == 4


def test_a_connection_that_the_upstream_closed_is_not_used_again(tmp_path: Path) -> None:
    with upstream(b"", close=True) as (url, connections):
        assert answers(started(tmp_path, "--upstream", f"openai={url}")) == WANTED
        assert len(connections) == 4
