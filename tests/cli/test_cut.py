"""`jevons cut` as people use it, over a ledger of two runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from command import jevons, process

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run

START = 1_794_000_000_000_000
HOUR = 3_600_000_000


def record(folder: Path, number: int, asked: str, **more: object) -> str:
    """A run of 60 s with a call for each letter, the same request for the same letter."""
    begun = START + number * HOUR
    spool = Spool(Home(folder / ".jevons"), f"20261106T0{number}0000-{number:06x}")
    spool(Run(id=spool.run, project="x", branch="main", started_us=begun, ended_us=begun + 60_000_000))
    for at, letter in enumerate(asked):
        spool(
            Call(**{
                "id": f"{spool.run}-{at}", "run": spool.run, "index": at, "provider": "openai", "model": "gpt-4o",
                "test": f"tests/test_ai.py::test_{letter}", "usage": "reported", "status": 200, "input_tokens": 900,
                "output_tokens": 100, "started_us": begun + at * 1_000_000, "duration_us": 500_000,
                "request_hash": letter, "meaning_hash": letter, "file": "src/app.py", "line": 7, **more,
            })  # type: ignore[arg-type]
        )  # fmt: skip
    spool.close()
    return spool.run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    record(tmp_path, 1, "abz")
    record(tmp_path, 2, "aabc")
    return tmp_path


def test_what_to_cut_first(project: Path) -> None:
    """Of a a b c one is asked twice, and a and b were asked an hour before: c alone is new."""
    pytest.importorskip("duckdb", reason="the finder needs duckdb: extra report")
    done = jevons(project, "cut")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ai       calls were in flight for 2.0 s of 60 s of the run: 3 %")
    assert "counted  4 live calls, 3,600 tokens in, 400 out" in lines
    assert "1 by the same test, 2 in an earlier run" in " ".join(done.stdout.split())
    assert "saves   3 calls (75 %), 3,000 tokens, 75 % of carbon" in done.stdout
    assert "@pytest.mark.jevons_replay" in done.stdout
    assert "4.00 times as much AI would eat the saving" in done.stdout
    assert max(map(len, lines)) <= 80


def test_as_json_and_markdown(project: Path) -> None:
    pytest.importorskip("duckdb", reason="the finder needs duckdb: extra report")
    made = json.loads(jevons(project, "cut", "--format", "json").stdout)
    assert made["schema"] == "jevons.cut/1"
    assert (made["calls"], made["repeats"]) == (4, 1)
    (finding,) = made["findings"]
    assert (finding["kind"], finding["risk"], finding["saves"]["calls"]) == ("exact", "check", 3)
    assert finding["saves"]["eaten_by"] == pytest.approx(4)
    assert finding["saves"]["carbon"]["mid"] == pytest.approx(0.75)
    assert finding["sites"] == [{"name": "src/app.py:7", "calls": 3}]
    assert jevons(project, "cut", "--format", "markdown", "-o", "cut.md").returncode == 0
    assert (project / "cut.md").read_text().startswith("### What to cut")


def test_several_runs_and_a_branch(project: Path) -> None:
    """Both runs are looked at: of a b z, a a b c four are new."""
    pytest.importorskip("duckdb", reason="the finder needs duckdb: extra report")
    made = json.loads(jevons(project, "cut", "--run", "main", "--format", "json").stdout)
    assert (made["calls"], made["repeats"], made["findings"][0]["saves"]["calls"]) == (7, 1, 3)


def test_a_shared_ledger_counts_a_call_once(project: Path) -> None:
    pytest.importorskip("duckdb", reason="the finder needs duckdb: extra report")
    shared = project / "shared"
    assert jevons(project, "combine", ".jevons", "-o", str(shared)).returncode == 0
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.jevons]\nshared = 'shared'\n")
    made = json.loads(jevons(project, "cut", "--format", "json").stdout)
    assert (made["calls"], made["findings"][0]["saves"]["calls"]) == (4, 3)


def test_nothing_to_cut_and_nothing_at_all(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="the finder needs duckdb: extra report")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    empty = jevons(tmp_path, "cut")
    assert "nothing is recorded yet" in empty.stderr.lower()
    record(tmp_path, 1, "a")
    little = jevons(tmp_path, "cut")
    assert "nothing found to cut" in little.stdout
    record(tmp_path, 2, "")
    without_calls = jevons(tmp_path, "cut")
    assert "jevons doctor" in without_calls.stderr
    assert (empty.returncode, little.returncode, without_calls.returncode) == (2, 0, 2)


def test_without_its_packages_it_says_what_to_install(project: Path) -> None:
    (project / "duckdb.py").write_text("raise ImportError('not here')\n")
    done = process(
        project, "cut", PYTHONPATH=os.pathsep.join(filter(None, (str(project), os.environ.get("PYTHONPATH"))))
    )
    assert done.returncode == 2
    assert "pip install 'jevons[report]'" in done.stderr
