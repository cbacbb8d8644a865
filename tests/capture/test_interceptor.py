"""What stands in a call's way: asked once before it leaves, on every stack, told when it has finished."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from providers import Provider, provider

from jevons import capture
from jevons.capture.recorder import Exchange
from jevons.record import Call

from .conftest import ASK, ROOT, STREAM

PATH = "/v1/chat/completions"


class Stop(BaseException):
    """No Exception, so that no client tries again or makes it one of its own."""


class Gate:
    """Lets so many calls out."""

    def __init__(self) -> None:
        self.left = 1
        self.asked: list[Exchange] = []
        self.told: list[tuple[Call, bool]] = []
        self.gone: list[Exchange] = []

    def before(self, exchange: Exchange) -> None:
        self.asked.append(exchange)
        if self.left == 0:
            raise Stop
        self.left -= 1

    def finished(self, exchange: Exchange, call: Call) -> None:
        assert exchange.done
        assert call.status == exchange.status

    def after(self, call: Call, out: bool) -> None:
        self.told.append((call, out))

    def dropped(self, exchange: Exchange) -> None:
        self.gone.append(exchange)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    handle = capture.install(lambda call: None, run="r", root=ROOT, secret=b"0" * 16, interceptor=made)
    yield made
    handle.uninstall()
    assert handle.recorder.errors == []


@pytest.fixture
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


def by_httpx(url: str, body: Any, name: str = "httpx") -> None:
    module = pytest.importorskip(name)
    with module.Client(trust_env=False, transport=module.HTTPTransport(retries=3)) as client:
        for _ in range(2):
            with client.stream("POST", url, json=body) as told:
                told.read()


def by_httpx2(url: str, body: Any) -> None:
    by_httpx(url, body, "httpx2")


async def by_async_httpx(url: str, body: Any, name: str = "httpx") -> None:
    module = pytest.importorskip(name)
    async with module.AsyncClient(trust_env=False) as client:
        for _ in range(2):
            await client.post(url, json=body)


async def by_async_httpx2(url: str, body: Any) -> None:
    await by_async_httpx(url, body, "httpx2")


async def by_httpx_over_aiohttp(url: str, body: Any) -> None:
    httpx, over = pytest.importorskip("httpx"), pytest.importorskip("httpx_aiohttp")
    async with httpx.AsyncClient(transport=over.AiohttpTransport(), trust_env=False) as client:
        for _ in range(2):
            await client.post(url, json=body)


def by_urllib3(url: str, body: Any) -> None:
    urllib3 = pytest.importorskip("urllib3")
    with urllib3.PoolManager(retries=urllib3.Retry(3, allowed_methods=None)) as pool:
        for _ in range(2):
            told = pool.request("POST", url, body=json.dumps(body), preload_content=False)
            told.read()
            told.release_conn()


def by_requests(url: str, body: Any) -> None:
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=3))
        for _ in range(2):
            session.post(url, json=body)


def by_requests_through_a_proxy(url: str, body: Any) -> None:
    """The provider plays the proxy: what it is asked for is another host's."""
    requests = pytest.importorskip("requests")
    server = url.removesuffix(PATH)
    for _ in range(2):
        requests.post(f"http://api.openai.com{PATH}", json=body, proxies={"http": server})


async def by_aiohttp(url: str, body: Any) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(url, json=body) as told:
                await told.read()


async def by_aiohttps_inner_request(url: str, body: Any) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            await (await session._request("POST", url, json=body)).read()


def by_urllib_request(url: str, body: Any) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(2):
        opener.open(url, json.dumps(body).encode()).read()


STACKS: list[Callable[[str, Any], Any]] = [
    by_httpx, by_httpx2, by_async_httpx, by_async_httpx2, by_httpx_over_aiohttp, by_urllib3, by_requests,
    by_requests_through_a_proxy, by_aiohttp, by_aiohttps_inner_request, by_urllib_request,
]  # fmt: skip


