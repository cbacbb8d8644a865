"""What the proxy does not do, shown with raw sockets: it is no open proxy, and no way to smuggle requests."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from providers import Provider
from server.served import Serving, started

BODY = b'{"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}'
SECRET = "sk-very-secret"


def request(line: str, *headers: str, body: bytes = b"", host: str = "localhost") -> bytes:
    head = "\r\n".join([line, f"Host: {host}", f"Authorization: Bearer {SECRET}", *headers])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def statuses(answer: bytes) -> list[int]:
    """Of all answers in some bytes."""
    return [int(part.split()[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]


POST = "POST /openai/v1/chat/completions HTTP/1.1"
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"POST /openai/v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
FRAMINGS = {
    "length and chunks": request(POST, LENGTH, "Transfer-Encoding: chunked", body=CHUNKED + SMUGGLED),
    "chunks and length": request(POST, "Transfer-Encoding: chunked", "Content-Length: 4", body=CHUNKED + SMUGGLED),
    "two lengths": request(POST, LENGTH, "Content-Length: 0", body=BODY + SMUGGLED),
    "lengths in a list": request(POST, f"Content-Length: {len(BODY)}, 0", body=BODY + SMUGGLED),
    "length with a sign": request(POST, f"Content-Length: +{len(BODY)}", body=BODY + SMUGGLED),
    "coding twice": request(POST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=CHUNKED + SMUGGLED),
    "unknown coding": request(POST, "Transfer-Encoding: xchunked", body=CHUNKED + SMUGGLED),
    "coding in a list": request(POST, "Transfer-Encoding: gzip, chunked", body=CHUNKED + SMUGGLED),
    "space before the colon": request(POST, "Transfer-Encoding : chunked", body=CHUNKED + SMUGGLED),
    "bare line feed in a header": request(POST, "X: a\nContent-Length: 0", LENGTH, body=BODY + SMUGGLED),
    "nul in a header": request(POST, "X: a\0b", LENGTH, body=BODY + SMUGGLED),
    "size of a chunk with a sign": request(POST, "Transfer-Encoding: chunked", body=b"+" + CHUNKED + SMUGGLED),
    "chunk without its end": request(
        POST, "Transfer-Encoding: chunked", body=b"%x\r\n%bXX0\r\n\r\n" % (len(BODY), BODY) + SMUGGLED
    ),
    "two hosts": request(POST, "Host: evil.example", LENGTH, body=BODY + SMUGGLED),
}
TARGETS = {
    "absolute form": "POST http://127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
    "absolute form of this host": "POST http://localhost/openai/v1/chat/completions HTTP/1.1",
    "connect": "CONNECT 127.0.0.1:{port} HTTP/1.1",
    "authority only": "POST 127.0.0.1:{port} HTTP/1.1",
    "two slashes": "POST //127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
    "a host as a name": "POST /127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
    "a user before a host": "POST /openai@127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
    "an address as a name": "POST /http:/127.0.0.1:{port}/v1/chat/completions HTTP/1.1",
    "upwards": "POST /openai/../v1/chat/completions HTTP/1.1",
    "upwards, encoded": "POST /openai/%2e%2e/v1/chat/completions HTTP/1.1",
    "upwards, encoded slash": "POST /openai/v1/..%2fv1/chat/completions HTTP/1.1",
    "upwards, backslash": "POST /openai/v1\\..\\v1/chat/completions HTTP/1.1",
    "trace": "TRACE /openai/v1/chat/completions HTTP/1.1",
    "nothing": "POST / HTTP/1.1",
}


def test_framing_that_two_readers_may_read_in_two_ways_is_refused(server: Provider, serving: Serving) -> None:
    for name, raw in FRAMINGS.items():
        answer = serving.raw(raw)
        found = statuses(answer)
        assert len(found) == 1, (name, answer)
        assert found[0] in (400, 501), (name, answer)
    assert server.requests == [], "one of them reached the provider"
    assert serving.calls() == []
    assert SECRET not in serving.said + serving.told


def test_only_configured_upstreams_are_reached(server: Provider, serving: Serving) -> None:
    port = server.url.rpartition(":")[2]
    for name, line in TARGETS.items():
        answer = serving.raw(request(line.format(port=port), LENGTH, body=BODY))
        found = statuses(answer)
        assert len(found) == 1, (name, answer)
        assert found[0] in (400, 404, 405), (name, answer)
    assert server.requests == []
    assert serving.calls() == []


def test_a_web_page_with_a_name_of_its_own_is_not_let_in(server: Provider, serving: Serving) -> None:
    assert statuses(serving.raw(request(POST, LENGTH, body=BODY, host="rebound.example"))) == [421]
    assert server.requests == []


def test_what_is_of_one_connection_alone_is_not_passed_on(server: Provider, serving: Serving) -> None:
    own = (
        "Connection: close, X-Hop",
        "X-Hop: 1",
        "Keep-Alive: timeout=9",
        "TE: trailers",
        "Proxy-Authorization: Basic x",
    )
    answer = serving.raw(request(POST, LENGTH, *own, "X-End: 2", "Upgrade: h2c", "X-Jevons-Token: t", body=BODY))
    assert statuses(answer) == [200]
    (received,) = server.requests
    assert received.headers["x-end"] == "2"
    assert received.headers["host"] == server.url.removeprefix("http://")
    dropped = {"x-hop", "keep-alive", "te", "proxy-authorization", "upgrade", "x-jevons-token", "connection"}
    assert dropped.isdisjoint(received.headers)


def test_bodies_are_bounded_and_the_server_goes_on(server: Provider, tmp_path: Path) -> None:
    serving = started(tmp_path, "--upstream", f"openai={server.url}", "--max-mb", "1")
    most = 1 << 20
    assert statuses(serving.raw(request(POST, f"Content-Length: {most + 1}", body=BODY))) == [413]
    chunk = b"%x\r\n%b\r\n" % (1 << 16, b" " * (1 << 16))
    assert statuses(serving.raw(request(POST, "Transfer-Encoding: chunked", body=chunk * 20))) in ([413], [])
    padded = BODY + b" " * (most - len(BODY))
    assert statuses(serving.raw(request(POST, f"Content-Length: {most}", "Connection: close", body=padded))) == [200]
    assert len(serving.calls()) == len(server.requests) == 1


def test_elsewhere_only_with_a_token(server: Provider, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="set a token in JEVONS_SERVE_TOKEN"):
        started(tmp_path, "--host", "0.0.0.0")
    token = "t0k/en and more"
    given = {"JEVONS_SERVE_TOKEN": token}
    serving = started(tmp_path, "--host", "0.0.0.0", "--upstream", f"openai={server.url}", **given)
    serving.url = serving.url.replace("0.0.0.0", "127.0.0.1")
    close = "Connection: close"
    for shown in ((), ("X-Jevons-Token: t0k/en",), (f"Authorization: Bearer {token}",)):
        assert statuses(serving.raw(request(POST, LENGTH, close, *shown, body=BODY, host="build.example"))) == [401]
    assert server.requests == []
    assert statuses(
        serving.raw(request(POST, LENGTH, close, f"X-Jevons-Token: {token}", body=BODY, host="b.example"))
    ) == [200]
    line = "POST /k/t0k%2Fen%20and%20more/t/mine/openai/v1/chat/completions HTTP/1.1"
    assert statuses(serving.raw(request(line, LENGTH, close, body=BODY))) == [200]
    assert token not in json.dumps([one.headers for one in server.requests])
    assert [call.test for call in serving.calls()] == ["", "mine"]
    told = "".join(path.read_text() for path in serving.folder.rglob("*.jsonl")) + serving.said + serving.told
    assert token not in told
    assert SECRET not in told


@contextmanager
def elsewhere(to: str) -> Iterator[tuple[str, list[str]]]:
    """A server that sends everybody on: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(307)
            self.send_header("location", to)
            self.send_header("content-length", "0")
            self.end_headers()

    with serving_at(Handler) as url:
        yield url, asked


