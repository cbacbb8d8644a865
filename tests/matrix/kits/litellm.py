"""LiteLLM: synchronous on httpx; asynchronous on httpx around aiohttp, so that two taps could see a call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS, Kit

_PATHS = {"openai": "/v1", "anthropic": "", "mistral": "/mistral/v1", "groq": "/openai/v1", "ollama_chat": ""}


@contextmanager
def sync(service: str, url: str, timeout: float | None = None, retries: int = 0) -> Iterator[Any]:
    yield _options(service, url, timeout, retries)


@asynccontextmanager
async def aio(service: str, url: str, timeout: float | None = None, retries: int = 0) -> AsyncIterator[Any]:
    import litellm

    yield _options(service, url, timeout, retries)
    await litellm.close_litellm_async_clients()


def _options(service: str, url: str, timeout: float | None, retries: int) -> Any:
    import litellm

    litellm.in_memory_llm_clients_cache.flush_cache()  # its clients outlive an event loop
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    given = {"api_base": url + _PATHS[service], "api_key": KEY, "timeout": timeout or 20, "max_retries": retries}
    return service, given


def _asked(made: Any, model: str, prompt: str, tools: bool) -> dict[str, Any]:
    service, options = made
    given = {"tools": TOOLS} if tools else {}
    messages = [{"role": "user", "content": prompt}]
    return {"model": f"{service}/{model}", "messages": messages, "temperature": 0.5} | given | options


def chat(made: Any, model: str, prompt: str, tools: bool = False) -> Any:
    import litellm

    return litellm.completion(**_asked(made, model, prompt, tools))


def stream(made: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    import litellm

    return litellm.completion(stream=True, **_asked(made, model, prompt, tools), **more)


def aio_chat(made: Any, model: str, prompt: str, tools: bool = False) -> Any:
    import litellm

    return litellm.acompletion(**_asked(made, model, prompt, tools))


def aio_stream(made: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    import litellm

    return litellm.acompletion(stream=True, **_asked(made, model, prompt, tools), **more)


def embed(made: Any, model: str) -> Any:
    import litellm

    return litellm.embedding(model=f"{made[0]}/{model}", input=TEXTS, **made[1])


def aio_embed(made: Any, model: str) -> Any:
    import litellm

    return litellm.aembedding(model=f"{made[0]}/{model}", input=TEXTS, **made[1])


_AT = {
    "openai": {"host": "api.openai.com", "provider": "openai"},
    "anthropic": {"host": "api.anthropic.com", "provider": "anthropic"},
    "mistral": {"host": "api.mistral.ai", "provider": "mistral_ai"},
    "groq": {"host": "api.groq.com", "provider": "groq"},
    "ollama_chat": {"host": "ollama.com", "provider": "ollama"},
}
_SYNC: dict[str, Any] = {"package": "litellm", "chat": chat, "stream": stream, "tools": True}
_AIO: dict[str, Any] = {"package": "litellm", "chat": aio_chat, "stream": aio_stream, "tools": True, "aio": True}
KITS = [
    Kit("litellm openai", client=partial(sync, "openai"), **_AT["openai"], embed=embed, retries=(0, 1, 2),
        told=True, **_SYNC),
    Kit("litellm openai async", client=partial(aio, "openai"), **_AT["openai"], embed=aio_embed, retries=(0, 1, 2),
        told=True, **_AIO),
    Kit("litellm anthropic", client=partial(sync, "anthropic"), **_AT["anthropic"], told=True, **_SYNC),
    Kit("litellm anthropic async", refused=2, client=partial(aio, "anthropic"), **_AT["anthropic"], told=True, **_AIO),
    Kit("litellm mistral async", refused=2, client=partial(aio, "mistral"), **_AT["mistral"], told=True, **_AIO),
    Kit("litellm groq async", refused=2, client=partial(aio, "groq"), **_AT["groq"], told=True, **_AIO),
    Kit("litellm ollama async", refused=2, client=partial(aio, "ollama_chat"), **_AT["ollama_chat"], told=True, **_AIO),
]  # fmt: skip
