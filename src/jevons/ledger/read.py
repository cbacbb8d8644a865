"""Reading spools back: torn lines are skipped and counted, never fatal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from jevons.ledger.home import Home
from jevons.record import Call, Event, Run, TestResult, decode


class Reading(msgspec.Struct):
    """Records read, and what could not be."""

    runs: dict[str, Run] = {}
    calls: list[Call] = []
    tests: list[TestResult] = []
    torn: list[tuple[str, int]] = []
    """(file name, line number) of each line that is no record."""

    def add(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, Call):
            self.calls.append(event)
        elif isinstance(event, TestResult):
            self.tests.append(event)
        else:
            self.runs[event.id] = event


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number, line) of each line of a file that is not empty; nothing if it cannot be opened."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line
    except OSError:
        return


def events(paths: Iterable[Path], torn: list[tuple[str, int]]) -> Iterator[Event]:
    """The events of spool files, in order; lines that are no record are noted in `torn`."""
    for path in paths:
        for number, line in lines(path):
            try:
                yield decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                torn.append((path.name, number))


def read(home: Home, run: str = "") -> Reading:
    """Everything recorded under `home`, or one run of it. A directory that is not there reads as empty."""
    reading = Reading()
    for event in events(home.spools(run), reading.torn):
        reading.add(event)
    return reading


def run_ids(home: Home) -> list[str]:
    """Ids of the recorded runs, oldest first."""
    return list(dict.fromkeys(path.name.rsplit("-", 1)[0] for path in home.spools()))
