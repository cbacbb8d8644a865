"""`jevons export`: files, and requests to a receiver of OTLP on this machine."""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from report.whole import record

from jevons.cli.export import command
from jevons.ledger.home import Home
from jevons.ledger.read import read

pytest.importorskip("opentelemetry.proto.metrics.v1", reason="OTLP needs jevons[sources]")
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as pb

SECRET = "k3y of=a team"
ENCODED = "k3y%20of%3Da%20team"


class Receiver:
    """Keeps what is posted to it; `answers` are (status, headers, body), the last for all that follow."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"")]
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""

    def values(self, at: int = -1) -> dict[str, float]:
        """Sum of the points of each metric of a request."""
        (resource,) = pb.ExportMetricsServiceRequest.FromString(self.got[at][2]).resource_metrics
        found: dict[str, float] = {}
        for metric in resource.scope_metrics[0].metrics:
            points = getattr(metric, metric.WhichOneof("data")).data_points
            found[metric.name] = sum(getattr(one, one.WhichOneof("value")) for one in points)
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.got.append((self.path, headers, gzip.decompress(body) if "content-encoding" in headers else body))
            status, more, answer = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(status)
            for name, value in {"content-length": str(len(answer)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("OTEL_", "JEVONS")) or name.lower() == "http_proxy"]:
        monkeypatch.delenv(name)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, ["t.py::a", "t.py::b"])
    record(tmp_path, 2, ["t.py::a", "t.py::b", "t.py::c"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments])


def told(project: Path) -> dict[str, int]:
    """What the ledger's calls add up to."""
    calls = read(Home(project / ".jevons")).calls
    return {
        "jevons.calls": len(calls),
        "jevons.tokens.input": sum(call.input_tokens or 0 for call in calls),
        "jevons.tokens.output": sum(call.output_tokens or 0 for call in calls),
    }


def test_to_the_endpoint_that_is_named(project: Path, receiver: Receiver) -> None:
    done = export("--to", "otlp", "--run", "2026", "--endpoint", receiver.url, "--format", "json")
    assert done.exit_code == 0, done.output
    ((path, headers, _),) = receiver.got
    assert (path, headers["content-type"]) == ("/v1/metrics", "application/x-protobuf")
    values = receiver.values()
    truth = told(project)
    assert {name: values[name] for name in truth} == truth
    document = json.loads(done.stdout)
    assert (document["schema"], document["runs"], document["temporality"]) == ("jevons.export/1", 2, "cumulative")
    assert document["metrics"] == len(values)


def test_by_opentelemetry_s_variables(project: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{receiver.url}/team/")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-key={ENCODED}, x-other=1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-other=2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA")
    done = export("--to", "otlp")
    assert done.exit_code == 0, done.output
    ((path, headers, body),) = receiver.got
    assert path == "/team/v1/metrics"
    assert (headers["x-key"], headers["x-other"]) == (SECRET, "2")
    assert b"service.instance.id" in body
    assert receiver.values()["jevons.calls"] == 3
    (resource,) = pb.ExportMetricsServiceRequest.FromString(body).resource_metrics
    calls = resource.scope_metrics[0].metrics[0].sum
    assert calls.aggregation_temporality == 1  # DELTA
    assert receiver.url in done.output


def test_a_busy_receiver_is_asked_again_and_gets_the_same(project: Path, receiver: Receiver) -> None:
    receiver.answers = [(503, {"retry-after": "0"}, b""), (429, {"retry-after": "0"}, b""), (200, {}, b"")]
    assert export("--to", "otlp", "--endpoint", receiver.url).exit_code == 0
    assert len({body for _, _, body in receiver.got}) == 1
    assert len(receiver.got) == 3


REJECTED = pb.ExportMetricsServiceResponse()
REJECTED.partial_success.rejected_data_points = 7
REJECTED.partial_success.error_message = "no\x1b[31m sums"


