"""What comes from the store is what came from the server: for HTTP stacks and SDKs, plain and streamed."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cut.kept import direct, one_answer, replaying, run
from providers import provider
from twice import canon

__all__ = ["direct"]
pytestmark = [pytest.mark.usefixtures("direct"), pytest.mark.slow]

SAID = [{"role": "user", "content": "Where does the river meet the sea, où et pourquoi?"}]
CHAT = "/v1/chat/completions"
TRAVEL = {"content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive"}


def body(how: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": how, "messages": SAID}
    return asked | ({"stream": True, "stream_options": {"include_usage": True}} if "stream" in how else {})


def told(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in TRAVEL}


def plainly(value: Any) -> Any:
    """As `canon`, without the headers that tell how a body travelled: SDKs show those, too."""
    if isinstance(value, dict):
        return {name: plainly(inner) for name, inner in value.items() if str(name).lower() not in TRAVEL}
    return [plainly(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def same_thrice(case: Callable[..., Any], folder: Path, *arguments: Any) -> Any:
    """Live, being recorded, and from the store in a run of its own: all the same, the last without the server."""
    with provider() as server:
        live = plainly(canon(run(case, server.url, *arguments)))
        asked = len(server.requests)
        assert asked
        with replaying(folder) as (first, calls):
            assert plainly(canon(run(case, server.url, *arguments))) == live
        assert (first.done.recorded, first.done.replayed) == (len(calls), 0)
        assert len(server.requests) == 2 * asked
        with replaying(folder, "none") as (second, again):
            assert plainly(canon(run(case, server.url, *arguments))) == live
        assert len(server.requests) == 2 * asked, "a call was live"
        assert second.done.replayed == len(calls)
        facts = [
            [(c.api, c.status, c.error, c.usage, c.input_tokens, c.output_tokens, c.model_answered) for c in of]
            for of in (calls, again)
        ]
        assert facts[0] == facts[1]
        assert {call.mode for call in again} == {"replayed"}
    return live


# -- HTTP stacks --------------------------------------------------------------------------------------


def by_httpx(url: str, asked: Any, name: str = "httpx") -> Any:
    module = pytest.importorskip(name)
    with module.Client() as client:
        whole = client.post(url + CHAT, json=asked)
        with client.stream("POST", url + CHAT, json=asked | {"n": 2}) as streamed:
            pieces = list(streamed.iter_bytes())
        with client.stream("POST", url + CHAT, json=asked | {"n": 3}) as streamed:
            lines = list(streamed.iter_lines())
        return whole.status_code, whole.reason_phrase, told(whole.headers), whole.content, pieces, lines


def by_httpx2(url: str, asked: Any) -> Any:
    return by_httpx(url, asked, "httpx2")


async def by_async_httpx(url: str, asked: Any, name: str = "httpx", transport: Any = None) -> Any:
    module = pytest.importorskip(name)
    async with module.AsyncClient(transport=transport) as client:
        whole = await client.post(url + CHAT, json=asked)
        async with client.stream("POST", url + CHAT, json=asked | {"n": 2}) as streamed:
            pieces = [piece async for piece in streamed.aiter_bytes()]
        return whole.status_code, told(whole.headers), whole.content, pieces


async def by_async_httpx2(url: str, asked: Any) -> Any:
    return await by_async_httpx(url, asked, "httpx2")


def by_httpx_on_trio(url: str, asked: Any) -> Any:
    trio = pytest.importorskip("trio")
    return trio.run(by_async_httpx, url, asked)


async def by_httpx_over_aiohttp(url: str, asked: Any) -> Any:
    over = pytest.importorskip("httpx_aiohttp")
    status, headers, content, pieces = await by_async_httpx(url, asked, transport=over.AiohttpTransport())
    return status, headers, content, b"".join(pieces)  # aiohttp may give several at once


def by_requests(url: str, asked: Any) -> Any:
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        whole = session.post(url + CHAT, json=asked)
        streamed = session.post(url + CHAT, json=asked | {"n": 2}, stream=True)
        lines = list(streamed.iter_lines())
        streamed = session.post(url + CHAT, json=asked | {"n": 3}, stream=True)
        pieces = list(streamed.iter_content(None))
        return whole.status_code, whole.reason, told(whole.headers), whole.content, lines, pieces


def by_urllib3(url: str, asked: Any) -> Any:
    """Its pool holds one connection: an answer that kept it would hang the next request."""
    urllib3 = pytest.importorskip("urllib3")
    found = []
    with urllib3.PoolManager(maxsize=1, block=True) as pool:

        def ask(n: int, **options: Any) -> Any:
            packed = {"accept-encoding": "gzip, deflate, br, zstd"}
            return pool.request("POST", url + CHAT, body=json.dumps(asked | {"n": n}), headers=packed, **options)

        whole = ask(1)
        found += [whole.status, whole.reason, told(whole.headers), whole.data]
        for n, read in enumerate((lambda r: r.read(), lambda r: list(r.stream(64)), lambda r: list(r)), 2):
            streamed = ask(n, preload_content=False)
            done = read(streamed)
            # 1.26 counts a piece's bytes before it unpacks them.
            old = not hasattr(urllib3, "BaseHTTPResponse") and isinstance(done, list)
            found.append(b"".join(done) if old else done)
            streamed.release_conn()
    return found


async def by_aiohttp(url: str, asked: Any) -> Any:
    aiohttp = pytest.importorskip("aiohttp")
    found: list[Any] = []
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        async with session.post(url + CHAT, json=asked) as whole:
            found += [whole.status, whole.reason, told(whole.headers), await whole.text(), whole.content_type]
        async with session.post(url + CHAT, json=asked | {"n": 2}) as streamed:
            chunks = [chunk async for chunk in streamed.content.iter_chunks()]
            found.append(b"".join(data for data, _ in chunks))  # chunks come as the loop happens to wake
        async with session.post(url + CHAT, json=asked | {"n": 3}) as streamed:
            found.append([line async for line in streamed.content])
        async with session.post(url + CHAT, json=asked | {"n": 4}) as streamed:
            found += [await streamed.read(), await streamed.read()]
    return found


def by_urllib_request(url: str, asked: Any) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    whole = opener.open(urllib.request.Request(url + CHAT, json.dumps(asked).encode()))
    found = [whole.status, whole.msg, whole.geturl(), told(whole.headers), whole.read()]
    return [*found, list(opener.open(url + CHAT, json.dumps(asked | {"n": 2}).encode()))]


STACKS = [
    by_httpx, by_httpx2, by_async_httpx, by_async_httpx2, by_httpx_on_trio, by_httpx_over_aiohttp, by_requests,
    by_urllib3, by_aiohttp, by_urllib_request,
]  # fmt: skip


@pytest.mark.parametrize("how", ["plain", "plain+gzip", "plain+br", "stream", "stream+gzip", "stream+br+ragged"])
@pytest.mark.parametrize("stack", STACKS)
def test_an_http_stack_gets_the_same(stack: Any, how: str, tmp_path: Path) -> None:
    live = same_thrice(stack, tmp_path / "store", body(how))
    assert "Nobody" in str(live) or "Water" in str(live) or "caf" in str(live)


@pytest.mark.parametrize("coding", ["zstd", "deflate"])
@pytest.mark.parametrize("stack", [by_httpx, by_async_httpx2, by_httpx_over_aiohttp])
def test_other_codings(stack: Any, coding: str, tmp_path: Path) -> None:
    same_thrice(stack, tmp_path / "store", body(f"stream+{coding}"))


# -- SDKs ---------------------------------------------------------------------------------------------


def openai_sync(url: str) -> Any:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=url + "/v1", api_key="not-a-key", max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(model="fake-1", messages=SAID)
        embedded = client.embeddings.create(model="fake-embed", input=["one", "two"])
        streamed = client.chat.completions.create(model="fake-1", messages=SAID, stream=True)
        chunks = list(streamed)
        with client.chat.completions.stream(model="fake-1", messages=SAID, seed=7) as helper:
            events = [event.type for event in helper]
        answer = client.responses.create(model="fake-1", input="hello", reasoning={"effort": "low"})
        more = list(client.responses.create(model="fake-1", input="hello", stream=True))
        return raw.request_id, raw.parse(), embedded, embedded._request_id, chunks, events, answer, more


async def openai_async(url: str) -> Any:
    openai = pytest.importorskip("openai")
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="not-a-key", max_retries=0) as client:
        whole = await client.chat.completions.create(model="fake-1", messages=SAID)
        streamed = await client.chat.completions.create(model="fake-1", messages=SAID, stream=True)
        return whole, whole._request_id, [chunk async for chunk in streamed]


async def openai_over_aiohttp(url: str) -> Any:
    openai = pytest.importorskip("openai")
    pytest.importorskip("httpx_aiohttp")
    http = openai.DefaultAioHttpClient()
    async with openai.AsyncOpenAI(base_url=url + "/v1", api_key="no", max_retries=0, http_client=http) as client:
        whole = await client.chat.completions.create(model="fake-1", messages=SAID)
        streamed = await client.chat.completions.create(model="fake-1", messages=SAID, stream=True)
        return whole, whole._request_id, [chunk async for chunk in streamed]


def anthropic_sync(url: str) -> Any:
    anthropic = pytest.importorskip("anthropic")
    asked: Any = {"model": "fake-1", "max_tokens": 100, "messages": SAID}
    with anthropic.Anthropic(base_url=url, api_key="not-a-key", max_retries=0) as client:
        whole = client.messages.create(**asked)
        chunks = list(client.messages.create(**asked, stream=True))
        with client.messages.stream(**asked | {"max_tokens": 99}) as stream:
            return whole, whole._request_id, chunks, list(stream.text_stream), stream.get_final_message()


async def anthropic_async(url: str) -> Any:
    anthropic = pytest.importorskip("anthropic")
    asked: Any = {"model": "fake-1", "max_tokens": 100, "messages": SAID}
    async with anthropic.AsyncAnthropic(base_url=url, api_key="not-a-key", max_retries=0) as client:
        streamed = await client.messages.create(**asked, stream=True)
        return await client.messages.create(**asked), [chunk async for chunk in streamed]


def _genai(url: str) -> Any:
    genai = pytest.importorskip("google.genai")
    return genai.Client(api_key="not-a-key", http_options=genai.types.HttpOptions(base_url=url))


def genai_sync(url: str) -> Any:
    client = _genai(url)
    try:
        asked: Any = {"model": "fake-1", "contents": "Where does the river meet the sea?"}
        embedded = client.models.embed_content(model="fake-embed", contents=["one", "two"])
        return [
            client.models.generate_content(**asked),
            list(client.models.generate_content_stream(**asked)),
            embedded,
        ]
    finally:
        client.close()


async def genai_async(url: str) -> Any:
    client = _genai(url)
    try:
        asked: Any = {"model": "fake-1", "contents": "Where does the river meet the sea?"}
        streamed = await client.aio.models.generate_content_stream(**asked)
        return [chunk async for chunk in streamed], await client.aio.models.generate_content(**asked)
    finally:
        await client.aio.aclose()


def bedrock(url: str) -> Any:
    session = pytest.importorskip("botocore.session").get_session()
    config = pytest.importorskip("botocore.config").Config(retries={"total_max_attempts": 1})
    client = session.create_client(
        "bedrock-runtime", region_name="eu-west-1", endpoint_url=url, config=config, aws_access_key_id="no",
        aws_secret_access_key="no",
    )  # fmt: skip
    asked: Any = {"modelId": "fake-1", "messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    claude = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 99, "messages": SAID})
    invoked = client.invoke_model(modelId="fake-1", body=claude)
    streamed = client.invoke_model_with_response_stream(modelId="fake-1", body=claude)
    talked = client.converse(**asked)
    found = [
        invoked["body"].read(), invoked["contentType"], list(streamed["body"]), talked["output"], talked["usage"],
        list(client.converse_stream(**asked)["stream"]), invoked["ResponseMetadata"]["HTTPHeaders"]["x-request-id"],
        invoked["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-input-token-count"],
    ]  # fmt: skip
    client.close()
    return found


def ollama_by_httpx(url: str) -> Any:
    httpx = pytest.importorskip("httpx")
    asked = {"model": "fake-1", "messages": SAID}
    url = url.replace("127.0.0.1", "ollama")
    with httpx.Client(base_url=url) as client:
        with client.stream("POST", "/api/chat", json=asked) as streamed:
            lines = list(streamed.iter_lines())
        whole = client.post("/api/generate", json={"model": "fake-1", "prompt": "hello", "stream": False})
        return lines, whole.json(), client.post("/api/embed", json={"model": "fake-1", "input": "hello"}).json()


def ollama_sdk(url: str) -> Any:
    ollama = pytest.importorskip("ollama")
    client = ollama.Client(host=url.replace("127.0.0.1", "ollama"))
    chunks = list(client.chat(model="fake-1", messages=SAID, stream=True))
    return client.chat(model="fake-1", messages=SAID), chunks, client.embed(model="fake-1", input="hello")


async def ollama_async(url: str) -> Any:
    ollama = pytest.importorskip("ollama")
    client = ollama.AsyncClient(host=url.replace("127.0.0.1", "ollama"))
    streamed = await client.chat(model="fake-1", messages=SAID, stream=True)
    return [chunk async for chunk in streamed], await client.embed(model="fake-1", input="hello")


SDKS = [
    openai_sync, openai_async, openai_over_aiohttp, anthropic_sync, anthropic_async, genai_sync, genai_async, bedrock,
    ollama_by_httpx, ollama_sdk, ollama_async,
]  # fmt: skip


@pytest.fixture
def ollama_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host called ollama, as in a compose file: nobody else's paths are its own."""
    resolve = socket.getaddrinfo

    def looked_up(host: Any, *arguments: Any, **more: Any) -> Any:
        return resolve("127.0.0.1" if host in ("ollama", b"ollama") else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


@pytest.mark.usefixtures("ollama_host")
@pytest.mark.parametrize("case", SDKS)
def test_an_sdk_gets_the_same(case: Any, tmp_path: Path) -> None:
    same_thrice(case, tmp_path / "store")


# -- what is never kept -------------------------------------------------------------------------------


def _tried(url: str, asked: dict[str, Any], stack: Any) -> Any:
    try:
        return run(stack, url, asked)
    except Exception as error:
        return type(error)


def once_by_httpx(url: str, asked: Any) -> Any:
    with pytest.importorskip("httpx").Client() as client, client.stream("POST", url + CHAT, json=asked) as streamed:
        return streamed.read()


def once_by_requests(url: str, asked: Any) -> Any:
    return pytest.importorskip("requests").post(url + CHAT, json=asked, stream=True).content


async def once_by_aiohttp(url: str, asked: Any) -> Any:
    session = pytest.importorskip("aiohttp").ClientSession()
    async with session, session.post(url + CHAT, json=asked) as streamed:
        return await streamed.read()


def once_by_urllib(url: str, asked: Any) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url + CHAT, json.dumps(asked).encode()).read()


