"""`jevons run` as people use it: what the machine spent meanwhile is kept and shown, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import process

from jevons.cli.project import pick_runs, read_runs
from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.record import Run
from jevons.report.build import build
from jevons.report.document import Document
from jevons.report.render import render
from jevons.settings import Settings

BURN = """
import time
until = time.process_time() + 0.4
while time.process_time() < until:
    sum(range(1000))
"""
FOREVER = "print('up', flush=True)\nwhile True:\n    sum(range(1000))\n"
SUITE = """
import jevons
def test_it():
    jevons.record_call(provider="openai", model="gpt-4o", input_tokens=100, output_tokens=10)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX, and processor time of what has ended")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    return tmp_path


def runs(project: Path) -> list[Run]:
    return list(read(Home(project / ".jevons")).runs.values())


def report(project: Path, asked: str) -> Document:
    home = Home(project / ".jevons")
    span = pick_runs([home], asked)
    return build(read_runs([home], span, Settings())[0], measurements=span.measurements)


def test_processor_time_of_a_command_is_kept_and_its_code_comes_back(project: Path) -> None:
    script = f"import subprocess, sys\nexec({BURN!r})\nsubprocess.run([sys.executable, '-c', {BURN!r}])\nsys.exit(3)"
    done = process(project, "run", "--", sys.executable, "-c", script)
    assert done.returncode == 3
    (made,) = runs(project)
    assert made.measures_only
    assert made.ended_us is not None
    assert made.machine is not None
    assert made.ended_us >= made.started_us
    if sys.platform == "win32":
        assert "what this machine spent is not known" in done.stderr
        return
    assert made.machine.cpu_us >= 780_000  # 0.4 s of the child, 0.4 s of the grandchild; a tick is 10 ms
    assert made.machine.cpu_us <= made.machine.duration_us + 20_000
    if not made.machine.processors and not made.machine.unread_card:
        assert "this machine spent" in done.stderr
        assert "estimated (processor time x 4 W" in done.stderr


def test_a_suite_within_shows_the_command_and_no_figure_holds_it(
    project: Path,
) -> None:
    (project / "test_it.py").write_text(SUITE)
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", "-pjevons.pytest_plugin"]
    done = process(project, "run", "--", *pytest_, "--jevons", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert done.returncode == 0, done.stdout + done.stderr
    process(project, "run", "--", sys.executable, "-c", "pass")  # later, and no run of a suite
    document = report(project, "latest")
    of_suite = next(run for run in runs(project) if not run.measures_only)
    of_command = next(run for run in runs(project) if run.id == of_suite.command)
    assert document.run == of_suite.id
    (machine,) = document.machine
    assert machine.commands == 1
    assert machine.duration_s == pytest.approx(of_command.machine.duration_us / 1e6)
    if machine.how == "estimated":
        assert machine.energy_wh.mid == pytest.approx(of_command.machine.cpu_us * 1e-6 * 4.0 / 3600)
    assert "1 command of jevons run: " in " ".join(render(document, "term").split())
    whole = report(project, "2000..2100")
    assert whole.level == document.level
    assert sum(one.commands for one in whole.machine) == 2


def started(project: Path) -> subprocess.Popen:
    child = subprocess.Popen(
        [sys.executable, "-m", "jevons", "run", "--", sys.executable, "-c", FOREVER],
        cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("JEVONS")}, start_new_session=True,
    )  # fmt: skip
    assert child.stdout.readline() == "up\n"
    return child


def until(true: Callable[[], object]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_leaves_a_whole_record(project: Path, number: int) -> None:
    child = started(project)
    child.send_signal(number)
    _, told = child.communicate(timeout=60)
    assert child.returncode in (128 + number, 1)  # Python ends with 130 or 1 of its own at Ctrl-C
    (made,) = runs(project)
    assert made.ended_us is not None
    assert made.machine.cpu_us > 0
    assert "this machine" in told


@posix
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="nothing tells of a process that runs")
def test_what_a_kill_leaves_says_so_far_and_that_it_never_ended(project: Path) -> None:
    child = started(project)
    try:
        until(lambda: (runs(project)[0].machine.cpu_us or 0) > 0)
        child.kill()
        child.wait()
    finally:
        os.killpg(child.pid, signal.SIGKILL)  # the command outlives who started it
    (made,) = runs(project)
    assert made.ended_us is None
    assert made.machine.cpu_us > 0
    done = process(project, "report")
    assert done.returncode == 2
    assert "so far (1 without an end)" in " ".join(done.stderr.split())
