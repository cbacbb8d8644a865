"""`jevons combine` as people use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.record import Call, Run, encode

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
RUN = "20261124T101500-abcde{}"
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith("JEVONS")}, "PYTHONUTF8": "1"}


def combine(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jevons", "combine", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip


def ledger(folder: Path, number: int, calls: int = 3, project: str = "x") -> Home:
    home = Home(folder)
    home.make()
    run = RUN.format(number)
    lines = [Run(id=run, project=project), *(Call(id=f"{run}-{index}", run=run, index=index) for index in range(calls))]
    (home.spool / f"{run}-1a.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    return home


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a ledger, beside two CI jobs' and one of another project."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    ledger(tmp_path / "shop" / ".jevons", 0)
    ledger(tmp_path / "artifacts" / "job1", 1)
    ledger(tmp_path / "artifacts" / "job2" / ".jevons", 2)
    ledger(tmp_path / "api" / ".jevons", 3, project="api")
    return tmp_path / "shop"


def test_ledgers_are_added_to_this_projects_once(project: Path) -> None:
    paths = ("../artifacts/job1", "../artifacts/job2", "../api")
    done = combine(project, *paths)
    assert (done.returncode, done.stderr) == (0, "")
    assert "added 9 calls and 0 test results (3 new runs) of 3 ledgers" in done.stdout
    reading = read(Home(project / ".jevons"))
    assert len(reading.calls) == 12
    assert {run.id: run.project for run in reading.runs.values()} == {
        RUN.format(number): "api" if number == 3 else "x" for number in range(4)
    }
    assert "added 0 calls" in combine(project, *reversed(paths)).stdout
    assert len(read(Home(project / ".jevons")).calls) == 12


def test_into_a_new_ledger_and_never_amid_other_files(project: Path) -> None:
    assert combine(project, ".", "../api", "-o", "../all").returncode == 0
    assert len(read(Home(project.parent / "all")).runs) == 2
    assert len(read(Home(project / ".jevons")).runs) == 1
    (project / "src").mkdir()
    (project / "src" / "code.py").write_text("")
    done = combine(project, "../api", "-o", "src")
    assert done.returncode == 2
    assert "neither a ledger nor empty: name a new folder" in done.stderr
    assert [path.name for path in (project / "src").iterdir()] == ["code.py"]


def test_what_is_torn_or_in_conflict_is_named_and_strict_fails(project: Path) -> None:
    (job,) = Home(project.parent / "artifacts" / "job1").spools()
    clash = Call(id=f"{RUN.format(0)}-1", run=RUN.format(0), index=1, model="another")
    with job.open("ab") as file:
        file.write(encode(clash) + b'\n{"event":"call","id":')
    done = combine(project, "../artifacts/job1")
    assert done.returncode == 0
    assert f"{job.name}:6 is no record" in done.stderr
    assert f"{job.name}:5: not the call {clash.run} {clash.id} that is kept" in done.stderr
    assert next(call for call in read(Home(project / ".jevons")).calls if call.id == clash.id).model == ""
    done = combine(project, "../artifacts/job1", "--strict", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["schema"], document["calls"]) == ("jevons.combine/1", 0)
    assert document["torn"] == [[str(job), 6]]
    assert document["conflicts"] == {f"call {clash.run} {clash.id}": f"{job}:5"}


def test_different_secrets_are_said(project: Path) -> None:
    Home(project / ".jevons").secret()
    assert "came without the secret" in combine(project, "../api").stderr
    Home(project.parent / "api" / ".jevons").secret()
    (line,) = combine(project, "../api").stderr.splitlines()
    assert line.startswith("note: 2 different secrets key these hashes: repeats across such ledgers cannot be seen")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'PATH...'"),
        (("nowhere",), "'nowhere' does not exist"),
        (("pyproject.toml",), "name a *.jsonl file"),
        ((".git",), "name a .jevons folder"),
        (("../api", "-o", "pyproject.toml"), "name a new folder"),
    ],
)
def test_errors_name_the_remedy(project: Path, arguments: tuple[str, ...], said: str) -> None:
    (project / ".git").mkdir()
    done = combine(project, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_help_has_examples(tmp_path: Path) -> None:
    shown = combine(tmp_path, "--help").stdout
    assert "Examples:" in shown
    assert "jevons combine artifacts/*" in shown


@POSIX
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_it_has_added_all_or_nothing(project: Path, sent: signal.Signals) -> None:
    big = project.parent / "big"
    for number in range(4, 8):
        ledger(big, number, calls=8_000)
    home = Home(project / ".jevons")
    seen = set()
    for delay in (0.0, 0.1, 0.3):
        ran = subprocess.Popen(
            [sys.executable, "-m", "jevons", "combine", "../big"],
            cwd=project, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while ran.poll() is None and not any(path.is_dir() for path in home.path.glob("combine.*")):
            time.sleep(0.001)
        time.sleep(delay)
        ran.send_signal(sent)
        said = ran.communicate()[1]
        seen.add(len(read(home).calls))
        assert "Traceback" not in said
        if sent == signal.SIGINT and ran.returncode:
            assert ran.returncode == 130
            assert not list(home.path.glob("combine.??*/"))
    assert seen <= {3, 32_003}
    assert 3 in seen
    assert combine(project, "../big").returncode == 0
    assert len(read(home).calls) == 32_003
