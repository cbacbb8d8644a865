"""The official Anthropic SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from .conftest import Both

anthropic = pytest.importorskip("anthropic")

ASK = [{"role": "user", "content": "Where does the river meet the sea, and why is that so?"}]
USE_TOOL = [{"role": "user", "content": "How warm is it in Lisboa? Please use the tool that you were given."}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOLS = [{"name": "weather", "description": "The weather of a city", "input_schema": SCHEMA}]
THINKING = {"type": "enabled", "budget_tokens": 1024}


class Place(BaseModel):
    """What `parse` is to make of an answer."""

    city: str
    days: int


def sync(url: str, **options: Any) -> Any:
    return anthropic.Anthropic(base_url=url, api_key="not-a-key", **options)


def asynchronous(url: str, **options: Any) -> Any:
    return anthropic.AsyncAnthropic(base_url=url, api_key="not-a-key", **options)


def ask(client: Any, **parameters: Any) -> Any:
    return client.messages.create(**({"model": "fake-1", "max_tokens": 2000, "messages": ASK} | parameters))


def plain(**parameters: Any) -> Callable[[str], Any]:
    """A case: one message, or all events of a streamed one."""

    def case(url: str) -> Any:
        with sync(url) as client:
            made = ask(client, **parameters)
            return list(made) if parameters.get("stream") else made

    return case


def async_plain(**parameters: Any) -> Callable[[str], Any]:
    async def case(url: str) -> Any:
        async with asynchronous(url) as client:
            made = await ask(client, **parameters)
            return [event async for event in made] if parameters.get("stream") else made

    return case


@pytest.mark.parametrize("make", [plain, async_plain])
@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip"])
def test_message(both: Both, make: Any, model: str) -> None:
    seen = both(make(model=model))
    assert seen.usages == ["reported"]
    assert (seen.calls[0].max_tokens, seen.calls[0].file) == (2000, "tests/sdk/test_anthropic.py")


def test_message_without_usage(both: Both) -> None:
    def case(url: str) -> Any:
        return ask(sync(url), model="fake-1+nousage").content

    assert both(case).usages == ["estimated"]


@pytest.mark.parametrize("stream", [False, True])
def test_cached_tokens(both: Both, stream: bool) -> None:
    words = "Answer in whole sentences, please. " * 20
    system = [{"type": "text", "text": words, "cache_control": {"type": "ephemeral"}}]
    call = both(plain(system=system, stream=stream)).calls[0]
    assert call.cached_tokens
    assert call.cache_write_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_thinking(both: Both, stream: bool) -> None:
    seen = both(plain(stream=stream, thinking=THINKING))
    assert seen.usages == ["reported"]
    assert seen.calls[0].effort == "1024"


@pytest.mark.parametrize("make", [plain, async_plain])
@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged"])
def test_stream(both: Both, make: Any, model: str) -> None:
    assert both(make(model=model, stream=True)).usages == ["reported"]


def test_stream_helper(both: Both) -> None:
    def case(url: str) -> Any:
        with sync(url).messages.stream(model="fake-1", max_tokens=2000, messages=ASK) as stream:
            return list(stream.text_stream), stream.get_final_message()

    assert both(case).usages == ["reported"]


def test_async_stream_helper(both: Both) -> None:
    async def case(url: str) -> Any:
        client = asynchronous(url)
        async with client, client.messages.stream(model="fake-1", max_tokens=2000, messages=ASK) as stream:
            return [text async for text in stream.text_stream], await stream.get_final_message()

    assert both(case).usages == ["reported"]


def test_stream_as_context_manager(both: Both) -> None:
    def case(url: str) -> Any:
        with ask(sync(url), stream=True) as stream:
            return list(stream)

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize("stream", [False, True])
def test_tool_call(both: Both, stream: bool) -> None:
    assert both(plain(messages=USE_TOOL, tools=TOOLS, stream=stream)).usages == ["reported"]


def test_tool_call_and_answer_after_it(both: Both) -> None:
    def case(url: str) -> Any:
        client = sync(url)
        first = ask(client, messages=USE_TOOL, tools=TOOLS)
        result = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": "21 degrees"}
        said = [block.to_dict() for block in first.content]
        messages = [*USE_TOOL, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
        return first, ask(client, messages=messages, tools=TOOLS)

    assert both(case).usages == ["reported"] * 2


def test_parse(both: Both) -> None:
    def case(url: str) -> Any:
        made = sync(url).messages.parse(model="fake-1", max_tokens=2000, messages=ASK, output_format=Place)
        assert made.parsed_output == Place(city="Lisboa", days=1)
        return made

    assert both(case).usages == ["reported"]


def test_raw_response(both: Both) -> None:
    def case(url: str) -> Any:
        raw = sync(url).messages.with_raw_response.create(model="fake-1", max_tokens=2000, messages=ASK)
        return raw.status_code, raw.http_response.text, raw.parse()

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize("stream", [False, True])
def test_streaming_response(both: Both, stream: bool) -> None:
    def case(url: str) -> Any:
        made = sync(url).messages.with_streaming_response
        with made.create(model="fake-1", max_tokens=2000, messages=ASK, stream=stream) as response:
            return list(response.iter_lines())

    assert both(case).usages == ["reported"]


def test_image(both: Both, pixel: str) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": pixel.partition(",")[2]}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    seen = both(plain(messages=[{"role": "user", "content": parts}]))
    assert seen.usages == ["reported"]
    assert seen.calls[0].images == 1


def test_counting_tokens_is_no_call_of_a_model(both: Both) -> None:
    seen = both(lambda url: sync(url).messages.count_tokens(model="fake-1", messages=ASK))
    assert len(seen.others) == 1


# -- trouble ------------------------------------------------------------------------------------------


def test_stream_left_early(both: Both) -> None:
    def case(url: str) -> Any:
        events = []
        with ask(sync(url), model="fake-1+stall6", stream=True) as stream:
            for event in stream:
                events.append(event)
                if len(events) == 4:
                    break
        return events

    assert both(case, early=True).usages == ["estimated"]


@pytest.mark.parametrize("make", [plain, async_plain])
@pytest.mark.parametrize("model", ["fake-1+cut8", "fake-1+cut1", "fake-1+cut8+gzip"])
def test_cut_stream(both: Both, make: Any, model: str) -> None:
    seen = both(make(model=model, stream=True), raises=Exception)
    assert seen.usages == ["estimated"]
    assert seen.calls[0].input_tokens == seen.asked[0].usage.input  # told at the start of the stream


@pytest.mark.parametrize("make", [plain, async_plain])
def test_error_within_a_stream(both: Both, make: Any) -> None:
    assert both(make(model="fake-1+error8", stream=True), raises=anthropic.APIError).usages == ["estimated"]


@pytest.mark.parametrize("make", [plain, async_plain])
@pytest.mark.parametrize("stream", [False, True])
def test_retry_after_429(both: Both, make: Any, stream: bool) -> None:
    seen = both(make(model="fake-1+429x2", stream=stream), retries=[0, 1, 2])
    assert [call.status for call in seen.calls] == [429, 429, 200]


def test_error_500_for_ever(both: Both) -> None:
    both(plain(model="fake-1+500"), retries=[0, 1, 2], raises=anthropic.InternalServerError)


def test_refused_connection(both: Both) -> None:
    seen = both(lambda url: ask(sync(url, max_retries=0)), refused=1, raises=anthropic.APIConnectionError)
    call = seen.calls[0]
    assert (call.model, call.status, call.error) == ("fake-1", None, "ConnectError")


def test_timeout(both: Both) -> None:
    seen = both(
        lambda url: ask(sync(url, max_retries=0, timeout=0.1), model="fake-1+hang"), raises=anthropic.APITimeoutError
    )
    assert seen.calls[0].error == "ReadTimeout"
