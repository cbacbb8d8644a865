"""The Cohere SDK, versions 1 and 2 of its API, on httpx."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS, Kit

_RESULT_TOOLS = [
    {
        "name": "weather",
        "description": "The weather of a city",
        "parameter_definitions": {"city": {"type": "str", "description": "Its name", "required": True}},
    }
]


class _Client:
    """A client with the options that each request takes."""

    def __init__(self, real: Any, timeout: float | None, retries: int) -> None:
        self.real = real
        self.options = {"max_retries": retries} | ({"timeout_in_seconds": timeout} if timeout else {})


def _made(cls: str, url: str, timeout: float | None, http: Any = None) -> Any:
    import cohere

    given = {"httpx_client": http} if http else {}
    return getattr(cohere, cls)(api_key=KEY, base_url=url, timeout=timeout or 20, **given)


@contextmanager
def sync(cls: str, url: str, timeout: float | None = None, retries: int = 0, http: Any = None) -> Any:
    yield _Client(_made(cls, url, timeout, http), timeout, retries)


@asynccontextmanager
async def aio(cls: str, url: str, timeout: float | None = None, retries: int = 0, http: Any = None) -> Any:
    yield _Client(_made(cls, url, timeout, http), timeout, retries)


def sync2(url: str, **more: Any) -> Any:
    import httpx

    return sync("ClientV2", url, http=httpx.Client(http1=False, http2=True), **more)


def _v1(client: Any, model: str, prompt: str, tools: bool) -> Any:
    given = {"tools": _RESULT_TOOLS} if tools else {}
    return {"model": model, "message": prompt, "temperature": 0.5, "request_options": client.options} | given


def chat_1(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.real.chat(**_v1(client, model, prompt, tools))


def stream_1(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.real.chat_stream(**_v1(client, model, prompt, tools))


def embed_1(client: Any, model: str) -> Any:
    return client.real.embed(
        model=model, texts=TEXTS, input_type="search_query", request_options=client.options, batching=False
    )


def _v2(client: Any, model: str, prompt: str, tools: bool) -> Any:
    given = {"tools": TOOLS} if tools else {}
    messages = [{"role": "user", "content": prompt}]
    return {"model": model, "messages": messages, "temperature": 0.5, "request_options": client.options} | given


def chat_2(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.real.chat(**_v2(client, model, prompt, tools))


def stream_2(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.real.chat_stream(**_v2(client, model, prompt, tools))


def embed_2(client: Any, model: str) -> Any:
    return client.real.embed(
        model=model, texts=TEXTS, input_type="search_query", embedding_types=["float"], request_options=client.options
    )


def rerank(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.real.rerank(model=model, query=prompt, documents=TEXTS, request_options=client.options)


_1: dict[str, Any] = {"chat": chat_1, "stream": stream_1, "embed": embed_1, "tools": True}
_2: dict[str, Any] = {"chat": chat_2, "stream": stream_2, "embed": embed_2, "tools": True}
_ALL: dict[str, Any] = {
    "package": "cohere",
    "host": "api.cohere.com",
    "provider": "cohere",
    "told": True,
    "retries": (0, 1, 2),
    "stream_retries": (0,),
}
KITS = [
    Kit("cohere v1", client=partial(sync, "Client"), **_1, **_ALL),
    Kit("cohere v1 async", client=partial(aio, "AsyncClient"), aio=True, **_1, **_ALL),
    Kit("cohere v2", client=partial(sync, "ClientV2"), http2=sync2, **_2, **_ALL),
    Kit("cohere v2 async", client=partial(aio, "AsyncClientV2"), aio=True, **_2, **_ALL),
    Kit("cohere rerank", client=partial(sync, "ClientV2"), chat=rerank, **_ALL),
]
