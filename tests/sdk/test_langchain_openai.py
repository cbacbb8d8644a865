"""LangChain on the OpenAI SDK. langchain-openai pins openai below 3: on httpx2 there is none, and this is skipped."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from .conftest import Both

langchain = pytest.importorskip("langchain_openai", reason="langchain-openai is absent (it pins openai<3)")

ASK = "Where does the river meet the sea, and why is that so?"


class Place(BaseModel):
    """A place and how long to stay."""

    city: str
    days: int


def model(url: str, name: str = "fake-1", **options: Any) -> Any:
    return langchain.ChatOpenAI(model=name, base_url=f"{url}/v1", api_key="not-a-key", **options)


def embedder(url: str, **options: Any) -> Any:
    # check_embedding_ctx_length would fetch a tokenizer's table from the network.
    options |= {"base_url": f"{url}/v1", "api_key": "not-a-key", "check_embedding_ctx_length": False}
    return langchain.OpenAIEmbeddings(model="fake-embed", **options)


def test_invoke(both: Both) -> None:
    seen = both(lambda url: model(url, temperature=0.5).invoke(ASK))
    assert seen.usages == ["reported"]
    assert (seen.calls[0].temperature, seen.calls[0].file) == (0.5, "tests/sdk/test_langchain_openai.py")


def test_ainvoke(both: Both) -> None:
    async def case(url: str) -> Any:
        return await model(url).ainvoke(ASK)

    assert both(case).usages == ["reported"]


def test_batch_in_threads(both: Both) -> None:
    assert both(lambda url: model(url).batch([ASK, ASK, ASK])).usages == ["reported"] * 3


def test_responses_api(both: Both) -> None:
    assert both(lambda url: model(url, use_responses_api=True).invoke(ASK)).usages == ["reported"]


@pytest.mark.parametrize(("stream_usage", "usage"), [(True, "reported"), (False, "estimated")])
def test_stream(both: Both, stream_usage: bool, usage: str) -> None:
    assert both(lambda url: list(model(url, stream_usage=stream_usage).stream(ASK))).usages == [usage]


@pytest.mark.parametrize(("stream_usage", "usage"), [(True, "reported"), (False, "estimated")])
def test_astream(both: Both, stream_usage: bool, usage: str) -> None:
    async def case(url: str) -> Any:
        return [chunk async for chunk in model(url, stream_usage=stream_usage).astream(ASK)]

    assert both(case).usages == [usage]


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(both: Both, method: str) -> None:
    seen = both(lambda url: model(url).with_structured_output(Place, method=method).invoke(ASK))
    assert seen.usages == ["reported"]
    assert seen.result == Place(city="Lisboa", days=1)


def test_tools(both: Both) -> None:
    seen = both(lambda url: model(url).bind_tools([Place]).invoke("Please use the tool."))
    assert seen.result.tool_calls[0]["name"] == "Place"


def test_embeddings(both: Both) -> None:
    words = ["a river", "the sea", "rain", "snow", "a well"]
    seen = both(lambda url: embedder(url, chunk_size=2).embed_documents(words))
    assert seen.usages == ["reported"] * 3  # batches of two


def test_async_embeddings(both: Both) -> None:
    async def case(url: str) -> Any:
        return await embedder(url).aembed_query("a river")

    assert both(case).usages == ["reported"]


def test_cut_stream(both: Both) -> None:
    seen = both(lambda url: list(model(url, "fake-1+cut8").stream(ASK)), raises=Exception)
    assert seen.usages == ["estimated"]


def test_retry_after_429(both: Both) -> None:
    assert both(lambda url: model(url, "fake-1+429x2").invoke(ASK), retries=[0, 1, 2]).usages[-1] == "reported"


def test_error_500_for_ever(both: Both) -> None:
    both(lambda url: model(url, "fake-1+500", max_retries=1).invoke(ASK), retries=[0, 1], raises=Exception)


def test_refused_connection(both: Both) -> None:
    seen = both(lambda url: model(url, max_retries=0).invoke(ASK), refused=1, raises=Exception)
    assert seen.calls[0].error == "ConnectError"
