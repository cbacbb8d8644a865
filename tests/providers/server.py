"""The server: real sockets, keep-alive, chunked streams, and trouble on request.

A test asks for trouble through the model's name: ``fake-1+cut5+gzip``.

=========  ==================================================================
cutN       drop the connection after N pieces of a stream (0: half a plain body)
errorN     after N pieces of a stream, an error as the format tells it, and the end
stallN     after N pieces of a stream, wait until the client goes away
hang       never answer
429xN      the first N tries of the same request get 429
500        always 500
slow       30 ms between pieces
gzip       compressed, if the client accepts it; also deflate, zstd, br
nousage    tell no usage
ragged     pieces of 7 bytes: events and characters torn apart
=========  ==================================================================
"""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

from providers import anthropic, bedrock, cohere, compatible, gemini, http2, huggingface, ollama, openai
from providers.answer import JSON, Answer, Event, Usage, ragged, sse, without_usage

_FORMATS = (openai, anthropic, gemini, cohere, ollama, bedrock, huggingface, compatible)
_SLOW_S = 0.03
_PATIENCE_S = 10.0  # a stalled or hung request ends here even if its client never goes away
_TROUBLE = re.compile(r"(cut|error|stall|429x)(\d+)")
_OVERLOADED = {"type": "overloaded_error", "code": "server_error", "message": "fake overload", "param": None}
_FAILURE = {
    "anthropic.messages": sse({"type": "error", "error": _OVERLOADED}, event="error"),
    "openai.responses": sse({"sequence_number": 99} | _OVERLOADED | {"type": "error"}, event="error"),
    "": sse({"error": _OVERLOADED}),
}


@dataclass
class Received:
    """One request as it truly came, and what the server truly did."""

    method: str
    path: str
    body: JSON
    headers: dict[str, str]
    answer: Answer
    usage: Usage
    """True usage: of a stream that ended early, what was sent in the open."""
    status: int | None = 200
    """None: no answer was given."""
    streamed: bool = False
    told: bool = True
    """Whether the client was told the whole usage."""
    trouble: tuple[str, ...] = ()


