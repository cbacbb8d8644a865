"""An app that answers inside the process and asks a model itself: two calls, whatever it asks through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import httpx
import pytest
from providers import provider

from jevons import capture
from jevons.record import Call

ASK = {"model": "fake-1", "messages": [{"role": "user", "content": "Who answers?"}]}


def over_httpx(url: str) -> bytes:
    return httpx.post(url, json=ASK, trust_env=False).content


def over_requests(url: str) -> bytes:
    session = pytest.importorskip("requests").Session()
    session.trust_env = False
    answer: bytes = session.post(url, json=ASK, timeout=10).content
    return answer


def over_urllib(url: str) -> bytes:
    with urlopen(Request(url, json.dumps(ASK).encode(), method="POST"), timeout=10) as answer:
        body: bytes = answer.read()
        return body


@pytest.mark.parametrize("passed_on", [over_httpx, over_requests, over_urllib])
def test_what_the_app_asks_is_seen_beside_what_it_is_asked(passed_on: Any) -> None:
    calls: list[Call] = []
    with provider() as server:

        def app(environ: Any, start_response: Any) -> list[bytes]:
            answer = passed_on(f"{server.url}/v1/chat/completions")
            start_response("200 OK", [("Content-Type", "application/json")])
            return [answer]

        handle = capture.install(calls.append, run="r", root=Path(__file__).parent, secret=b"0" * 16)
        try:
            with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://my.gateway") as client:
                client.post("/v1/chat/completions", json=ASK).raise_for_status()
        finally:
            handle.uninstall()
        truth = server.asked[0].usage
    assert sorted((call.mode, call.host_class) for call in calls) == [("live", "loopback"), ("mocked", "cloud")]
    assert {(call.input_tokens, call.output_tokens) for call in calls} == {(truth.input, truth.output)}
    assert handle.recorder.errors == []
