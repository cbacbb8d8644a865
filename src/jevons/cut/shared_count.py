"""Integer sums that several processes keep in one small file, under a lock that dies with its holder.

The file has one size for ever and is written by one call, so that a kill leaves it as it was before or after. Whatever
befalls the file, nobody waits for ever and nothing is raised: the process goes on by itself from what it last read.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

_SIZE = 4096
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PATIENCE_S = 5.0
"""Longest wait for the lock, which its holder needs for microseconds, unless somebody stopped it."""
_LONGEST_WAIT_S = 0.005
_OLD_S = 86_400.0

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, _SIZE, os.SEEK_SET)  # beyond what is read and written: locks there keep others from both
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _give(file: int) -> None:
        os.lseek(file, _SIZE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not flock: a fork would share its parent's lock

    def _give(file: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN)


class Counted(msgspec.Struct):
    """What is counted."""

    used: dict[str, int] = {}
    """Unit -> sum."""
    most: dict[str, tuple[int, str]] = {}
    """Unit -> the sum and the name of the test that used most."""
    refused: int = 0
    skipped: int = 0
    unknown: int = 0
    """Calls whose tokens nobody counted."""

    def merge(self, other: Counted) -> None:
        """Add what another process counted by itself."""
        for unit, amount in other.used.items():
            self.used[unit] = self.used.get(unit, 0) + amount
        for unit, most in other.most.items():
            self.most[unit] = max(self.most.get(unit, (0, "")), most)
        self.refused += other.refused
        self.skipped += other.skipped
        self.unknown += other.unknown


Step = Callable[[Counted], None]
"""Reads the sums and changes them."""


class SharedCount:
    """The sums in the file at `path`, which one process has to `create`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.alone = ""
        """Why this process counts by itself, if it does."""
        self._seen = Counted()
        self._before: Counted | None = None
        """What was seen when the file failed: the rest is this process's own."""
        self._file = -1
        self._fresh()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._fresh)
        try:
            self._file = os.open(path, _FLAGS)
        except OSError as error:
            self._go_alone(error)

    def _fresh(self) -> None:
        # Reentrant, as a garbage collection within a step may finish a call, which is counted.
        self._lock = threading.RLock()
        self._busy = False
        self._later: list[Step] = []

    @classmethod
    def create(cls, path: Path) -> SharedCount:
        """Make the file, and be rid of those that killed runs left a day ago."""
        with suppress(OSError):  # opening it says what is wrong
            for other in path.parent.glob(f"*{path.suffix}"):
                if time.time() - other.stat().st_mtime > _OLD_S:
                    other.unlink()
            path.write_bytes(_encoded(Counted()))
        return cls(path)

    def change(self, step: Step) -> None:
        """Run `step` on the sums, alone among all processes."""
        with self._lock:
            self._later.append(step)
            if self._busy:  # within a step of this very thread, which goes on to this one
                return
            self._busy = True
            try:
                while self._later:
                    self._change(self._later.pop(0))
            finally:
                self._busy = False

    def _change(self, step: Step) -> None:
        if not self.alone:
            try:
                self._wait()
                try:
                    counted = msgspec.json.decode(self._read(), type=Counted)
                    step(counted)
                    self._write(_encoded(counted))
                finally:
                    _give(self._file)
            except (OSError, msgspec.MsgspecError) as error:
                self._go_alone(error)
            else:
                self._seen = counted
                return
        step(self._seen)

    def _wait(self) -> None:
        until, wait = time.monotonic() + _PATIENCE_S, 0.0001
        while True:
            try:
                return _take(self._file)
            except (BlockingIOError, PermissionError):
                if time.monotonic() > until:
                    raise TimeoutError(0, f"its lock was held for {_PATIENCE_S:g} s") from None
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT_S)

    def _read(self) -> bytes:
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.read(self._file, _SIZE)

    def _write(self, data: bytes) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, data)

    def _go_alone(self, error: Exception) -> None:
        self.alone = (error.strerror if isinstance(error, OSError) else "") or "it holds no count"
        self._before = msgspec.convert(msgspec.to_builtins(self._seen), Counted)
        self._close()

    def now(self) -> Counted:
        """The sums."""
        found: list[Counted] = []
        self.change(found.append)
        return found[0] if found else self._seen

    def own(self) -> Counted:
        """What this process counted by itself since the file failed it: nothing where it did not."""
        made = Counted()
        if self._before is not None:
            before, seen = self._before, self._seen
            made.merge(seen)
            made.used = {unit: amount - before.used.get(unit, 0) for unit, amount in seen.used.items()}
            made.refused -= before.refused
            made.skipped -= before.skipped
            made.unknown -= before.unknown
        return made

    def _close(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
            self._file = -1

    def close(self, remove: bool = False) -> None:
        """Let go of the file; with `remove`, it goes."""
        with self._lock:
            self.alone = self.alone or "it is closed"
            self._close()
        if remove:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def _encoded(counted: Counted) -> bytes:
    data = msgspec.json.encode(counted)
    if len(data) > _SIZE:  # names of tests without end
        data = msgspec.json.encode(msgspec.structs.replace(counted, most={}))
    return data.ljust(_SIZE)
