"""Suites written to a folder and run by a real pytest, against a real loopback server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from providers import Provider, provider

from jevons.ledger.home import Home
from jevons.ledger.read import Reading, read

CONFTEST = """
import os, pytest
@pytest.fixture
def client():
    import openai  # where a test asks, which takes most of a second: no controller of workers does
    with openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key", max_retries=0) as made:
        yield made
@pytest.fixture
def ask(client):
    def ask(text="hello", model="fake-1", **more):
        done = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)
        if more.get("stream"):
            return list(done)
        return done.choices[0].message.content
    return ask
"""


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


SLOW_PLUGINS = ("langsmith_plugin", "hypothesispytest", "respx", "pytest_httpx", "recording")
"""Plugins that happen to be installed, take two seconds to load, and that few of these suites need."""


class Suite:
    """A suite in a folder of its own."""

    plugins: tuple[str, ...] = ()
    """Slow plugins that it needs all the same."""

    def __init__(self, pytester: pytest.Pytester, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.path: Path = pytester.path
        monkeypatch.setenv("PROVIDER", url)
        for name in [name for name in os.environ if name.startswith(("JEVONS", "GITHUB_", "CI"))]:
            monkeypatch.delenv(name)
        pytester.makeconftest(CONFTEST)
        # Its own root: nothing of this project's settings applies.
        pytester.makeini("[pytest]\nasyncio_mode = strict\nasyncio_default_fixture_loop_scope = function\n")

    def run(self, *arguments: str, **files: str) -> pytest.RunResult:
        if files:
            self.pytester.makepyfile(**files)
        without = [f"-pno:{name}" for name in ("cacheprovider", *SLOW_PLUGINS) if name not in self.plugins]
        return self.pytester.runpytest_subprocess(*without, *arguments)

    def measured(self, *arguments: str, **files: str) -> pytest.RunResult:
        return self.run("--jevons", "--jevons-report=term", "--jevons-report=json", *arguments, **files)

    @property
    def reading(self) -> Reading:
        return read(Home(self.path / ".jevons"))

    @property
    def document(self) -> dict[str, Any]:
        return json.loads((self.path / "jevons.json").read_text(encoding="utf-8"))

    def calls_of(self) -> dict[str, int]:
        """Test's name without its file -> live calls."""
        found: dict[str, int] = {}
        for call in self.reading.calls:
            name = call.test.partition("::")[2]
            found[name] = found.get(name, 0) + 1
        return found


@pytest.fixture
def suite(pytester: pytest.Pytester, server: Provider, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return Suite(pytester, server.url, monkeypatch)


@pytest.fixture
def by_name() -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda document: {row["name"].partition("::")[2]: row for row in document["rows"]}
