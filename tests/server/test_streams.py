"""Streams as they come, hundreds at once, none lost, whatever ends them; and a ledger that is whole after a signal."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from providers import Provider
from server.served import Serving, started

MANY = 500
ASK = '{{"model": "fake-1{trouble}", "stream": true, "stream_options": {{"include_usage": true}}, "messages": '
ASK += '[{{"role": "user", "content": "number {number}"}}]}}'


def request(number: int, trouble: str = "") -> bytes:
    body = ASK.format(number=number, trouble=trouble).encode()
    line = f"POST /t/test_{number}/openai/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    return f"{line}Content-Length: {len(body)}\r\n\r\n".encode() + body


def connected(serving: Serving, number: int, trouble: str) -> socket.socket:
    host, port = serving.url.removeprefix("http://").split(":")
    made = socket.create_connection((host, int(port)), timeout=20)
    made.sendall(request(number, trouble))
    return made


async def one(serving: Serving, number: int) -> bytes:
    host, port = serving.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request(number, "+slow"))
    await writer.drain()
    try:
        return await reader.read()
    finally:
        writer.close()


async def all_at_once(serving: Serving) -> list[bytes]:
    return await asyncio.gather(*(one(serving, number) for number in range(MANY)))


@pytest.fixture
def few_files() -> Iterator[Callable[[int], None]]:
    """A server that starts meanwhile may open few files, as by default on macOS; a call gives this process more."""
    resource = pytest.importorskip("resource", reason="Windows knows no such limit")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 4 * MANY:
        pytest.skip(f"needs {4 * MANY} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield lambda wanted: resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
def test_of_hundreds_of_streams_at_once_none_is_lost(
    few_files: Callable[[int], None], server: Provider, serving: Serving
) -> None:
    few_files(4 * MANY)
    answers = asyncio.run(all_at_once(serving))
    assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert all(answer.count(b"data: [DONE]") == 1 for answer in answers)
    assert all(answer.endswith(b"0\r\n\r\n") for answer in answers)
    calls = serving.calls()
    assert Counter(call.test for call in calls) == Counter(f"test_{number}" for number in range(MANY))
    assert {(call.usage, call.error, call.status, call.streamed, call.timed) for call in calls} == {
        ("reported", "", 200, True, True)
    }
    assert sum(call.output_tokens or 0 for call in calls) == sum(one.usage.output for one in server.asked)
    assert sum(call.input_tokens or 0 for call in calls) == sum(one.usage.input for one in server.asked)


def test_pieces_go_on_as_they_come(serving: Serving) -> None:
    """Of a stream that stalls after five pieces, the five are here though it never ends."""
    with connected(serving, 0, "+stall5") as sock:
        found = b""
        while found.count(b"data: ") < 5:
            found += sock.recv(65536)
        assert b"[DONE]" not in found


def test_a_head_does_not_wait_for_its_body(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        upstream.settimeout(20)
        serving = started(tmp_path, "--upstream", f"openai=http://127.0.0.1:{upstream.getsockname()[1]}")
        with connected(serving, 0, "") as sock:
            there, _ = upstream.accept()
            with there:
                there.recv(65536)
                there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n")
                found = sock.recv(65536)
                assert found.startswith(b"HTTP/1.1 200 OK\r\n")
                assert found.endswith(b"\r\n\r\n")
                there.sendall(b"HTTP/1.1 body")
                while piece := sock.recv(65536):
                    found += piece
    assert found.endswith(b"\r\n\r\nHTTP/1.1 body")


def test_who_leaves_ends_the_request_upstream_and_is_no_failure(server: Provider, serving: Serving) -> None:
    with connected(serving, 0, "+stall5") as sock:
        found = b""
        while found.count(b"data: ") < 5:
            found += sock.recv(65536)
    with connected(serving, 1, "+hang"):
        while len(server.requests) < 2:
            time.sleep(0.01)
    until = time.monotonic() + 8  # the provider itself waits for ten seconds
    while len(serving.ledger().calls) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    left, never = serving.calls()
    assert (left.error, left.status, left.usage) == ("", 200, "estimated")
    assert (never.error, never.status, never.usage) == ("CancelledError", None, "unknown")


def test_a_stream_that_breaks_off_breaks_off_for_the_client(serving: Serving) -> None:
    with connected(serving, 0, "+cut5") as sock:
        found = b""
        with suppress(ConnectionError):
            while piece := sock.recv(65536):
                found += piece
    assert found.count(b"data: ") == 5
    assert not found.endswith(b"0\r\n\r\n")
    (call,) = serving.calls()
    assert (call.error, call.status, call.usage) == ("RemoteProtocolError", 200, "estimated")


@pytest.mark.slow
def test_sigterm_in_the_middle_of_streams_leaves_the_ledger_whole(server: Provider, serving: Serving) -> None:
    socks = [connected(serving, number, "+stall5") for number in range(5)]
    done = [connected(serving, number, "") for number in range(5, 10)]
    for sock in done:
        while sock.recv(65536):
            pass
    while len(server.requests) < 10:
        time.sleep(0.01)
    reading = serving.stop(signal.SIGTERM)
    assert serving.process.returncode == 0
    assert reading.torn == []
    assert sorted(call.test for call in reading.calls) == sorted(f"test_{number}" for number in range(10))
    assert {call.usage for call in reading.calls} == {"reported", "estimated"}
    (run,) = reading.runs.values()
    assert run.ended_us is not None
    for sock in (*socks, *done):
        sock.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_sigkill_loses_no_call_that_ended(serving: Serving) -> None:
    for number in range(5):
        with connected(serving, number, "") as sock:
            while sock.recv(65536):
                pass
    reading = serving.stop(signal.SIGKILL)
    assert len(reading.calls) == 5
    assert reading.torn == []


def test_tls_to_the_upstream_is_checked(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is refused; one that the machine trusts is not."""
    import ssl
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}')

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs openssl to make a certificate")
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    flag = f"openai=https://localhost:{made.server_address[1]}"
    try:
        for trusted, status in (("", b"502"), (str(certificate), b"200")):
            serving = started(tmp_path / status.decode(), "--upstream", flag, SSL_CERT_FILE=trusted)
            assert serving.raw(request(0)).split()[1] == status
            (call,) = serving.calls()
            assert (call.error, call.output_tokens) == (("", 4) if trusted else ("ConnectError", 0))
    finally:
        made.shutdown()
        made.server_close()
