"""Locks on files that the system drops when their holder dies, on POSIX and on Windows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def take(file: int) -> None:
        """Lock an open file, or raise OSError at once where another has it."""
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def give(file: int) -> None:
        """Unlock it, whoever else has it open."""
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def take(file: int) -> None:
        """Lock an open file, or raise OSError at once where another has it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def give(file: int) -> None:
        """Unlock it, whoever else has it open."""
        fcntl.flock(file, fcntl.LOCK_UN)


class Lock:
    """The lock of a path, made with its folder. Where a child process is given `file` and outlives its parent, the lock
    lasts as long as the child (not on Windows)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    def take(self) -> bool:
        """Whether it could be had, at once. Raises OSError where there is no place for it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            take(file)
        except OSError:
            os.close(file)
            return False
        self.file = file
        return True

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give it back, also for children that still have it."""
        if self.file >= 0:
            give(self.file)
            os.close(self.file)
            self.file = -1
