"""Which calls a ledger knows, so that a log is added once and a call that two tools saw is counted once.

An index on disk (SQLite), since a log may hold more calls than memory can: names of calls as keyed hashes, and for
calls without a common name, how much was asked of which model when. It is made of the spool and brought up to date with
it whenever it is opened; where a spool file is gone (purged, merged away), it is made anew. What it adds to the spool:
names that spans leave for each other, and how far a log has been read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from jevons.ledger import compacted, parquet
from jevons.ledger.home import Home
from jevons.ledger.read import settle
from jevons.record import Call, decode
from jevons.sources.tally import Accounted

WINDOW_US = 2_000_000
"""Calls of equal model and tokens that two tools saw start so close together are one call: clients and gateways date a
call by their own clocks."""
_CACHE_KB = 65_536
_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS names (name BLOB PRIMARY KEY, kind INTEGER, input INTEGER, place INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS near (facts BLOB, started INTEGER, name BLOB, kind INTEGER, answered INTEGER,
  taken INTEGER DEFAULT 0, PRIMARY KEY (facts, started, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kinds (id INTEGER PRIMARY KEY, kind TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS inputs (id INTEGER PRIMARY KEY, name TEXT, kind TEXT, head BLOB DEFAULT x'',
  offset INTEGER DEFAULT 0, tally BLOB DEFAULT x'', UNIQUE (name, kind));
CREATE TABLE IF NOT EXISTS spools (name TEXT PRIMARY KEY, size INTEGER);
"""
TAPS = ""
"""Kind of what jevons's own taps saw."""


class Place(NamedTuple):
    """Where a known name was read."""

    kind: int
    input: int
    record: int