@contextmanager
def serving_at(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server with such a handler."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()


def test_an_answer_larger_than_the_bound_comes_whole_and_is_not_held(tmp_path: Path) -> None:
    said = b'{"model": "m", "choices": [], "usage": {"prompt_tokens": 3}, "text": "' + b"x" * (3 << 20) + b'"}'

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    with serving_at(Handler) as url:
        serving = started(tmp_path, "--upstream", f"openai={url}", "--max-mb", "1")
        answer = serving.raw(request(POST, LENGTH, "Connection: close", body=BODY))
    assert answer.partition(b"\r\n\r\n")[2] == said
    (call,) = serving.calls()
    assert (call.error, call.status, call.usage) == ("too_large", 200, "unknown")


def test_redirects_are_passed_back_and_not_followed(server: Provider, tmp_path: Path) -> None:
    to = f"{server.url}/v1/chat/completions"
    with elsewhere(to) as (url, asked):
        serving = started(tmp_path, "--upstream", f"openai={url}/base/")
        answer = serving.raw(request(POST, LENGTH, "Connection: close", body=BODY))
        assert statuses(answer) == [307]
        assert to.encode() in answer
        assert asked == ["/base/v1/chat/completions"]
        assert server.requests == []
        assert serving.calls() == [], "what sends on is no call"


def test_an_upstream_that_is_not_there_is_said_and_costs_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        serving = started(tmp_path, "--upstream", f"openai=http://127.0.0.1:{taken.getsockname()[1]}")
        answer = serving.raw(request(POST, LENGTH, body=BODY))
    assert statuses(answer) == [502]
    assert b"ConnectError" in answer
    (call,) = serving.calls()
    assert (call.error, call.status, call.input_tokens, call.output_tokens) == ("ConnectError", None, 0, 0)


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("gateway", "write it as NAME=https"),
        ("t=https://a.example", "none of k, t, v1"),
        ("a/b=https://a.example", "a name is of"),
        ("a=ftp://key:hunter2@a.example", "write it as NAME=https"),
        ("a=https://key:hunter2@a.example", "no user, password or query"),
        ("a=https://a.example?key=hunter2", "no user, password or query"),
        ("a=https://a.example:x", "Port could not be cast"),
    ],
)
def test_an_upstream_that_cannot_be_used_is_named(flag: str, said: str) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn of jevons[server] is not installed")
    from jevons.server.upstreams import UpstreamError, upstreams

    with pytest.raises(UpstreamError, match=said) as found:
        upstreams({}, [flag])
    assert "hunter2" not in str(found.value)


