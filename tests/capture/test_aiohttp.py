"""aiohttp, and httpx on top of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from .conftest import ASK, STREAM, Twice, ask, stream

aiohttp = pytest.importorskip("aiohttp")

PATH = "/v1/chat/completions"
PACKED = {"accept-encoding": "gzip, deflate, br, zstd"}


async def as_json(told: Any) -> Any:
    return await told.json()


async def whole(told: Any) -> Any:
    return await told.content.read()


async def lines(told: Any) -> Any:
    return [line async for line in told.content]


async def readline(told: Any) -> Any:
    return [line async for line in _until_empty(told.content.readline)]


async def chunked(told: Any) -> Any:
    return b"".join([piece async for piece in told.content.iter_chunked(50)])


async def anything(told: Any) -> Any:
    return b"".join([piece async for piece in told.content.iter_any()])


async def chunks(told: Any) -> Any:
    return b"".join([piece async for piece, _ in told.content.iter_chunks()])


async def exactly(told: Any) -> Any:
    head = await told.content.readexactly(20)
    return head + await told.content.read()


async def not_at_all(told: Any) -> Any:
    return told.status


async def _until_empty(read: Any) -> Any:
    while piece := await read():
        yield piece


def posted(body: dict[str, Any], read: Any = as_json, timeout: float | None = None, **options: Any) -> Any:
    async def case(url: str) -> Any:
        within = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=within, **options) as session,
            session.post(url + PATH, json=body, headers=PACKED) as told,
        ):
            return told.status, type(told), await read(told)

    return case


@pytest.mark.parametrize("encoding", ["", "+gzip", "+deflate", "+br", "+zstd"])
@pytest.mark.parametrize("read", [as_json, whole])
def test_plain(twice: Twice, encoding: str, read: Any) -> None:
    if encoding in ("+br", "+zstd"):
        pytest.importorskip({"+br": "brotli", "+zstd": "zstandard"}[encoding])
    call = twice(posted(ask("fake-1" + encoding), read)).call
    if encoding == "+zstd" and call.error:  # aiohttp needs a package of its own for it
        assert (call.error, call.usage) == ("ClientResponseError", "unknown")
        return
    assert (call.source, call.usage, call.error) == ("aiohttp", "reported", "")
    assert call.file == "tests/capture/test_aiohttp.py"


@pytest.mark.parametrize("read", [whole, lines, readline, chunked, anything, chunks, exactly])
@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged", "fake-1+slow"])
def test_every_way_to_stream(twice: Twice, read: Any, model: str) -> None:
    call = twice(posted(stream(model), read)).call
    assert (call.usage, call.error, call.streamed) == ("reported", "", True)
    if model == "fake-1+slow" and read is not whole:
        assert call.timed


def test_compressed_as_it_came(twice: Twice) -> None:
    assert twice(posted(stream("fake-1+gzip"), whole, auto_decompress=False)).call.usage == "reported"


@pytest.mark.parametrize("how", ["awaited", "request", "base", "task", "data", "bare"])
def test_every_way_to_ask(twice: Twice, how: str) -> None:
    async def case(url: str) -> Any:
        if how == "bare":
            async with aiohttp.request("POST", url + PATH, json=ASK) as told:
                return await told.json()
        async with aiohttp.ClientSession(base_url=url if how == "base" else None) as session:
            if how == "request":
                async with session.request("post", url + PATH, json=ASK) as told:
                    return await told.json()
            if how == "task":
                told = await asyncio.create_task(session.post(url + PATH, json=ASK))
            elif how == "data":
                told = await session.post(url + PATH, data=json.dumps(ASK))
            else:
                told = await session.post(PATH if how == "base" else url + PATH, json=ASK)
            return await told.json()

    assert twice(case).call.usage == "reported"


@pytest.mark.parametrize("body", [ask(), stream("fake-1+slow")])
def test_no_read_at_all(twice: Twice, body: dict[str, Any]) -> None:
    call = twice(posted(body, not_at_all)).call
    assert (call.status, call.error) == (200, "")
    assert call.usage != "reported"


def test_left_early(twice: Twice) -> None:
    async def first(told: Any) -> Any:
        return await told.content.readline()

    assert twice(posted(stream("fake-1+slow"), first)).call.error == ""


@pytest.mark.parametrize(("body", "read"), [(stream("fake-1+cut3"), whole), (ask("fake-1+cut0"), as_json)])
def test_cut(twice: Twice, body: dict[str, Any], read: Any) -> None:
    assert twice(posted(body, read)).call.error == "ClientPayloadError"


def test_refused(twice: Twice) -> None:
    call = twice(posted(ASK), refused=True).call
    assert (call.error, call.status, call.usage) == ("ClientConnectorError", None, "reported")


@pytest.mark.parametrize(("body", "read"), [(ask("fake-1+hang"), as_json), (stream("fake-1+stall3"), whole)])
def test_timed_out(twice: Twice, body: dict[str, Any], read: Any) -> None:
    assert twice(posted(body, read, timeout=0.3)).call.error == "TimeoutError"


@pytest.mark.parametrize("body", [ask("fake-1+hang"), stream("fake-1+stall3")])
def test_cancelled(twice: Twice, body: dict[str, Any]) -> None:
    async def case(url: str) -> Any:
        work = asyncio.create_task(posted(body, whole)(url))
        await asyncio.sleep(0.2)
        work.cancel()
        return [type(one) for one in await asyncio.gather(work, return_exceptions=True)]

    assert twice(case).call.error == "CancelledError"


def test_reading_on_after_a_pause(twice: Twice) -> None:
    """A read that is broken off loses nothing: the program may try again."""

    async def impatiently(told: Any) -> Any:
        found = b""
        while not told.content.at_eof():
            try:
                found += await asyncio.wait_for(told.content.readany(), 0.01)
            except TimeoutError:
                continue
        return found

    call = twice(posted(stream("fake-1+slow"), impatiently)).call
    assert (call.error, call.usage) == ("", "reported")


@pytest.mark.parametrize("options", [{}, {"raise_for_status": True}])
def test_error_status(twice: Twice, options: dict[str, Any]) -> None:
    assert twice(posted(ask("fake-1+500"), **options)).call.error == "http_500"


def test_many_at_once(twice: Twice) -> None:
    async def case(url: str) -> Any:
        async with aiohttp.ClientSession() as session:

            async def one() -> Any:
                async with session.post(url + PATH, json=STREAM) as told:
                    return await told.read()

            return await asyncio.gather(*(one() for _ in range(8)))

    assert [call.usage for call in twice(case).calls] == ["reported"] * 8


def test_a_request_never_awaited_is_closed_as_ever(twice: Twice, recwarn: pytest.WarningsRecorder) -> None:
    async def case(url: str) -> Any:
        async with aiohttp.ClientSession() as session:
            session.post(url + PATH, json=ASK).close()

    assert twice(case).calls == []
    assert [one for one in recwarn if "never awaited" in str(one.message)] == []


@pytest.mark.parametrize("body", [ask(), ask("fake-1+gzip"), stream(), stream("fake-1+gzip")])
def test_httpx_over_aiohttp_is_seen_once(twice: Twice, body: dict[str, Any]) -> None:
    httpx_aiohttp = pytest.importorskip("httpx_aiohttp")

    async def case(url: str) -> Any:
        async with httpx_aiohttp.HttpxAiohttpClient() as client:
            return (await client.post(url + PATH, json=body)).text

    call = twice(case).call
    assert (call.source, call.usage) == ("httpx", "reported")


@pytest.mark.parametrize("streamed", [False, True])
def test_openai_over_aiohttp_is_seen_once(twice: Twice, streamed: bool) -> None:
    pytest.importorskip("httpx_aiohttp")
    openai = pytest.importorskip("openai")

    async def case(url: str) -> Any:
        http = openai.DefaultAioHttpClient()
        async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="not-a-key", http_client=http) as client:
            made = await client.chat.completions.create(**(STREAM if streamed else ASK))
            return [chunk.choices async for chunk in made] if streamed else made.choices

    call = twice(case).call
    assert (call.source.removesuffix("2"), call.usage) == ("httpx", "reported")
