"""Processor time of a command and all that it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from jevons.capture.process import Tree, ended_s

CHILD = """
import os, sys, time
def burn(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        sum(range(1000))
burn(0.1)
"""
PARENT = f"""
import subprocess, sys
exec({CHILD!r})
subprocess.run([sys.executable, "-c", {CHILD!r}])
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_children_count_while_the_command_runs_and_when_they_have_ended():
    before = ended_s()
    child = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    tree = Tree(child.pid)
    first = tree.cpu_s()
    child.stdout.readline()
    running = tree.cpu_s()
    child.communicate()
    after = tree.cpu_s()
    counted = ended_s() - before
    assert first <= running <= after
    assert running > 0.2 - 2 * 0.01  # both burnt 0.1 s; a tick is 10 ms
    assert running <= counted + 0.05  # as the system says when all have been waited for
    assert after == running


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_other_processes_do_not_count():
    quiet = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    quiet.stdout.readline()
    tree = Tree(quiet.pid)
    before = tree.cpu_s()
    subprocess.run([sys.executable, "-c", CHILD], check=True)  # burns 0.1 s beside it
    after = tree.cpu_s()
    quiet.communicate()
    assert after - before < 0.1
