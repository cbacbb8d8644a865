"""The spool under kills, full disks, deletions and forks."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from jevons.ledger.home import Home
from jevons.ledger.read import read
from jevons.ledger.spool import Spool
from jevons.record import Call, encode

POSIX = pytest.mark.skipif(os.name != "posix", reason="kills, forks and file limits are POSIX")


def call(number: int) -> Call:
    return Call(id=f"c{number}", run="r", index=number, model="m")


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    spool = Spool(home, "r")
    assert all(spool(call(number)) for number in range(100))
    assert [made.index for made in read(home).calls] == list(range(100))
    assert (home.path / ".gitignore").read_text().endswith("*\n")


WRITER = """
import os, sys
from pathlib import Path
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call
spool = Spool(Home(Path(sys.argv[1])), "r")
name, number = sys.argv[2], 0
while True:
    number += 1
    if spool(Call(id=f"{name}-{number}", run="r", test="t" * (number % 300))):
        os.write(1, b"%d\\n" % number)  # acknowledged
"""


@POSIX
def test_five_writers_killed_at_random_lose_no_acknowledged_call(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    luck = random.Random(7)
    acknowledged: set[str] = set()
    for killing in range(3):
        writers, logs = [], []
        for number in range(5):
            logs.append((tmp_path / f"log{killing}-{number}").open("wb+"))
            arguments = [sys.executable, "-c", WRITER, str(home.path), f"w{killing}-{number}"]
            writers.append(subprocess.Popen(arguments, stdout=logs[-1]))
        while not all(Path(log.name).stat().st_size for log in logs):
            time.sleep(0.01)
        for writer in writers:
            time.sleep(luck.uniform(0.01, 0.15))
            writer.send_signal(signal.SIGKILL)
        for number, (writer, log) in enumerate(zip(writers, logs, strict=True)):
            writer.wait()
            log.seek(0)
            lines = [line for line in log.read().split(b"\n")[:-1] if line]
            acknowledged |= {f"w{killing}-{number}-{int(line)}" for line in lines}
            log.close()
    reading = read(home)
    found = {made.id for made in reading.calls}
    assert len(acknowledged) > 500
    assert acknowledged <= found
    assert len(found) == len(reading.calls)
    # At most one line a writer was written and not acknowledged yet, or torn.
    assert len(found) + len(reading.torn) <= len(acknowledged) + 15


def test_a_torn_line_is_skipped_and_counted(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    home.make()
    whole, torn = encode(call(1)), encode(call(2))[:-9]
    (home.spool / "r-1.jsonl").write_bytes(whole + b"\n" + torn)
    (home.spool / "r-2.jsonl").write_bytes(b"\xff\xfe\x00\n" + torn + b"\n" + encode(call(3)) + b"\n")
    reading = read(home)
    assert [made.index for made in reading.calls] == [1, 3]
    assert reading.torn == [("r-1.jsonl", 2), ("r-2.jsonl", 1), ("r-2.jsonl", 2)]


@POSIX
def test_a_full_disk_loses_what_it_must_and_says_so(tmp_path: Path) -> None:
    """A file-size limit stands in for a full disk: the kernel cuts the write short, then refuses."""
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from pathlib import Path
        from jevons.ledger.home import Home
        from jevons.ledger.spool import Spool
        from jevons.record import Call
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        spool = Spool(Home(Path(sys.argv[1])), "r")
        good = [number for number in range(50) if spool(Call(id=f"c{number}", run="r", test="t" * 40))]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert spool(Call(id="after", run="r"))
        print(len(good), spool.lost, len(spool.unwritten), spool.lost_reason, sep="|")
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "j")], capture_output=True, text=True, check=True
    )
    good, lost, kept, reason = done.stdout.strip().split("|")
    reading = read(Home(tmp_path / "j"))
    assert len(reading.calls) == int(good) + 1
    assert reading.calls[-1].id == "after"
    assert int(good) + int(lost) == 50
    assert int(kept) == int(lost) > 0
    assert reason
    assert len(reading.torn) <= 1


def test_a_place_that_cannot_be_written_loses_all_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(Home(tmp_path / "file" / ".jevons"), "r", keep=3)
    assert not any(spool(call(number)) for number in range(5))
    assert spool.lost == 5
    assert [event.id for event in spool.unwritten] == ["c0", "c1", "c2"]  # type: ignore[union-attr]
    assert spool.lost_reason


@POSIX
def test_a_ledger_deleted_under_the_run_is_noticed(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    spool = Spool(home, "r")
    for number in range(3):
        spool(call(number))
    home.purge()
    assert spool(call(3))
    assert spool.lost == 3
    assert "deleted" in spool.lost_reason
    assert [made.index for made in read(home).calls] == [3]


@POSIX
def test_a_forked_child_writes_to_a_file_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path / ".jevons")
    spool = Spool(home, "r")
    spool(call(0))
    child = os.fork()
    if child == 0:
        os._exit(0 if spool(call(1)) else 1)
    assert os.waitpid(child, 0)[1] == 0
    spool(call(2))
    assert len(home.spools()) == 2
    assert {made.index for made in read(home).calls} == {0, 1, 2}


def test_without_fork_the_module_still_imports() -> None:
    """Windows has no os.register_at_fork."""
    script = (
        "import asyncio, os, tempfile, threading, concurrent.futures; del os.register_at_fork; "
        "import jevons.ledger.spool, jevons.capture"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
