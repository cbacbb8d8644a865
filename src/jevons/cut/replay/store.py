"""The store of responses: one file for each request, replaced as a whole, checked when it is read.

``DIR/3f/3f9c...json``. Whatever befalls the store, no wrong and no half answer comes out of it: a file whose digest
does not fit is as good as none. A lock for each request, dropped by the system when its holder dies, keeps a request
that is under way from being sent twice.
"""

from __future__ import annotations

import asyncio
import base64
import difflib
import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from jevons.capture.interceptor import Answer
from jevons.capture.recorder import Exchange
from jevons.cut.replay.request import Request
from jevons.ledger.lock import take

SCHEMA = "jevons.replay/1"
LARGEST = 16 * 2**20
"""Bytes of a response above which it is not kept."""
_TRAVEL = frozenset({
    "content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive", "trailer", "upgrade",
    "proxy-authenticate", "set-cookie", "alt-svc", "strict-transport-security", "report-to", "nel",
    "openai-organization", "openai-project",
})  # fmt: skip
"""Headers that are of one connection or one account, not of the answer."""
_SECRETS = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{16,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|gh[pousr]_[A-Za-z0-9]{36,}|hf_[A-Za-z0-9]{30,}|"
    r"xox[abpr]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+)"
)
"""Keys and tokens as their makers write them."""
REDACTED = "[redacted by jevons]"
_MOST_COMPARED = 500
_MOST_LINES = 16
_WIDEST = 120
_MOST_DIFFED = 5_000
_OLD_LOCK_S = 86_400.0
_STALLED_S = 5.0


class Recording(msgspec.Struct, kw_only=True):
    """A request with its response. The request is redacted: its key tells whether it is the same."""

    schema: str
    key: str
    recorded_us: int
    """Wall-clock time, microseconds since 1970 UTC."""
    method: str
    host: str
    path: str
    asked_headers: dict[str, str]
    asked: Any
    """The request's body: JSON, or text."""
    status: int
    headers: list[tuple[str, str]]
    base64: bool
    """Whether the pieces are written so: for bytes that are no text."""
    pieces: list[str]
    check: str
    """Digest of key, time, status, headers and pieces."""


class DamagedError(ValueError):
    """A recording that is not as it was written."""