def test_a_receiver_may_take_all_and_warn(project: Path, receiver: Receiver) -> None:
    told = pb.ExportMetricsServiceResponse()
    told.partial_success.error_message = "old names"
    receiver.answers = [(200, {}, told.SerializeToString())]
    done = export("--to", "otlp", "--endpoint", receiver.url)
    assert done.exit_code == 0
    assert "old names" in done.output


@pytest.mark.parametrize(
    ("answer", "asked", "says"),
    [
        ((401, {}, b"no"), 1, "answered 401"),
        ((302, {"location": "/elsewhere"}, b""), 1, "answered 302"),
        ((503, {"retry-after": "0"}, b""), 3, "answered 503"),
        ((200, {}, REJECTED.SerializeToString()), 1, "did not take 7 points: no?[31m sums"),
    ],
)
def test_what_is_not_taken_is_no_success(
    project: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    answer: tuple[int, dict[str, str], bytes], asked: int, says: str,
) -> None:  # fmt: skip
    receiver.answers = [answer]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"x-key={ENCODED}")
    host = receiver.url.removeprefix("http://")
    done = export("--to", "otlp", "--endpoint", f"http://127.0.0.1:{host.partition(':')[2]}?token=hidden")
    assert done.exit_code == 2
    assert says in done.output
    assert len(receiver.got) == asked  # a redirect is not followed
    assert SECRET not in done.output
    assert "hidden" not in done.output


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (("--to", "otlp"), {}, "say where: --endpoint"),
        (("--to", "otlp"), {"ENDPOINT": "http://127.0.0.1:9", "PROTOCOL": "grpc"}, "PROTOCOL is grpc"),
        (("--to", "otlp"), {"ENDPOINT": "http://127.0.0.1:9", "HEADERS": f"x-key:{ENCODED}"}, "name=value"),
        (("--to", "otlp"), {"ENDPOINT": "http://127.0.0.1:9", "HEADERS": "a=1%0d%0ab: 2"}, "name=value"),
        (("--to", "otlp"), {"ENDPOINT": "127.0.0.1:9"}, "is no URL"),
        (("--to", "otlp", "--endpoint", "file:///etc"), {}, "is no URL"),
        (("--to", "openmetrics", "--endpoint", "http://127.0.0.1:9"), {}, "--endpoint is for --to otlp"),
        (("--to", "parquet"), {}, "wants a file"),
        (("--to", "openmetrics", "--run", "nothing-like-it"), {}, "no run is named"),
    ],
)
def test_what_cannot_be_done_says_why(
    project: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
    done = export(*arguments)
    assert done.exit_code == 2
    assert says in " ".join(done.output.lower().split()) or says in done.output
    assert ENCODED not in done.output


@pytest.mark.parametrize(
    ("form", "missing", "extra"),
    [("parquet", "duckdb", "jevons[report]"), ("otlp", "opentelemetry.proto.metrics.v1", "jevons[sources]")],
)
def test_what_is_not_installed_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, form: str, missing: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    done = export("--to", form, "-o", "file")
    assert done.exit_code == 2
    assert extra in done.output
    assert not (project / "file").exists()


def test_files_hold_what_is_sent_or_printed(project: Path, receiver: Receiver) -> None:
    assert export("--to", "otlp", "-o", "sent.pb").exit_code == 0
    export("--to", "otlp", "--endpoint", receiver.url)
    assert (project / "sent.pb").read_bytes() == receiver.got[0][2]
    (project / "jevons.prom").write_text("before")
    assert export("--to", "openmetrics", "-o", "jevons.prom").exit_code == 0
    assert (project / "jevons.prom").read_bytes().decode() == export("--to", "openmetrics").stdout
    pytest.importorskip("duckdb", reason="Parquet needs jevons[report]")
    done = export("--to", "parquet", "--run", "2026", "-o", "cells.parquet", "--format", "json")
    assert json.loads(done.stdout)["rows"] >= 5
    assert sorted(path.name for path in project.iterdir()) == [
        ".jevons", "cells.parquet", "jevons.prom", "pyproject.toml", "sent.pb"
    ]  # fmt: skip
