"""What recordings and mocks answer on each stack, in either order of import."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from providers import provider

from jevons import capture
from jevons.record import Call

from .conftest import ASK, ROOT, STREAM

PATH = "/v1/chat/completions"
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "model": "fake-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Here."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}
OPENAI = "https://api.openai.com" + PATH


def by_requests(url: str, body: Any) -> Any:
    import requests

    return requests.post(url + PATH, json=body).content


def by_requests_streamed(url: str, body: Any) -> Any:
    import requests

    return list(requests.post(url + PATH, json=body, stream=True).iter_lines())


def by_urllib3(url: str, body: Any) -> Any:
    import urllib3

    return urllib3.PoolManager().request("POST", url + PATH, body=json.dumps(body)).data


def by_urllib_request(url: str, body: Any) -> Any:
    return urllib.request.urlopen(url + PATH, json.dumps(body).encode()).read()


def by_aiohttp(url: str, body: Any) -> Any:
    import aiohttp

    async def run() -> Any:
        async with aiohttp.ClientSession() as session, session.post(url + PATH, json=body) as told:
            return await told.read()

    return asyncio.run(run())


ALL = [by_requests, by_requests_streamed, by_urllib3, by_urllib_request, by_aiohttp]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    found: list[Call] = []
    handle = capture.install(found.append, run="r", root=ROOT, secret=b"0" * 16)
    yield found
    handle.uninstall()
    assert handle.recorder.errors == []


@pytest.mark.parametrize("body", [ASK, STREAM])
@pytest.mark.parametrize("send", ALL)
def test_cassette(calls: list[Call], tmp_path: Path, send: Callable[..., Any], body: Any) -> None:
    vcr = pytest.importorskip("vcr")
    pytest.importorskip("vcr.errors")
    pytest.importorskip(send.__name__.removeprefix("by_").removesuffix("_streamed").replace("_", "."))
    with provider() as server:
        told = []
        for mode in ("once", "none"):
            with vcr.use_cassette(str(tmp_path / "tape.yaml"), record_mode=mode):
                told.append(send(server.url, body))
        with (
            pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
            vcr.use_cassette(str(tmp_path / "none.yaml"), record_mode="none"),
        ):
            send(server.url, body)
        assert len(server.asked) == 1
    capture.flush()
    assert told[0] == told[1]
    assert [call.mode for call in calls] == ["live", "replayed", "mocked"]
    assert [call.usage for call in calls[:2]] == ["reported", "reported"]
    assert calls[0].request_hash == calls[1].request_hash
    assert calls[2].input_tokens == 0


@pytest.mark.parametrize("first", ["vcr", "jevons"])
@pytest.mark.parametrize("send", ALL)
def test_cassette_in_either_order_of_import(tmp_path: Path, first: str, send: Callable[..., Any]) -> None:
    pytest.importorskip("vcr")
    pytest.importorskip(send.__name__.removeprefix("by_").removesuffix("_streamed").replace("_", "."))
    install = "handle = capture.install(calls.append, run='r', root=Path.cwd(), secret=b'0' * 16)"
    lines = [
        "import sys",
        f"sys.path.insert(0, {str(ROOT / 'tests')!r})",
        "from pathlib import Path",
        "from jevons import capture",
        "calls = []",
        *(["import vcr", install] if first == "vcr" else [install, "import vcr"]),
        f"sys.path.insert(0, {str(Path(__file__).parent.parent)!r})",
        "from providers import provider",
        "from capture import test_stand_ins as here",
        "with provider() as server:",
        "    for mode in ('once', 'none'):",
        "        with vcr.use_cassette('tape.yaml', record_mode=mode):",
        f"            here.{send.__name__}(server.url, here.ASK)",
        "handle.uninstall()",
        "print([call.mode for call in calls], [call.usage for call in calls])",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "['live', 'replayed'] ['reported', 'reported']", done.stderr


def test_aioresponses(calls: list[Call]) -> None:
    aioresponses = pytest.importorskip("aioresponses").aioresponses
    import aiohttp

    core = sys.modules["aioresponses.core"]
    made = inspect.signature(aiohttp.ClientResponse.__init__).parameters.get("stream_writer")
    if made is not None and made.default is made.empty and "stream_writer" not in inspect.getsource(core):
        pytest.skip("this aioresponses cannot answer for this aiohttp (3.14 asks for a stream_writer)")
    with provider() as server:
        with aioresponses(passthrough=[server.url]) as mock:
            mock.post(OPENAI, payload=ANSWER)
            assert json.loads(by_aiohttp("https://api.openai.com", ASK)) == ANSWER
            with pytest.raises(aiohttp.ClientConnectionError):
                by_aiohttp("https://api.openai.com", ASK)
            assert by_aiohttp(server.url, ASK)
        with aioresponses(passthrough_unmatched=True):
            assert by_aiohttp(server.url, ASK)
    capture.flush()
    assert [call.mode for call in calls] == ["mocked", "mocked", "live", "live"]
    assert [call.usage for call in calls] == ["reported", "unknown", "reported", "reported"]
    assert (calls[0].input_tokens, calls[0].output_tokens) == (9, 2)


def test_responses(calls: list[Call]) -> None:
    responses = pytest.importorskip("responses")
    with provider() as server, responses.RequestsMock() as mock:
        mock.add(responses.POST, OPENAI, json=ANSWER)
        mock.add_passthru(server.url)
        assert json.loads(by_requests("https://api.openai.com", ASK)) == ANSWER
        assert by_requests(server.url, ASK)
    capture.flush()
    assert [call.mode for call in calls] == ["mocked", "live"]
    assert (calls[0].input_tokens, calls[0].output_tokens) == (9, 2)


def test_requests_mock(calls: list[Call]) -> None:
    requests_mock = pytest.importorskip("requests_mock")
    with provider() as server, requests_mock.Mocker(real_http=True) as mock:
        mock.post(OPENAI, json=ANSWER)
        assert json.loads(by_requests("https://api.openai.com", ASK)) == ANSWER
        assert by_requests(server.url, ASK)
    capture.flush()
    assert [call.mode for call in calls] == ["mocked", "live"]
    assert (calls[0].input_tokens, calls[0].output_tokens) == (9, 2)
