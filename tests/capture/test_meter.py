"""What this machine spends over a call, shared between calls that overlap."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from jevons.capture import meter
from jevons.capture.meter import Counter, Meter


class Machine:
    """Counters that stand where they are set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wraps_at: float = 0.0) -> None:
        self.joules = self.cpu_s = self.now_s = 0.0
        # A card's meter, and processor time beside it; a processor's own meter would make that needless.
        monkeypatch.setattr(meter, "rapl", list)
        monkeypatch.setattr(meter, "nvml", lambda: [Counter(lambda: self.joules, wraps_at)])
        monkeypatch.setattr(meter, "unread_card", lambda readable: False)
        monkeypatch.setattr(meter, "cpu_time", lambda: Counter(lambda: self.cpu_s, 0.0))
        monkeypatch.setattr(time, "perf_counter_ns", lambda: int(self.now_s * 1e9))

    def passes(self, seconds: float, watts: float = 10.0, cores: float = 1.0) -> None:
        self.now_s += seconds
        self.joules += seconds * watts
        self.cpu_s += seconds * cores


def test_calls_that_overlap_share_what_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, made = Machine(monkeypatch), Meter()
    machine.passes(5)
    first = made.begin()
    machine.passes(1)
    second = made.begin()
    machine.passes(2)
    alone = made.end(first)
    machine.passes(1)
    also = made.end(second)
    machine.passes(9)
    third = made.begin()
    machine.passes(0.5)
    # 1 s alone and half of 2 s; half of 2 s and 1 s alone; what passes while idle is nobody's.
    assert alone == (20_000, 2_000_000)
    assert also == (20_000, 2_000_000)
    assert made.end(third) == (5_000, 500_000)


def test_a_counter_that_is_slow_to_read_is_read_less_often_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, made = Machine(monkeypatch), Meter()
    readings = 0

    def slow() -> float:
        nonlocal readings
        readings += 1
        machine.now_s += 0.004
        return machine.joules

    monkeypatch.setattr(meter, "nvml", lambda: [Counter(slow, 0.0)])
    outer = made.begin()
    taken = []
    for _ in range(100):
        inner = made.begin()
        machine.passes(0.01)
        taken.append(made.end(inner)[0])
    taken.append(made.end(outer)[0])
    assert sum(taken) == pytest.approx(10_000, abs=101)  # 1 s at 10 W, each rounded to a millijoule
    assert readings <= 1.5 / (20 * 0.004) + 3


def test_a_counter_that_wraps_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, made = Machine(monkeypatch, wraps_at=100.0), Meter()
    machine.joules = 95.0
    begun = made.begin()
    machine.passes(1)
    machine.joules -= 100.0
    assert made.end(begun)[0] == 10_000


def test_rapl_reads_packages_and_not_their_parts(tmp_path: Path) -> None:
    for name in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "max_energy_range_uj").write_text("262143328850\n")
        (tmp_path / name / "energy_uj").write_text("5000000\n")
    (tmp_path / "intel-rapl:1" / "max_energy_range_uj").unlink()
    (counter,) = meter.rapl(tmp_path)
    assert counter.read() == 5.0
    assert counter.wraps_at == pytest.approx(262143.32885)
    assert meter.rapl(tmp_path / "nowhere") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processor time is read from /proc")
def test_the_machines_own_processor_time_grows_by_what_we_burn() -> None:
    made = Meter()
    begun = made.begin()
    start = time.process_time()
    while time.process_time() - start < 0.3:
        pass
    _, cpu_us = made.end(begun)
    assert cpu_us is not None
    assert cpu_us >= 250_000  # a tick is 10 ms
    assert cpu_us <= (os.cpu_count() or 1) * 60_000_000


def test_off_linux_nothing_is_read_and_nothing_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "STAT", "C:\\proc\\stat")
    monkeypatch.setattr(meter, "RAPL", Path("C:\\sys"))
    assert meter.cpu_time() is None
    made = Meter()
    monkeypatch.setattr(meter, "rapl", list)
    monkeypatch.setattr(meter, "nvml", list)  # a card is read there as well
    monkeypatch.setattr(meter, "unread_card", lambda readable: False)
    assert made.end(made.begin()) == (None, None)


def test_processor_time_is_left_where_a_meter_covers_the_processor_or_a_card_is_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = Machine(monkeypatch)
    monkeypatch.setattr(meter, "rapl", lambda: [Counter(lambda: machine.joules, 0.0)])
    made = Meter()
    begun = made.begin()
    machine.passes(1)
    assert made.end(begun) == (20_000, None)  # both meters
    monkeypatch.setattr(meter, "rapl", list)
    monkeypatch.setattr(meter, "nvml", list)
    monkeypatch.setattr(meter, "unread_card", lambda readable: True)
    made = Meter()
    assert made.end(made.begin()) == (None, None)
