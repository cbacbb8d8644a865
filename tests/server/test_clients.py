"""Real clients through the proxy: they get what they got without it, and the ledger holds what the taps saw."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from providers import Provider
from server.served import Serving
from twice import canon, sent

from jevons import capture
from jevons.record import Call

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic", reason="the anthropic SDK is not installed")
ASK: list[Any] = [{"role": "user", "content": "Where does the river meet the sea, où et pourquoi?"}]
OWN = ("id", "run", "source", "index", "file", "line", "test", "phase", "started_us", "duration_us", "first_us")
"""Of where and when a call was seen."""
TIMES = ("decode_us", "timed", "cpu_us", "measured_mj")
MODELS = ("fake-1", "fake-1+gzip", "fake-1+nousage", "fake-1+500", "fake-1+429x1", "fake-1+cut3", "fake-1+error2")


def facts(call: Call) -> dict[str, Any]:
    found = {name: value for name, value in msgspec.structs.asdict(call).items() if name not in OWN + TIMES}
    if call.error == "RemoteProtocolError" and not call.streamed:  # cut short: taps see no head of it, the proxy does
        found |= {"status": None, "characters": 0}
    return found


def arrived(server: Provider) -> list[Any]:
    """What reached the provider, without what is of one connection alone."""
    for one in server.requests:
        one.headers.pop("connection", None)
    return sent(server.requests)


def tried(case: Callable[[], Any]) -> Any:
    try:
        return case()
    except Exception as error:
        return error


def by_openai(base: str) -> list[Any]:
    made: list[Any] = []
    with openai.OpenAI(base_url=f"{base}/v1", api_key="sk-not-a-key", max_retries=0) as client:
        for model in MODELS:
            client.max_retries = int("429" in model)
            ask = {"model": model, "messages": ASK}
            made.append(tried(lambda ask=ask: client.chat.completions.create(**ask)))
            more = ask | {"stream": True, "stream_options": {"include_usage": True}}
            made.append(tried(lambda more=more: list(client.chat.completions.create(**more))))
        made.append(tried(lambda: client.responses.create(model="fake-1", input="the sea")))
        made.append(tried(lambda: client.embeddings.create(model="fake-1", input=["the sea", "the river"])))
        made.append(tried(lambda: client.models.list()))
        made.append(tried(lambda: client.get("/nowhere", cast_to=object)))
    return made


def by_anthropic(base: str) -> list[Any]:
    made: list[Any] = []
    with anthropic.Anthropic(base_url=base, api_key="sk-not-a-key", max_retries=0) as client:
        for model in MODELS:
            client.max_retries = int("429" in model)
            ask = {"model": model, "messages": ASK, "max_tokens": 99}
            made.append(tried(lambda ask=ask: client.messages.create(**ask)))
            made.append(tried(lambda ask=ask: list(client.messages.create(**ask, stream=True))))
    return made


@pytest.mark.parametrize(("name", "case"), [("openai", by_openai), ("anthropic", by_anthropic)])
def test_sdks_get_the_same_and_the_ledger_holds_what_taps_saw(
    name: str, case: Callable[[str], list[Any]], server: Provider, serving: Serving, tmp_path: Path
) -> None:
    tapped: list[Call] = []
    handle = capture.install(tapped.append, run="r", root=tmp_path, secret=b"0" * 16)
    try:
        wanted = case(server.url)
        capture.flush()
    finally:
        handle.uninstall()
    asked = arrived(server)
    server.requests.clear()
    server.tries.clear()
    got = case(f"{serving.url}/t/a%20test%5B%C3%A0%201%5D/{name}")
    assert canon(got) == canon(wanted)
    assert arrived(server) == asked
    calls = serving.calls()
    tapped.sort(key=lambda call: call.started_us)
    assert len(calls) == len(tapped)
    for call, seen in zip(calls, tapped, strict=True):
        assert facts(call) == facts(seen)
    assert len(calls) >= len(MODELS) * 2
    assert {call.source for call in calls} == {"serve"}
    (test,) = {call.test for call in calls}
    assert test.startswith("a test[#")  # a parameter that reads like text is masked
    told = "".join(path.read_text() for path in (serving.folder / ".jevons").rglob("*.jsonl"))
    for secret in ("sk-not-a-key", "river", "où"):
        assert secret not in told + serving.said + serving.told


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_curl_gets_the_same_bytes_plain_and_streamed(server: Provider, serving: Serving) -> None:
    def by_curl(base: str, model: str, stream: str) -> str:
        body = f'{{"model": "{model}", "stream": {stream}, "messages": [{{"role": "user", "content": "hi"}}]}}'
        command = [
            "curl",
            "-sSi",
            "--noproxy",
            "*",
            "-N",
            "--max-time",
            "20",
            "-d",
            body,
            f"{base}/v1/chat/completions",
        ]
        command[1:1] = ["-H", "content-type: application/json", "-H", "authorization: Bearer sk-not-a-key"]
        done = subprocess.run(command, capture_output=True, timeout=30)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        lines = sorted(line.lower() for line in head.split(b"\r\n")[1:])
        return f"{head.split()[1]!r} {lines} {rest!r} {done.returncode}"

    for model in ("fake-1", "fake-1+500", "fake-1+cut3"):
        for stream in ("false", "true"):
            assert by_curl(f"{serving.url}/openai", model, stream) == by_curl(server.url, model, stream)
    calls = serving.calls()
    assert [call.status for call in calls] == [200, 200, 500, 500, 200, 200]
    assert [call.streamed for call in calls] == [False, True] * 3
