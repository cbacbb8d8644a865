"""What the plugin adds to a whole run of pytest, switched off and on, and what `jevons --help` takes.

    python benchmarks/start.py [--pairs 200] [--quick]

Runs pytest on two tiny tests in a folder of their own, in a new process each time, in pairs whose order is
random; one side of each pair has the plugin blocked (``-p no:jevons``). No other plugin is loaded. Processor
time is what the system charged to the process, user and system together. Not for Windows (os.wait4).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

from figures import Figure, Row, figure, machine, table

CALLS = 200
MARKS = "marks.txt"
DROPPED = ("JEVONS", "PYTEST", "BENCH_", "COV_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")

CONFTEST = """
import atexit, os, sys, time
import pytest

def note(name):
    with open("marks.txt", "a") as file:  # the clock last: noting is not what is measured
        modules = " ".join(sorted(sys.modules)) if "BENCH_MODULES" in os.environ else ""
        file.write(f"{name} {time.process_time_ns()} {modules}\\n")

@pytest.fixture
def mark():
    return note

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish():
    note("finish")
    result = yield
    note("finished")
    return result

if "BENCH_MODULES" in os.environ:
    atexit.register(note, "exit")
"""

TESTS = f"""
import os

def test_first(mark):
    mark("first")

def test_calls():
    if "BENCH_CALLS" in os.environ:
        import jevons
        for _ in range({CALLS}):
            jevons.record_call(model="gpt-4o-mini", provider="openai", host_class="cloud", input_tokens=260,
                               output_tokens=75, duration_s=1.5)
"""


class Run(NamedTuple):
    """One run of pytest: milliseconds of processor time."""

    total: float
    before: float
    """Until the first line of the first test."""
    work: float
    """Within pytest's last hooks: what the plugin itself does at the end."""
    after: float
    """From the end of the last test to the end of the process."""


class Suite:
    """The two tiny tests, and a way to run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_tiny.py").write_text(TESTS)
        # A user's bytecode is cached; here too, whatever this shell says, and apart from everybody else's.
        self.environment = {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        others = sorted({entry.name for entry in entry_points(group="pytest11")} - {"jevons"})
        self.base = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        self.base += [argument for name in others for argument in ("-p", f"no:{name}")]

    def marks(self, *options: str, **environment: str) -> tuple[float, dict[str, list[str]]]:
        """Milliseconds of one run, and what it noted."""
        (self.folder / MARKS).unlink(missing_ok=True)
        total, _ = spend([*self.base, *options], self.folder, self.environment | environment)
        lines = (self.folder / MARKS).read_text().splitlines()
        return total, {name: rest for name, *rest in map(str.split, lines)}

    def run(self, *options: str, **environment: str) -> Run:
        total, marks = self.marks(*options, **environment)
        first, finish, finished = (int(marks[name][0]) / 1e6 for name in ("first", "finish", "finished"))
        return Run(total, first, finished - finish, total - finish)

    def pairs(self, count: int, option: str, **environment: str) -> tuple[list[Run], list[Run]]:
        """Runs with the plugin blocked, and with `option` ("" for none)."""
        blocked, options = ["-p", "no:jevons"], [option] if option else []
        without: list[Run] = []
        with_plugin: list[Run] = []
        for number in range(count + 1):
            order = [(blocked, without), (options, with_plugin)]
            random.shuffle(order)
            for arguments, runs in order:
                run = self.run(*arguments, **environment)
                if number:  # the first one fills caches
                    runs.append(run)
        return without, with_plugin

    def modules(self, *options: str) -> dict[str, set[str]]:
        """Modules that are loaded at each mark."""
        _, marks = self.marks(*options, BENCH_MODULES="1")
        return {name: set(loaded) for name, (_, *loaded) in marks.items()}


def spend(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of processor time and of the clock that a command takes."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(DROPPED)}
    begun = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet, env=kept | environment)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit {process.returncode}: {' '.join(command)}")
    return (used.ru_utime + used.ru_stime) * 1e3, wall * 1e3


def foreign(modules: set[str]) -> list[str]:
    """Modules of neither the standard library nor the plugin file."""
    own = {"jevons", "jevons.pytest_plugin"}
    return sorted(name for name in modules - own if name.partition(".")[0] not in sys.stdlib_module_names)


def exactly(names: list[str]) -> Figure:
    return Figure(len(names), len(names), len(names))


def added(pair: tuple[list[Run], list[Run]], part: str) -> Figure:
    """Median of the differences within pairs of one part of a run."""
    return figure([getattr(on, part) - getattr(off, part) for off, on in zip(*pair, strict=True)])


def plugin_rows(suite: Suite, pairs: int) -> list[Row]:
    few = max(pairs // 4, 2)
    off, on = suite.pairs(pairs, ""), suite.pairs(few, "--jevons")
    calls = suite.pairs(few, "--jevons", BENCH_CALLS="1")
    blocked, idle, recording = suite.modules("-p", "no:jevons"), suite.modules(), suite.modules("--jevons")
    imported = foreign(idle["exit"] - blocked["exit"])
    late = sorted(recording["exit"] - recording["finish"] - (blocked["exit"] - blocked["finish"]))

    def beside(pair: tuple[list[Run], list[Run]], part: str) -> str:
        base = statistics.median(getattr(run, part) for run in pair[0])
        return f"{len(pair[0])} pairs; without the plugin {base:.0f} ms"

    return [
        Row("off: whole run", added(off, "total"), "ms", 5, beside(off, "total")),
        Row("off: imports that are neither standard library nor the plugin file", exactly(imported), "modules", 0,
            ", ".join(imported)),
        Row("on: before the first test", added(on, "before"), "ms", 80, beside(on, "before")),
        Row("on: at the end, no calls (0: within a millisecond)", added(on, "work"), "ms", 1, beside(on, "work")),
        Row("on: the same and Python's own end, which takes down what was loaded", added(on, "after"), "ms", None,
            beside(on, "after")),
        Row("on: imports at the end, no calls", exactly(late), "modules", 0, ", ".join(late)),
        Row(f"on: at the end, {CALLS} calls, Python's own end included", added(calls, "after"), "ms", 250,
            beside(calls, "after")),
    ]  # fmt: skip


def help_rows(suite: Suite, runs: int) -> list[Row]:
    script = Path(sysconfig.get_path("scripts"), "jevons")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "jevons"]
    empty = [sys.executable, "-c", "pass"]
    pairs = [
        [spend(line, suite.folder, suite.environment) for line in ([*command, "--help"], empty)]
        for _ in range(runs + 1)
    ]
    helps, empties = zip(*pairs[1:], strict=True)  # the first one fills caches
    (cpu, wall), (empty_cpu, empty_wall) = zip(*helps, strict=True), zip(*empties, strict=True)
    return [
        Row("`jevons --help`", figure(cpu), "ms", 150, f"{runs} runs; by the clock {statistics.median(wall):.0f} ms"),
        Row("`python -c pass`", figure(empty_cpu), "ms", None, f"by the clock {statistics.median(empty_wall):.0f} ms"),
    ]


def main(pairs: int, runs: int) -> None:
    begun = machine()
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(Path(folder))
        rows = [*plugin_rows(suite, pairs), *help_rows(suite, runs)]
    print(f"{begun}\n\n{table('Processor time per process', rows)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=200, help="pairs of runs with the plugin off (default 200)")
    parser.add_argument("--quick", action="store_true", help="few pairs: does it run at all?")
    options = parser.parse_args()
    main(3 if options.quick else options.pairs, 3 if options.quick else 25)
