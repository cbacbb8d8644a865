"""The Groq SDK, on httpx: a stream tells its usage under x_groq."""

from __future__ import annotations

from typing import Any

from matrix.kits import Kit
from matrix.kits.stainless import chat, client, stream


def sync(url: str, timeout: float | None = None, retries: int = 0, **more: Any) -> Any:
    import groq

    return client(groq.Groq, url, timeout, retries, **more)


def aio(url: str, timeout: float | None = None, retries: int = 0, **more: Any) -> Any:
    import groq

    return client(groq.AsyncGroq, url, timeout, retries, **more)


def sync2(url: str, **more: Any) -> Any:
    import httpx

    return sync(url, http_client=httpx.Client(http1=False, http2=True), **more)


def aio2(url: str, **more: Any) -> Any:
    import httpx

    return aio(url, http_client=httpx.AsyncClient(http1=False, http2=True), **more)


_ALL: dict[str, Any] = {
    "package": "groq",
    "host": "api.groq.com",
    "provider": "groq",
    "chat": chat,
    "stream": stream,
    "tools": True,
    "told": True,
}
KITS = [
    Kit("groq", client=sync, retries=(0, 1, 2), http2=sync2, **_ALL),
    Kit("groq async", client=aio, aio=True, retries=(0, 1, 2), http2=aio2, **_ALL),
]
