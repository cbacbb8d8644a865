"""Fixtures of the tests of `jevons serve`: the loopback provider, and the server before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from providers import Provider, provider
from server.served import Serving, running, started
from twice import only_loopback

__all__ = ["only_loopback"]


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def serving(server: Provider, tmp_path: Path) -> Serving:
    """With the loopback provider as the upstreams `openai` and `anthropic`."""
    return started(tmp_path, "--upstream", f"openai={server.url}", "--upstream", f"anthropic={server.url}")


@pytest.fixture(autouse=True)
def none_goes_on() -> Iterator[None]:
    """What a test began and did not end, ends with it."""
    before = len(running)
    yield
    while len(running) > before:
        running.pop().stop()
