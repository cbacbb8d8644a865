"""The standard library's own client."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from .conftest import ASK, Twice, ask, stream

PATH = "/v1/chat/completions"


def opened(body: dict[str, Any], read: Any = lambda told: told.read(), packed: str = "", **options: Any) -> Any:
    def case(url: str) -> Any:
        request = urllib.request.Request(url + PATH, json.dumps(body).encode(), {"accept-encoding": packed})
        with urllib.request.urlopen(request, **options) as told:
            return told.status, read(told)

    return case


def into(told: Any) -> bytes:
    buffer, read = bytearray(100), b""
    while size := told.readinto(buffer):
        read += buffer[:size]
    return read


READS = [
    lambda told: told.read(),
    lambda told: list(told),
    lambda told: told.readlines(),
    lambda told: b"".join(iter(lambda: told.read(70), b"")),
    lambda told: b"".join(iter(lambda: told.read1(70), b"")),
    into,
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", [ask(), ask("fake-1+gzip"), stream(), stream("fake-1+gzip"), stream("fake-1+ragged")])
def test_every_way_to_read(twice: Twice, read: Any, body: dict[str, Any]) -> None:
    call = twice(opened(body, read, "gzip")).call
    assert (call.source, call.usage, call.error) == ("urllib", "reported", "")
    assert call.file == "tests/capture/test_urllib_request.py"


def test_an_address_and_data(twice: Twice) -> None:
    def case(url: str) -> Any:
        return urllib.request.build_opener().open(url + PATH, json.dumps(ASK).encode()).read()

    assert twice(case).call.usage == "reported"


def test_slow_stream_is_timed(twice: Twice) -> None:
    assert twice(opened(stream("fake-1+slow"), list)).call.timed


def test_left_early_and_unread(twice: Twice) -> None:
    assert twice(opened(stream("fake-1+slow"), lambda told: told.readline())).call.error == ""
    assert twice(opened(ask(), lambda told: None)).call.usage != "reported"


@pytest.mark.parametrize("body", [stream("fake-1+cut3"), ask("fake-1+cut0")])
def test_cut(twice: Twice, body: dict[str, Any]) -> None:
    assert twice(opened(body)).call.error == "IncompleteRead"


def test_refused(twice: Twice) -> None:
    call = twice(opened(ASK), refused=True).call
    assert (call.error, call.status, call.usage) == ("ConnectionRefusedError", None, "reported")


@pytest.mark.parametrize("body", [ask("fake-1+hang"), stream("fake-1+stall3")])
def test_timed_out(twice: Twice, body: dict[str, Any]) -> None:
    assert twice(opened(body, timeout=0.3)).call.error == "TimeoutError"


def test_error_status(twice: Twice) -> None:
    def case(url: str) -> Any:
        try:
            return opened(ask("fake-1+500"))(url)
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    assert twice(case).call.error == "http_500"


def test_other_traffic_is_left_alone(twice: Twice) -> None:
    def case(url: str) -> Any:
        return type(urllib.request.urlopen(url + "/v1/models"))

    assert twice(case).calls == []
