"""instructor: asks again, unseen by the test, when an answer does not validate."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from .conftest import Both

instructor = pytest.importorskip("instructor")
openai = pytest.importorskip("openai")

ASK = [{"role": "user", "content": "Where should I go, and for how many days?"}]


class Place(BaseModel):
    """A place and how long to stay."""

    city: str
    days: int


class LongStay(Place):
    """A stay of at least two days. The server's integers grow with the conversation: its first answer fails."""

    @field_validator("days")
    @classmethod
    def _long(cls, days: int) -> int:
        if days < 2:
            raise ValueError("stay longer than that")
        return days


def sync(url: str, mode: str = "TOOLS") -> Any:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="not-a-key")
    return instructor.from_openai(client, mode=instructor.Mode[mode])


@pytest.mark.parametrize("mode", ["TOOLS", "JSON_SCHEMA"])
def test_create(both: Both, mode: str) -> None:
    seen = both(lambda url: sync(url, mode).create(model="fake-1", messages=ASK, response_model=Place))
    assert seen.usages == ["reported"]
    assert (seen.result.city, seen.result.days) == ("Lisboa", 1)


def test_async_create(both: Both) -> None:
    async def case(url: str) -> Any:
        client = instructor.from_openai(openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="not-a-key"))
        return await client.create(model="fake-1", messages=ASK, response_model=Place)

    assert both(case).usages == ["reported"]


def test_hidden_retry_is_seen(both: Both) -> None:
    seen = both(lambda url: sync(url).create(model="fake-1", messages=ASK, response_model=LongStay, max_retries=3))
    assert seen.result.days > 1
    assert seen.usages == ["reported"] * 2
    first, second = seen.calls
    assert first.input_tokens is not None
    assert second.input_tokens is not None
    assert second.input_tokens > first.input_tokens  # the failed answer and the complaint are sent along
    assert first.request_hash != second.request_hash


def test_retries_exhausted(both: Both) -> None:
    class Endless(Place):
        @field_validator("days")
        @classmethod
        def _never(cls, days: int) -> int:
            raise ValueError("no stay is long enough")

    seen = both(
        lambda url: sync(url).create(model="fake-1", messages=ASK, response_model=Endless, max_retries=2),
        raises=Exception,
    )
    assert len(seen.calls) >= 2


def test_partial_stream(both: Both) -> None:
    def case(url: str) -> Any:
        return list(sync(url).create_partial(model="fake-1", messages=ASK, response_model=Place))

    assert both(case).usages == ["estimated"]


def test_completion_beside_the_model(both: Both) -> None:
    def case(url: str) -> Any:
        return sync(url).create_with_completion(model="fake-1", messages=ASK, response_model=Place)

    assert both(case).usages == ["reported"]


def test_anthropic(both: Both) -> None:
    anthropic = pytest.importorskip("anthropic")

    def case(url: str) -> Any:
        client = instructor.from_anthropic(anthropic.Anthropic(base_url=url, api_key="not-a-key"))
        return client.create(model="fake-1", max_tokens=2000, messages=ASK, response_model=LongStay, max_retries=3)

    seen = both(case)
    assert seen.result.days > 1
    assert seen.usages == ["reported"] * 2
