"""Processor time of one process and all that it starts, while it runs."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class _Process(NamedTuple):
    parent: int
    started: int
    own_s: float
    children_s: float
    """Of children that ended and were waited for."""


class Tree:
    """Sums over the processes of a tree; a process keeps what it was last seen with when it ends."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._seen: dict[tuple[int, int], float] = {}
        self._most = 0.0

    def cpu_s(self) -> float | None:
        """Processor seconds so far, user and system; None where the system does not tell (off Linux)."""
        known = _processes()
        if known is None:
            return None
        below: dict[int, list[int]] = defaultdict(list)
        for pid, process in known.items():
            below[process.parent].append(pid)
        ahead = [self.pid, *(pid for pid, process in known.items() if (pid, process.started) in self._seen)]
        found: dict[int, _Process] = {}
        while ahead:
            pid = ahead.pop()
            if pid in known and pid not in found:
                found[pid] = known[pid]
                ahead += below[pid]
        for pid, process in found.items():
            self._seen[pid, process.started] = process.own_s
        alive = sum(process.own_s + process.children_s for process in found.values())
        self._most = max(self._most, alive, sum(self._seen.values()))
        return self._most


def _processes() -> dict[int, _Process] | None:
    """All processes, by proc_stat(5), fields 4, 14 to 17 and 22."""
    try:
        tick = 1.0 / os.sysconf("SC_CLK_TCK")
        numbers = [int(entry.name) for entry in os.scandir(PROC) if entry.name.isdecimal()]
    except (OSError, AttributeError, ValueError):
        return None
    found = {}
    for pid in numbers:
        try:
            fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            user, system, waited_user, waited_system = (int(field) * tick for field in fields[11:15])
            found[pid] = _Process(int(fields[1]), int(fields[19]), user + system, waited_user + waited_system)
        except (OSError, ValueError, IndexError):  # ended meanwhile
            continue
    return found or None


def ended_s() -> float | None:
    """Processor seconds of all children of this process that ended and were waited for, theirs included; None on
    Windows."""
    if sys.platform == "win32":
        return None
    import resource

    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
