"""`jevons combine` as people use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command import Done, clean, jevons

from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.record import Call, Run, encode

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
RUN = "20261124T101500-abcde{}"


def combine(folder: Path, *arguments: str) -> Done:
    return jevons(folder, "combine", *arguments)


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


DAY_US = 86_400_000_000
OCTOBER_US = 1_790_812_800_000_000  # 2026-10-01


def record(folder: Path, number: int, calls: int = 10, **of_run: str) -> None:
    """A run on the day of October with that number less one."""
    home, run = Home(folder / ".jevons"), f"202610{number + 1:02d}T000000-abcdef"
    home.make()
    at = OCTOBER_US + number * DAY_US
    of_run = {"project": "shop", "ci": "github", "branch": "main", **of_run}
    lines = [
        Run(id=run, started_us=at, ended_us=at + 1, **of_run),  # type: ignore[arg-type]
        *(
            Call(id=f"{run}-{n}", run=run, index=n, provider="openai", model="gpt-4o", test=f"t.py::test_{n % 2}",
                 status=200, usage="reported", input_tokens=900, output_tokens=100, started_us=at)
            for n in range(calls)
        ),
    ]  # fmt: skip
    (home.spool / f"{run}-1a.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def history(project: Path) -> Path:
    """Daily cells of six runs of main in CI, and of a later one, beside the project."""
    for number in (0, 1, 2, 3, 4, 5, 20):
        record(project.parent / "ci", number)
    assert combine(project, "../ci", "-o", "../history", "--cells").returncode == 0
    shutil.rmtree(project / ".jevons")
    return project.parent / "history"


def test_cells_go_to_a_ledger_of_their_own(project: Path) -> None:
    before = read(Home(project / ".jevons"))
    done = combine(project, "../api", "--cells")
    assert done.returncode == 2
    assert "--cells needs -o DIR" in done.stderr
    assert read(Home(project / ".jevons")) == before


def test_cells_into_an_empty_worktree_are_files_for_git(project: Path) -> None:
    git(project, "init", "--quiet")
    git(project, "commit", "--quiet", "--allow-empty", "-m", "one")
    git(project, "worktree", "add", "--quiet", "--no-checkout", "--detach", "../history")
    git(project.parent / "history", "checkout", "--quiet", "--orphan", "cells")
    assert [path.name for path in (project.parent / "history").iterdir()] == [".git"]
    done = combine(project, "../artifacts/job1", "../api", "-o", "../history", "--cells", "--format", "json")
    made = json.loads(done.stdout)
    assert (done.returncode, made["schema"], made["runs"], made["days"]) == (0, "jevons.cells/1", 2, 1)
    history = project.parent / "history"
    assert [path.name for path in (history / "spool").iterdir()] == ["2026-11-24-cells.jsonl"]
    assert not list(history.rglob(".gitignore"))
    git(history, "add", "spool")
    git(history, "commit", "--quiet", "-m", "cells")
    done = combine(project, "../api", "../artifacts/job1", "-o", "../history", "--cells")
    assert "kept 0 more runs as daily cells" in done.stdout
    assert not git(history, "diff", "HEAD")
    (job,) = Home(project.parent / "artifacts" / "job1").spools()
    with job.open("ab") as file:
        file.write(b'{"event":"call","id":')
    done = combine(project, "../artifacts/job1", "-o", "../history", "--cells", "--strict")
    assert (done.returncode, "1 lines are no record" in done.stderr) == (1, True)


@pytest.mark.slow
def test_a_shared_ledger_is_read_beside_the_projects_own(project: Path, history: Path) -> None:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    record(project, 6, 13, branch="pr")
    (project / "pyproject.toml").write_text("[tool.jevons.budget]\nmonth = {calls = 83}\n")

    def answer(*arguments: str, **environment: str) -> dict[str, Any]:
        done = jevons(project, *arguments, "--format", "json", **environment)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    shared = {"JEVONS_SHARED": "../history"}
    # The latest run is the project's own latest, though the shared one has a later; only what others ran differs.
    both, own = answer("report", **shared), answer("report")
    assert {name for name in both if both[name] != own[name]} == {"burn", "change", "gate", "left_out"}
    assert answer("report", "--run", "main", "--by", "model", **shared)["counts"]["calls"] == 70
    assert answer("report", "--run", "2026-10", **shared)["counts"]["calls"] == 83
    both = answer("compare", "main", "latest", **shared)
    assert (both["before"]["runs"], both["before"]["calls"], both["after"]["calls"]) == (7, 70, 13)
    assert both["total"]["ratio"] == pytest.approx(13 / 70)
    alone, beside = answer("gate"), answer("gate", **shared)
    assert (alone["exit_code"], alone["base"], alone["caps"][0]["used"]) == (0, "", 13)
    assert (beside["exit_code"], beside["base"], beside["caps"][0]["used"]) == (1, "branch main", 83)
    # Only runs that came before it are its base; the cap of 83 holds.
    assert beside["why"] == [one for one in beside["why"] if "1.30 times its base of 6 runs (branch main)" in one]
    assert beside["moved"]["test"] == "t.py::test_0"
    assert beside["moved"]["used"] / beside["moved"]["base"] == pytest.approx(7 / 5)
    record(project, 7, 1, branch="pr")
    assert answer("gate", **shared)["why"] == ["calls of month 2026-10: 84 of 83 (101%)"]
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.jevons]\nshared = "../history"\n')
    assert answer("gate")["why"] == ["calls of month 2026-10: 84 of 83 (101%)"]


def test_a_tag_names_the_runs_of_its_commit(project: Path) -> None:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    shutil.rmtree(project / ".jevons")
    git(project, "init", "--quiet")
    for number, tag in enumerate(("v1.0", "v1.1", "untested")):
        git(project, "commit", "--quiet", "--allow-empty", "-m", tag)
        git(project, "tag", *(["-a", "-m", tag] if number else []), tag)  # later ones are objects of their own
        if tag != "untested":
            record(project, number, 10 - number, branch="work", commit=git(project, "rev-parse", "HEAD"))
    git(project, "tag", "latest")  # what has a meaning of its own keeps it

    def answer(*arguments: str) -> dict[str, Any]:
        return json.loads(jevons(project, *arguments, "--format", "json").stdout)

    made = answer("compare", "v1.0", "v1.1")
    assert made["before"]["name"].startswith("v1.0, commit ")
    assert (made["before"]["calls"], made["after"]["calls"]) == (10, 9)
    assert answer("compare", "HEAD~2", "latest")["total"] == made["total"]
    regression = answer("gate", "--against", "v1.0")["regressions"][0]
    assert (regression["unit"], regression["base"], regression["used"]) == ("calls", 10, 9)
    for asked, said in (("untested", "of which no run is recorded"), ("--all", "No run is named by '--all'")):
        none = answer("gate", "--against", asked)
        assert (none["exit_code"], none["regressions"]) == (0, [])
        assert said in none["warnings"][0]
    assert "of which no run is recorded" in jevons(project, "compare", "v1.0", "untested").stderr


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
            cwd=project, env=clean(), stderr=subprocess.PIPE, text=True,
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
