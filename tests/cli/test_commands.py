"""The command as people use it, in a folder of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import jevons, process

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run, TestResult


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_ai.py").write_text("import openai\nfrom anthropic import Anthropic\n")
    (tmp_path / "tests" / "cassettes").mkdir()
    (tmp_path / "tests" / "cassettes" / "one.yaml").write_text("interactions: []\n")
    return tmp_path


@pytest.fixture
def recorded(project: Path) -> Path:
    spool = Spool(Home(project / ".jevons"), "20260101T000000-aaaaaa")
    spool(Run(id=spool.run, project="x", started_us=1_790_000_000_000_000))
    for number in range(4):
        spool(
            Call(
                id=f"c{number}", run=spool.run, test=f"tests/test_ai.py::test_{number % 2}", provider="openai",
                model="gpt-4o", usage="reported", status=200, input_tokens=100, output_tokens=10,
                request_hash=f"h{number % 3}", started_us=1_790_000_000_000_000, source="httpx", index=number,
            )
        )  # fmt: skip
    spool(TestResult(run=spool.run, test="tests/test_ai.py::test_0", outcome="passed"))
    spool.close()
    return project


def test_alone_it_says_where_you_are_and_the_next_step(project: Path) -> None:
    done = jevons(project)
    assert done.returncode == 0
    assert "openai (1 file)" in done.stdout
    assert "anthropic (1 file)" in done.stdout
    assert "1 of 1 test files" in done.stdout
    assert "1 recorded conversations" in done.stdout
    assert "pytest --jevons" in done.stdout
    assert not (project / ".jevons").exists()


def test_from_a_folder_below_it_finds_the_ledger(recorded: Path) -> None:
    done = jevons(recorded / "tests")
    assert "4 calls in 1 runs" in done.stdout
    assert "jevons report" in done.stdout
    assert str(recorded / ".jevons") in done.stdout


def test_calls_as_csv_and_jsonl(recorded: Path) -> None:
    heading, *lines = jevons(recorded, "calls").stdout.splitlines()
    assert heading.startswith(
        "source,index,test,provider,kind,model,model_answered,streamed,status,mode,usage,"
        "input_tokens,cached_tokens,output_tokens,reasoning_tokens"
    )
    assert len(lines) == 4
    rows = [json.loads(line) for line in jevons(recorded, "calls", "--format", "jsonl").stdout.splitlines()]
    assert [row["index"] for row in rows] == [0, 1, 2, 3]
    assert rows[0]["cached_tokens"] is None
    (repeat,) = jevons(recorded, "calls", "--repeats", "--format", "jsonl").stdout.splitlines()
    assert json.loads(repeat)["index"] == 3


def test_report_in_every_form(recorded: Path, tmp_path: Path) -> None:
    assert "4 calls: 4 live" in jevons(recorded, "report").stdout
    assert jevons(recorded, "report", "--by", "model").stdout.count("gpt-4o") == 1
    document = json.loads(jevons(recorded, "report", "--format", "json").stdout)
    assert document["counts"]["repeats"] == 1
    out = tmp_path / "report.md"
    assert jevons(recorded, "report", "--format", "markdown", "-o", str(out)).returncode == 0
    assert out.read_text().startswith("### What the AI")


def test_a_console_of_windows_gets_signs_it_has(recorded: Path) -> None:
    done = process(recorded, "report", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "mWh" in done.stdout or "Wh" in done.stdout
    done = process(recorded, "report", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "4 calls" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report",), "record a run with `pytest --jevons`"),
        (("calls",), "record a run with `pytest --jevons`"),
        (("report", "--by", "moon"), "'moon' is not one of"),
        (("nonsense",), "No such command"),
    ],
)
def test_errors_name_the_remedy(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = jevons(project, *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_is_named_by_its_beginning(recorded: Path) -> None:
    assert jevons(recorded, "report", "--run", "2026").returncode == 0
    done = jevons(recorded, "report", "--run", "1999")
    assert done.returncode == 2
    assert "No run started in '1999'" in done.stderr


def test_a_wrong_setting_is_said_in_a_line(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.jevons]\nenable = true\n")
    done = jevons(project)
    assert done.returncode == 2
    assert "pyproject.toml" in done.stderr
    assert "enabled" in done.stderr
    (project / "pyproject.toml").write_text("[tool.jevons\n")
    assert "no valid TOML" in jevons(project).stderr


def test_doctor_says_what_is_seen_and_counts_torn_lines(recorded: Path) -> None:
    with next(iter((recorded / ".jevons" / "spool").glob("*.jsonl"))).open("a") as file:
        file.write('{"event":"call","id":')
    done = jevons(recorded, "doctor")
    assert done.returncode == 0
    assert "child processes" in done.stdout
    assert "1 skipped" in done.stdout
    found = json.loads(jevons(recorded, "doctor", "--format", "json").stdout)
    assert found["schema"] == "jevons.doctor/1"
    assert {"ok", "note"} <= {finding["state"] for finding in found["findings"]}


def test_doctor_fails_where_the_ledger_cannot_be_written(project: Path) -> None:
    (project / ".jevons").write_text("in the way")
    done = jevons(project, "doctor")
    assert done.returncode == 1
    assert "PROBLEM" in done.stdout


def test_purge_asks_first(recorded: Path) -> None:
    assert jevons(recorded, "purge").returncode != 0
    assert (recorded / ".jevons").exists()
    assert "deleted" in jevons(recorded, "purge", "--yes").stdout
    assert not (recorded / ".jevons").exists()
    assert "nothing is kept" in jevons(recorded, "purge").stdout


def test_a_closed_pipe_is_no_error(recorded: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m jevons calls | head -1',
        shell=True,
        cwd=recorded,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("source,")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [(), ("calls",), ("report",), ("doctor",), ("purge",)])
def test_every_command_explains_itself_with_examples(tmp_path: Path, command: tuple[str, ...]) -> None:
    shown = jevons(tmp_path, *command, "--help").stdout
    assert "Usage: jevons" in shown
    assert not command or "Examples:" in shown
