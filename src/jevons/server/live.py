"""`jevons report --live`: the report's pages of a ledger, over HTTP, to people on this machine.

Every answer says what a browser may do with it: run the pages' own script, ask this server, and nothing else. A page
that has not changed is not sent again (RFC 9110, section 13.1.2).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import unquote

from jevons.ledger.near import RemoteError
from jevons.report.html.live import policy
from jevons.server.live_ledger import StoppedError
from jevons.server.live_pages import Page, Pages
from jevons.server.proxy import Send
from jevons.server.request import Header, RefusedError, let_in

_ALWAYS: list[Header] = [
    (b"cache-control", b"private, no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


_TOLD = {200: "shown", 204: "icon", 304: "not changed", 500: "could not be done"}


class LiveApp:
    """The ASGI application. `token` as in `request.let_in`."""

    def __init__(self, pages: Pages, token: str) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        """Faults of jevons itself, by kind."""
        self._pages, self._token = pages, token.encode()

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            page = await self._asked(scope)
            self.counts[_TOLD.get(page.status, "not found")] += page.status != 204
        except RefusedError as error:
            self.counts[f"refused: {error.kind}"] += 1
            await _plain(error.status, error.why, send)
            return
        except StoppedError:
            await _plain(503, "the server ends", send)
            return
        except RemoteError as error:  # of the shared ledger: the next page asks again
            self.counts["unreached"] += 1
            await _plain(503, str(error), send)
            return
        except Exception as error:
            self.counts["failed"] += 1
            self.failures.append(type(error).__name__)
            await _plain(500, f"jevons failed ({type(error).__name__})", send)
            return
        headers = [
            *_ALWAYS,
            (b"content-security-policy", policy().encode()),
            (b"etag", b'"%s"' % page.tag.encode()),
            (b"x-jevons-wait", b"%.1f" % page.wait_s),
        ]
        if page.status not in (204, 304):
            headers += [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(page.body))]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page.body})

    async def _asked(self, scope: Any) -> Page:
        headers: list[Header] = scope["headers"]
        if scope["method"] not in ("GET", "HEAD"):
            raise RefusedError(405, "method", "pages are read with GET")
        raw = scope["raw_path"].decode("latin-1")
        path = let_in(raw, headers, self._token)
        if path == "/favicon.ico":  # browsers ask for it by themselves
            return Page(204, "", 0.0)
        base = raw[: len(raw) - len(path)] if raw.startswith("/k/") else ""
        known = b",".join(value for name, value in headers if name == b"if-none-match").decode("latin-1")
        tags = {one.strip().removeprefix("W/").strip('"') for one in known.split(",")}
        return await asyncio.to_thread(self._pages.page, unquote(path), base, tags)


async def _plain(status: int, why: str, send: Send) -> None:
    data = f"jevons: {why}\n".encode()
    headers = [
        *_ALWAYS,
        (b"content-security-policy", b"default-src 'none'"),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(data)),
    ]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
