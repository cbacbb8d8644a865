"""The Mistral SDK, on httpx2."""

from __future__ import annotations

from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS, Kit


def both_ways(url: str, timeout: float | None = None, retries: int = 0, **more: Any) -> Any:
    """One client is synchronous and asynchronous."""
    from mistralai.client import Mistral
    from mistralai.client.utils import BackoffStrategy, RetryConfig

    retry = RetryConfig("backoff", BackoffStrategy(1, 2, 1.0, 2_000), retry_connection_errors=False)
    given = {"retry_config": retry} if retries else {}
    milliseconds = round(timeout * 1_000) if timeout else 20_000
    return Mistral(api_key=KEY, server_url=f"{url}/mistral", timeout_ms=milliseconds, **given, **more)


def sync2(url: str, **more: Any) -> Any:
    import httpx2

    return both_ways(url, client=httpx2.Client(http1=False, http2=True), **more)


def aio2(url: str, **more: Any) -> Any:
    import httpx2

    return both_ways(url, async_client=httpx2.AsyncClient(http1=False, http2=True), **more)


def _asked(model: str, prompt: str, tools: bool) -> Any:
    given = {"tools": TOOLS} if tools else {}
    return {"model": model, "messages": [{"role": "user", "content": prompt}], "temperature": 0.5} | given


def chat(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.chat.complete(**_asked(model, prompt, tools))


def stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.chat.stream(**_asked(model, prompt, tools))


def embed(client: Any, model: str) -> Any:
    return client.embeddings.create(model=model, inputs=TEXTS)


def aio_chat(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.chat.complete_async(**_asked(model, prompt, tools))


def aio_stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.chat.stream_async(**_asked(model, prompt, tools))


def aio_embed(client: Any, model: str) -> Any:
    return client.embeddings.create_async(model=model, inputs=TEXTS)


_ALL: dict[str, Any] = {
    "package": "mistralai",
    "host": "api.mistral.ai",
    "provider": "mistral_ai",
    "client": both_ways,
    "tools": True,
    "told": True,
}
_ALL |= {"retries": (0, 1, 2), "sources": ("httpx2",)}
KITS = [
    Kit("mistralai", chat=chat, stream=stream, embed=embed, http2=sync2, **_ALL),
    Kit("mistralai async", chat=aio_chat, stream=aio_stream, embed=aio_embed, aio=True, http2=aio2, **_ALL),
]
