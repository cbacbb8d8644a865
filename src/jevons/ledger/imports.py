"""Logs of others into a ledger, each call once: live calls that were made elsewhere.

One run a day, project and source class (`record.Run.source`): reports and comparisons by date hold what was called
then. Its id is made of these, so that every import of the same logs adds to the same runs. A call's id is the keyed
hash of its own name in the log; of a record without a name, of its facts, and of how many alike the log held before.

Order of writing: calls to the spool, down to the disk; then the index, with how far the log was read. A kill between
the two costs nothing: what the spool holds is known when the log is read again from where the index stands.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from jevons.ledger.days import DAY_US, UNKNOWN, day
from jevons.ledger.home import Home
from jevons.ledger.known import IMPORTED, Known, Place
from jevons.record import Call, Metered, Run, encode
from jevons.sources.logs.entry import Metered as Measurement
from jevons.sources.logs.entry import Seen
from jevons.sources.names import masked
from jevons.wire.fingerprint import of_name

_ANSWER = "answer:"


class As(NamedTuple):
    """How a log's calls are kept."""

    source: str
    """The log's name, as kept."""
    kind: str
    """Source class."""
    project: str
    secret: bytes
    full: bool = False
    """Whether free text in names is kept."""


class Import:
    """Adding one log. `seen` and `metered` take entries; nothing is kept before `flush`."""

    def __init__(self, home: Home, known: Known, how: As) -> None:
        self._home, self._known, self._how = home, known, how
        self._kind = known.kind(how.kind)
        self.input = known.input(how.source, how.kind)
        self._lines: dict[str, list[bytes]] = {}
        self._runs: dict[str, Run] = {}
        self._project = blake2b(how.project.encode("utf-8", "replace"), digest_size=4).hexdigest()

    def seen(self, entry: Seen, index: int) -> str:
        """Take a call in; what became of it: ``added``, ``merged`` or ``known``."""
        call, place = entry.call, Place(self._kind, self.input, index)
        ids = [name for name in entry.ids if not _vague(name)]
        names = [self._hash(name) for name in ids]
        leaves = [self._hash(name) for name in entry.leaves]
        for name in ids:
            if name.startswith(_ANSWER):
                call.answer_hash = self._hash(name).hex()
        others = [self._hash(name) for name in entry.same]
        found = self._known.find([*names, *others])
        before = found.get(names[0]) if names else None
        if not names:
            names, before = self._unnamed(call, place)
        if before is not None:
            self._known.note([*names, *leaves], place)
            same = before.kind == self._kind and (before.input != self.input or before.record == index)
            return "known" if same else "merged"
        if found or self._known.take_near(call, self._kind):
            self._known.note([*names, *leaves], place)
            return "merged"
        self._known.note([*names, *leaves], place)
        self._known.note_facts(call, names[0], self._kind)
        self._keep(call, names[0], index)
        return "added"

    def metered(self, entry: Measurement, index: int) -> str:
        """Take a measurement in, as a run of its own without calls."""
        name = self._hash(f"metered:{self._how.kind}:{entry.id}")
        state = self._hash(f"{name.hex()}:{entry.energy_mj}")  # of a run that goes on, the later record wins
        if self._known.find([state]):
            return "known"
        self._known.note([name, state], Place(self._kind, self.input, index))
        run = Run(
            id=f"{_midnight(entry.started_us)}-{IMPORTED}{self._how.kind}-{name[:4].hex()}",
            project=entry.project or self._how.project,
            started_us=entry.started_us,
            ended_us=entry.started_us + entry.duration_us,
            place=entry.place,
            source=self._how.kind,
            metered=Metered(entry.energy_mj, entry.scope, entry.tool),
        )
        self._runs[run.id] = run
        self._lines.setdefault(run.id, [])
        return "metered"

    def _unnamed(self, call: Call, place: Place) -> tuple[list[bytes], Place | None]:
        """Name of a record that has none, and where it was read before, if it was."""
        facts = encode(call)
        for number in range(1 << 20):
            name = self._hash(f"facts:{self._how.kind}:{number}:{facts.hex()}")
            before = self._known.find([name]).get(name)
            if before is None or before.kind != place.kind or before.input != place.input:
                return [name], before
            if before.record == place.record:
                return [name], before
        raise ValueError("a million records alike: give them an id")

    def _keep(self, call: Call, name: bytes, index: int) -> None:
        how = self._how
        run = f"{_midnight(call.started_us)}-{IMPORTED}{how.kind}-{self._project}"
        call.id, call.run, call.source, call.index = f"{IMPORTED}{name.hex()}", run, how.source, index
        call.test = masked(call.test, how.secret, how.full)
        call.mode = "live"
        ends = call.started_us + call.duration_us
        start = call.started_us - call.started_us % DAY_US if call.started_us else 0
        record = self._runs.setdefault(
            run, Run(id=run, project=how.project, source=how.kind, started_us=start, ended_us=ends)
        )
        record.ended_us = max(record.ended_us or 0, ends)
        self._lines.setdefault(run, []).append(encode(call))

    def flush(self) -> list[Path]:
        """Append what was taken in to the spool, down to the disk; the files it is in. Raises OSError."""
        self._home.make()
        files = []
        for run, lines in self._lines.items():
            path = self._home.spool / f"{run}-import.jsonl"
            data = b"".join(line + b"\n" for line in (encode(self._runs[run]), *lines))
            with path.open("ab") as file:
                if file.tell() and not _ends_whole(path):
                    data = b"\n" + data
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            files.append(path)
        self._lines.clear()
        return files

    def _hash(self, name: str) -> bytes:
        return of_name(self._how.secret, name)


def _vague(name: str) -> bool:
    """Whether this is an answer's name too short to be one of its own (some servers call every answer ``0``)."""
    return name.startswith(_ANSWER) and len(name) < len(_ANSWER) + 8


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _midnight(started_us: int) -> str:
    date = day(started_us)
    return "19700101T000000" if date == UNKNOWN else date.replace("-", "") + "T000000"
