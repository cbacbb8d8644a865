"""Days that are over, kept on disk as the cells that pages are made of: a big ledger is read once, not at every start.

In ``pages/`` of the ledger, a file a day, as the ledger's own kept cells (`jevons.record.Kept`); each says what it was
made of, and one that was made of something else is deleted.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from jevons.ledger.home import KEPT, Home
from jevons.ledger.recorded import kept, opened
from jevons.record import Kept
from jevons.server.live_part import Part


class _Of(msgspec.Struct):
    """A part as it is stored."""

    day: str
    torn: int
    runs: list[Kept]
    whole: list[Kept]


class _Stored(msgspec.Struct):
    stamp: str
    parts: list[_Of]


_decode = msgspec.json.Decoder(_Stored).decode


class KeptDays:
    """Parts by day. What cannot be read or written is not kept, and nothing more."""

    def __init__(self, home: Home, version: str) -> None:
        """`version`: of all that decides how parts are made, but for the ledger's files."""
        self._home, self._version = home, version
        self._folder = home.path / KEPT

    def load(self, day: str, stamp: str) -> list[Part] | None:
        """The parts of a day, if they were made of what bears this stamp."""
        file = self._file(day)
        with suppress(OSError, zlib.error, msgspec.DecodeError, ValueError):
            found = _decode(zlib.decompress(file.read_bytes()))
            if found.stamp == self._stamped(stamp):
                return [
                    Part(one.day, list(map(opened, one.runs)), list(map(opened, one.whole)), one.torn)
                    for one in found.parts
                ]
            file.unlink()
        return None

    def save(self, day: str, stamp: str, parts: Sequence[Part]) -> None:
        """Keep the parts of a day."""
        of = [_Of(one.day, one.torn, list(map(kept, one.runs)), list(map(kept, one.whole))) for one in parts]
        file = self._file(day)
        draft = file.with_name(f"{file.name}.{os.getpid():x}")
        with suppress(OSError):
            self._home.make()
            self._folder.mkdir(exist_ok=True)
            draft.write_bytes(zlib.compress(msgspec.json.encode(_Stored(self._stamped(stamp), of)), 1))
            draft.replace(file)

    def only(self, days: Collection[str]) -> None:
        """Delete what is of other days."""
        wanted = {self._file(day) for day in days}
        with suppress(OSError):
            for file in self._folder.iterdir():
                if file not in wanted:
                    file.unlink()

    def _file(self, day: str) -> Path:
        return self._folder / f"{day}.cells"

    def _stamped(self, stamp: str) -> str:
        return sha256(f"{self._version}\0{stamp}".encode()).hexdigest()
