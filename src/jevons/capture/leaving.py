"""Where requests leave the process, beneath every recording and mock: laid only where somebody is to be asked first.

httpcore's pools (of httpx, through proxies too), urllib3's pools (so requests and botocore), ``urllib.request``'s
handlers, and, where calls can only be stopped and not answered, ``http.client``. aiohttp has its place in its own tap.
A transport of httpx that sends in another way is counted when it has finished, and neither stopped nor answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from jevons.capture import answers
from jevons.capture.interceptor import Later
from jevons.capture.recorder import answered, going_out


def httpcore(module: ModuleType) -> Callable[[], None]:
    """httpcore, and httpcore2 of httpx2. Returns the undo."""
    pool, async_pool = module.ConnectionPool, module.AsyncConnectionPool
    handle, async_handle = pool.handle_request, async_pool.handle_async_request

    @wraps(handle)
    def leaving(self: Any, request: Any) -> Any:
        __tracebackhide__ = True
        found = answered(*_place_of(request), lambda: _headers_of(request))
        return handle(self, request) if found is None else answers.httpcore(module, found)

    @wraps(async_handle)
    async def async_leaving(self: Any, request: Any) -> Any:
        __tracebackhide__ = True
        host, port = _place_of(request)
        while isinstance(found := going_out(host, port, lambda: _headers_of(request)), Later):
            await self._network_backend.sleep(found.seconds)
        return await async_handle(self, request) if found is None else answers.httpcore(module, found)

    pool.handle_request, async_pool.handle_async_request = leaving, async_leaving

    def undo() -> None:
        if pool.handle_request is leaving:
            pool.handle_request = handle
        if async_pool.handle_async_request is async_leaving:
            async_pool.handle_async_request = async_handle

    return undo


def urllib3(module: ModuleType) -> Callable[[], None]:
    """``urllib3.connectionpool``, unless vcrpy's connections are to answer. Returns the undo."""
    pool = module.HTTPConnectionPool
    make = pool._make_request

    @wraps(make)
    def leaving(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not _of_vcr(type(conn)):
            headers = kwargs.get("headers") or {}
            port = self.port if url[:1] == "/" else urlsplit(url).port
            found = answered(_asked_host(conn, url), port, lambda: _lower(headers))
            if found is not None:
                return answers.urllib3(found, self, method, url, kwargs)
        return make(self, conn, method, url, *args, **kwargs)

    pool._make_request = leaving

    def undo() -> None:
        if pool._make_request is leaving:
            pool._make_request = make

    return undo


def urllib_request(module: ModuleType) -> Callable[[], None]:
    """``urllib.request``, the same. Returns the undo."""
    handler = module.AbstractHTTPHandler
    do_open = handler.do_open

    @wraps(do_open)
    def leaving(self: Any, http_class: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if not _of_vcr(http_class):
            parts = urlsplit(req.full_url)
            found = answered(parts.hostname or "", parts.port, lambda: _lower(dict(req.header_items())))
            if found is not None:
                made = answers.http_client(found, req.get_method())
                made.url, made.msg = req.get_full_url(), made.reason  # type: ignore[assignment]
                return made
        return do_open(self, http_class, req, *args, **kwargs)

    handler.do_open = leaving

    def undo() -> None:
        if handler.do_open is leaving:
            handler.do_open = do_open

    return undo


def http_client(module: ModuleType) -> Callable[[], None]:
    """``http.client``: nothing of a request is sent before ``putrequest``. Returns the undo."""
    connection = module.HTTPConnection
    putrequest = connection.putrequest

    @wraps(putrequest)
    def leaving(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        going_out(_asked_host(self, url))
        return putrequest(self, method, url, *args, **kwargs)

    connection.putrequest = leaving

    def undo() -> None:
        if connection.putrequest is leaving:
            connection.putrequest = putrequest

    return undo


def _place_of(request: Any) -> tuple[str, int | None]:
    try:
        return request.url.host.decode("ascii"), request.url.port
    except Exception:  # whatever it is, the pool will say so
        return "", None


def _headers_of(request: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers}


def _lower(headers: Mapping[Any, Any]) -> dict[str, str]:
    def text(of: Any) -> str:
        return of.decode("latin-1") if isinstance(of, bytes) else str(of)

    return {text(name).lower(): text(value) for name, value in headers.items()}


def _of_vcr(connection: type) -> bool:
    """Whether a connection is vcrpy's, which plays or records; it goes on beneath as it likes."""
    return any(base.__module__.partition(".")[0] == "vcr" for base in connection.__mro__)


def _asked_host(connection: Any, url: str) -> str:
    """Through a proxy, the host asked for stands in the address, or is the tunnel's."""
    try:
        return (url[:1] != "/" and urlsplit(url).hostname) or connection._tunnel_host or connection.host
    except Exception:
        return ""


TAPS = {
    "httpcore": httpcore,
    "httpcore2": httpcore,
    "urllib3.connectionpool": urllib3,
    "urllib.request": urllib_request,
    "http.client": http_client,
}