@dataclass
class Provider:
    """The running server, as a test sees it."""

    url: str
    requests: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    tries: Counter[str] = field(default_factory=Counter)

    @property
    def asked(self) -> list[Received]:
        """The requests that a model had to work for."""
        with self.lock:
            return [one for one in self.requests if one.answer.ai]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # connections that SDKs keep alive must not hold a test up
    request_queue_size = 64
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The same for ever, so that answers can be compared."""
        return "Thu, 09 Oct 2025 08:53:20 GMT"

    def handle(self) -> None:
        """Serve one connection, until the client goes away, which is its right."""
        with suppress(ConnectionError):
            start = self.connection.recv(len(http2.PREFACE), socket.MSG_PEEK)
            if start.startswith(http2.PREFACE[:14]):
                http2.serve(self.connection, self.server.server_address[1])
            else:
                super().handle()

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._serve(json.loads(raw) if raw else {})

    def _serve(self, body: JSON) -> None:
        path = urlsplit(self.path).path
        made = (form.answer(self.command, path, body) for form in _FORMATS)
        answer = next((one for one in made if one is not None), None)
        if answer is None:
            answer = Answer("", "", "", "", body={}, ai=False)
            self._error(self._note(path, body, answer, ()), 404)
            return
        trouble = tuple(answer.model.split("+")[1:])
        if "nousage" in trouble:
            answer = without_usage(answer)
        received = self._note(path, body, answer, trouble)
        numbers = {name: int(n) for name, n in (m.groups() for m in map(_TROUBLE.fullmatch, trouble) if m)}
        if numbers.get("429x", 0):
            key = f"{path} {json.dumps(body, sort_keys=True)}"
            with self._provider.lock:
                self._provider.tries[key] += 1
                tries = self._provider.tries[key]
            if tries <= numbers["429x"]:
                self._error(received, 429)
                return
        encoding = self._encoding(trouble)
        if "500" in trouble:
            self._error(received, 500)
        elif "hang" in trouble:
            received.status, received.usage, received.told = None, Usage(), False
            self._wait()
        elif answer.events is None:
            self._plain(received, encoding, cut="cut" in numbers)
        else:
            self._stream(received, encoding, numbers)

    @property
    def _provider(self) -> Provider:
        return cast(_Server, self.server).provider

    def _note(self, path: str, body: JSON, answer: Answer, trouble: tuple[str, ...]) -> Received:
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, path, body, headers, answer, answer.usage, trouble=trouble)
        received.streamed = answer.events is not None
        received.told = answer.told
        with self._provider.lock:
            self._provider.requests.append(received)
        return received

    def _error(self, received: Received, status: int) -> None:
        received.status, received.usage, received.told = status, Usage(), False
        kind = {404: "not_found_error", 429: "rate_limit_error", 500: "api_error"}[status]
        # The union of what the providers' SDKs look for.
        error = {"type": kind, "message": f"fake {status}", "code": status if ":" in received.path else kind}
        error |= {"status": kind.upper(), "param": None}
        data = json.dumps({"type": "error", "message": f"fake {status}", "error": error}).encode()
        self.send_response(status)
        if received.answer.api.startswith("bedrock"):
            self.send_header("x-amzn-errortype", {429: "ThrottlingException"}.get(status, "InternalServerException"))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        if status != 404:
            self.send_header("retry-after-ms", "1")
            self.send_header("retry-after", "0")  # Azure's SDK tries again only where it is told when
        self.end_headers()
        self.wfile.write(data)

    def _wait(self) -> None:
        """Until the client goes away."""
        select.select([self.connection], [], [], _PATIENCE_S)
        self.close_connection = True

    def _encoding(self, trouble: tuple[str, ...]) -> str:
        accepted = self.headers.get("accept-encoding", "")
        return next((one for one in trouble if one in ("gzip", "deflate", "zstd", "br") and one in accepted), "")

    def _plain(self, received: Received, encoding: str, cut: bool) -> None:
        data = json.dumps(received.answer.body, ensure_ascii=False).encode()
        if encoding:
            press = _press(encoding)
            data = press(data, False) + press(b"", True)
        self._head(received.answer, "application/json", encoding, str(len(data)))
        if cut:
            received.usage, received.told = Usage(), False
            data = data[: len(data) // 2]
            self.close_connection = True
        self.wfile.write(data)

    def _head(self, answer: Answer, kind: str, encoding: str, length: str = "") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("x-request-id", "req_fake")
        if encoding:
            self.send_header("content-encoding", encoding)
        if length:
            self.send_header("content-length", length)
        else:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _stream(self, received: Received, encoding: str, numbers: dict[str, int]) -> None:
        events = received.answer.events or []
        end = min(numbers.get(name, len(events)) for name in ("cut", "error", "stall"))
        if end < len(events):
            whole, seen = received.usage, sum(event.tokens for event in events[:end])
            received.usage = Usage(whole.input, whole.cached, whole.cache_write, seen)
        received.told = any(event.told for event in events[:end])
        self._head(received.answer, received.answer.media, encoding)
        press = _press(encoding) if encoding else None
        said = received.answer.failure or _FAILURE.get(received.answer.api, _FAILURE[""])
        failure = [Event(said)] if "error" in numbers else []
        for event in events[:end] + failure:
            data = press(event.data, False) if press else event.data
            for piece in ragged(iter([data]), 7) if "ragged" in received.trouble else [data]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if "slow" in received.trouble:
                time.sleep(_SLOW_S)
        if "cut" in numbers:
            self.close_connection = True  # without the last chunk: the client sees that it is cut
        elif "stall" in numbers:
            self._wait()
        else:
            rest = press(b"", True) if press else b""
            self.wfile.write((b"%x\r\n%b\r\n" % (len(rest), rest) if rest else b"") + b"0\r\n\r\n")


def _press(encoding: str) -> Callable[[bytes, bool], bytes]:
    """A compressor that gives out each piece at once: ``press(data, last)``."""
    if encoding == "zstd":
        import zstandard

        zstd = zstandard.ZstdCompressor().compressobj()
        return lambda data, last: zstd.compress(data) + zstd.flush(0 if last else 1)
    if encoding == "br":
        import brotli  # type: ignore[import-untyped]

        brotlied = brotli.Compressor()
        return lambda data, last: brotlied.process(data) + (brotlied.finish() if last else brotlied.flush())
    deflate = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    return lambda data, last: deflate.compress(data) + deflate.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


@contextmanager
def provider() -> Iterator[Provider]:
    """A server on a free loopback port, until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.provider = Provider(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_url() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
