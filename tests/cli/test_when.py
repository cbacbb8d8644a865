"""`jevons when` and `jevons run` as people use them: processes of their own, files of a grid, clocks that change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from command import clean, process

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run

HEAD = "start,value,unit,basis,kind,estimated,zone,source,horizon_h\n"
posix = pytest.mark.skipif(os.name == "nt", reason="signals and TZ of POSIX")


TZ = {"TZ": "Europe/Berlin"}


def jevons(folder, *arguments, **more):
    return process(folder, *map(str, arguments), **TZ, **more)


def write(path, start, values, step_s=3600, skip=(), zone="DE", basis="average", horizon=""):
    rows = [
        f"{(start + timedelta(seconds=n * step_s)).isoformat()},{value},gCO2e/kWh,{basis},lifecycle,false,{zone},ours,"
        f"{n if horizon else ''}\n"
        for n, value in enumerate(values)
        if n not in skip
    ]
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


BACK = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""22:00 in Berlin, before the night in which 02:00 to 03:00 comes twice."""
NIGHT = ("--from", "2026-10-24T22:00", "--by", "2026-10-25T08:00")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    write(tmp_path / "grid.csv", BACK, [300, 300, 300, 300, 200, 100, 300, 300, 150, 300, 300], horizon="h")
    return tmp_path


