"""`jevons scan` as people use it, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from command import clean, jevons
from sources.one_exchange import CASSETTE

from jevons.ledger.home import Home
from jevons.ledger.read import read, runs


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    tape = tmp_path / "tests" / "cassettes" / "test_ai" / "test_asks[Who is Ms Smith?].yaml"
    tape.parent.mkdir(parents=True)
    tape.write_text(yaml.safe_dump({**CASSETTE, "interactions": CASSETTE["interactions"] * 2}))  # type: ignore[operator]
    return tmp_path


def test_what_is_recorded_is_counted_and_kept(project: Path) -> None:
    done = jevons(project, "scan")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("2 recorded AI calls of 1 tests in 1 recordings")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("openai")]
    assert line.split() == ["openai", "gpt-4o-2024-08-06", "2", "34", "6", "1", "0"]
    assert "jevons report" in done.stdout
    listed = [json.loads(line) for line in jevons(project, "calls", "--format", "jsonl").stdout.splitlines()]
    assert [(one["mode"], one["index"], one["input_tokens"]) for one in listed] == [
        ("recorded", 0, 17),
        ("recorded", 1, 17),
    ]
    assert "gpt-4o-2024-08-06" in jevons(project, "report", "--by", "model").stdout


def test_no_prompt_answer_or_free_text_reaches_the_disk(project: Path) -> None:
    jevons(project, "scan")
    kept = b"".join(path.read_bytes() for path in (project / ".jevons").rglob("*") if path.is_file())
    assert b"test_asks[#" in kept
    for text in ("Smith", "Maschine", "Gut."):
        assert text.encode() not in kept


def test_scanning_again_replaces(project: Path) -> None:
    jevons(project, "scan")
    home = Home(project / ".jevons")
    (first,) = [run.id for run in runs(home)]
    ids = {call.id for call in read(home).calls}
    time.sleep(1)
    jevons(project, "scan", ".")
    (second,) = [run.id for run in runs(home)]
    assert second > first
    assert {call.id for call in read(home).calls} == ids
    jevons(project, "scan", "tests")
    assert len(runs(home)) == 2  # other paths, another scan


def test_json(project: Path) -> None:
    document = json.loads(jevons(project, "scan", "--format", "json").stdout)
    assert (document["schema"], document["calls"], document["warnings"]) == ("jevons.scan/1", 2, [])
    assert document["run"] in [run.id for run in runs(Home(project / ".jevons"))]
    assert document["models"][0]["repeats"] == 1


def test_without_saving_nothing_is_made(project: Path) -> None:
    done = jevons(project, "scan", "--no-save", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (project / ".jevons").exists()


def test_a_warning_is_one_line_and_strict_makes_it_an_error(project: Path) -> None:
    (project / "tests" / "cassettes" / "cut.json").write_text('{"interactions": [')
    done = jevons(project, "scan")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: tests/cassettes/cut.json: is no valid JSON")
    assert "2 recorded AI calls" in done.stdout
    assert "1 warnings" in done.stdout
    assert jevons(project, "scan", "--strict").returncode == 1


def test_a_path_that_is_not_there(project: Path) -> None:
    done = jevons(project, "scan", "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_recorded_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    done = jevons(tmp_path, "scan")
    assert done.returncode == 0
    assert done.stdout.startswith("0 recorded AI calls")
    assert "pytest --jevons" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process on Windows")
def test_ctrl_c_leaves_the_ledger_as_it_was(project: Path) -> None:
    jevons(project, "scan", "tests")
    before = {path: path.read_bytes() for path in (project / ".jevons").rglob("*") if path.is_file()}
    head, item = yaml.safe_dump({"interactions": CASSETTE["interactions"]}).split("\n", 1)
    many = f"{head}\n{item * 2000}"
    for number in range(40):
        (project / "tests" / "cassettes" / f"test_{number}.yaml").write_text(many)
    running = subprocess.Popen(
        [sys.executable, "-m", "jevons", "scan", "tests"],
        cwd=project, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    spool = project / ".jevons" / "spool"
    until = time.monotonic() + 30
    while len(list(spool.iterdir())) < 2 and time.monotonic() < until and running.poll() is None:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert {path: path.read_bytes() for path in (project / ".jevons").rglob("*") if path.is_file()} == before
