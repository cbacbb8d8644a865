"""Locks that die with their holders, in real processes."""

import os
import subprocess
import sys
import time

import pytest

from jevons.ledger.lock import Lock

HOLDER = """
import subprocess, sys
from pathlib import Path
from jevons.ledger.lock import Lock
lock = Lock(Path(sys.argv[1]))
print(lock.take(), flush=True)
if len(sys.argv) > 2:
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], pass_fds=[lock.file])
    print(child.pid, flush=True)
sys.stdin.read()
"""


def holder(path, *more):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "True\n"
    return child


def freed(path):
    end = time.monotonic() + 30
    while not (lock := Lock(path)).take():
        assert time.monotonic() < end
        time.sleep(0.01)
    lock.release()


def test_one_at_a_time_and_a_kill_frees_it(tmp_path):
    path = tmp_path / "deep" / "lock"
    with Lock(path) as lock:
        assert lock.take()
        assert not Lock(path).take()
    child = holder(path)
    assert not Lock(path).take()
    child.kill()
    child.communicate()
    freed(path)


@pytest.mark.skipif(os.name == "nt", reason="a child inherits no lock there")
def test_a_child_that_outlives_its_parent_keeps_it(tmp_path):
    path = tmp_path / "lock"
    parent = holder(path, "with a child")
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert not Lock(path).take()
    os.kill(orphan, 9)
    freed(path)
    parent.communicate()
