"""A real Prometheus reads the OpenMetrics that we export, and answers with the report's own totals."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from command import process
from ledger.test_compact import named
from ledger.test_daily import ledger, one_run
from stores.conftest import SECONDS, free_ports, program

from jevons.report.export.openmetrics import MEDIA

WHY = "no Prometheus is installed: apt-get install prometheus"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, exported to ``metrics.txt``; a project's name with all signs that must be escaped."""
    pytest.importorskip("duckdb", reason="a report's document needs the extra report")
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    ledger(folder / ".jevons", named([one_run(1, count=3), one_run(2, count=2)], 'a "b" \\c\nü'))
    done = process(folder, "export", "--to", "openmetrics", "--run", "2026", "-o", "metrics.txt")
    assert done.returncode == 0, done.stderr
    return folder


class Prometheus:
    """A server that scrapes a file."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, what: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{what}", timeout=10) as answer:
            return json.load(answer)["data"]

    def value(self, query: str) -> float:
        (found,) = self.ask(f"query?query={quote(query)}")["result"]
        return float(found["value"][1])


@pytest.fixture(scope="module")
def prometheus(project: Path) -> Iterator[Prometheus]:
    command = program("prometheus", WHY)
    text = (project / "metrics.txt").read_bytes()

    class Served(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", MEDIA)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *told: Any) -> None:
            pass

    exporter = ThreadingHTTPServer(("127.0.0.1", 0), Served)
    threading.Thread(target=exporter.serve_forever, daemon=True).start()
    (port,) = free_ports(1)
    (project / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: jevons, static_configs: "
        f"[{{targets: ['127.0.0.1:{exporter.server_port}']}}]}}]\n"
    )
    log = project / "prometheus.log"
    process = subprocess.Popen(
        [
            command, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        cwd=project, stdout=log.open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    made, until = Prometheus(port), time.monotonic() + SECONDS
    try:
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            try:
                (target,) = made.ask("targets")["activeTargets"] or ({"health": "unknown"},)
            except OSError:
                target = {"health": "unknown"}
            if target["health"] != "unknown":
                break
            time.sleep(0.1)
        assert target["health"] == "up", target["lastError"]
        yield made
    finally:
        process.kill()
        process.wait()
        exporter.shutdown()


def test_it_answers_with_the_report_s_totals(project: Path, prometheus: Prometheus) -> None:
    done = process(project, "report", "--run", "2026", "--format", "json")
    told = json.loads(done.stdout)
    counts, level = told["counts"], told["level"]
    assert prometheus.value("sum(jevons_calls_total)") == counts["calls"] == 5
    assert prometheus.value("sum(jevons_calls_failed_total)") == counts["failed"]
    assert prometheus.value("sum(jevons_tokens_input_total)") == counts["input_tokens"] == 5 * 9
    assert prometheus.value("sum(jevons_tokens_output_total)") == counts["output_tokens"]
    for name, field, scale in (
        ("energy_{}_joules", "energy_wh", 3600),
        ("carbon_{}_grams", "carbon_g", 1),
        ("water_{}_liters", "water_l", 1),
    ):
        for end in ("low", "high"):
            found = prometheus.value(f"jevons_whole_{name.format(end)}")
            assert found == pytest.approx(level[field][end] * scale, rel=1e-12), (name, end)


def test_nothing_is_lost_on_the_way(project: Path, prometheus: Prometheus) -> None:
    """Every line of the text is a series there, and no other: labels with quotes, backslashes and line ends, too."""
    lines = [line for line in (project / "metrics.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    found = prometheus.ask("query?query=" + quote('{__name__=~"jevons_.*"}'))["result"]
    assert sorted(one["metric"]["__name__"] for one in found) == sorted(line.partition("{")[0] for line in lines)
    (about,) = (one["metric"] for one in found if one["metric"]["__name__"] == "jevons_export")
    assert about["project"].startswith('a "b" \\c')
    assert about["project"].endswith("ü")


def test_promtool_finds_nothing_but_openmetrics_names(project: Path) -> None:
    """It lints the older text format, in which a counter's help stands under its whole name: exit 1 were a line that it
    cannot read, 3 is what it would like better."""
    text = (project / "metrics.txt").read_bytes()
    done = subprocess.run([program("promtool", WHY), "check", "metrics"], input=text, capture_output=True)
    told = (done.stdout + done.stderr).decode().splitlines()
    assert done.returncode in (0, 3), told
    assert [line for line in told if not line.endswith("_total no help text")] == []