def run(case: Any, *arguments: Any) -> None:
    made = case(*arguments)
    if inspect.iscoroutine(made):
        asyncio.run(made)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("body", [ASK, STREAM], ids=["plain", "stream"])
@pytest.mark.parametrize("stack", STACKS)
def test_a_call_that_is_stopped_is_never_sent(stack: Any, body: Any, gate: Gate, server: Provider, monkeypatch) -> None:
    if "proxy" in stack.__name__:
        monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(Stop):
        run(stack, server.url + PATH, body)
    capture.flush()
    assert len(server.requests) == 1
    assert len(gate.asked) == 2
    assert [(call.mode, call.status, out) for call, out in gate.told] == [("live", 200, True)]
    assert gate.gone == []


@pytest.mark.parametrize("stack", STACKS)
def test_a_call_is_counted_before_the_next_one_leaves(stack: Any, gate: Gate, server: Provider, monkeypatch) -> None:
    if "proxy" in stack.__name__:
        monkeypatch.setenv("NO_PROXY", "")
    gate.left = 2
    told: list[int] = []
    before = gate.before

    def noting(exchange: Exchange) -> None:
        told.append(len(gate.told))
        before(exchange)

    gate.before = noting  # type: ignore[method-assign]
    run(stack, server.url + PATH, ASK)
    assert told == [0, 1]


def test_a_gate_that_breaks_stops_nothing(server: Provider) -> None:
    class Broken(Gate):
        def before(self, exchange: Exchange) -> None:
            raise ZeroDivisionError

    handle = capture.install(lambda call: None, run="r", root=ROOT, secret=b"0" * 16, interceptor=Broken())
    try:
        by_urllib_request(server.url + PATH, ASK)
    finally:
        handle.uninstall()
    assert len(server.requests) == 2
    assert len(handle.recorder.errors) == 2


def test_nothing_lies_beneath_without_an_interceptor() -> None:
    httpcore = pytest.importorskip("httpcore")

    def places() -> list[Any]:
        pools = httpcore.ConnectionPool.handle_request, httpcore.AsyncConnectionPool.handle_async_request
        return [*pools, http.client.HTTPConnection.putrequest]

    before = places()
    for gate, same in ((None, True), (Gate(), False)):
        handle = capture.install(lambda call: None, run="r", root=ROOT, secret=b"0" * 16, interceptor=gate)
        assert [one is other for one, other in zip(places(), before, strict=True)] == [same] * 3
        handle.uninstall()
        assert places() == before


class _Redirecting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(307)
        self.send_header("location", self.server.target)  # type: ignore[attr-defined]
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("stack", [by_urllib3, by_requests, by_aiohttp])
def test_a_redirect_gives_back_what_it_took(stack: Any, gate: Gate, server: Provider) -> None:
    gate.left = 4
    redirecting = HTTPServer(("127.0.0.1", 0), _Redirecting)
    redirecting.target = server.url + PATH  # type: ignore[attr-defined]
    thread = threading.Thread(target=redirecting.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        run(stack, f"http://127.0.0.1:{redirecting.server_port}{PATH}", ASK)
    finally:
        redirecting.shutdown()
        redirecting.server_close()
        thread.join()
    assert len(server.asked) == 2
    assert len(gate.asked) - len(gate.gone) == len(gate.told) == 2
    assert all(out for _, out in gate.told)


def test_what_an_app_in_this_process_asks_others_for_is_not_its_own_call(gate: Gate, server: Provider) -> None:
    """The app stands in for a model, and looks something up over HTTP meanwhile."""
    httpx = pytest.importorskip("httpx")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(server.url + "/v1/models").read()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://my.gateway") as client:
        client.post(PATH, json=ASK).raise_for_status()
    assert gate.asked == []
    assert [(call.mode, out) for call, out in gate.told] == [("mocked", False)]