class Known:
    """The index of a ledger. Close it; raises OSError where it cannot be read or written."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.path / "known.sqlite"
        try:
            self._open()
        except sqlite3.DatabaseError:  # not one, or torn by the machine's death: the spool has all that matters
            self._forget()
            self._open()

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # one import at a time; needs no shared memory then
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # of what a power cut takes, the spool has all that matters
        if self._db.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
            self._db.close()
            raise sqlite3.DatabaseError("of another version")
        self._db.executescript(_TABLES)
        self._db.execute(f"PRAGMA user_version={_VERSION}")
        self._db.execute("BEGIN IMMEDIATE")

    def _forget(self) -> None:
        with suppress(AttributeError, sqlite3.Error):
            self._db.close()
        for path in self._home.path.glob("known.sqlite*"):
            path.unlink()

    def close(self) -> None:
        """Give up what was not committed."""
        self._db.close()

    def commit(self, files: Iterable[Path] = ()) -> None:
        """Make what was noted last; `files` are spool files that hold it."""
        for path in files:
            self._sized(path, path.stat().st_size)
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    # -- the spool ------------------------------------------------------------
    def follow(self) -> None:
        """Take in what the spool has gained since; begin anew where it has lost a file."""
        settle(self._home)
        spools = compacted.files(self._home)
        known = dict(self._db.execute("SELECT name, size FROM spools"))
        if known.keys() - {self._named(path) for path in spools}:
            self._db.close()
            self._forget()
            self._open()
            known = {}
        for path in spools:
            size = path.stat().st_size
            before = known.get(self._named(path), 0)
            if size != before:
                self._take_in(path, before if size > before else 0)
        self.commit()

    def _named(self, path: Path) -> str:
        return path.relative_to(self._home.path).as_posix() if path.suffix == ".parquet" else path.name

    def _take_in(self, path: Path, start: int) -> None:
        if path.suffix == ".parquet":
            for _, event in parquet.events(path):
                if isinstance(event, Call) and event.mode != "recorded":
                    self._note_call(event)
            self._sized(path, path.stat().st_size)
            return
        with path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n") or b'"event":"call"' not in line:
                    continue
                with suppress(msgspec.DecodeError, UnicodeDecodeError, ValueError):
                    call = decode(line)
                    if isinstance(call, Call) and call.mode != "recorded":
                        self._note_call(call)
            self._sized(path, file.tell())

    def _note_call(self, call: Call) -> None:
        kind = self.kind(source_of(call.run))
        own = bytes.fromhex(call.id.removeprefix(IMPORTED)) if call.id.startswith(IMPORTED) else call.id.encode()
        source = self.input(call.source, source_of(call.run)) if call.id.startswith(IMPORTED) else 0
        names = [own, *([bytes.fromhex(call.answer_hash)] if call.answer_hash else [])]
        self.note(names, Place(kind, source, call.index))
        self.note_facts(call, own, kind)

    def _sized(self, path: Path, size: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO spools VALUES (?, ?)", (self._named(path), size))

    # -- calls ----------------------------------------------------------------
    def kind(self, name: str) -> int:
        """Number of a source class."""
        self._db.execute("INSERT OR IGNORE INTO kinds (kind) VALUES (?)", (name,))
        return int(self._db.execute("SELECT id FROM kinds WHERE kind = ?", (name,)).fetchone()[0])

    def find(self, names: Sequence[bytes]) -> dict[bytes, Place]:
        """Where names were read; new ones are left out."""
        if not names:
            return {}
        wanted = f"SELECT name, kind, input, place FROM names WHERE name IN ({','.join('?' * len(names))})"  # noqa: S608
        return {row[0]: Place(*row[1:]) for row in self._db.execute(wanted, names)}

    def note(self, names: Iterable[bytes], place: Place) -> None:
        """Note names; those that are known stay as they are."""
        self._db.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)", [(name, *place) for name in names])

    def note_facts(self, call: Call, name: bytes, kind: int) -> None:
        """Note what was asked of which model when, for others that saw the call and know no common name."""
        facts = _facts(call)
        if facts:
            self._db.execute(
                "INSERT OR IGNORE INTO near (facts, started, name, kind, answered) VALUES (?, ?, ?, ?, ?)",
                (facts, call.started_us, name, kind, bool(call.answer_hash)),
            )

    def take_near(self, call: Call, kind: int) -> bool:
        """Whether another kind of source saw a call of the same model and tokens start within `WINDOW_US`; it is taken
        then, and stands for no other call of this kind. Two calls whose answers have different ids are two."""
        facts = _facts(call)
        if not facts:
            return False
        row = self._db.execute(
            "SELECT started, name, taken FROM near WHERE facts = ? AND started BETWEEN ? AND ? AND kind != ?"
            " AND NOT (answered AND ?) AND (taken & ?) = 0 ORDER BY abs(started - ?), name LIMIT 1",
            (
                facts, call.started_us - WINDOW_US, call.started_us + WINDOW_US, kind, bool(call.answer_hash),
                1 << kind, call.started_us,
            ),
        ).fetchone()  # fmt: skip
        if row is None:
            return False
        started, name, taken = row
        self._db.execute(
            "UPDATE near SET taken = ? WHERE facts = ? AND started = ? AND name = ?",
            (taken | 1 << kind, facts, started, name),
        )
        return True

    # -- logs -----------------------------------------------------------------
    def input(self, name: str, kind: str) -> int:
        """Number of a log."""
        self._db.execute("INSERT OR IGNORE INTO inputs (name, kind) VALUES (?, ?)", (name, kind))
        row = self._db.execute("SELECT id FROM inputs WHERE name = ? AND kind = ?", (name, kind)).fetchone()
        return int(row[0])

    def read_so_far(self, head: bytes) -> tuple[int, Accounted]:
        """(offset, what became of the records before it) of a log that begins so and was asked for in the same way."""
        row = self._db.execute("SELECT offset, tally FROM inputs WHERE head = ? AND offset > 0", (head,)).fetchone()
        return (row[0], msgspec.json.decode(row[1], type=Accounted)) if row else (0, Accounted())

    def read_up_to(self, number: int, head: bytes, offset: int, tally: Accounted) -> None:
        """Note how far a log has been read."""
        self._db.execute("UPDATE inputs SET offset = 0, head = x'' WHERE head = ? AND id != ?", (head, number))
        self._db.execute(
            "UPDATE inputs SET head = ?, offset = ?, tally = ? WHERE id = ?",
            (head, offset, msgspec.json.encode(tally), number),
        )


IMPORTED = "import-"
"""Ids of imported calls, and the kind part of ids of their runs, begin so."""


def source_of(run: str) -> str:
    """Source class of an imported run, by its id; empty for any other."""
    _, sign, rest = run.partition(f"-{IMPORTED}")
    return rest.rpartition("-")[0] if sign else TAPS


def _facts(call: Call) -> bytes:
    """Model and tokens; empty where they, or the start, are not known well enough to tell calls apart."""
    if not call.started_us or call.usage != "reported" or not call.answered_by or not call.input_tokens:
        return b""
    return f"{call.answered_by.rpartition('/')[2]} {call.input_tokens} {call.output_tokens}".encode("utf-8", "replace")
