"""The ollama SDK, on httpx."""

from __future__ import annotations

from typing import Any

from matrix.kits import TEXTS, TOOLS, Kit


def sync(url: str, timeout: float | None = None, retries: int = 0, **options: Any) -> Any:
    import ollama

    return ollama.Client(host=url, timeout=timeout, **options)


def aio(url: str, timeout: float | None = None, retries: int = 0, **options: Any) -> Any:
    import ollama

    return ollama.AsyncClient(host=url, timeout=timeout, **options)


def chat(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    given = {"tools": TOOLS} if tools else {}
    return client.chat(model=model, messages=[{"role": "user", "content": prompt}], **given, **more)


def stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return chat(client, model, prompt, tools, stream=True)


def generate(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    return client.generate(model=model, prompt=prompt, **more)


def generate_stream(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return generate(client, model, prompt, stream=True)


def embed(client: Any, model: str) -> Any:
    return client.embed(model=model, input=TEXTS)


def http2(make: Any) -> Any:
    return lambda url, **options: make(url, http1=False, http2=True, **options)


_CHAT = {"package": "ollama", "host": "ollama.com", "provider": "ollama", "told": True}
KITS = [
    Kit("ollama chat", client=sync, chat=chat, stream=stream, embed=embed, tools=True, http2=http2(sync), **_CHAT),
    Kit("ollama chat async", client=aio, chat=chat, stream=stream, embed=embed, tools=True, aio=True,
        http2=http2(aio), **_CHAT),
    Kit("ollama generate", client=sync, chat=generate, stream=generate_stream, **_CHAT),
]  # fmt: skip
