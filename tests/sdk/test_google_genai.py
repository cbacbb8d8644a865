"""The Google Gen AI SDK against the Gemini API. Sync only: async may go through aiohttp, which has its own tap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from .conftest import Both

genai = pytest.importorskip("google.genai")
types = genai.types

ASK = "Where does the river meet the sea, and why is that so?"


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    yield
    while _clients:
        _clients.pop().close()


class Place(BaseModel):
    """What a structured answer is to be."""

    city: str
    days: int


_clients: list[Any] = []


def sync(url: str, **options: Any) -> Any:
    """A client that lives until the end of the test: one that nobody holds closes itself in mid-call."""
    _clients.append(genai.Client(api_key="not-a-key", http_options=types.HttpOptions(base_url=url, **options)))
    return _clients[-1]


def plain(model: str = "fake-1", contents: Any = ASK, **config: Any) -> Callable[[str], Any]:
    """A case: one answer."""
    return lambda url: sync(url).models.generate_content(model=model, contents=contents, config=config)


def streamed(model: str = "fake-1", contents: Any = ASK, **config: Any) -> Callable[[str], Any]:
    """A case: all chunks of an answer."""
    return lambda url: list(sync(url).models.generate_content_stream(model=model, contents=contents, config=config))


@pytest.mark.parametrize("make", [plain, streamed])
@pytest.mark.parametrize("model", ["fake-1", "fake-1+gzip", "fake-1+ragged"])
def test_answer(both: Both, make: Any, model: str) -> None:
    seen = both(make(model, temperature=0.5, seed=7, max_output_tokens=500))
    assert seen.usages == ["reported"]
    call = seen.calls[0]
    assert (call.temperature, call.seed, call.max_tokens) == (0.5, 7, 500)
    assert call.file == "tests/sdk/test_google_genai.py"


@pytest.mark.parametrize("make", [plain, streamed])
def test_answer_without_usage(both: Both, make: Any) -> None:
    assert both(make("fake-1+nousage")).usages == ["estimated"]


@pytest.mark.parametrize("make", [plain, streamed])
def test_thoughts_are_counted_apart(both: Both, make: Any) -> None:
    seen = both(make(thinking_config=types.ThinkingConfig(thinking_budget=512)))
    assert seen.usages == ["reported"]
    assert seen.calls[0].reasoning_tokens == 64
    assert seen.calls[0].effort == "512"


@pytest.mark.parametrize("make", [plain, streamed])
def test_cached_tokens(both: Both, make: Any) -> None:
    assert both(make(contents="This was cached before. " * 20)).calls[0].cached_tokens


def test_structured_answer(both: Both) -> None:
    seen = both(plain(response_mime_type="application/json", response_schema=Place))
    assert seen.usages == ["reported"]
    assert seen.result.parsed == Place(city="Lisboa", days=1)


@pytest.mark.parametrize("make", [plain, streamed])
def test_tool_call(both: Both, make: Any) -> None:
    schema = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
    weather = types.FunctionDeclaration(name="weather", description="The weather", parameters=schema)
    tools = [types.Tool(function_declarations=[weather])]
    assert both(make(contents="How warm is it? Please use the tool.", tools=tools)).usages == ["reported"]


def test_tool_called_by_the_sdk_itself(both: Both) -> None:
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"21 degrees in {city}"

    prompt = "How warm is it? Please use the tool."
    seen = both(lambda url: sync(url).chats.create(model="fake-1", config={"tools": [weather]}).send_message(prompt))
    assert seen.usages == ["reported"] * 2
    response = seen.asked[1].body["contents"][-1]["parts"][0]["functionResponse"]["response"]
    assert response == {"result": "21 degrees in Lisboa"}


def test_chat(both: Both) -> None:
    def case(url: str) -> Any:
        chat = sync(url).chats.create(model="fake-1")
        return chat.send_message(ASK), list(chat.send_message_stream("And then?"))

    assert both(case).usages == ["reported"] * 2


def test_image(both: Both, pixel: str) -> None:
    import base64

    data = base64.b64decode(pixel.partition(",")[2])
    seen = both(plain(contents=[types.Part.from_bytes(data=data, mime_type="image/png"), "What is this?"]))
    assert seen.usages == ["reported"]
    assert seen.calls[0].images == 1


@pytest.mark.parametrize("given", [ASK, [ASK, "Why does a river bend so often?", "Who counts the rain?"]])
def test_embeddings_tell_no_usage(both: Both, given: Any) -> None:
    seen = both(lambda url: sync(url).models.embed_content(model="fake-embed", contents=given))
    assert seen.usages == ["estimated"]


def test_counting_tokens_is_no_call_of_a_model(both: Both) -> None:
    seen = both(lambda url: sync(url).models.count_tokens(model="fake-1", contents=ASK))
    assert len(seen.others) == 1


# -- trouble ------------------------------------------------------------------------------------------


def test_stream_left_early(both: Both) -> None:
    def case(url: str) -> Any:
        stream = sync(url).models.generate_content_stream(model="fake-1+stall3", contents=ASK)
        chunks = [next(stream) for _ in range(3)]
        stream.close()
        return chunks

    both(case, early=True)


def test_stream_left_open(both: Both) -> None:
    kept: list[Any] = []

    def case(url: str) -> Any:
        kept.append(sync(url).models.generate_content_stream(model="fake-1+stall3", contents=ASK))
        return [next(kept[-1]) for _ in range(3)]

    both(case, early=True)


@pytest.mark.parametrize("model", ["fake-1+cut3", "fake-1+cut0", "fake-1+cut3+gzip"])
def test_cut_stream(both: Both, model: str) -> None:
    both(streamed(model), raises=Exception)


RETRY = {"retry_options": types.HttpRetryOptions(attempts=3, initial_delay=0.001, max_delay=0.002, jitter=0)}


@pytest.mark.parametrize("verb", ["generate_content", "generate_content_stream"])
def test_retry_after_429(both: Both, verb: str) -> None:
    def case(url: str) -> Any:
        made = getattr(sync(url, **RETRY).models, verb)(model="fake-1+429x2", contents=ASK)
        return list(made) if verb.endswith("stream") else made

    seen = both(case, retries=[0, 1, 2])
    assert [call.status for call in seen.calls] == [429, 429, 200]


def test_error_500_for_ever(both: Both) -> None:
    def case(url: str) -> Any:
        return sync(url, **RETRY).models.generate_content(model="fake-1+500", contents=ASK)

    both(case, retries=[0, 1, 2], raises=genai.errors.ServerError)


def test_refused_connection(both: Both) -> None:
    seen = both(plain(), refused=1, raises=Exception)
    assert type(seen.result).__name__ == "ConnectError"
    call = seen.calls[0]
    assert (call.model, call.status, call.error) == ("fake-1", None, "ConnectError")


def test_timeout(both: Both) -> None:
    def case(url: str) -> Any:
        return sync(url, timeout=100).models.generate_content(model="fake-1+hang", contents=ASK)

    seen = both(case, raises=Exception)
    assert seen.calls[0].error == "ReadTimeout"