def document(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@posix
def test_over_the_night_of_the_clock_change_every_time_has_its_offset(folder):
    made = document(jevons(folder, "when", "--duration", "2h", *NIGHT, "--signal", "grid.csv", "--format", "json"))
    assert made["schema"] == "jevons.when/1"
    assert (made["begin"], made["by"]) == ("2026-10-24T22:00+02:00", "2026-10-25T08:00+01:00")  # eleven hours
    assert made["now"]["g_per_kwh"] == 300
    (one,) = made["start"]["spans"]
    assert (one["start"], one["end"]) == ("2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00")  # both of the two 02:xx
    assert made["start"]["saving"] == pytest.approx(1 - (200 + 100) / 600)
    assert [one["start"] for one in made["pause_resume"]["spans"]] == [
        "2026-10-25T02:00+01:00",
        "2026-10-25T05:00+01:00",
    ]
    assert made["pause_resume"]["saving"] == pytest.approx(1 - (100 + 150) / 600)
    assert any("clocks change in between: +0200 before, +0100 after" in note for note in made["notes"])
    assert (made["signal"]["unit"], made["signal"]["basis"], made["signal"]["kind"]) == (
        "gCO2e/kWh",
        "average",
        "lifecycle",
    )
    assert (made["signal"]["forecast"], made["signal"]["horizon_h"]) == (True, 10)
    assert made["elsewhere_saving"] == 0


@posix
def test_the_text_says_zone_and_date_fits_eighty_columns_and_what_does_not_move(folder):
    done = jevons(folder, "when", "--duration", "2h", *NIGHT, "--signal", "grid.csv", "--place", "Germany")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    text = " ".join(done.stdout.split())
    for part in (
        "2 h of work in Germany, from Sat 24 Oct 22:00 +02:00", "done by Sun 25 Oct 08:00 +01:00 (2026; CET",
        "best start Sun 25 Oct 02:00 +02:00 to 03:00 150 g/kWh 50 % less than now", "58 % less than now",
        "average, lifecycle, forecast; DE; ours",
        "a call to a cloud runs in the cloud's region: starting later saves nothing there",
    ):  # fmt: skip
        assert part in text, part


@posix
def test_a_deadline_in_the_hour_that_comes_twice_or_never_is_said(folder):
    twice = jevons(folder, "when", "--from", NIGHT[1], "--by", "2026-10-25T02:30", "--signal", "grid.csv")
    assert "done by Sun 25 Oct 02:30 +02:00" in twice.stdout
    assert "02:30 comes twice on 2026-10-25" in " ".join(twice.stdout.split())
    write(folder / "spring.csv", datetime(2026, 3, 28, 22, tzinfo=UTC), [300, 200, 100])
    never = jevons(folder, "when", "--from", "2026-03-28T23:00", "--by", "02:30", "--signal", "spring.csv")
    assert "is no time" not in never.stderr
    never = jevons(folder, "when", "--from", "2026-03-28T23:00", "--by", "2026-03-29T02:30", "--signal", "spring.csv")
    assert "done by Sun 29 Mar 03:00 +02:00" in never.stdout
    assert "the clocks skip 02:30 on 2026-03-29" in " ".join(never.stdout.split())


@posix
def test_gaps_are_told_and_never_filled(folder):
    write(folder / "gap.csv", BACK, [300, 300, 100, 100, 300], skip={0})
    gap = jevons(folder, "when", *NIGHT, "--signal", "gap.csv")
    text = " ".join(gap.stdout.split())
    assert "now unknown: hours are missing" in text
    assert "best start Sun 25 Oct 00:00 +02:00 to 00:30 100 g/kWh not known against now" in text
    assert "1 h in between have no value" in text
    assert "the signal ends 2026-10-25T02:00+01:00" in text
    later = (datetime.now(UTC) + timedelta(hours=10)).isoformat(timespec="minutes")  # "08:00" may be a minute away
    old = jevons(folder, "when", "--by", later, "--signal", "gap.csv")
    assert old.returncode == 2
    assert "does not tell enough of these hours (it holds 2026-10-24T23:00+02:00 to" in old.stderr


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("gCO2e/kWh", "lb/MWh", "unit 'lb/MWh'; one of gCO2e/kWh"),
        ("average", "mean", "basis 'mean'"),
        ("+00:00", "", "write it as 2025-01-31T13:00:00Z"),  # a clock time alone: which of the two?
    ],
)
def test_a_signal_of_another_unit_basis_or_of_a_bare_clock_is_refused(folder, old, new, reason):
    path = folder / "grid.csv"
    path.write_text(path.read_text().replace(old, new))
    done = jevons(folder, "when", *NIGHT, "--signal", "grid.csv")
    assert done.returncode == 2
    assert "grid.csv, row 2: " in done.stderr
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--place", "FR", "--signal", "grid.csv"), "grid.csv is of zone DE, not of FR"),
        (("--place", "us-east-1", "--signal", "grid.csv"), "not of us-east-1: it says nothing of work there"),
        (("--place", "Oz", "--signal", "grid.csv"), "Oz is no place that is known"),
        (("--place", "FR"), "nobody tells of the grid of FR: give a file"),
        (("--place", "FR", "--source", "gb"), "tells of Great Britain, not of FR"),
        (("--place", "FR", "--source", "electricity-maps"), "set ELECTRICITY_MAPS_API_KEY"),
        (("--place", "FR", "--source", "watttime"), "--zone CAISO_NORTH"),
        (("--source", "file"), "name it (--signal FILE)"),
        (("--signal", "absent.csv"), "absent.csv: cannot be read"),
        (("--signal", "grid.csv", "--duration", "12h"), "12 h from 2026-10-24T22:00"),
        (("--signal", "grid.csv", "--duration", "half"), "--duration: 'half': write it as 30m"),
        (("--signal", "grid.csv", "--by", "25:00"), "--by: '25:00' is no time: write 08:00"),
    ],
)
def test_what_cannot_be_done_exits_2_with_value_and_remedy(folder, arguments, reason):
    done = jevons(folder, "when", *NIGHT, *arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not done.stdout


@posix
def test_place_and_signal_of_the_settings_are_taken_and_a_clouds_region_moves_too(folder):
    (folder / "pyproject.toml").write_text("[tool.jevons]\nplace = 'DE'\nsignal = 'grid.csv'\n")
    made = document(jevons(folder, "when", *NIGHT, "--format", "json"))
    assert made["place"] == "DE"
    assert not any("no --place" in note for note in made["notes"])
    text = " ".join(jevons(folder, "when", *NIGHT, "--place", "eu-central-1").stdout.split())
    assert "only what runs in eu-central-1 moves" in text


def test_of_the_latest_run_the_calls_that_went_elsewhere_are_counted(folder):
    spool = Spool(Home(folder / ".jevons"), "20260101T000000-aaaaaa")
    spool(Run(id=spool.run, project="x", started_us=1_790_000_000_000_000))
    for number, host in enumerate(("cloud", "cloud", "cloud", "loopback", "process")):
        mode = "replayed" if number == 0 else "live"
        spool(Call(id=f"c{number}", run=spool.run, source="httpx", host_class=host, mode=mode, index=number))
    spool.close()
    done = jevons(folder, "when", *NIGHT, "--signal", "grid.csv")
    assert "2 of 4 live calls went elsewhere" in " ".join(done.stdout.split())


# -- run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 7, 130])
def test_without_a_deadline_it_runs_at_once_and_passes_code_and_output_on(folder, code):
    done = jevons(folder, "run", "--", sys.executable, "-c", f"import sys; print('out'); sys.exit({code})")
    assert (done.returncode, done.stdout) == (code, "out\n")
    first, after = done.stderr.splitlines()
    assert first == "jevons: runs at once: no --by"
    assert "this machine spent" in after


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--by", "08:00", "--now"), "runs at once: --now"),
        (("--by", "08:00"), "runs at once: nobody tells of the grid"),
        (("--by", "08:00", "--signal", "absent.csv"), "runs at once: absent.csv: cannot be read"),
        (("--by", "08:00", "--signal", "grid.csv"), "runs at once: "),  # of another day
    ],
)
def test_with_no_signal_it_runs_at_once_and_says_why(folder, arguments, reason):
    write(folder / "grid.csv", datetime(2020, 1, 1, tzinfo=UTC), [3, 2, 1])
    done = jevons(folder, "run", *arguments, sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert reason in done.stderr


def test_what_is_asked_wrongly_is_not_run(folder):
    for arguments in (("--by", "noon"), ("--duration", "x")):
        done = jevons(folder, "run", *arguments, "--", sys.executable, "-c", "open('ran', 'w')")
        assert done.returncode == 2
    assert jevons(folder, "run", "--", "no-such-command").returncode == 127
    assert jevons(folder, "run").returncode == 2
    assert not (folder / "ran").exists()


def low_in(folder, seconds):
    """A signal by the second that is low only from so many seconds on; and the moment."""
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    low = int(time.time()) + seconds
    values = [100 if start.timestamp() + n >= low else 300 for n in range(400)]
    write(folder / "soon.csv", start, values, step_s=1)
    return low, (start + timedelta(minutes=5)).isoformat()


def test_it_waits_for_the_best_start_and_says_for_what(folder):
    low, by = low_in(folder, 3)
    done = jevons(
        folder, "run", "--by", by, "--duration", "1m", "--signal", "soon.csv", "--",
        sys.executable, "-c", "import time, sys; print(time.time()); sys.exit(9)",
    )  # fmt: skip
    assert done.returncode == 9
    assert low <= float(done.stdout) < low + 15
    for part in (
        "jevons: waits ",
        "100 gCO2e/kWh then",
        " % less; 1 min assumed",
        "Ctrl-C: nothing is run",
    ):
        assert part in done.stderr, part


def started(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "jevons", "run", *map(str, arguments)],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=clean(**TZ),
    )  # fmt: skip


