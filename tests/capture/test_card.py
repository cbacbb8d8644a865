"""A graphics card that is there: what its energy counter says, against the power that it tells."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jevons.capture import meter
from jevons.capture.meter import Meter

pytestmark = pytest.mark.skipif(not meter.nvml(), reason="no graphics card whose energy NVML tells")
STEP_S = 0.2
"""An H100's counter moves every 100 ms."""


class _Watts(threading.Thread):
    """The power that all cards tell, every few milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        import pynvml

        cards = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        while not self.over.wait(0.02):
            self.told.append(sum(map(pynvml.nvmlDeviceGetPowerUsage, cards)) / 1e3)

    def end(self) -> float:
        self.over.set()
        self.join()
        return sum(self.told) / len(self.told)


def test_what_a_call_is_charged_with_is_the_power_of_the_cards_over_its_time() -> None:
    made, watts = Meter(), _Watts()
    made.end(made.begin())
    watts.start()
    start = time.monotonic()
    begun = made.begin()
    time.sleep(3)
    joules = (made.end(begun)[0] or 0) / 1e3
    seconds = time.monotonic() - start
    mean_w = watts.end()
    assert (seconds - STEP_S) * mean_w * 0.9 <= joules <= (seconds + STEP_S) * mean_w * 1.1


def test_calls_at_once_share_the_counter_and_no_joule_is_lost() -> None:
    made = Meter()
    first = made.begin()
    counters = meter.nvml()
    before = sum(counter.read() for counter in counters)
    taken: list[int] = []

    def call(seconds: float) -> None:
        begun = made.begin()
        time.sleep(seconds)
        taken.append(made.end(begun)[0] or 0)

    threads = [threading.Thread(target=call, args=(0.3 + number / 5,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.append(made.end(first)[0] or 0)
    grown = sum(counter.read() for counter in counters) - before
    card_w = grown / 1.3
    assert sum(taken) / 1e3 == pytest.approx(grown, abs=STEP_S * card_w)


def test_a_command_is_measured(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    command = [sys.executable, "-m", "jevons", "run", "--", sys.executable, "-c", "import time; time.sleep(1)"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "measured (counters of" in done.stderr
    assert "(NVML)" in done.stderr
