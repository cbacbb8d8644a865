"""What a machine counts while a command runs: real processes; counters of energy only as far as they are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jevons.capture import watch
from jevons.capture.meter import rapl
from jevons.capture.watch import Watch

BURN = """
import time
until = time.process_time() + {}
while time.process_time() < until:
    sum(range(1000))
"""
TREE = f"""
import subprocess, sys
exec({BURN.format(0.2)!r})
subprocess.run([sys.executable, "-c", {BURN.format(0.3)!r}], check=True)
"""
TICK_S = 0.01
counted = pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no processor time of what has ended")


@counted
def test_what_lived_and_died_between_two_looks_is_counted() -> None:
    made = Watch()
    child = subprocess.Popen([sys.executable, "-c", TREE])
    made.follow(child.pid)
    first = made.read()
    child.wait()  # child and grandchild ran and ended unseen
    last = made.end()
    assert last.cpu_us is not None
    assert last.cpu_us >= (0.5 - 2 * TICK_S) * 1e6
    assert last.cpu_us <= last.duration_us + 2 * TICK_S * 1e6  # one of them at a time
    if first.cpu_us is not None:
        assert first.cpu_us <= last.cpu_us
    assert first.duration_us <= last.duration_us


@counted
def test_what_ended_before_it_began_does_not_count() -> None:
    subprocess.run([sys.executable, "-c", BURN.format(0.3)], check=True)
    made = Watch()
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    made.follow(child.pid)
    child.wait()
    last = made.end()
    assert last.cpu_us is not None
    assert last.cpu_us < 300_000


def test_counters_of_processors_are_added_and_followed_where_they_start_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shows(zone: int, uj: int) -> None:
        (tmp_path / f"intel-rapl:{zone}" / "energy_uj").write_text(f"{uj}\n")

    for zone in (0, 1):
        (tmp_path / f"intel-rapl:{zone}").mkdir()
        (tmp_path / f"intel-rapl:{zone}" / "max_energy_range_uj").write_text("262143328850\n")
        shows(zone, 262_140_000_000)
    monkeypatch.setattr(watch, "rapl", lambda: rapl(tmp_path))
    made = Watch()
    assert made.read().processor_mj == 0
    shows(0, 262_143_000_000)
    assert made.read().processor_mj == 3_000
    shows(0, 1_000_000)  # 0.32885 J to its end, and 1 J from zero on
    shows(1, 262_140_500_000)
    last = made.read()
    assert (last.processors, last.processor_mj) == (2, 3_000 + 1_329 + 500)


def test_a_counter_that_goes_away_leaves_unknown_and_not_what_it_said_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    (zone / "energy_uj").write_text("1000000\n")
    monkeypatch.setattr(watch, "rapl", lambda: rapl(tmp_path))
    made = Watch()
    (zone / "energy_uj").unlink()
    assert made.read().processor_mj is None
    assert made.end().processors == 0
