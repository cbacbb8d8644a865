"""The Azure AI Inference SDK: requests, or aiohttp where asynchronous."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS, Kit


def _options(timeout: float | None, retries: int) -> dict[str, Any]:
    waits = {"read_timeout": timeout} if timeout else {}
    again = {"retry_total": retries, "retry_backoff_factor": 0.001, "retry_on_methods": ["POST"]}
    return again | waits


@contextmanager
def sync(url: str, timeout: float | None = None, retries: int = 0) -> Iterator[Any]:
    from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
    from azure.core.credentials import AzureKeyCredential

    made = [
        cls(url, AzureKeyCredential(KEY), **_options(timeout, retries))
        for cls in (ChatCompletionsClient, EmbeddingsClient)
    ]
    yield made
    for client in made:
        client.close()


@asynccontextmanager
async def aio(url: str, timeout: float | None = None, retries: int = 0) -> AsyncIterator[Any]:
    from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient
    from azure.core.credentials import AzureKeyCredential

    made = [
        cls(url, AzureKeyCredential(KEY), **_options(timeout, retries))
        for cls in (ChatCompletionsClient, EmbeddingsClient)
    ]
    yield made
    for client in made:
        await client.close()


def _asked(model: str, prompt: str, tools: bool) -> dict[str, Any]:
    from azure.ai.inference.models import ChatCompletionsToolDefinition, UserMessage

    given = {"tools": [ChatCompletionsToolDefinition(one) for one in TOOLS]} if tools else {}
    return {"model": model, "messages": [UserMessage(prompt)], "temperature": 0.5} | given


def chat(clients: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return clients[0].complete(**_asked(model, prompt, tools))


def stream(clients: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    return clients[0].complete(stream=True, **_asked(model, prompt, tools), **more)


def ask_usage(clients: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return stream(clients, model, prompt, tools, model_extras={"stream_options": {"include_usage": True}})


def embed(clients: Any, model: str) -> Any:
    return clients[1].embed(model=model, input=TEXTS)


_ALL: dict[str, Any] = {
    "package": "azure.ai.inference",
    "host": "river.eastus2.models.ai.azure.com",
    "provider": "azure.ai.inference",
    "chat": chat,
    "stream": stream,
    "embed": embed,
}
_ALL |= {"ask_usage": ask_usage, "tools": True, "retries": (0, 1, 2)}
KITS = [
    Kit("azure-ai-inference", client=sync, sources=("urllib3",), **_ALL),
    Kit("azure-ai-inference async", client=aio, aio=True, sources=("aiohttp",), unread=("+br", "+deflate"), **_ALL),
]
