"""An interceptor's answer as the response object of an HTTP stack: what the stack itself would have made of it."""

from __future__ import annotations

import http.client
import inspect
import io
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

from jevons.capture.interceptor import Answer

_REASON = http.client.responses


def httpcore(module: Any, answer: Answer) -> Any:
    """A response of httpcore's (or httpcore2's) pools."""
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.headers]
    reason = _REASON.get(answer.status, "").encode()
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": reason}
    return module.Response(answer.status, headers=headers, content=_Pieces(answer.pieces), extensions=extensions)


class _Pieces:
    """A body for sync and async clients."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class _Socket:
    """What a server would have written, for ``http.client`` to read."""

    def __init__(self, written: bytes) -> None:
        self._written = written

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedIOBase:
        return io.BufferedReader(io.BytesIO(self._written))


def http_client(answer: Answer, method: str = "POST") -> http.client.HTTPResponse:
    """A response of ``http.client``; a body of several pieces comes in as many chunks."""
    chunked = len(answer.pieces) > 1
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in answer.pieces if piece) + b"0\r\n\r\n"
    framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(sum(map(len, answer.pieces))))
    lines = [f"HTTP/1.1 {answer.status} {_REASON.get(answer.status, '')}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers, framing)]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    made = http.client.HTTPResponse(_Socket(head + (body if chunked else b"".join(answer.pieces))), method=method)  # type: ignore[arg-type]
    made.begin()
    return made


def urllib3(answer: Answer, pool: Any, method: str, url: str, options: dict[str, Any]) -> Any:
    """What ``HTTPConnectionPool._make_request`` returns: of urllib3 2 its own response, of 1.26 http.client's."""
    import urllib3

    raw = http_client(answer, method)
    if not hasattr(urllib3, "BaseHTTPResponse"):
        return raw
    made = urllib3.HTTPResponse(
        body=raw,
        headers=urllib3.HTTPHeaderDict(raw.msg.items()),
        status=raw.status,
        version=raw.version,
        reason=raw.reason,
        preload_content=options.get("preload_content", True),
        decode_content=options.get("decode_content", True),
        original_response=raw,
        enforce_content_length=options.get("enforce_content_length", True),
        request_method=method,
        request_url=url,
    )
    made.retries = options.get("retries")
    made._connection, made._pool = options.get("response_conn"), pool  # its connection goes back to the pool with it
    return made


class _Sent:
    """A writer of a request that is long written."""

    output_size = 0


def aiohttp(answer: Answer, session: Any, method: str, url: Any) -> Any:
    """A ``ClientResponse`` of a session, its body waiting to be read."""
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.helpers import TimerNoop
    from multidict import CIMultiDict, CIMultiDictProxy

    loop = session._loop
    of_request = aiohttp.RequestInfo(url, method, CIMultiDictProxy(CIMultiDict()), url)
    every = {
        "writer": None,
        "continue100": None,
        "timer": TimerNoop(),
        "request_info": of_request,
        "traces": [],
        "loop": loop,
        "session": session,
        "stream_writer": _Sent(),
    }
    response_class = session._response_class
    known = inspect.signature(response_class.__init__).parameters
    made = response_class(method, url, **{name: value for name, value in every.items() if name in known})
    made.version = aiohttp.HttpVersion11
    made.status, made.reason = answer.status, _REASON.get(answer.status, "")
    made._headers = CIMultiDictProxy(CIMultiDict(answer.headers))
    made._raw_headers = tuple((name.encode(), value.encode("utf-8", "replace")) for name, value in answer.headers)
    content = _fed(aiohttp.StreamReader)(ResponseHandler(loop=loop), 2**16, loop=loop)
    content.coming = answer.pieces
    content.on_eof(made._response_eof)
    made.content = content
    return made


@cache
def _fed(kind: Any) -> Any:
    """aiohttp's reader of a stream, with pieces that come one by one, as they are waited for."""

    class Fed(kind):  # type: ignore[misc]
        coming: tuple[bytes, ...] = ()

        async def _wait(self, *args: Any) -> None:
            if not self.coming:
                self.feed_eof()
                return
            if len(self.coming) > 1 or self.total_bytes:
                self.begin_http_chunk_receiving()
            self.feed_data(self.coming[0])
            if self._http_chunk_splits is not None:
                self.end_http_chunk_receiving()
            self.coming = self.coming[1:]

    return Fed
