"""The Google Gen AI SDK: asynchronous over aiohttp (its choice where that is installed), httpx2 and httpx."""

from __future__ import annotations

import importlib
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from matrix.kits import KEY, TEXTS, WEATHER, Kit


@asynccontextmanager
async def aio(module: str, url: str, timeout: float | None = None, retries: int = 0, http2: bool = False) -> Any:
    from google import genai

    again = genai.types.HttpRetryOptions(
        attempts=retries + 1, initial_delay=0.001, max_delay=0.002, jitter=0, http_status_codes=[429]
    )
    given: dict[str, Any] = {"retry_options": again} if retries else {}
    if module != "aiohttp":
        ways = {"http1": False, "http2": True} if http2 else {}
        given["httpx_async_client"] = importlib.import_module(module).AsyncClient(timeout=timeout or 20, **ways)
    if timeout:
        given["timeout"] = round(timeout * 1_000)
    options = genai.types.HttpOptions(base_url=url, **given)
    client = genai.Client(api_key=KEY, http_options=options)
    async with client.aio as inner:
        yield inner
    client.close()


def _asked(model: str, prompt: str, tools: bool) -> Any:
    from google.genai import types

    config: dict[str, Any] = {"temperature": 0.5}
    if tools:
        declared = types.FunctionDeclaration(
            name=WEATHER["name"], description=WEATHER["description"], parameters_json_schema=WEATHER["parameters"]
        )
        config["tools"] = [types.Tool(function_declarations=[declared])]
    return {"model": model, "contents": prompt, "config": config}


def chat(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.models.generate_content(**_asked(model, prompt, tools))


def stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return client.models.generate_content_stream(**_asked(model, prompt, tools))


def embed(client: Any, model: str) -> Any:
    return client.models.embed_content(model=model, contents=TEXTS)


_ALL: dict[str, Any] = {
    "package": "google.genai",
    "host": "generativelanguage.googleapis.com",
    "provider": "gcp.gemini",
    "chat": chat,
    "stream": stream,
    "embed": embed,
    "aio": True,
}
_ALL |= {"tools": True, "told": True, "retries": (0, 1, 2)}
KITS = [
    Kit("google-genai over aiohttp", refused=2, client=partial(aio, "aiohttp"), sources=("aiohttp",), **_ALL),
    Kit("google-genai over httpx2", client=partial(aio, "httpx2"), sources=("httpx2",),
        http2=partial(aio, "httpx2", http2=True), **_ALL),
    Kit("google-genai over httpx", client=partial(aio, "httpx"), http2=partial(aio, "httpx", http2=True), **_ALL),
]  # fmt: skip
