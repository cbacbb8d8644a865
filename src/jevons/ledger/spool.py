"""Appending records so that a kill loses nothing that was acknowledged.

One file per process, opened with O_APPEND, one ``os.write`` per event: what a
finished write holds survives the process, whatever ends it. A test run never
fails for the spool's sake: what cannot be written is kept in memory up to a
bound, counted, and told at the end.
"""

from __future__ import annotations

import os
import threading
import time
import weakref

from jevons.ledger.home import Home
from jevons.record import Event, encode

_RETRY_S = 1.0
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Spool:
    """The spool file of this process for one run. Call it with an event to append it.

    A child made by fork goes on in a file of its own.
    """

    def __init__(self, home: Home, run: str, keep: int = 10_000) -> None:
        self.run = run
        self.lost = 0
        """Events that are not in the file."""
        self.lost_reason = ""
        self.unwritten: list[Event] = []
        """The first `keep` of the lost events."""
        self._home = home
        self._keep = keep
        self._file = -1
        self._path = home.spool
        self._in_file = 0
        self._torn = False
        self._retry_at = 0.0
        self._lock = threading.Lock()
        _spools.add(self)

    def __call__(self, event: Event) -> bool:
        """Append one event; True once it is safe from anything but the disk."""
        line = encode(event) + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                self._lose(event, error)
                return False
        return True

    def _append(self, line: bytes) -> None:
        if self._file >= 0 and os.fstat(self._file).st_nlink == 0 and not self._path.exists():
            # Somebody deleted the file under us: what it held is gone, what follows need not be.
            self.lost += self._in_file
            self.lost_reason = "the ledger was deleted during the run"
            self.close()
        if self._file < 0:
            self._open()
        if self._torn:  # end the torn line, so that it costs nothing but itself
            line = b"\n" + line
        written = os.write(self._file, line)
        self._torn = written != len(line)
        if self._torn:
            raise OSError(28, "No space left on device")
        self._in_file += 1

    def _open(self) -> None:
        if time.monotonic() < self._retry_at:
            raise OSError(0, self.lost_reason)
        try:
            self._home.make()
            name = f"{self.run}-{os.getpid():x}{os.urandom(3).hex()}.jsonl"
            self._path = self._home.spool / name
            self._file = os.open(self._path, _FLAGS, 0o666)
        except OSError:
            self._retry_at = time.monotonic() + _RETRY_S
            raise
        self._in_file = 0
        self._torn = False

    def _lose(self, event: Event, error: OSError) -> None:
        self.lost += 1
        self.lost_reason = self.lost_reason or error.strerror or type(error).__name__
        if len(self.unwritten) < self._keep:
            self.unwritten.append(event)

    def close(self, sync: bool = False) -> None:
        """Close the file; with `sync`, not before it reached the disk."""
        if self._file >= 0:
            try:
                if sync:
                    os.fsync(self._file)
                os.close(self._file)
            except OSError:
                pass
            self._file = -1

    def _forked(self) -> None:
        self._lock = threading.Lock()
        self._file = -1  # the parent's: not ours to close or to write to
        self.lost = 0
        self.unwritten = []


_spools: weakref.WeakSet[Spool] = weakref.WeakSet()


def _after_fork() -> None:
    for spool in list(_spools):
        spool._forked()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)
