"""The OpenAI SDK over aiohttp: its transport is httpx's shape around aiohttp, so that two taps could see a call."""

from __future__ import annotations

from typing import Any

from matrix.kits import Kit
from matrix.kits.stainless import ask_usage, chat, client, embed, stream


def over_aiohttp(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    import openai

    # Else its timeout of a read is the whole client's default, and not what the request says.
    http = openai.DefaultAioHttpClient()
    return client(openai.AsyncOpenAI, f"{url}/v1", timeout, retries, http_client=http)


KITS = [
    Kit("openai over aiohttp", package="openai", host="api.openai.com", provider="openai",
        client=over_aiohttp, chat=chat, stream=stream, embed=embed,
        ask_usage=ask_usage, aio=True, tools=True, retries=(0, 1, 2)),
]  # fmt: skip
