"""What this machine spends while a model answers on it.

Counters of the processor's energy (RAPL), of the graphics cards' (NVML) and of
processor time. Calls that overlap share what is spent: each reading is split
evenly over the calls then under way, so no joule is counted twice.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

RAPL = Path("/sys/class/powercap")
STAT = "/proc/stat"
INTERVAL_NS = 20_000_000
"""While calls overlap, counters are read at most this often: processor time has a grain of 10 ms."""
IDLE_NS = 2_000_000
"""A pause this short between two calls is charged to the second rather than read out."""
SPARING = 20
"""While calls overlap, at most one part in so many of the time goes into reading: a card's counter may take
milliseconds, and who waits for it may be an event loop."""


class Counter(NamedTuple):
    """A counter that only grows."""

    read: Callable[[], float]
    """Joules, or seconds of processor time, since some moment."""
    wraps_at: float
    """Value at which it starts again from zero; 0 for never."""

    def grown(self, last: float, value: float) -> float:
        """How much it grew from one reading to the next, started again at most once."""
        return value - last + self.wraps_at if value < last else value - last


class Shares(NamedTuple):
    """Running totals of what one call under way has been charged with."""

    joules: float
    cpu_s: float


class Meter:
    """Shares of energy and processor time for calls that may overlap.

    Works by a running total per call under way ("virtual time"): `begin` notes
    the total, `end` takes the difference. Reads nothing until first used.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._joules: list[Counter] | None = None
        self._cpu: Counter | None = None
        self._last: list[float] = []
        self._read_ns = self._took_ns = 0
        self._active = 0
        self._share = Shares(0.0, 0.0)

    def begin(self) -> Shares:
        """A local call starts."""
        with self._lock:
            if self._joules is None:
                processors, cards = rapl(), nvml()
                self._joules = [*processors, *cards]
                # Processor time stands in for a processor's meter; it would miss what an unreadable card spends.
                self._cpu = None if processors or unread_card(bool(cards)) else cpu_time()
            # What was spent since the last reading was not this call's.
            self._advance(IDLE_NS if self._active == 0 else self._interval_ns)
            self._active += 1
            return self._share

    def end(self, begun: Shares) -> tuple[int | None, int | None]:
        """A local call ends: (measured millijoules, processor microseconds); None where unreadable."""
        with self._lock:
            self._advance(0 if self._active <= 1 else self._interval_ns)
            self._active = max(self._active - 1, 0)
            joules = max(round((self._share.joules - begun.joules) * 1e3), 0) if self._joules else None
            cpu_us = max(round((self._share.cpu_s - begun.cpu_s) * 1e6), 0) if self._cpu else None
            return joules, cpu_us

    @property
    def _interval_ns(self) -> int:
        return max(INTERVAL_NS, self._took_ns * SPARING)

    def _advance(self, at_least_ns: int) -> None:
        now = time.perf_counter_ns()
        if self._last and now - self._read_ns < at_least_ns:
            return
        self._read_ns = now
        counters = [*(self._joules or []), *([self._cpu] if self._cpu else [])]
        values = [counter.read() for counter in counters]
        self._took_ns = time.perf_counter_ns() - now
        if self._last and self._active:
            grown = [
                counter.grown(last, value) / self._active
                for value, last, counter in zip(values, self._last, counters, strict=True)
            ]
            cpu_s = grown.pop() if self._cpu else 0.0
            self._share = Shares(self._share.joules + sum(grown), self._share.cpu_s + cpu_s)
        self._last = values


def rapl(root: Path = RAPL) -> list[Counter]:
    """One counter per processor package that may be read (Linux powercap, ``energy_uj``).

    Source: Linux kernel documentation, Documentation/power/powercap/powercap.rst.
    """
    counters = []
    for zone in sorted(root.glob("intel-rapl:*")):
        if zone.name.count(":") != 1:  # parts of a package are inside its own counter
            continue
        try:
            wraps_at = int((zone / "max_energy_range_uj").read_text()) / 1e6
            (zone / "energy_uj").read_text()
        except (OSError, ValueError):  # only root may read it on most machines
            continue
        counters.append(Counter(lambda path=zone / "energy_uj": int(path.read_text()) / 1e6, wraps_at))  # type: ignore[misc]
    return counters


def nvml() -> list[Counter]:
    """One counter per NVIDIA card: ``nvmlDeviceGetTotalEnergyConsumption``, millijoules since the driver loaded.

    It moves in steps (an H100's every 100 ms): a call shorter than that is charged with a step or with none, and only
    the sum over many is right.
    """
    if not os.path.exists("/dev/nvidiactl") and sys.platform != "win32":
        return []
    try:
        import pynvml

        pynvml.nvmlInit()
        cards = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
        for card in cards:
            pynvml.nvmlDeviceGetTotalEnergyConsumption(card)
    except Exception:  # not installed, no driver, or a card older than Volta
        return []
    return [Counter(lambda card=card: pynvml.nvmlDeviceGetTotalEnergyConsumption(card) / 1e3, 0.0) for card in cards]  # type: ignore[misc]


def unread_card(readable: bool) -> bool:
    """Whether a graphics card is there whose energy cannot be read: the model may well run on it."""
    return os.path.exists("/dev/kfd") or (os.path.exists("/dev/nvidiactl") and not readable)


def cpu_time() -> Counter | None:
    """Busy processor seconds of the whole machine, since a server is mostly another process; None off Linux.

    Source: proc_stat(5): user, nice, system, irq and softirq of the first line, in clock ticks.
    """
    try:
        stat = os.open(STAT, os.O_RDONLY)
        tick = 1.0 / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError):
        return None

    def busy() -> float:
        fields = os.pread(stat, 256, 0).split(None, 8)
        return (int(fields[1]) + int(fields[2]) + int(fields[3]) + int(fields[6]) + int(fields[7])) * tick

    return Counter(busy, 0.0)
