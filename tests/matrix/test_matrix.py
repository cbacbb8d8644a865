"""Every SDK in every kind of trouble: seen once, exact or marked estimated, and nothing changed for the SDK."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from matrix.kits import ASK, USE_TOOL, Kit, here, kits
from twice import Both, Seen

pytestmark = pytest.mark.slow

ONLY = os.environ.get("MATRIX_SDK", "")
KITS = [kit for kit in kits() if kit.name.split()[0].startswith(ONLY)]
"""All SDKs, or those whose names begin with MATRIX_SDK."""


@pytest.fixture(autouse=True)
def _left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """What an SDK leaves open when it fails ends here: ending within a parse, CPython 3.11 fails the parse."""
    yield
    if request.node.callspec.params["kit"].unread:
        gc.collect()


def every(which: Callable[[Kit], Any] = lambda kit: True) -> Any:
    """Parametrize with the kits of which something holds."""
    return pytest.mark.parametrize(
        "kit",
        [
            pytest.param(kit, id=kit.name, marks=pytest.mark.skipif(not here(kit), reason=f"no {kit.package}"))
            for kit in KITS
            if which(kit)
        ],
    )


def chat(kit: Kit, trouble: str = "", prompt: str = ASK, tools: bool = False, **options: Any) -> Callable[[str], Any]:
    """A case: one answer."""
    return using(kit, lambda client: kit.chat(client, kit.model + trouble, prompt, tools), **options)


def stream(
    kit: Kit,
    trouble: str = "",
    prompt: str = ASK,
    tools: bool = False,
    take: int | None = None,
    usage: bool = False,
    **options: Any,
) -> Callable[[str], Any]:
    """A case: the chunks of a stream, or the first few of them."""
    ask = kit.ask_usage if usage else kit.stream
    assert ask is not None
    return using(kit, lambda client: ask(client, kit.model + trouble, prompt, tools), take=take, chunks=True, **options)


def using(
    kit: Kit, ask: Callable[[Any], Any], take: int | None = None, chunks: bool = False, make: Any = None, **options: Any
) -> Callable[[str], Any]:
    """A case that makes a client, asks and closes."""
    make = make or kit.client

    def case(url: str) -> Any:
        with make(kit.at(url), **options) as client:
            made = ask(client)
            return _taken(made, take) if chunks else made

    async def aio_case(url: str) -> Any:
        async with make(kit.at(url), **options) as client:
            made = ask(client)
            made = await made if hasattr(made, "__await__") else made
            return await _aio_taken(made, take) if chunks else made

    return aio_case if kit.aio else case


def _taken(made: Any, take: int | None) -> list[Any]:
    found = list(islice(made, take))
    if take is not None and hasattr(made, "close"):
        made.close()
    return found


async def _aio_taken(made: Any, take: int | None) -> list[Any]:
    found: list[Any] = []
    async for chunk in made:
        found.append(chunk)
        if len(found) == take:
            break
    close = getattr(made, "aclose", None) or getattr(made, "close", None)
    if take is not None and close is not None:
        closing = close()
        if hasattr(closing, "__await__"):
            await closing
    return found


def one(seen: Seen, kit: Kit) -> None:
    """One call, seen by the client that made it and from where it was made."""
    assert len(seen.calls) == 1
    call = seen.calls[0]
    assert call.source in kit.sources
    assert call.provider == kit.provider
    assert call.host_class == "cloud"
    assert call.file.startswith("tests/matrix/")


# -- answers ------------------------------------------------------------------------------------------


@every()
@pytest.mark.parametrize("trouble", ["", "+gzip", "+deflate", "+br", "+zstd"])
def test_chat(both: Both, kit: Kit, trouble: str) -> None:
    one(both(chat(kit, trouble), raises=Exception if trouble in kit.unread else None), kit)


@every()
def test_chat_without_usage(both: Both, kit: Kit) -> None:
    seen = both(chat(kit, "+nousage"), raises=Exception, perhaps=True)  # some SDKs insist on usage
    assert "reported" not in seen.usages


@every(lambda kit: kit.tools)
def test_tool_call(both: Both, kit: Kit) -> None:
    one(both(chat(kit, prompt=USE_TOOL, tools=True)), kit)


@every(lambda kit: kit.embed)
@pytest.mark.parametrize("trouble", ["", "+gzip", "+nousage"])
def test_embeddings(both: Both, kit: Kit, trouble: str) -> None:
    ask = kit.embed
    case = using(kit, lambda client: ask(client, kit.model + trouble))
    one(both(case, raises=Exception if "nousage" in trouble else None, perhaps=True), kit)


# -- streams ------------------------------------------------------------------------------------------


@every(lambda kit: kit.stream)
@pytest.mark.parametrize("trouble", ["", "+ragged", "+slow", "+gzip", "+br", "+zstd", "+gzip+ragged"])
def test_stream(both: Both, kit: Kit, trouble: str) -> None:
    unread = trouble in kit.unread
    seen = both(stream(kit, trouble), raises=Exception if unread else None, early=unread, left=unread)
    one(seen, kit)
    if not unread:
        assert seen.usages == ["reported" if kit.told else "estimated"]
        assert seen.calls[0].chunks > 3


@every(lambda kit: kit.ask_usage)
@pytest.mark.parametrize("trouble", ["", "+ragged", "+gzip"])
def test_stream_that_is_asked_for_usage(both: Both, kit: Kit, trouble: str) -> None:
    seen = both(stream(kit, trouble, usage=True))
    assert seen.usages == ["reported"]


@every(lambda kit: kit.stream)
def test_stream_without_usage(both: Both, kit: Kit) -> None:
    assert both(stream(kit, "+nousage")).usages == ["estimated"]


@every(lambda kit: kit.stream and kit.tools)
def test_stream_of_a_tool_call(both: Both, kit: Kit) -> None:
    one(both(stream(kit, prompt=USE_TOOL, tools=True)), kit)


@every(lambda kit: kit.stream)
def test_stream_left_early(both: Both, kit: Kit) -> None:
    one(both(stream(kit, "+stall8", take=3), early=True, left=True), kit)


# -- trouble ------------------------------------------------------------------------------------------


@every(lambda kit: kit.stream)
@pytest.mark.parametrize("trouble", ["+cut5", "+cut1", "+cut0", "+cut5+gzip"])
def test_cut_stream(both: Both, kit: Kit, trouble: str) -> None:
    both(stream(kit, trouble), raises=Exception, perhaps=True)


@every(lambda kit: kit.stream)
def test_error_within_a_stream(both: Both, kit: Kit) -> None:
    both(stream(kit, "+error5"), raises=Exception, perhaps=True)


@every()
def test_cut_answer(both: Both, kit: Kit) -> None:
    both(chat(kit, "+cut0"), raises=Exception, perhaps=True)


@every(lambda kit: kit.retries)
def test_retry_after_429(both: Both, kit: Kit) -> None:
    seen = both(chat(kit, "+429x2", retries=2), retries=list(kit.retries or ()))
    assert [call.status for call in seen.calls] == [429, 429, 200]


@every(lambda kit: kit.retries and kit.stream)
def test_stream_after_429(both: Both, kit: Kit) -> None:
    numbers = list(kit.stream_retries or kit.retries or ())
    raises = Exception if len(numbers) < 3 else None
    seen = both(stream(kit, "+429x2", retries=2), retries=numbers, raises=raises)
    assert [call.status for call in seen.calls] == [429, 429, 200][: len(numbers)]


@every()
def test_error_500(both: Both, kit: Kit) -> None:
    both(chat(kit, "+500"), raises=Exception)


@every()
def test_refused_connection(both: Both, kit: Kit) -> None:
    seen = both(chat(kit), raises=Exception, refused=kit.refused, retries=list(range(kit.refused)))
    for call in seen.calls:
        assert (call.status, call.usage, call.input_tokens, call.output_tokens) == (None, "reported", 0, 0)
        assert call.error


@every()
def test_timeout(both: Both, kit: Kit) -> None:
    call = both(chat(kit, "+hang", timeout=0.3), raises=Exception).calls[0]
    assert (call.status, call.usage) == (None, "unknown")
    assert call.error


@every(lambda kit: kit.stream)
def test_timeout_within_a_stream(both: Both, kit: Kit) -> None:
    call = both(stream(kit, "+stall5", timeout=0.3), raises=Exception).calls[0]
    assert call.error


# -- HTTP/2 -------------------------------------------------------------------------------------------


@every(lambda kit: kit.http2)
@pytest.mark.parametrize("trouble", ["", "+gzip"])
def test_http2(both: Both, kit: Kit, trouble: str) -> None:
    one(both(chat(kit, trouble, make=kit.http2)), kit)


@every(lambda kit: kit.http2 and kit.stream)
@pytest.mark.parametrize("trouble", ["", "+nousage", "+cut5"])
def test_http2_stream(both: Both, kit: Kit, trouble: str) -> None:
    cut = "cut" in trouble
    one(both(stream(kit, trouble, make=kit.http2), raises=Exception if cut else None, perhaps=True), kit)
