"""What an upstream or an environment may do to the proxy: no answer is split in two, and no other host is asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from providers import Provider
from server.served import started

BODY = b'{"model": "fake-1", "messages": [{"role": "user", "content": "a secret of mine"}]}'
KEY = "sk-very-secret"
SPLIT = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
ANSWERS = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    % (len(SPLIT), SPLIT),
    "two lengths": b"Content-Length: 2\r\nContent-Length: 90\r\n\r\n{}" + SPLIT,
    "length in a list": b"Content-Length: 2, 90\r\n\r\n{}" + SPLIT,
    "more than its length": b"Content-Length: 2\r\n\r\n{}" + SPLIT,
    "nul in a header": b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}" + SPLIT,
    "bare carriage return": b"X: a\rContent-Length: 90\r\nContent-Length: 2\r\n\r\n{}" + SPLIT,
    "size of a chunk with a sign": b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + SPLIT,
    "no end of its head": b"X: " + b"a" * (200 << 10),
}


def asked(path: str = "/openai/v1/chat/completions") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


@contextmanager
def upstream(said: dict[str, bytes]) -> Iterator[str]:
    """A server that answers with the bytes that its name in the path stands for; its address."""
    made = socket.create_server(("127.0.0.1", 0))

    def one(sock: socket.socket) -> None:
        with suppress(OSError), sock:
            while data := sock.recv(65536):
                number = int(data.split(b"/", 2)[1].split(b"-")[1].split(b"/")[0].split()[0])
                sock.sendall(b"HTTP/1.1 200 OK\r\n" + list(said.values())[number])

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(made.accept()[0],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.getsockname()[1]}"
    finally:
        made.close()


def test_an_answer_never_becomes_two(tmp_path: Path) -> None:
    """Whatever an upstream says, a client sees one answer at most, and the next request gets its own."""
    said = {**ANSWERS, "good": b"Content-Length: 2\r\n\r\n{}"}
    with upstream(said) as url:
        serving = started(tmp_path, "--upstream", f"openai={url}")
        good = asked(f"/openai/answer-{len(ANSWERS)}/v1/chat/completions")
        for number, name in enumerate(ANSWERS):
            found = serving.raw(asked(f"/openai/answer-{number}/v1/chat/completions"), wait_s=20)
            head, _, body = found.partition(b"\r\n\r\n")
            told = [line for line in head.lower().split(b"\r\n") if line.startswith((b"content-length", b"transfer-"))]
            assert len(told) <= 1, (name, found)
            assert SPLIT not in body or b"chunked" in b"".join(told), (name, found)
            assert serving.raw(good, wait_s=20).endswith(b"\r\n\r\n{}"), name
        serving.stop()
    told_ = "".join(path.read_text() for path in serving.folder.rglob("*.jsonl")) + serving.said + serving.told
    for secret in (KEY, "secret of mine", "evil"):
        assert secret not in told_


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_not_asked(name: str, server: Provider, tmp_path: Path) -> None:
    """Keys would go to a host that nobody configured."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        address = f"http://127.0.0.1:{trap.getsockname()[1]}"
        serving = started(tmp_path, "--upstream", f"openai={server.url}", NO_PROXY="", no_proxy="", **{name: address})
        assert serving.raw(asked(), wait_s=20).startswith(b"HTTP/1.1 200")
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert len(server.requests) == 1