ONCE = [once_by_httpx, once_by_requests, once_by_aiohttp, once_by_urllib]


@pytest.mark.parametrize("how", ["stream+cut4", "stream+error4", "plain+cut0", "plain+500", "plain+429x9"])
@pytest.mark.parametrize("stack", ONCE)
def test_what_failed_is_not_kept(stack: Any, how: str, tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, _):
        for tries in (1, 2):
            _tried(server.url, body(how), stack)
            assert len(server.requests) == tries
        assert (made.done.recorded, made.done.replayed, made.store.empty()) == (0, 0, True)
        run(stack, server.url, body("stream+gzip"))
        assert made.done.recorded == 1


def _leaving(stack: str, url: str) -> Any:
    if stack == "httpx":
        with pytest.importorskip("httpx").stream("POST", url + CHAT, json=body("stream")) as streamed:
            next(streamed.iter_bytes())
    elif stack == "openai":
        with pytest.importorskip("openai").OpenAI(base_url=url + "/v1", api_key="no") as client:
            for _ in client.chat.completions.create(**body("stream")):
                break
    elif stack == "requests":
        with pytest.importorskip("requests").post(url + CHAT, json=body("stream"), stream=True) as streamed:
            next(streamed.iter_content(None))
    elif stack == "urllib":
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url + CHAT, json.dumps(body("stream")).encode()) as streamed:
            streamed.readline()
    else:
        aiohttp = pytest.importorskip("aiohttp")

        async def leave() -> None:
            async with aiohttp.ClientSession() as one, one.post(url + CHAT, json=body("stream")) as streamed:
                await streamed.content.readline()

        run(leave)