class Store:
    """Responses under one folder."""

    def __init__(self, folder: Path, redact: Sequence[str] = ()) -> None:
        self.folder = folder
        self._rules = [_SECRETS, *map(re.compile, redact)]

    def path(self, key: str) -> Path:
        """Where the response to a request lies."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Recording | None:
        """The recording of a request; None where there is none. Raises DamagedError."""
        path = self.path(key)
        try:
            made = msgspec.json.decode(path.read_bytes(), type=Recording)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedError(f"{path}: {error}") from error
        if made.schema != SCHEMA:
            raise DamagedError(f"{path}: written by another version ({made.schema})")
        if made.key != key or made.check != _check(made):
            raise DamagedError(f"{path}: not as it was written")
        return made

    def put(self, asked: Request, answer: Answer, now_us: int) -> str:
        """Keep a response, or say why it cannot be kept. Raises OSError."""
        if sum(map(len, answer.pieces)) > LARGEST:
            return f"an answer of more than {LARGEST >> 20} MB"
        texts, coded = _written(answer.pieces)
        if coded and any(rule.search(b"".join(answer.pieces).decode("latin-1")) for rule in self._rules):
            return "an answer that is no text and holds what is to be redacted"
        made = Recording(
            schema=SCHEMA,
            key=asked.key,
            recorded_us=now_us,
            method=asked.method,
            host=asked.host,
            path=self.clean(asked.path),
            asked_headers=self._headers(asked),
            asked=self._asked(asked),
            status=answer.status,
            headers=[(name, self.clean(value)) for name, value in answer.headers if name.lower() not in _TRAVEL],
            base64=coded,
            pieces=texts if coded else self._clean_pieces(texts),
            check="",
        )
        made.check = _check(made)
        try:
            data = msgspec.json.encode(made)
        except (ValueError, OverflowError):  # half a character, a number beyond 64 bits: shown as it was sent
            made.asked = self.clean(_shown(asked.body))
            data = msgspec.json.encode(made)
        if self.empty():  # once, so that who wants to commit the recordings can delete it
            _write(self.folder / ".gitignore", b"# written by jevons: answers of AI models in full. To commit them, "
                   b"delete this file.\n*\n")  # fmt: skip
        _write(self.path(asked.key), msgspec.json.format(data, indent=1))
        return ""

    def _asked(self, asked: Request) -> Any:
        """A request's body as it may be kept."""
        return self._redacted(asked.document) if asked.document is not None else self.clean(_shown(asked.body))

    def _clean_pieces(self, texts: list[str]) -> list[str]:
        """Pieces of a text; one piece, where what must go stretches over several."""
        pieces, whole = [self.clean(text) for text in texts], self.clean("".join(texts))
        return pieces if "".join(pieces) == whole else [whole]

    def _headers(self, asked: Request) -> dict[str, str]:
        return {name: self.clean(value) for name, value in asked.headers.items()}

    def clean(self, text: str) -> str:
        """A text without what must not be kept."""
        for rule in self._rules:
            text = rule.sub(REDACTED, text)
        return text

    def _redacted(self, document: Any) -> Any:
        if isinstance(document, str):
            return self.clean(document)
        if isinstance(document, list):
            return [self._redacted(item) for item in document]
        if isinstance(document, dict):
            return {self.clean(name): self._redacted(value) for name, value in document.items()}
        return document

    def used(self, key: str) -> None:
        """Note that a recording answered: those that do not, go first."""
        with suppress(OSError):
            os.utime(self.path(key))

    def recordings(self) -> Iterator[Path]:
        """All recordings."""
        return self.folder.glob("??/*.json")

    def empty(self) -> bool:
        """Whether nothing is recorded."""
        return next(self.recordings(), None) is None

    def prune(self, most_bytes: int) -> int:
        """Delete the recordings that have answered least recently, until the rest fits. Returns how many went."""
        with suppress(OSError):
            for litter in (*self.folder.rglob("*.draft"), *self.folder.glob("locks/*.lock")):
                if time.time() - litter.stat().st_mtime > _OLD_LOCK_S:
                    litter.unlink(missing_ok=True)
        sizes = []
        for path in self.recordings():
            with suppress(OSError):
                state = path.stat()
                sizes.append((state.st_mtime, state.st_size, path))
        total, gone = sum(size for _, size, _ in sizes), 0
        for _, size, path in sorted(sizes):
            if total <= most_bytes:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
                gone += 1
        return gone

    def nearest(self, asked: Request) -> tuple[Recording, str] | None:
        """The recorded request most like this one, of the same address, and the difference as lines."""
        mine = _lines(self._asked(asked))
        words = _words(mine)
        best: tuple[float, Recording, list[str]] | None = None
        for path in sorted(self.recordings(), key=_modified, reverse=True)[:_MOST_COMPARED]:
            with suppress(DamagedError):
                other = self.get(path.stem)
                if other is None or _address(other) != _address(asked):
                    continue
                theirs = _lines(other.asked)
                its = _words(theirs)
                alike = 2 * (words & its).total() / max(words.total() + its.total(), 1)
                if best is None or alike > best[0]:
                    best = (alike, other, theirs)
        if best is None:
            return None
        _, other, theirs = best
        given = self._headers(asked)
        sides = (("-", other.asked_headers, given), ("+", given, other.asked_headers))
        headers = [
            f"{sign}{name}: {value}"
            for sign, one, than in sides
            for name, value in one.items()
            if than.get(name) != value
        ]
        where = self.clean(asked.path)
        query = [f"-{other.path}", f"+{where}"] if other.path != where else []
        body = list(difflib.unified_diff(theirs[:_MOST_DIFFED], mine[:_MOST_DIFFED], n=1, lineterm=""))[2:]
        lines = [*query, *headers, *(line for line in body if line[:2] != "@@")]
        more = [f"... and {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else []
        return other, "\n".join(_clipped(lines[:_MOST_LINES]) + more)

    def lock(self, key: str) -> Lock | None:
        """The right to send a request; None while another has it. Raises OSError."""
        path = self._lock(key)
        if not path.parent.exists():
            _write(path.parent / ".gitignore", b"*\n")
        return Lock.take(path)

    def holder(self, key: str) -> Lock | None:
        """Who in this process has that right."""
        return Lock.held.get(str(self._lock(key)))

    def _lock(self, key: str) -> Path:
        return self.folder / "locks" / f"{key}.lock"


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.stem}.{os.getpid():x}{threading.get_ident():x}.draft")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class Lock:
    """A lock that dies with its process, and keeps out other threads and tasks of the same one, too."""

    held: dict[str, Lock] = {}  # noqa: RUF012 - one table for all, by path
    _guard = threading.RLock()  # the collector of garbage may end a request in the midst of another's beginning

    exchange: Exchange | None = None
    """What it was taken for."""

    def __init__(self, path: Path, file: int) -> None:
        self._path = str(path)
        self._file = file
        self.thread, self.task = _who()

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Take it, or return None at once. Raises OSError where there is no place for it."""
        with cls._guard:
            if str(path) in cls.held:
                return None
            file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            try:
                take(file)
                os.utime(path)  # in use: `prune` leaves it alone
            except OSError:
                os.close(file)
                return None
            made = cls.held[str(path)] = cls(path, file)
            return made

    def release(self) -> None:
        """Give it back."""
        with self._guard:
            self._close()
            if self.held.get(self._path) is self:
                del self.held[self._path]

    def _close(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
            self._file = -1

    @classmethod
    def forget(cls) -> None:
        """In a forked child: what is held is the parent's, and this copy must not outlive it."""
        cls._guard = threading.RLock()
        for lock in cls.held.values():
            lock._close()
        cls.held.clear()

    def endless(self, asking: Exchange, since: float) -> bool:
        """Whether who waits for it may wait for ever: the same thread, which blocks, or the same task has it; or a
        stream has begun, and the program does not read on. `since`: when the waiting began, on the monotonic clock."""
        thread, task = _who()
        if self.thread == thread and (asking.blocking or self.task is task):
            return True
        holding = self.exchange
        if holding is None or holding.status is None:
            return False
        if self.task is not None and self.task.done():
            return True
        read = holding.pieces[-1][0] / 1e9 if holding.pieces else 0.0
        return min(time.perf_counter() - read, time.monotonic() - since) > _STALLED_S


