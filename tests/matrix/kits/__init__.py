"""Each SDK as a user calls it: what it has of chat, streams, tools and embeddings, in one shape.

To add an SDK: copy `ollama.py`, the smallest, and list the module in `MODULES`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MODULES = (
    "azure_ai", "bedrock", "cohere", "google_genai", "groq", "huggingface", "litellm", "mistral", "ollama", "openai",
    "together",
)  # fmt: skip

ASK = "Where does the river meet the sea, and why is that so?"
USE_TOOL = "How warm is it in Lisboa? Please use the tool that you were given."
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "The weather of a city", "parameters": PARAMETERS}
TOOLS = [{"type": "function", "function": WEATHER}]
TEXTS = ["a river that meets the sea", "the sea, from which the rain comes"]
KEY = "not-a-key"


@dataclass(frozen=True)
class Kit:
    """One client of one SDK. `chat`, `stream` and `embed` are called as ``f(client, model, prompt, tools)``."""

    name: str
    package: str
    """What must be importable."""
    client: Callable[..., Any]
    """``client(url, timeout=seconds or None, retries=n)``: a context manager, asynchronous if `aio`."""
    chat: Callable[..., Any]
    stream: Callable[..., Any] | None = None
    """Gives an iterator of chunks, or (if `aio`) an awaitable or an asynchronous iterator of them."""
    embed: Callable[..., Any] | None = None
    aio: bool = False
    tools: bool = False
    retries: tuple[int, ...] | None = None
    """Retry numbers of a request that is turned away twice, where the SDK can try again."""
    stream_retries: tuple[int, ...] | None = None
    """... and of a stream, where that differs: (0,) where it is not tried again."""
    refused: int = 1
    """How often a refused connection is tried."""
    unread: tuple[str, ...] = ()
    """Compressions that it accepts and then cannot read."""
    told: bool = False
    """Whether a stream tells its usage without being asked."""
    ask_usage: Callable[..., Any] | None = None
    """The stream that is asked to tell its usage, where that is a choice."""
    http2: Callable[..., Any] | None = None
    """`client` for HTTP/2, where the SDK lets its HTTP client be chosen."""
    host: str = ""
    """Where the provider would be; its name leads to the loopback server."""
    provider: str = ""
    model: str = "fake-1"
    sources: tuple[str, ...] = ("httpx",)
    """What must have seen the call."""

    def at(self, url: str) -> str:
        """The address of the loopback server under the provider's name."""
        return f"http://{self.host}:{url.rpartition(':')[2]}"


def kits() -> list[Kit]:
    """All kits; those whose package is absent too."""
    return [kit for name in MODULES for kit in importlib.import_module(f"matrix.kits.{name}").KITS]


def here(kit: Kit) -> bool:
    """Whether a kit's package is installed."""
    try:
        return importlib.util.find_spec(kit.package) is not None
    except ModuleNotFoundError:
        return False
