"""`jevons import` as people use it, in a folder of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import command
import pytest
from sources.logs.read import lines
from sources.logs.spans import CALL, TOKENS, request, span

from jevons.ledger.home import Home
from jevons.ledger.read import read


def home(folder: Path) -> dict[str, str]:
    """Where the sessions of coding agents lie."""
    return {"HOME": str(folder), "USERPROFILE": str(folder)}


def jevons(folder: Path, *arguments: str, **environment: str) -> command.Done:
    return command.jevons(folder, *arguments, **home(folder), **environment)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "logs").mkdir()
    agent = span(3, {"gen_ai.operation.name": "invoke_agent"})
    lines(tmp_path / "logs" / "t.jsonl", request(span(1, {**CALL, **TOKENS}), span(2, {**CALL, **TOKENS}), agent))
    (tmp_path / "logs" / "other.json").write_text('{"some": "settings"}')
    return tmp_path


def test_what_was_logged_is_added_accounted_for_and_reported(project: Path) -> None:
    done = jevons(project, "import", "logs")
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert first == "3 records in 1 logs (otlp): 2 calls added"
    assert rest[0].split() == ["1", "span", "of", "invoke_agent:", "no", "model", "call"]
    assert rest[1] == "1 other files are no logs that jevons knows"
    assert max(map(len, done.stdout.splitlines())) <= 80
    command = done.stdout.splitlines()[-1].split()
    assert "gpt-4o" in jevons(project, *command[1:], "--by", "model").stdout


def test_json(project: Path) -> None:
    document = json.loads(jevons(project, "import", "logs/t.jsonl", "--format", "json", "--project", "shop").stdout)
    accounted = document["accounted"]
    assert document["schema"] == "jevons.import/1"
    assert accounted["records"] == 3 == accounted["added"] + sum(accounted["skipped"].values())
    assert [one["path"] for one in document["logs"]] == ["logs/t.jsonl"]
    assert {run.project for run in read(Home(project / ".jevons")).runs.values()} == {"shop"}
    assert json.loads(jevons(project, "import", "logs", "--format", "json").stdout)["accounted"]["added"] == 0


def test_a_table_with_a_map(project: Path) -> None:
    (project / "calls.csv").write_text("Model,In,Out\ngpt-4o,5,6\n")
    refused = jevons(project, "import", "calls.csv")
    assert (refused.returncode, "--map" in refused.stderr) == (2, True)
    wrong = jevons(project, "import", "calls.csv", "--map", "modell=Model")
    assert (wrong.returncode, "fields: id," in wrong.stderr) == (2, True)
    mapped = [part for one in ("model=Model", "input_tokens=In", "output_tokens=Out") for part in ("--map", one)]
    assert jevons(project, "import", "calls.csv", *mapped).returncode == 0
    (call,) = read(Home(project / ".jevons")).calls
    assert (call.model, call.input_tokens, call.output_tokens) == ("gpt-4o", 5, 6)


def session(folder: Path) -> None:
    usage = {"input_tokens": 3, "cache_read_input_tokens": 100, "output_tokens": 20}
    message = {"role": "assistant", "id": "msg_1", "model": "claude-x", "usage": usage}
    place = folder / ".claude" / "projects" / "p"
    place.mkdir(parents=True)
    lines(place / "s.jsonl", {"type": "assistant", "sessionId": "s", "message": message, "requestId": "r"})


@pytest.mark.parametrize(("door", "mode"), [("import", "live"), ("scan", "recorded")])
def test_sessions_of_agents_are_read_only_when_asked_for(door: str, mode: str, project: Path) -> None:
    assert jevons(project, door, "--sessions").returncode == 2
    session(project)
    jevons(project, door, ".")
    assert not [call for call in read(Home(project / ".jevons")).calls if call.provider == "anthropic"]
    done = jevons(project, door, "--sessions")
    assert done.returncode == 0, done.stderr
    (call,) = [call for call in read(Home(project / ".jevons")).calls if call.provider == "anthropic"]
    assert (call.mode, call.model, call.input_tokens, call.output_tokens) == (mode, "claude-x", 103, 20)


def test_what_was_billed_is_compared_and_told_in_the_report(project: Path) -> None:
    row = {"object": "organization.usage.completions.result", "input_tokens": 300, "output_tokens": 100,
           "num_model_requests": 4, "model": "gpt-4o"}  # fmt: skip
    bucket = {"object": "bucket", "start_time": 1_788_220_800, "end_time": 1_788_307_200, "results": [row]}
    (project / "usage.json").write_text(json.dumps({"object": "page", "data": [bucket]}))
    done = jevons(project, "import", "logs/t.jsonl", "usage.json")
    assert "2026-09-01  openai    all      gpt-4o     400   218       182" in done.stdout
    assert "54.5% of the tokens that were billed were seen" in done.stdout
    assert len(read(Home(project / ".jevons")).calls) == 2  # a bill adds no calls
    report = " ".join(jevons(project, "report", "--run", "2026-09").stdout.split())
    assert "182 are billed, not seen" in report


def test_what_cannot_be_read_is_said(project: Path) -> None:
    done = jevons(project, "import", "logs/other.json")
    assert (done.returncode, "is no log that jevons knows" in done.stderr) == (2, True)
    assert jevons(project, "import", "nowhere").returncode == 2
    assert jevons(project, "import").returncode == 2
    both = jevons(project, "import", "logs/t.jsonl", "logs/other.json")
    assert (both.returncode, "logs/other.json" in both.stderr) == (0, True)
    assert jevons(project, "import", "logs/t.jsonl", "logs/other.json", "--strict").returncode == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process on Windows")
def test_ctrl_c_keeps_what_was_read_and_the_next_import_goes_on(project: Path) -> None:
    count = 20_000
    lines(
        project / "big.jsonl",
        *(request(span(number, {**CALL, **TOKENS}, at_s=number * 9)) for number in range(1, count)),
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "jevons", "import", "big.jsonl"],
        cwd=project, env=command.clean(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not list((project / ".jevons" / "spool").glob("*.jsonl")) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, said = running.communicate(timeout=30)
    assert (running.returncode, "Traceback" in said, "run it again to go on" in said) == (130, False, True), said
    added = int(out.split(": ")[1].split()[0].replace(",", ""))
    assert len(read(Home(project / ".jevons")).calls) == added
    assert 0 < added < count
    assert jevons(project, "import", "big.jsonl").returncode == 0
    assert len(read(Home(project / ".jevons")).calls) == count - 1
