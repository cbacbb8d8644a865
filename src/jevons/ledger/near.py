"""What lies at URLs, asked for with a time limit; and copies of it for the time of this process.

Files are fetched side by side and each once, into a folder for temporary files (``TMPDIR``): whoever reads them then,
DuckDB too, reads a disk, and an answer that does not come is never taken for a file that is broken.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from threading import Lock, Thread
from typing import Any, NamedTuple

PATIENCE_S = 30.0
"""A request (`within`) that takes longer is given up: packages of storages would try for minutes, or for good."""
_PIECE, _BYTES, _PIECES = 8 << 20, 16 << 20, 64
"""Bytes of one request; bytes and requests that one limit of time is for."""


class RemoteError(ValueError):
    """A URL that cannot be reached: names it and the remedy."""


class Far(NamedTuple):
    """A file at a URL as it was listed."""

    url: str
    files: Any
    """The file system of fsspec that it lies in."""
    size: int
    changed_ns: int


class _Piece(NamedTuple):
    far: Far
    start: int
    end: int
    into: Path


_held: dict[str, tuple[Far, Path]] = {}
_folders: list[tempfile.TemporaryDirectory[str]] = []
_alone = Lock()


def within(url: str, ask: Callable[..., Any], *given: Any, **how: Any) -> Any:
    """What a package of fsspec answers. FileNotFoundError where nothing is there, FileExistsError where something
    must not be; RemoteError for all else."""
    answers: list[tuple[Any, BaseException | None]] = []

    def work() -> None:
        try:
            answers.append((ask(*given, **how), None))
        except BaseException as error:
            answers.append((None, error))

    working = Thread(target=work, daemon=True)  # who is given up must not keep the process
    working.start()
    working.join(PATIENCE_S)
    if not answers:
        raise RemoteError(
            f"{url}: no answer within {PATIENCE_S:g} s: check the address and the network, then try again"
        )
    answer, error = answers[0]
    if error is not None:
        raise _told(url, error) from error
    return answer


def _told(url: str, error: BaseException) -> BaseException:
    if isinstance(error, FileNotFoundError | FileExistsError | NotADirectoryError):
        return error
    why = (str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip(".")
    if isinstance(error, PermissionError):
        return RemoteError(f"{url}: refused ({why}): check the keys, and what they allow there")
    return RemoteError(f"{url}: {why}: check the address, the keys and the network")


def copies(wanted: Iterable[Far]) -> None:
    """Fetch what is not here yet; what is gone meanwhile is passed over. Raises RemoteError."""
    with _alone:
        missing = [far for far in dict.fromkeys(wanted) if _held.get(far.url, (None,))[0] != far]
        made = {far: _into(far) for far in missing}
        pieces = [piece for far, into in made.items() for piece in _cut(far, into)]
        gone = {far for batch in _batches(pieces) for far in _fetch(batch)}
        for far, into in made.items():
            if far in gone:
                into.unlink(missing_ok=True)
                continue
            old = _held.pop(far.url, None)
            _held[far.url] = far, into
            if old:
                old[1].unlink(missing_ok=True)


def copy(far: Far) -> Path:
    """The copy of a file. Raises FileNotFoundError, RemoteError."""
    copies([far])
    held = _held.get(far.url)
    if held is None or held[0] != far:
        raise FileNotFoundError(2, "is gone", far.url)
    return held[1]


def _into(far: Far) -> Path:
    """An empty file for a copy."""
    if not _folders:
        _folders.append(tempfile.TemporaryDirectory(prefix="jevons-near-", ignore_cleanup_errors=True))
    handle, name = tempfile.mkstemp(dir=_folders[0].name, suffix=PurePosixPath(far.url).suffix)
    with open(handle, "wb"):
        return Path(name)


def _cut(far: Far, into: Path) -> Iterator[_Piece]:
    for start in range(0, far.size, _PIECE):
        yield _Piece(far, start, min(start + _PIECE, far.size), into)


def _batches(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        if batch and (
            len(batch) == _PIECES
            or size + piece.end - piece.start > _BYTES
            or piece.far.files is not batch[0].far.files
        ):
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.end - piece.start
    if batch:
        yield batch


def _fetch(batch: Sequence[_Piece]) -> Iterator[Far]:
    """Write pieces to their copies; yields the files that are gone."""
    urls, starts, ends = [piece.far.url for piece in batch], [one.start for one in batch], [one.end for one in batch]
    answers = within(urls[0], batch[0].far.files.cat_ranges, urls, starts, ends, on_error="return")
    for piece, answer in zip(batch, answers, strict=True):
        if isinstance(answer, BaseException):
            told = _told(piece.far.url, answer)
            if isinstance(told, RemoteError):
                raise told from answer
            yield piece.far
            continue
        try:
            with piece.into.open("ab") as out:
                out.write(answer)
        except OSError as error:
            raise RemoteError(
                f"{piece.far.url}: no copy of it could be made in {piece.into.parent}: {error.strerror}; "
                "TMPDIR names another folder"
            ) from error
