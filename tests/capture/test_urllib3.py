"""urllib3, and requests and botocore on top of it."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from providers import provider

from jevons import capture
from jevons.record import Call

from .conftest import ASK, ROOT, STREAM, Twice, ask, stream

urllib3 = pytest.importorskip("urllib3")
requests = pytest.importorskip("requests")

PATH = "/v1/chat/completions"
JSON = {"content-type": "application/json"}
PACKED = {"accept-encoding": "gzip, deflate, br, zstd"}


def direct(body: dict[str, Any], **options: Any) -> Any:
    """A case: urllib3 by itself, the body read before it returns."""

    def case(url: str) -> Any:
        with urllib3.PoolManager() as pool:
            told = pool.request("POST", url + PATH, body=json.dumps(body), headers=JSON | PACKED, **options)
            return type(told), told.status, told.data

    return case


def posted(body: dict[str, Any], read: Any = lambda told: told.json(), **options: Any) -> Any:
    """A case: requests."""

    def case(url: str) -> Any:
        with requests.Session() as session, session.post(url + PATH, json=body, headers=PACKED, **options) as told:
            return told.status_code, read(told)

    return case


def reading(body: dict[str, Any], read: Any) -> Any:
    """A case: urllib3 by itself, and how the body is read."""

    def case(url: str) -> Any:
        with urllib3.PoolManager() as pool:
            data = json.dumps(body)
            told = pool.request("POST", url + PATH, body=data, headers=JSON | PACKED, preload_content=False)
            done = read(told)
            told.release_conn()
            return done

    return case


def into(told: Any) -> bytes:
    buffer = bytearray(1000)
    read = b""
    while size := told.readinto(buffer):
        read += buffer[:size]
    return read


def bit_by_bit(told: Any) -> bytes:
    return b"".join(iter(lambda: told.read(100), b""))


def at_once(told: Any) -> bytes:
    return told.read()


def cached(told: Any) -> bytes:
    return told.data


def streamed(told: Any) -> list[bytes]:
    return list(told.stream(64))


def undecoded(told: Any) -> bytes:
    return told.read(decode_content=False)


READS = [at_once, bit_by_bit, cached, streamed, into, undecoded, lambda told: list(told)]


@pytest.mark.parametrize("encoding", ["", "+gzip", "+deflate", "+br", "+zstd"])
def test_plain(twice: Twice, encoding: str) -> None:
    if encoding in ("+br", "+zstd"):
        pytest.importorskip({"+br": "brotli", "+zstd": "zstandard"}[encoding])
    call = twice(direct(ask("fake-1" + encoding))).call
    assert (call.source, call.usage, call.error) == ("urllib3", "reported", "")
    call = twice(posted(ask("fake-1" + encoding))).call
    assert (call.source, call.usage, call.file) == ("urllib3", "reported", "tests/capture/test_urllib3.py")


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", [ask(), ask("fake-1+gzip"), stream(), stream("fake-1+gzip"), stream("fake-1+ragged")])
def test_every_way_to_read(twice: Twice, read: Any, body: dict[str, Any]) -> None:
    call = twice(reading(body, read)).call
    assert (call.usage, call.error) == ("reported", "")


@pytest.mark.parametrize("encoding", ["", "+gzip", "+br", "+zstd"])
def test_streamed_by_requests(twice: Twice, encoding: str) -> None:
    if encoding in ("+br", "+zstd"):
        pytest.importorskip({"+br": "brotli", "+zstd": "zstandard"}[encoding])
    seen = twice(posted(stream("fake-1+slow" + encoding), lambda told: list(told.iter_lines()), stream=True))
    assert seen.call.usage == "reported"
    assert seen.call.streamed
    if not encoding:
        assert seen.call.timed


def test_no_read_at_all(twice: Twice) -> None:
    assert twice(posted(STREAM, lambda told: None, stream=True)).call.usage != "reported"


def test_dropped_unread(twice: Twice) -> None:
    """What the program drops is freed, and its call ended, as early as without taps."""

    def case(url: str) -> Any:
        pool = urllib3.PoolManager()
        told = pool.request("POST", url + PATH, body=json.dumps(ASK), headers=JSON, preload_content=False)
        gc.disable()
        try:
            del told
            return pool.pools.keys() is not None
        finally:
            gc.enable()

    assert twice(case).call.status == 200


def test_closed_early(twice: Twice) -> None:
    call = twice(posted(stream("fake-1+slow"), lambda told: next(told.iter_content(None)), stream=True)).call
    assert (call.status, call.error) == (200, "")


@pytest.mark.parametrize("body", [stream("fake-1+cut3"), ask("fake-1+cut0")])
def test_cut(twice: Twice, body: dict[str, Any]) -> None:
    call = twice(posted(body, lambda told: told.content, stream=True)).call
    assert call.error  # urllib3 1.26 takes half a body for a whole one; half an answer is still not one
    assert call.usage != "reported"


def test_refused(twice: Twice) -> None:
    call = twice(posted(ASK), refused=True).call
    assert (call.error, call.status, call.usage, call.input_tokens) == ("NewConnectionError", None, "reported", 0)


@pytest.mark.parametrize("options", [{"timeout": 0.2}, {"timeout": 0.2, "stream": True}])
def test_timed_out(twice: Twice, options: dict[str, Any]) -> None:
    call = twice(posted(ask("fake-1+hang"), **options)).call
    assert (call.error, call.usage) == ("ReadTimeoutError", "unknown")


def test_stalled_stream(twice: Twice) -> None:
    body = stream("fake-1+stall3")
    call = twice(posted(body, lambda told: list(told.iter_content(None)), stream=True, timeout=0.3)).call
    assert call.error == "ReadTimeoutError"


@pytest.mark.parametrize("model", ["fake-1+500", "fake-1+429x9"])
def test_error_status(twice: Twice, model: str) -> None:
    call = twice(posted(ask(model))).call
    assert call.error == f"http_{call.status}"


def retrying(total: int, **options: Any) -> Any:
    return urllib3.Retry(total, status_forcelist=[429, 500], allowed_methods=None, backoff_factor=0, **options)


def test_each_retry_is_a_call(twice: Twice) -> None:
    calls = twice(direct(ask("fake-1+429x2"), retries=retrying(3))).calls
    assert [(call.status, call.retry) for call in calls] == [(429, 0), (429, 1), (200, 2)]
    assert [call.usage for call in calls] == ["reported"] * 3
    assert calls[2].input_tokens


@pytest.mark.parametrize("options", [{}, {"raise_on_status": False}])
def test_retries_that_run_out(twice: Twice, options: dict[str, Any]) -> None:
    calls = twice(direct(ask("fake-1+500"), retries=retrying(2, **options))).calls
    assert [(call.status, call.error, call.retry) for call in calls] == [(500, "http_500", n) for n in range(3)]


def test_a_retried_cut_body(twice: Twice) -> None:
    calls = twice(direct(ask("fake-1+cut0"), retries=urllib3.Retry(1, allowed_methods=None, backoff_factor=0))).calls
    assert len(calls) in (1, 2)  # urllib3 1.26 does not notice
    assert all(call.usage != "reported" for call in calls)


def test_botocore(twice: Twice) -> None:
    """The session that boto3 talks through, with its own classes of pools, connections and bodies."""
    pytest.importorskip("botocore")
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session
    from botocore.response import StreamingBody

    def case(body: dict[str, Any], streamed: bool) -> Any:
        def run(url: str) -> Any:
            session = URLLib3Session()
            request = AWSRequest("POST", url + PATH, data=json.dumps(body), headers=JSON, stream_output=streamed)
            told = session.send(request.prepare())
            done = StreamingBody(told.raw, None).read() if streamed else told.content
            session.close()
            return told.status_code, done

        return run

    assert twice(case(ask(), False)).call.usage == "reported"
    assert twice(case(ask(), True)).call.usage == "reported"
    assert twice(case(stream(), True)).call.usage == "reported"


def test_other_traffic_is_left_alone(twice: Twice) -> None:
    def case(url: str) -> Any:
        told = requests.post(url + "/forms", json={"a": 1}, stream=True)
        return type(told.raw), told.status_code, told.content

    assert twice(case).calls == []


def test_a_proxy() -> None:
    """To a proxy the whole address stands in the request line, and names who serves; here one that does not exist."""
    calls: list[Call] = []
    with provider() as server:
        handle = capture.install(calls.append, run="r", root=ROOT, secret=b"0" * 16)
        try:
            with urllib3.ProxyManager(server.url) as proxy:
                proxy.request("POST", "http://api.openai.com" + PATH, body=json.dumps(ASK), headers=JSON)
        finally:
            handle.uninstall()
    assert [(call.provider, call.host_class) for call in calls] == [("openai", "cloud")]
    assert handle.recorder.errors == []
