"""The Together SDK, on httpx: a stream tells its usage in the chunk that ends it."""

from __future__ import annotations

from typing import Any

from matrix.kits import Kit
from matrix.kits.stainless import chat, client, embed, stream


def sync(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    import together

    return client(together.Together, f"{url}/together", timeout, retries)


def aio(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    import together

    return client(together.AsyncTogether, f"{url}/together", timeout, retries)


_ALL: dict[str, Any] = {
    "package": "together",
    "host": "api.together.ai",
    "provider": "together",
    "chat": chat,
    "stream": stream,
    "embed": embed,
    "tools": True,
}
KITS = [
    Kit("together", client=sync, retries=(0, 1, 2), told=True, **_ALL),
    Kit("together async", client=aio, aio=True, retries=(0, 1, 2), told=True, **_ALL),
]
