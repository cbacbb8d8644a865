"""pydantic-ai agents, through the OpenAI and the Anthropic SDK."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from providers import closed_url
from pydantic import BaseModel

from .conftest import Both

ai = pytest.importorskip("pydantic_ai")
openai_models = pytest.importorskip("pydantic_ai.models.openai")
openai_provider = pytest.importorskip("pydantic_ai.providers.openai")

ASK = "Where does the river meet the sea, and why is that so?"
USE_TOOL = "How warm is it in Lisboa? Please use the tool that you were given."


class Place(BaseModel):
    """A place and how long to stay."""

    city: str
    days: int


def agent(url: str, name: str = "fake-1", form: str = "OpenAIChatModel", **options: Any) -> Any:
    provider = openai_provider.OpenAIProvider(base_url=f"{url}/v1", api_key="not-a-key")
    return ai.Agent(getattr(openai_models, form)(name, provider=provider), **options)


def told(result: Any) -> Any:
    """What a run gives back: output, and all messages without the tool definitions that hang from them."""
    return result.output, [message.parts for message in result.all_messages()], result.usage


@pytest.mark.parametrize("form", ["OpenAIChatModel", "OpenAIResponsesModel"])
def test_run_sync(both: Both, form: str) -> None:
    assert both(lambda url: told(agent(url, form=form).run_sync(ASK))).usages == ["reported"]


def test_run(both: Both) -> None:
    async def case(url: str) -> Any:
        return told(await agent(url, instructions="Be brief.").run(ASK))

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize("form", ["OpenAIChatModel", "OpenAIResponsesModel"])
def test_run_stream(both: Both, form: str) -> None:
    async def case(url: str) -> Any:
        async with agent(url, form=form).run_stream(ASK) as run:
            return [text async for text in run.stream_text(delta=True, debounce_by=None)]

    assert both(case).usages == ["reported"]


@pytest.mark.parametrize("form", ["OpenAIChatModel", "OpenAIResponsesModel"])
def test_structured_output(both: Both, form: str) -> None:
    seen = both(lambda url: told(agent(url, form=form, output_type=Place).run_sync(ASK)))
    assert seen.usages == ["reported"]
    assert seen.result[0] == Place(city="Lisboa", days=1)


def test_tool(both: Both) -> None:
    def case(url: str) -> Any:
        made = agent(url)

        @made.tool_plain
        def weather(city: str) -> str:
            """The weather of a city."""
            return f"21 degrees in {city}"

        return told(made.run_sync(USE_TOOL))

    assert both(case).usages == ["reported"] * 2


def test_output_asked_for_again(both: Both) -> None:
    def case(url: str) -> Any:
        made = agent(url, output_type=Place, retries=3)

        @made.output_validator
        def long(place: Place) -> Place:
            if place.days < 2:
                raise ai.ModelRetry("stay longer than that")
            return place

        return told(made.run_sync(ASK))

    seen = both(case)
    assert seen.result[0].days > 1
    assert seen.usages == ["reported"] * 2


def test_retry_after_429(both: Both) -> None:
    assert both(lambda url: told(agent(url, "fake-1+429x2").run_sync(ASK)), retries=[0, 1, 2]).usages[-1] == "reported"


def test_error_500_for_ever(both: Both) -> None:
    both(lambda url: agent(url, "fake-1+500").run_sync(ASK), retries=[0, 1, 2], raises=Exception)


def test_cut_stream(both: Both) -> None:
    async def case(url: str) -> Any:
        async with agent(url, "fake-1+cut8").run_stream(ASK) as run:
            return [text async for text in run.stream_text(delta=True, debounce_by=None)]

    seen = both(case, raises=Exception)
    assert seen.usages == ["estimated"]


@pytest.mark.parametrize("stream", [False, True])
def test_anthropic(both: Both, stream: bool) -> None:
    anthropic = pytest.importorskip("anthropic")
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    async def case(url: str) -> Any:
        client = anthropic.AsyncAnthropic(base_url=url, api_key="not-a-key", max_retries=0)
        made = ai.Agent(AnthropicModel("fake-1", provider=AnthropicProvider(anthropic_client=client)))
        if not stream:
            return told(await made.run(ASK))
        async with made.run_stream(ASK) as run:
            return [text async for text in run.stream_text(delta=True, debounce_by=None)]

    try:
        asyncio.run(case(closed_url()))
    except TypeError as error:  # before anything is sent
        pytest.skip(f"this pydantic-ai and this anthropic do not fit: {error}")
    except ai.exceptions.AgentRunError:
        pass
    assert both(case).usages == ["reported"]
