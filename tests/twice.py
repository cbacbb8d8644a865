"""One case, run twice against the loopback server: without jevons and with it.

What the SDK gives back and what reaches the server must be the same both times; what jevons
recorded in the second run must be what the server knows to be true. All that the tests of SDKs
know of `jevons.capture` is here.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from providers import Received, closed_url, provider

from jevons import capture
from jevons.record import Call

ROOT = Path(__file__).parents[1]
FACTOR = 2.0
"""An estimate may be wrong by this much."""
SLACK = 6
"""... or by this many tokens: a message's overhead weighs heavily in a prompt of five words."""

_STACKS = (
    "httpx", "httpx2", "aiohttp.client", "aiohttp.client_reqrep", "aiohttp.streams", "urllib3.connectionpool",
    "urllib3.response", "requests.sessions", "requests.adapters", "botocore.httpsession", "botocore.awsrequest",
    "urllib.request", "http.client",
)  # fmt: skip
_SOURCES = ("httpx", "httpx2", "aiohttp", "urllib3", "urllib")

_VOLATILE = (
    (re.compile(r"(?<=[\w.]:)\d{4,5}(?!\d)|(?<=port=)\d+|(?<=1', )\d+"), "PORT"),
    (re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"), "UUID"),
    (re.compile(r"0x[0-9a-f]{6,}"), "ADDRESS"),
    (re.compile(r"\d+\.\d+ seconds"), "TIME"),
    (re.compile(r"Date=\d+|\b20\d{6}T\d{6}Z|\b20\d{6}/|Signature=[0-9a-f]{64}"), "SIGNED"),  # AWS: when and by whom
)


@dataclass
class Seen:
    """What came of the run with jevons."""

    result: Any
    calls: list[Call] = field(default_factory=list)
    asked: list[Received] = field(default_factory=list)
    others: list[Received] = field(default_factory=list)
    """Requests that no model had to work for: lists of models and the like."""

    @property
    def usages(self) -> list[str]:
        return [call.usage for call in self.calls]


Case = Callable[[str], Any]
Both = Callable[..., Seen]


def canon(value: Any) -> Any:
    """`value` without what differs from run to run by nature: ports, random ids, times."""
    if isinstance(value, BaseException):
        return type(value).__name__, canon(str(value))
    if isinstance(value, str):
        for pattern, name in _VOLATILE:
            value = pattern.sub(name, value)
        return value
    if hasattr(value, "model_dump"):
        return type(value).__name__, canon(value.model_dump(warnings=False))
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, canon({one.name: getattr(value, one.name) for one in fields(value)})
    if isinstance(value, dict):
        return {key: "TIME" if key == "created" else canon(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [canon(inner) for inner in value]
    if isinstance(value, datetime):
        return "TIME"
    return value if isinstance(value, (int, float, bytes, type(None))) else canon(repr(value))


def run_case(case: Case, url: str, raises: type[Exception] | None, perhaps: bool = False) -> Any:
    """What `case` gives back, or what it was expected to raise."""
    try:
        made = case(url)
        result = asyncio.run(made) if inspect.iscoroutine(made) else made
    except Exception as error:
        if raises is None or not isinstance(error, raises):
            raise
        return error
    assert perhaps or raises is None, f"should have raised {raises}"
    return result


def _patched() -> dict[str, Any]:
    """What a capture may have put something in place of."""
    found: dict[str, Any] = {"start": threading.Thread.start, "submit": ThreadPoolExecutor.submit}
    found["meta_path"] = list(sys.meta_path)
    for name in _STACKS:
        for owner in [inner for inner in vars(sys.modules.get(name, object)).values() if isinstance(inner, type)]:
            found |= {
                f"{name} {owner.__qualname__}.{key}": value for key, value in vars(owner).items() if callable(value)
            }
    return found


def sent(received: list[Received]) -> list[Any]:
    return [canon([one.method, one.path, one.body, one.headers]) for one in received]


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves this machine: no proxy, no key, no telemetry that a developer's shell may have set."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LOGFIRE_SEND_TO_LOGFIRE"):
        monkeypatch.setenv(name, "false")
    monkeypatch.setenv("NO_PROXY", "*")
    # Half the time of a case would go into reading certificates that loopback has no use for.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *args, **kwargs: None)


@pytest.fixture
def both() -> Iterator[Both]:
    """``both(case)`` runs ``case(url)`` without and with jevons, checks all that holds of any case, and tells.

    `raises`: what the case must raise, or may raise if `perhaps`. `refused`: calls that reach no server.
    `retries`: expected retry numbers, zeros if not given. `early`: the client itself ends streams early,
    so that how much it saw is its own affair; `left`: and the server had sent more than it looked at.
    """
    handles: list[capture.Handle] = []

    def run(
        case: Case,
        *,
        raises: type[Exception] | None = None,
        refused: int = 0,
        retries: list[int] | None = None,
        perhaps: bool = False,
        early: bool = False,
        left: bool = False,
    ) -> Seen:
        with provider() as plain:
            expected = run_case(case, closed_url() if refused else plain.url, raises, perhaps)
            wanted = sent(plain.requests)
        calls: list[Call] = []
        before = _patched()
        with provider() as tapped:
            handle = capture.install(calls.append, secret=b"0" * 16, run="r", root=ROOT)
            handles.append(handle)
            try:
                result = run_case(case, closed_url() if refused else tapped.url, raises, perhaps)
                capture.flush()
            finally:
                handle.uninstall()
            after = _patched()
            assert {name: after[name] for name in before} == before, "something is still tapped"
            assert canon(result) == canon(expected), "the SDK's own result differs with jevons"
            assert sent(tapped.requests) == wanted, "what reaches the server differs with jevons"
            others = [one for one in tapped.requests if not one.answer.ai]
            seen = Seen(result, sorted(calls, key=lambda call: call.started_us), tapped.asked, others)
        assert handle.recorder.errors == [], "jevons itself failed"
        assert len(seen.calls) == len(seen.asked) + refused
        assert len({call.id for call in seen.calls}) == len(seen.calls)
        assert [call.retry for call in seen.calls] == (retries or [0] * len(seen.calls))
        for call in seen.calls:
            check_facts(call)
        for call, truth in zip(seen.calls, seen.asked, strict=False):
            check_call(call, truth, early)
            check_tokens(call, truth, early, left)
        return seen

    yield run
    for handle in handles:
        handle.uninstall()


def check_facts(call: Call) -> None:
    """What holds of every call here."""
    assert call.source in _SOURCES
    assert call.source in sys.modules
    assert (call.run, call.mode, call.test) == ("r", "live", "")
    assert call.host_class in ("loopback", "cloud")  # a case may give the server its provider's name
    assert call.duration_us > 0
    assert call.request_hash
    assert call.first_us is None or call.first_us <= call.duration_us


def check_call(call: Call, truth: Received, early: bool) -> None:
    """What was asked, and how it went."""
    answer = truth.answer
    assert (call.api, call.kind, call.model) == (answer.api, answer.kind, answer.model)
    assert call.streamed == truth.streamed
    if truth.status is None:
        assert call.status is None
        assert call.error
    elif truth.status >= 400:
        assert (call.status, call.error) == (truth.status, f"http_{truth.status}")
    else:
        cut = any(name.startswith(("cut", "error")) for name in truth.trouble)
        stalled = any(name.startswith("stall") for name in truth.trouble)
        assert call.status == 200 or (cut and not call.streamed)
        if not stalled:  # whether leaving a stream early is a failure is the client's to know
            assert bool(call.error) == cut
        if not cut and not (early and not call.model_answered):  # who leaves early may not have heard the name
            assert call.model_answered == answer.answered


def check_tokens(call: Call, truth: Received, early: bool, left: bool) -> None:
    """Exact and called so, or estimated, called so and near; nothing where nothing was answered."""
    usage = truth.usage
    if left:
        assert call.input_tokens is None or _near(call.input_tokens, usage.input)
        assert (call.output_tokens or 0) <= usage.output * FACTOR + SLACK
        return
    if truth.told and not early:
        assert call.usage == "reported"
    if call.usage == "reported":
        told = (call.input_tokens, call.cached_tokens or 0, call.cache_write_tokens or 0)
        assert told == (usage.input, usage.cached, usage.cache_write)
        assert (call.output_tokens, call.reasoning_tokens or 0) == (usage.output, usage.reasoning)
    elif early and call.usage == "unknown":  # who did not listen has nothing to estimate from
        assert (call.input_tokens, call.output_tokens) == (None, None)
    elif usage.input:
        assert call.usage == "estimated"
        assert _near(call.input_tokens, usage.input)
        assert _near(call.output_tokens, usage.output)
    else:
        assert not call.output_tokens  # an error may still say what was asked


def _near(estimate: int | None, truth: int) -> bool:
    low, high = truth / FACTOR - SLACK, truth * FACTOR + SLACK
    return estimate is not None and low <= estimate <= high


@pytest.fixture
def pixel() -> str:
    """A picture of one point, as a data URL."""
    return (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
        "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