@posix
def test_ctrl_c_while_it_waits_runs_nothing_and_leaves_nothing(folder):
    _, by = low_in(folder, 100)
    before = sorted(folder.rglob("*"))
    waiting = started(folder, "--by", by, "--duration", "1m", "--signal", "soon.csv", "--", "touch", "ran")
    told = [waiting.stderr.readline() for _ in range(4)]
    assert told[0].startswith("jevons: waits ")
    waiting.send_signal(signal.SIGINT)
    out, error = waiting.communicate(timeout=10)
    assert (waiting.returncode, out) == (130, "")
    assert "nothing was run" in error
    assert "Traceback" not in error
    assert sorted(folder.rglob("*")) == before


CHILD = """
import os, signal, sys, time
def on(number, _):
    print("got", number, flush=True)
    sys.exit(20 + number)
signal.signal(signal.SIGINT, on); signal.signal(signal.SIGTERM, on)
print(os.getpid(), flush=True)
time.sleep(60)
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command_and_its_code_comes_back(folder, number):
    running = started(folder, "--", sys.executable, "-c", CHILD)
    child = int(running.stdout.readline())
    running.send_signal(number)
    out, error = running.communicate(timeout=10)
    assert (running.returncode, out) == (20 + number, f"got {int(number)}\n")
    assert "Traceback" not in error
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@posix
def test_a_command_that_a_signal_ends_is_told_as_shells_do(folder):
    done = jevons(folder, "run", "--", "sh", "-c", "kill -9 $$")
    assert done.returncode == 128 + 9


COUNT = """
import signal, time
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
print("ready", flush=True)
until = time.monotonic() + 30
while not got and time.monotonic() < until:
    time.sleep(0.01)
time.sleep(0.5)
raise SystemExit(20 + len(got))
"""


@posix
def test_ctrl_c_on_a_terminal_reaches_the_command_once(folder):
    import pty

    pid, terminal = pty.fork()
    if pid == 0:  # a session of its own, as a shell's
        os.chdir(folder)
        program = [sys.executable, "-m", "jevons", "run", "--", sys.executable, "-c", COUNT]
        os.execve(sys.executable, program, clean(**TZ))
    told = b""
    while b"ready" not in told:
        told += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 21