@pytest.mark.parametrize("stack", ["httpx", "openai", "requests", "urllib", "aiohttp"])
def test_a_stream_that_is_left_early_is_not_kept(stack: str, tmp_path: Path) -> None:
    with provider() as server, replaying(tmp_path / "store") as (made, _):
        for tries in (1, 2):
            _leaving(stack, server.url)
            assert len(server.requests) == tries
        assert made.store.empty()


ERRORS_WITHIN = [
    (b'{"error": {"code": 502, "message": "the provider is down"}}', "application/json"),  # OpenRouter
    (b'data: {"choices": [], "error": {"code": 502}}\n\ndata: [DONE]\n\n', "text/event-stream"),
    (b'event: x\ndata: {"type": "response.failed", "response": {"status": "failed"}}\n\n', "text/event-stream"),
    (b"<html>Log in to this network</html>", "text/html; charset=utf-8"),
]


@pytest.mark.parametrize(("said", "kind"), ERRORS_WITHIN)
def test_a_success_that_tells_of_an_error_is_not_kept(said: bytes, kind: str, tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    with one_answer(said, kind) as (url, received), replaying(tmp_path / "store") as (made, _):
        for _ in range(2):
            httpx.post(url + CHAT, json=body("plain"), trust_env=False)
        assert (len(received), made.store.empty()) == (2, True)


def refusing(status: int, said: str) -> Any:
    return one_answer(json.dumps({"error": {"message": said}}).encode(), "application/json", status=status)


@pytest.mark.parametrize(("status", "said", "kept"), [
    (400, "This model's maximum context length is 8192 tokens", True),
    (404, "The model 'gigantic' does not exist", True),
    (404, "The model `x` does not exist or you do not have access to it.", False),
    (404, "model 'x' not found, try pulling it first", False),
    (400, "API key not valid. Please pass a valid API key.", False),
    (400, "Your credit balance is too low", False),
    (400, "User location is not supported for the API use.", False),
    (401, "no", False), (403, "no", False), (408, "no", False), (409, "no", False), (429, "no", False),
    (503, "no", False),
])  # fmt: skip
def test_a_refusal_that_will_stand_is_kept(status: int, said: str, kept: bool, tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    aiohttp = pytest.importorskip("aiohttp")

    async def ask(url: str) -> None:
        async with aiohttp.ClientSession(raise_for_status=True) as one, one.post(url + CHAT, json=body("plain")):
            pytest.fail("no error was raised")

    with refusing(status, said) as (url, received), replaying(tmp_path / "store"):
        for _ in range(2):
            answered = httpx.post(url + CHAT, json=body("plain"), trust_env=False)
            assert (answered.status_code, answered.json()["error"]["message"]) == (status, said)
        assert len(received) == 2 - kept
        with pytest.raises(aiohttp.ClientResponseError) as error:
            run(ask, url)
        assert error.value.status == status
        assert len(received) == 3 - 2 * kept


def test_a_body_without_length_that_was_cut_is_not_kept(tmp_path: Path) -> None:
    """HTTP/1.0 tells no length: only the format knows that the end is missing."""
    httpx = pytest.importorskip("httpx")
    for said, kind in (
        (b'{"choices": [{"message"', "application/json"),
        (b'data: {"choices": []}\n\n', "text/event-stream"),
    ):
        with one_answer(said, kind, length=False) as (url, received), replaying(tmp_path / "store") as (made, _):
            for _ in range(2):
                httpx.post(url + CHAT, json=body("plain"), trust_env=False)
            assert (len(received), made.store.empty()) == (2, True)


def test_headers_of_one_account_or_connection_are_not_kept(tmp_path: Path) -> None:
    httpx = pytest.importorskip("httpx")
    more = {"set-cookie": "session=Ibex", "openai-organization": "org-Ibex", "x-request-id": "req_1"}
    with one_answer(b'{"choices": []}', "application/json", more) as (url, received):
        for mode in ("new_episodes", "none"):
            with replaying(tmp_path / "store", mode):
                answered = httpx.post(url + CHAT, json=body("plain"), trust_env=False)
        assert answered.headers["x-request-id"] == "req_1"
        assert "set-cookie" not in answered.headers
        assert len(received) == 1
    assert not any(b"Ibex" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_parameters_that_aiohttp_is_given_apart_are_part_of_what_is_asked(tmp_path: Path) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def ask(url: str, params: Any = None) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(url + CHAT, json=body("plain"), params=params) as one,
        ):
            await one.read()

    with provider() as server, replaying(tmp_path / "store"):
        for version in ("1", "2", "1"):
            run(ask, server.url, {"version": version})
        run(ask, server.url)
        assert len(server.requests) == 3


def test_not_a_number_is_not_null(tmp_path: Path) -> None:
    """aiohttp's JSON writes NaN, which a faster writer makes null."""
    aiohttp = pytest.importorskip("aiohttp")

    async def ask(url: str, value: float | None) -> None:
        asked = body("plain") | {"x": value}
        async with aiohttp.ClientSession() as session, session.post(url + CHAT, json=asked) as one:
            await one.read()

    with provider() as server, replaying(tmp_path / "store"):
        for value in (None, float("nan"), None, float("nan")):
            run(ask, server.url, value)
        assert len(server.requests) == 2
