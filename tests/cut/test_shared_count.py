"""Sums that processes share: none lost, no lock left behind, nobody waits for ever."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jevons.cut import shared_count
from jevons.cut.shared_count import Counted, SharedCount

POSIX = pytest.mark.skipif(os.name != "posix", reason="kills and forks are POSIX")


def more(counted: Counted) -> None:
    counted.used["calls"] = counted.used.get("calls", 0) + 1


def add_many(path: Path, number: int) -> None:
    count = SharedCount(path)
    for _ in range(number):
        count.change(more)
    assert not count.alone


def test_no_sum_is_lost_between_processes_and_threads(tmp_path: Path) -> None:
    count = SharedCount.create(tmp_path / "a.budget")
    processes = [
        multiprocessing.get_context("spawn").Process(target=add_many, args=(count.path, 500)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    threads = [threading.Thread(target=lambda: [count.change(more) for _ in range(500)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for one in (*threads, *processes):
        one.join()
    assert count.now().used == {"calls": 3_000}
    assert not count.alone


@POSIX
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_goes_on_counting(tmp_path: Path) -> None:
    count = SharedCount.create(tmp_path / "a.budget")
    children: list[int] = []
    while 0 not in children and len(children) < 3:  # all of them this process's own, so that it can wait for them
        children.append(os.fork())
    for _ in range(500):
        count.change(more)
    if 0 in children:
        os._exit(0)
    for child in children:
        os.waitpid(child, 0)
    assert count.now().used == {"calls": 4 * 500}


HOLD = """
import sys, time
from pathlib import Path
from jevons.cut.shared_count import SharedCount
def hold(counted):
    counted.used["calls"] = 99
    print("held", flush=True)
    time.sleep(60)
SharedCount(Path(sys.argv[1])).change(hold)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@POSIX
def test_a_killed_holder_leaves_no_lock_and_the_sums_as_they_were(tmp_path: Path) -> None:
    count = SharedCount.create(tmp_path / "a.budget")
    count.change(more)
    process = holder(count.path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = time.monotonic()
    count.change(more)
    assert time.monotonic() - begun < 1
    assert (count.now().used, count.alone) == ({"calls": 2}, "")


def test_a_holder_that_never_lets_go_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_count, "_PATIENCE_S", 0.2)
    count = SharedCount.create(tmp_path / "a.budget")
    count.change(more)
    process = holder(count.path)
    try:
        count.change(more)
    finally:
        process.kill()
        process.wait()
    assert count.alone == "its lock was held for 0.2 s"
    assert count.now().used == {"calls": 2}
    assert count.own().used == {"calls": 1}


class Loop:
    """Garbage that counts when it is collected, as a stream that nobody closed does."""

    def __init__(self, count: SharedCount) -> None:
        self.me = self
        self.count = count

    def __del__(self) -> None:
        self.count.change(more)


def test_a_garbage_collection_in_the_middle_of_a_step(tmp_path: Path) -> None:
    count = SharedCount.create(tmp_path / "a.budget")
    Loop(count)

    def collecting(counted: Counted) -> None:
        more(counted)
        gc.collect()

    thread = threading.Thread(target=count.change, args=(collecting,), daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert count.now().used == {"calls": 2}


def test_without_a_file_a_process_counts_by_itself(tmp_path: Path) -> None:
    count = SharedCount(tmp_path / "missing" / "a.budget")
    count.change(more)
    assert count.alone
    assert count.now().used == count.own().used == {"calls": 1}


@pytest.mark.parametrize("content", [b"", b"null", b'{"used": 3}', b"\0" * 4096, b'{"used": {"calls": 1}'])
def test_a_file_that_holds_no_count(tmp_path: Path, content: bytes) -> None:
    count = SharedCount.create(tmp_path / "a.budget")
    count.change(more)
    count.path.write_bytes(content)
    count.change(more)
    assert count.alone == "it holds no count"
    assert count.now().used == {"calls": 2}
    assert count.own().used == {"calls": 1}


def test_names_without_end_are_left_out(tmp_path: Path) -> None:
    count = SharedCount.create(tmp_path / "a.budget")

    def name(counted: Counted) -> None:
        counted.used["calls"] = 7
        counted.most = dict.fromkeys(("calls", "tokens"), (1, "\x00" * 1_000))

    count.change(name)
    assert (count.now(), count.alone) == (Counted(used={"calls": 7}), "")


def test_what_killed_runs_left_goes_after_a_day(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("old.budget", "new.budget", "secret"))
    for file in (old, new, other):
        file.write_text("")
    for file in (old, other):
        os.utime(file, (0, 0))
    count = SharedCount.create(tmp_path / "a.budget")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.budget", "new.budget", "secret"]
    count.close(remove=True)
    assert not count.path.exists()
