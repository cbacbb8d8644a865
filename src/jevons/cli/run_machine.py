"""What the machine counts while `jevons run` has a command: kept as it goes, so that a kill leaves what was known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from jevons.capture.surroundings import COMMAND
from jevons.capture.watch import Watch
from jevons.cli.project import find, new_run
from jevons.ledger.spool import Spool
from jevons.record import Machine

FIRST_S, EVERY_S, KEEP_S = 0.25, 5.0, 60.0
"""How often it is looked at, at the start more often, and how often what was seen is kept."""
SOURCE = "command"
"""`Run.source` of a command whose calls nobody recorded: its run is a measurement."""


class Counting:
    """Counts over one command. `look` is for `jevons.cli.run.run`, `end` when the command has been waited for."""

    def __init__(self, keep: Callable[[Machine], object]) -> None:
        self._keep, self._watch = keep, Watch()
        self._wait_s = FIRST_S
        self._kept_at = self._begun = time.monotonic()
        keep(self._watch.read())

    def look(self, pid: int) -> float:
        """Look, and say when to look again."""
        try:
            self._watch.follow(pid)
            made, now = self._watch.read(), time.monotonic()
            if now - self._kept_at >= min(KEEP_S, self._kept_at - self._begun + FIRST_S):
                self._keep(made)
                self._kept_at = now
        except Exception:  # the command goes on, whatever becomes of the count
            pass
        now_s, self._wait_s = self._wait_s, min(self._wait_s * 2, EVERY_S)
        return now_s

    def end(self, tell: Callable[[str], object]) -> None:
        """Keep what it took in all, and tell it in a line."""
        from jevons.footprint import overrides
        from jevons.footprint.machine import local
        from jevons.footprint.units import convert
        from jevons.report.document import Range
        from jevons.report.numbers import between
        from jevons.settings import SettingsError

        made = self._watch.end()
        self._keep(made)
        root, settings, _ = find()
        try:
            how, kwh, why = local(made, overrides(settings, root).factors)
        except SettingsError as error:  # the command has its own exit code
            tell(f"what this machine spent is kept, and cannot be told: {error}")
            return
        took = Range(*(convert(end, "kWh", "Wh") for end in kwh.ends)) if kwh else None
        said = f"this machine spent {between(took, 'Wh')}, {how}" if took else "what this machine spent is not known"
        tell(f"{said} ({why})")


@contextmanager
def noted(tell: Callable[[str], object]) -> Iterator[tuple[str, Callable[[Machine], object]]]:
    """(id, how to keep what the machine counted) of a run that has no calls of its own; it ends with the block."""
    root, settings, home = find()
    run = new_run(root, settings, source=SOURCE)
    spool = Spool(home, run.id)

    def keep(machine: Machine) -> None:
        nonlocal run
        run = msgspec.structs.replace(run, machine=machine)
        spool(run)

    try:
        yield run.id, keep
    finally:
        spool(msgspec.structs.replace(run, ended_us=time.time_ns() // 1_000))
        spool.close(sync=True)
        if spool.lost:
            tell(f"what this machine spent could not be kept: {spool.lost_reason}")


def within(environment: Mapping[str, str], run: str) -> dict[str, str]:
    """The environment of a command that is to know in whose run it is."""
    return {**environment, COMMAND: run}