def test_every_known_provider_is_one_whose_calls_are_read() -> None:
    from jevons.server.upstreams import KNOWN, upstreams
    from jevons.wire.hosts import look_up

    for name, made in upstreams({}, []).items():
        assert look_up(made.authority).provider != "unknown", name
        assert made.scheme == b"https" or look_up(made.host).host_class == "loopback"
    assert list(KNOWN)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from jevons.cli import cli

    for name in [name for name in sys.modules if name.startswith("jevons.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["serve", "--port", "0"])
    assert done.exit_code == 2
    assert "uvicorn is not installed: pip install 'jevons[server]'" in done.output


def test_a_port_that_is_taken_is_said(server: Provider, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Address already in use: --port 0 takes one that is free"):
        started(tmp_path, "--port", server.url.rpartition(":")[2])


def test_what_it_did_as_json(server: Provider, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.jevons.upstreams]\ngateway = "{server.url}"\n')
    serving = started(tmp_path, "--format", "json")
    line = "POST /gateway/v1/chat/completions HTTP/1.1"
    assert statuses(serving.raw(request(line, LENGTH, "Connection: close", body=BODY))) == [200]
    assert statuses(serving.raw(request("GET /nobody/v1/models HTTP/1.1"))) == [404]
    serving.stop()
    told = json.loads(serving.said)
    assert (told["schema"], told["state"], told["calls"], told["failures"]) == ("jevons.serve/1", "ended", 1, [])
    assert told["requests"] == {"passed": 1, "refused: upstream": 1}
