"""What is let in: which requests are refused, and where the others are to go."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from jevons.server.upstreams import Upstream
from jevons.wire.hosts import look_up

TRACES = "/v1/traces"
TOKEN = b"x-jevons-token"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"trailers", b"transfer-encoding", b"upgrade"),
    }
)
"""Of one connection, not of what it carries: RFC 9110, section 7.6.1."""

Header = tuple[bytes, bytes]


class RefusedError(Exception):
    """A request that is not passed on. Says a status, a kind, and why; never what a request held."""

    def __init__(self, status: int, kind: str, why: str) -> None:
        super().__init__(why)
        self.status, self.kind, self.why = status, kind, why


class Target(NamedTuple):
    """Where a request is to go."""

    upstream: Upstream | None
    """None: to the receiver of traces."""
    path: str
    """Path and query there."""
    test: str


class Gate:
    """Checks requests by their heads; `token` as in `let_in`."""

    def __init__(self, upstreams: Mapping[str, Upstream], token: str, named: Callable[[str], str]) -> None:
        self._upstreams = upstreams
        self._token = token.encode()
        self._named = named

    def target(self, scope: Any) -> Target:
        """Where it is to go. Raises RefusedError."""
        headers: list[Header] = scope["headers"]
        if scope["method"] not in METHODS:
            raise RefusedError(405, "method", "this method is not passed on")
        self._framed_once(headers)
        raw, query = scope["raw_path"], scope["query_string"]
        if raw[:1] != b"/":  # an absolute form, as forward proxies are asked, or CONNECT's host
            raise RefusedError(400, "target", "this is no forward proxy: ask for /NAME/..., NAME an upstream")
        try:
            path = raw.decode("ascii")
        except UnicodeDecodeError:
            raise RefusedError(400, "target", "the path is not percent-encoded") from None
        if not {".", ".."}.isdisjoint(unquote(path).replace("\\", "/").split("/")):
            raise RefusedError(400, "target", "the path has parts that lead upwards")
        path = let_in(path, headers, self._token)
        test = ""
        if path.startswith("/t/"):
            part, _, path = path[3:].partition("/")
            test, path = self._named(unquote(part)), f"/{path}"
        if path == TRACES:
            return Target(None, path, test)
        name, _, rest = path[1:].partition("/")
        found = self._upstreams.get(name)
        if found is None:
            raise RefusedError(404, "upstream", "no upstream of this name is configured: --upstream NAME=URL adds one")
        there = f"{found.base}/{rest}"
        return Target(found, f"{there}?{query.decode('latin-1')}" if query else there, test)

    def _framed_once(self, headers: list[Header]) -> None:
        """Two ways to tell where a body ends are how requests are smuggled: RFC 9112, section 6.3."""
        lengths = [value for name, value in headers if name == b"content-length"]
        codings = [value for name, value in headers if name == b"transfer-encoding"]
        if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
            raise RefusedError(400, "framing", "the length of the body is told in more than one way")
        if codings and codings[0].strip().lower() != b"chunked":
            raise RefusedError(501, "framing", "of transfer codings only chunked is understood")


def let_in(path: str, headers: list[Header], token: bytes) -> str:
    """The path without a token. Raises RefusedError.

    `token`: what every request must show; empty: none, and then only those are let in that name a loopback host,
    so that no web page reaches this machine under a name of its own that leads here.
    """
    shown = next((value for name, value in headers if name == TOKEN), b"")
    if path.startswith("/k/"):
        part, _, path = path[3:].partition("/")
        shown, path = unquote(part).encode(), f"/{path}"
    if token:
        if not hmac.compare_digest(shown, token):
            raise RefusedError(401, "token", "show the token: the header X-Jevons-Token, or /k/TOKEN/ in the path")
    else:
        host = next((value for name, value in headers if name == b"host"), b"").decode("latin-1")
        if host and look_up(host).host_class != "loopback":
            raise RefusedError(421, "host", "without a token only requests to a loopback host are let in")
    return path


def passed_on(headers: list[Header]) -> list[Header]:
    """Headers that go on to the other side, in their order: none that is of this connection alone."""
    named = {
        part.strip().lower() for name, value in headers if name.lower() == b"connection" for part in value.split(b",")
    }
    own = HOP_BY_HOP | named if named else HOP_BY_HOP
    return [(name, value) for name, value in headers if name.lower() not in own]
