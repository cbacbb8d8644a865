"""OpenTelemetry over HTTP: what exporters send is in the ledger, each call once; what is no request is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.served import Serving, started
from sources.logs.spans import CALL, TOKENS, request, span

from jevons.record import Call

SPANS = [span(number, {**CALL, **TOKENS}, at_s=number * 10) for number in range(1, 4)]
OTHER = span(9, {"http.request.method": "GET"})
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json; charset=utf-8"}


def sent(serving: Serving, body: bytes, headers: dict[str, str], path: str = "/v1/traces") -> tuple[int, bytes]:
    """(status, body) of the answer."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    line = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    head_, _, rest = serving.raw(line.encode() + body).partition(b"\r\n\r\n")
    return int(head_.split()[1]), rest


def tokens(calls: list[Call]) -> list[tuple[int | None, int | None]]:
    return [(call.input_tokens, call.output_tokens) for call in calls]


def test_spans_in_json_plain_and_packed_each_once(serving: Serving) -> None:
    first, rest = json.dumps(request(SPANS[0], OTHER)).encode(), json.dumps(request(*SPANS)).encode()
    assert sent(serving, first, JSON) == (200, b"{}")
    packed = JSON | {"content-encoding": "gzip"}
    assert sent(serving, gzip.compress(rest), packed, "/t/of%20mine/v1/traces") == (200, b"{}")
    assert sent(serving, b"{}", JSON) == (200, b"{}")
    calls = serving.calls()
    assert tokens(calls) == [(100, 9)] * 3
    assert [call.test for call in calls] == ["", "of mine", "of mine"]
    assert {call.run.partition("-import-")[2].partition("-")[0] for call in calls} == {"otlp"}
    assert "5  spans, 3 calls added" in serving.said


def test_spans_in_protobuf(serving: Serving) -> None:
    pytest.importorskip("opentelemetry.proto", reason="needs the extra sources")
    json_format = pytest.importorskip("google.protobuf.json_format")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    made = json_format.ParseDict(request(*SPANS), ExportTraceServiceRequest())
    for one, as_json in zip(made.resource_spans[0].scope_spans[0].spans, SPANS, strict=True):
        one.trace_id, one.span_id = (bytes.fromhex(as_json[name]) for name in ("traceId", "spanId"))  # not base64
    assert sent(serving, made.SerializeToString(), PROTOBUF) == (200, b"")
    body = gzip.compress(made.SerializeToString())
    assert sent(serving, body, PROTOBUF | {"content-encoding": "gzip"}) == (200, b"")
    assert tokens(serving.calls()) == [(100, 9)] * 3


def test_what_is_no_request_is_refused_and_counted(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.proto", reason="needs the extra sources")
    serving = started(tmp_path, "--max-mb", "1")
    packed = PROTOBUF | {"content-encoding": "gzip"}
    whole = gzip.compress(b"\n\0" * 99)
    bad = [
        (b"\xff\xff\xff", PROTOBUF), (b"\n\xff\xff\xff\xff\x0f", PROTOBUF), (b"{}", PROTOBUF), (b"{", JSON),
        (b"[]", JSON), (b"null", JSON), (b'{"a": 1}', JSON), (b"\xff", JSON), (b"no gzip", packed),
        (whole[:-9], packed), (whole + b"x", packed),
    ]  # fmt: skip
    for body, headers in bad:
        assert sent(serving, body, headers)[0] == 400, body
    assert sent(serving, b"x", {"content-type": "text/plain"})[0] == 415
    assert sent(serving, b"x", PROTOBUF | {"content-encoding": "br"})[0] == 415
    assert sent(serving, gzip.compress(bytes(2 << 20)), packed)[0] == 413, "a small body that unpacks to a large one"
    assert sent(serving, json.dumps(request(SPANS[0])).encode(), JSON)[0] == 200
    assert len(serving.calls()) == 1
    assert f"{len(bad)}  requests with traces that could not be read" in serving.said
    assert "failed" not in serving.said


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = started(tmp_path_factory.mktemp("lasting"))
    yield made
    made.stop()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from([PROTOBUF, JSON]))
def test_no_bytes_are_more_than_a_request_or_a_refusal(lasting: Serving, body: bytes, headers: dict[str, str]) -> None:
    assert sent(lasting, body, headers)[0] in (200, 400, 501)


def test_a_ledger_that_another_writes_to_is_asked_again_later(serving: Serving) -> None:
    from jevons.ledger.combine import alone
    from jevons.ledger.home import Home

    body = json.dumps(request(SPANS[0])).encode()
    with alone(Home(serving.folder / ".jevons")):
        assert sent(serving, body, JSON)[0] == 503
    assert sent(serving, body, JSON)[0] == 200
    assert len(serving.calls()) == 1
