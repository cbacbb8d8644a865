"""Hugging Face's InferenceClient, on httpx2: chat as OpenAI, and a model's own text generation."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS, Kit


def sync(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    import huggingface_hub

    return huggingface_hub.InferenceClient(provider="hf-inference", token=KEY, timeout=timeout, base_url=f"{url}/v1")


def aio(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    import huggingface_hub

    return huggingface_hub.AsyncInferenceClient(
        provider="hf-inference", token=KEY, timeout=timeout, base_url=f"{url}/v1"
    )


@contextmanager
def pipeline(url: str, timeout: float | None = None, retries: int = 0) -> Any:
    """A client of models that each have an address of their own."""
    import huggingface_hub

    with huggingface_hub.InferenceClient(provider="hf-inference", token=KEY, timeout=timeout) as client:
        yield url, client


def chat(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    given = {"tools": TOOLS} if tools else {}
    return client.chat_completion(
        model=model, messages=[{"role": "user", "content": prompt}], temperature=0.5, **given, **more
    )


def stream(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    return chat(client, model, prompt, tools, stream=True, **more)


def ask_usage(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return stream(client, model, prompt, tools, stream_options={"include_usage": True})


def generate(placed: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    url, client = placed
    return client.text_generation(prompt, model=f"{url}/hf-inference/models/{model}", **more)


def generate_stream(placed: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return generate(placed, model, prompt, stream=True, details=True)


def embed(placed: Any, model: str) -> Any:
    url, client = placed
    made = client.feature_extraction(TEXTS[0], model=f"{url}/hf-inference/models/{model}/pipeline/feature-extraction")
    return made.tolist()


_ALL: dict[str, Any] = {
    "package": "huggingface_hub",
    "host": "router.huggingface.co",
    "provider": "huggingface",
    "sources": ("httpx2",),
}
_CHAT: dict[str, Any] = {"chat": chat, "stream": stream, "ask_usage": ask_usage, "tools": True}
KITS = [
    Kit("huggingface_hub", client=sync, **_CHAT, **_ALL),
    Kit("huggingface_hub async", client=aio, aio=True, **_CHAT, **_ALL),
    Kit("huggingface_hub generation", client=pipeline, chat=generate, stream=generate_stream, embed=embed, told=True,
        **_ALL),
]  # fmt: skip
