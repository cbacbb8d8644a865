"""What the SDKs that Stainless generates share: openai, groq, together."""

from __future__ import annotations

from typing import Any

from matrix.kits import KEY, TEXTS, TOOLS


def client(cls: Any, url: str, timeout: float | None, retries: int, **more: Any) -> Any:
    return cls(base_url=url, api_key=KEY, timeout=timeout or 20, max_retries=retries, **more)


def chat(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    given = {"tools": TOOLS} if tools else {}
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": prompt}], temperature=0.5, **given, **more
    )


def stream(client: Any, model: str, prompt: str, tools: bool = False, **more: Any) -> Any:
    return chat(client, model, prompt, tools, stream=True, **more)


def ask_usage(client: Any, model: str, prompt: str, tools: bool = False) -> Any:
    return stream(client, model, prompt, tools, stream_options={"include_usage": True})


def embed(client: Any, model: str) -> Any:
    return client.embeddings.create(model=model, input=TEXTS)
