"""The official OpenAI SDK: 2 on httpx, 3 on httpx2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import BaseModel

from .conftest import Both

openai = pytest.importorskip("openai")

ASK = [{"role": "user", "content": "Where does the river meet the sea, and why is that so?"}]
LONG = [{"role": "system", "content": "You were cached. " + "Answer in whole sentences, please. " * 20}, *ASK]
USE_TOOL = [{"role": "user", "content": "How warm is it in Lisboa? Please use the tool that you were given."}]
WEATHER = {
    "name": "weather",
    "description": "The weather of a city, now or in some days",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
}
TOOLS = [{"type": "function", "function": WEATHER}]
FLAT_TOOLS = [{"type": "function", "strict": True} | WEATHER]


class Place(BaseModel):
    """What `parse` is to make of an answer."""

    city: str
    days: int
    names: list[str]


def sync(url: str, **options: Any) -> Any:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="not-a-key", **options)


def asynchronous(url: str, **options: Any) -> Any:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="not-a-key", **options)


def chat(model: str = "fake-1", messages: Any = ASK, **parameters: Any) -> Callable[[str], Any]:
    """A case: one chat, or all chunks of a streamed one."""

    def case(url: str) -> Any:
        with sync(url) as client:
            made = client.chat.completions.create(model=model, messages=messages, **parameters)
            return list(made) if parameters.get("stream") else made

    return case


def async_chat(model: str = "fake-1", **parameters: Any) -> Callable[[str], Any]:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            made = await client.chat.completions.create(model=model, messages=ASK, **parameters)
            return [chunk async for chunk in made] if parameters.get("stream") else made

    return case


WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}


# -- chat ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+deflate"])
def test_chat(both: Both, model: str) -> None:
    seen = both(chat(model, temperature=0.5, seed=7, max_completion_tokens=500))
    assert seen.usages == ["reported"]
    call = seen.calls[0]
    assert (call.temperature, call.seed, call.max_tokens) == (0.5, 7, 500)
    assert call.file == "tests/sdk/test_openai.py"
    assert call.line > 0


def test_chat_without_usage(both: Both) -> None:
    assert both(chat("fake-1+nousage")).usages == ["estimated"]


def test_chat_with_cached_and_reasoning_tokens(both: Both) -> None:
    call = both(chat(messages=LONG, reasoning_effort="low")).calls[0]
    assert call.cached_tokens
    assert (call.reasoning_tokens, call.effort) == (64, "low")


def test_async_chat(both: Both) -> None:
    assert both(async_chat()).usages == ["reported"]


def test_many_async_chats_at_once(both: Both) -> None:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            ask = client.chat.completions.create
            return await asyncio.gather(*(ask(model="fake-1", messages=ASK) for _ in range(8)))

    assert both(case).usages == ["reported"] * 8


@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged", "fake-1+gzip+ragged"])
@pytest.mark.parametrize("make", [chat, async_chat])
def test_stream_with_usage(both: Both, make: Any, model: str) -> None:
    seen = both(make(model, **WITH_USAGE))
    assert seen.usages == ["reported"]
    assert seen.calls[0].chunks > 5


@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged", "fake-1+deflate"])
@pytest.mark.parametrize("make", [chat, async_chat])
def test_stream_without_usage(both: Both, make: Any, model: str) -> None:
    assert both(make(model, stream=True)).usages == ["estimated"]


@pytest.mark.parametrize("options", [{"stream": True}, WITH_USAGE, {}])
def test_zstd_is_read_or_owned_up_to(both: Both, options: dict[str, Any]) -> None:
    pytest.importorskip("zstandard")
    both(chat("fake-1+zstd", **options))


def test_slow_stream_is_timed(both: Both) -> None:
    call = both(chat("fake-1+slow", **WITH_USAGE)).calls[0]
    assert call.timed
    assert call.first_us
    assert call.decode_us


def test_stream_as_context_manager(both: Both) -> None:
    def case(url: str) -> Any:
        with sync(url).chat.completions.create(model="fake-1", messages=ASK, stream=True) as stream:
            return list(stream)

    assert both(case).usages == ["estimated"]


def test_stream_helper(both: Both) -> None:
    def case(url: str) -> Any:
        options = {"include_usage": True}
        with sync(url).chat.completions.stream(model="fake-1", messages=ASK, stream_options=options) as stream:
            return [event.type for event in stream], stream.get_final_completion()

    assert both(case).usages == ["reported"]


# -- tools, parse, raw responses ----------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, WITH_USAGE, {"stream": True}])
def test_tool_call(both: Both, options: dict[str, Any]) -> None:
    both(chat(messages=USE_TOOL, tools=TOOLS, **options))


def test_tool_call_and_answer_after_it(both: Both) -> None:
    def case(url: str) -> Any:
        client = sync(url)
        first = client.chat.completions.create(model="fake-1", messages=USE_TOOL, tools=TOOLS)
        tool = first.choices[0].message.tool_calls[0]
        result = {"role": "tool", "tool_call_id": tool.id, "content": "21 degrees"}
        messages = [*USE_TOOL, first.choices[0].message.to_dict(), result]
        return first, client.chat.completions.create(model="fake-1", messages=messages, tools=TOOLS)

    assert both(case).usages == ["reported"] * 2


def test_parse(both: Both) -> None:
    def case(url: str) -> Any:
        made = sync(url).chat.completions.parse(model="fake-1", messages=ASK, response_format=Place)
        assert made.choices[0].message.parsed == Place(city="Lisboa", days=1, names=["Lisboa"])
        return made

    assert both(case).usages == ["reported"]


def test_raw_response(both: Both) -> None:
    def case(url: str) -> Any:
        raw = sync(url).chat.completions.with_raw_response.create(model="fake-1", messages=ASK)
        return raw.status_code, raw.headers["x-request-id"], raw.text, raw.parse()

    assert both(case).usages == ["reported"]


def test_raw_response_of_a_stream(both: Both) -> None:
    def case(url: str) -> Any:
        raw = sync(url).chat.completions.with_raw_response.create(model="fake-1", messages=ASK, stream=True)
        return list(raw.parse())

    assert both(case).usages == ["estimated"]


@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip"])
def test_streaming_response_of_a_plain_answer(both: Both, model: str) -> None:
    def case(url: str) -> Any:
        ask = sync(url).chat.completions.with_streaming_response
        with ask.create(model=model, messages=ASK) as response:
            return list(response.iter_bytes(100))

    assert both(case).usages == ["reported"]


def test_streaming_response_parsed(both: Both) -> None:
    async def case(url: str) -> Any:
        ask = asynchronous(url).chat.completions.with_streaming_response
        async with ask.create(model="fake-1", messages=ASK) as response:
            return await response.parse()

    assert both(case).usages == ["reported"]


def test_streaming_response_lines(both: Both) -> None:
    def case(url: str) -> Any:
        ask = sync(url).chat.completions.with_streaming_response
        with ask.create(model="fake-1", messages=ASK, **WITH_USAGE) as response:
            return list(response.iter_lines())

    assert both(case).usages == ["reported"]


def test_image(both: Both, pixel: str) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": pixel}}]
    seen = both(chat(messages=[{"role": "user", "content": parts}]))
    assert seen.usages == ["reported"]
    assert seen.calls[0].images == 1


def test_streaming_response_nobody_reads(both: Both) -> None:
    def case(url: str) -> Any:
        ask = sync(url).chat.completions.with_streaming_response
        with ask.create(model="fake-1", messages=ASK) as response:
            return response.status_code

    seen = both(case, early=True)
    assert not seen.calls[0].streamed  # nobody asked for a stream
    assert seen.usages == ["unknown"]  # the server told, but nobody listened: not a word to estimate from


@pytest.mark.parametrize("options", [{}, {"stream": True}, WITH_USAGE])
def test_azure(both: Both, options: dict[str, Any]) -> None:
    def case(url: str) -> Any:
        client = openai.AzureOpenAI(azure_endpoint=url, api_key="not-a-key", api_version="2024-10-21")
        made = client.chat.completions.create(model="fake-1", messages=ASK, **options)
        return list(made) if options else made

    assert both(case).usages == ["estimated" if options == {"stream": True} else "reported"]


def test_many_threads_at_once(both: Both) -> None:
    def case(url: str) -> Any:
        with sync(url) as client, ThreadPoolExecutor(8) as pool:
            ask = client.chat.completions.create
            return list(pool.map(lambda _: list(ask(model="fake-1", messages=ASK, **WITH_USAGE)), range(16)))

    assert both(case).usages == ["reported"] * 16


# -- trouble ------------------------------------------------------------------------------------------


def test_stream_left_early(both: Both) -> None:
    def case(url: str) -> Any:
        stream = sync(url).chat.completions.create(model="fake-1+stall6", messages=ASK, stream=True)
        chunks = []
        for chunk in stream:
            chunks.append(chunk)
            if len(chunks) == 6:
                break
        stream.close()
        return chunks

    assert both(case, early=True).usages == ["estimated"]


def test_stream_left_open(both: Both) -> None:
    def case(url: str) -> Any:
        stream = sync(url).chat.completions.create(model="fake-1+stall6", messages=ASK, stream=True)
        chunks = [next(stream) for _ in range(6)]
        kept.append(stream)  # nobody closes it: the flush at the end of the test must find it
        return chunks

    kept: list[Any] = []
    assert both(case, early=True).usages == ["estimated"]
    for stream in kept:
        stream.close()


def test_async_stream_left_early(both: Both) -> None:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            stream = await client.chat.completions.create(model="fake-1+stall6", messages=ASK, stream=True)
            chunks = []
            async for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == 6:
                    break
            await stream.close()
            return chunks

    assert both(case, early=True).usages == ["estimated"]


@pytest.mark.parametrize("model", ["fake-1+cut8", "fake-1+cut1", "fake-1+cut0", "fake-1+cut8+gzip"])
@pytest.mark.parametrize("make", [chat, async_chat])
def test_cut_stream(both: Both, make: Any, model: str) -> None:
    seen = both(make(model, **WITH_USAGE), raises=Exception)
    assert seen.usages == ["estimated"]


@pytest.mark.parametrize("make", [chat, async_chat])
def test_error_within_a_stream(both: Both, make: Any) -> None:
    assert both(make("fake-1+error8", **WITH_USAGE), raises=openai.APIError).usages == ["estimated"]


def test_cancelled(both: Both) -> None:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            ask = client.chat.completions.create(model="fake-1+hang", messages=ASK)
            return await asyncio.wait_for(ask, 0.4)

    assert both(case, raises=TimeoutError).calls[0].error == "CancelledError"


def test_cut_answer(both: Both) -> None:
    def case(url: str) -> Any:
        return sync(url, max_retries=0).chat.completions.create(model="fake-1+cut0", messages=ASK)

    both(case, raises=openai.APIConnectionError)


@pytest.mark.parametrize("make", [chat, async_chat])
@pytest.mark.parametrize("options", [{}, WITH_USAGE])
def test_retry_after_429(both: Both, make: Any, options: dict[str, Any]) -> None:
    seen = both(make("fake-1+429x2", **options), retries=[0, 1, 2])
    assert [call.status for call in seen.calls] == [429, 429, 200]


def test_error_500_for_ever(both: Both) -> None:
    both(chat("fake-1+500"), retries=[0, 1, 2], raises=openai.InternalServerError)


@pytest.mark.parametrize("make", [sync, asynchronous])
def test_refused_connection(both: Both, make: Any) -> None:
    def case(url: str) -> Any:
        return make(url, max_retries=0).chat.completions.create(model="fake-1", messages=ASK)

    seen = both(case, refused=1, raises=openai.APIConnectionError)
    call = seen.calls[0]
    assert (call.model, call.status, call.error) == ("fake-1", None, "ConnectError")


def test_timeout(both: Both) -> None:
    def case(url: str) -> Any:
        return sync(url, max_retries=0, timeout=0.1).chat.completions.create(model="fake-1+hang", messages=ASK)

    seen = both(case, raises=openai.APITimeoutError)
    assert seen.calls[0].error == "ReadTimeout"


def test_timeout_within_a_stream(both: Both) -> None:
    def case(url: str) -> Any:
        client = sync(url, max_retries=0, timeout=0.1)
        return list(client.chat.completions.create(model="fake-1+stall6", messages=ASK, stream=True))

    seen = both(case, raises=Exception)
    assert seen.calls[0].error == "ReadTimeout"


def test_not_found_and_lists_are_no_calls_of_a_model(both: Both) -> None:
    def case(url: str) -> Any:
        client = sync(url)
        with pytest.raises(openai.NotFoundError):
            client.fine_tuning.jobs.create(model="fake-1", training_file="file-1")
        return [model.id for model in client.models.list()]

    seen = both(case)
    assert seen.result == ["fake-1"]
    assert len(seen.others) == 2


# -- responses, completions, embeddings ---------------------------------------------------------------


def respond(url: str, **parameters: Any) -> Any:
    return sync(url).responses.create(**({"model": "fake-1", "input": ASK[0]["content"]} | parameters))


@pytest.mark.parametrize("effort", [None, "high"])
def test_responses(both: Both, effort: str | None) -> None:
    reasoning = {"reasoning": {"effort": effort}} if effort else {}
    seen = both(lambda url: respond(url, instructions="You were cached: be brief.", **reasoning))
    assert seen.usages == ["reported"]
    assert seen.calls[0].reasoning_tokens == (64 if effort else 0)


@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged"])
def test_responses_stream(both: Both, model: str) -> None:
    seen = both(lambda url: list(respond(url, model=model, stream=True, reasoning={"effort": "low"})))
    assert seen.usages == ["reported"]


def test_responses_stream_without_usage(both: Both) -> None:
    assert both(lambda url: list(respond(url, model="fake-1+nousage", stream=True))).usages == ["estimated"]


def test_responses_stream_cut(both: Both) -> None:
    seen = both(lambda url: list(respond(url, model="fake-1+cut12", stream=True)), raises=Exception)
    assert seen.usages == ["estimated"]


def test_error_within_a_responses_stream(both: Both) -> None:
    seen = both(lambda url: list(respond(url, model="fake-1+error12", stream=True)))
    assert seen.usages == ["estimated"]


def test_responses_stream_helper(both: Both) -> None:
    def case(url: str) -> Any:
        with sync(url).responses.stream(model="fake-1", input=ASK, text_format=Place) as stream:
            return [event.type for event in stream], stream.get_final_response()

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize("stream", [False, True])
def test_responses_tool_call(both: Both, stream: bool) -> None:
    def case(url: str) -> Any:
        made = respond(url, input=USE_TOOL, tools=FLAT_TOOLS, stream=stream)
        return list(made) if stream else made

    assert both(case).usages == ["reported"]


def test_responses_parse(both: Both) -> None:
    def case(url: str) -> Any:
        made = sync(url).responses.parse(model="fake-1", input=ASK, text_format=Place)
        assert made.output_parsed.city == "Lisboa"
        return made

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize(
    ("options", "usage"), [({}, "reported"), ({"stream": True}, "estimated"), (WITH_USAGE, "reported")]
)
def test_legacy_completions(both: Both, options: dict[str, Any], usage: str) -> None:
    def case(url: str) -> Any:
        made = sync(url).completions.create(model="fake-1", prompt="Once upon a time there was a river", **options)
        return list(made) if options else made

    assert both(case).usages == [usage]


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}])
@pytest.mark.parametrize("given", ["a river", ["a river", "the sea", "rain"], [11, 12, 13]])
def test_embeddings(both: Both, given: Any, form: dict[str, Any]) -> None:
    seen = both(lambda url: sync(url).embeddings.create(model="fake-embed", input=given, **form))
    assert seen.usages == ["reported"]
    assert seen.calls[0].output_tokens == 0


def test_embeddings_without_usage(both: Both) -> None:
    words = ["Where does the river meet the sea, and why is that so?"] * 3
    seen = both(lambda url: sync(url).embeddings.create(model="fake-embed+nousage", input=words))
    assert seen.usages == ["estimated"]


def test_async_embeddings(both: Both) -> None:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            return await client.embeddings.create(model="fake-embed", input=["a river", "the sea"])

    assert both(case).usages == ["reported"]
