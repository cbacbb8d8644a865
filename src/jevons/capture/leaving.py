"""Where requests leave the process, beneath every recording and mock: laid only where somebody wants to stop calls.

httpcore's pools (of httpx, through proxies too), and ``http.client`` (of urllib3, so requests and botocore, and of
``urllib.request``). aiohttp has its place in its own tap. A transport of httpx that sends in another way is counted
when it has finished, and not stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from jevons.capture.recorder import going_out


def httpcore(module: ModuleType) -> Callable[[], None]:
    """httpcore, and httpcore2 of httpx2. Returns the undo."""
    pool, async_pool = module.ConnectionPool, module.AsyncConnectionPool
    handle, async_handle = pool.handle_request, async_pool.handle_async_request

    @wraps(handle)
    def leaving(self: Any, request: Any) -> Any:
        __tracebackhide__ = True
        going_out(_host_of(request))
        return handle(self, request)

    @wraps(async_handle)
    async def async_leaving(self: Any, request: Any) -> Any:
        __tracebackhide__ = True
        going_out(_host_of(request))
        return await async_handle(self, request)

    pool.handle_request, async_pool.handle_async_request = leaving, async_leaving

    def undo() -> None:
        if pool.handle_request is leaving:
            pool.handle_request = handle
        if async_pool.handle_async_request is async_leaving:
            async_pool.handle_async_request = async_handle

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


def _host_of(request: Any) -> str:
    try:
        return request.url.host.decode("ascii")  # type: ignore[no-any-return]
    except Exception:  # whatever it is, the pool will say so
        return ""


def _asked_host(connection: Any, url: str) -> str:
    """Through a proxy, the host asked for stands in the address, or is the tunnel's."""
    try:
        return (url[:1] != "/" and urlsplit(url).hostname) or connection._tunnel_host or connection.host
    except Exception:
        return ""


TAPS = {"httpcore": httpcore, "httpcore2": httpcore, "http.client": http_client}