def _who() -> tuple[int, asyncio.Task[Any] | None]:
    """(thread, task of its event loop)"""
    with suppress(RuntimeError):
        return threading.get_ident(), asyncio.current_task()
    return threading.get_ident(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Lock.forget)


def answer_of(recording: Recording) -> Answer:
    """What a recording answers."""
    return Answer(recording.status, tuple(recording.headers), tuple(_pieces(recording)))


def _pieces(recording: Recording) -> Iterator[bytes]:
    for piece in recording.pieces:
        yield base64.b64decode(piece) if recording.base64 else piece.encode()


def _written(pieces: Iterable[bytes]) -> tuple[list[str], bool]:
    try:
        return [piece.decode() for piece in pieces], False
    except UnicodeDecodeError:
        return [base64.b64encode(piece).decode() for piece in pieces], True


def _check(made: Recording) -> str:
    parts = [made.key, made.recorded_us, made.status, made.headers, made.base64, made.pieces]
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def _shown(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _lines(document: Any) -> list[str]:
    """A request's body as lines to compare; a long text is cut where it has line ends."""
    if isinstance(document, str):
        return document.splitlines()
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    return [part for line in text.splitlines() for part in line.replace("\\n", "\\n\n").splitlines()]


def _words(lines: list[str]) -> Counter[str]:
    return Counter(re.findall(r"\w+|[^\w\s]", "\n".join(lines)))


def _clipped(lines: list[str]) -> list[str]:
    """Lines of a difference, long ones cut to where a line and the one that replaced it begin to differ."""
    other = {"-": [line for line in lines if line[:1] == "+"], "+": [line for line in lines if line[:1] == "-"]}
    made = []
    for line in lines:
        same = max((_same(one[1:], line[1:]) for one in other.get(line[:1], ())), default=0)
        start = max(same - _WIDEST // 2, 0) if len(line) > _WIDEST else 0
        text = line[1 + start :]
        made.append(line[:1] + "... " * (start > 0) + text[:_WIDEST] + " ..." * (len(text) > _WIDEST))
    return made


def _same(one: str, other: str) -> int:
    """Characters that two lines begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _address(of: Recording | Request) -> tuple[str, str]:
    return of.host, of.path.partition("?")[0]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
