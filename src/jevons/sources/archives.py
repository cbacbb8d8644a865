"""Members of a tar archive, read as a stream: nothing is written to disk, nothing outside is touched."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

from jevons.sources import zstd
from jevons.sources.exchange import UnreadableError
from jevons.sources.files import ARCHIVES, SKIPPED, Item, candidate

_MOST_RATIO = 400
_RATIO_FROM = 256 << 20
"""From so many bytes on, an archive that unpacks to more than 400 times its size is taken for a bomb."""
_MAGIC: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


class _Bounded:
    """A stream that counts what it gives, and stops a bomb."""

    def __init__(self, inner: BinaryIO, packed: int) -> None:
        self._inner, self._left = inner, max(packed * _MOST_RATIO, _RATIO_FROM)

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableError(f"unpacks to more than {_MOST_RATIO} times its size: the rest of it is not read")
        return data


def members(
    path: Path, limit: int, refuse: Callable[[str, str], None], progress: Callable[[int], None]
) -> Iterator[Item]:
    """Members that may be recordings, in the archive's order.

    `refuse(member, reason)` is told of those that are not read; `progress(bytes)` of bytes gone through, unpacked.
    Raises UnreadableError for what is no archive or breaks off.
    """
    with ExitStack() as opened:
        try:
            raw = opened.enter_context(path.open("rb"))
            packed = path.stat().st_size
            stream = _decompressed(raw, path, opened)
            bounded = cast(Any, _Bounded(stream, packed))
            archive = opened.enter_context(tarfile.open(fileobj=bounded, mode="r|", bufsize=1 << 20))
            yield from _read(archive, stem(path.name) + "/", limit, refuse, progress)
        except tarfile.TarError as error:
            raise UnreadableError(f"is no whole tar archive ({error}): pack it anew") from None
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise UnreadableError(f"breaks off or cannot be read ({error}): pack it anew") from None
        except Exception as error:
            if type(error).__name__ not in ("ZstdError", "error"):
                raise
            raise UnreadableError(f"breaks off or cannot be read ({error}): pack it anew") from None


def _decompressed(raw: BinaryIO, path: Path, opened: ExitStack) -> BinaryIO:
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return opened.enter_context(zstd.Opened(path))
    for magic, open_with in _MAGIC.items():
        if head.startswith(magic):
            return cast(BinaryIO, opened.enter_context(open_with(raw)))
    return raw


def stem(name: str) -> str:
    """Name of an archive without what tells its kind: often that of the one folder in it."""
    return next((name[: -len(end)] for end in sorted(ARCHIVES, key=len, reverse=True) if name.endswith(end)), name)


def _read(
    archive: tarfile.TarFile,
    top: str,
    limit: int,
    refuse: Callable[[str, str], None],
    progress: Callable[[int], None],
) -> Iterator[Item]:
    for member in archive:
        name = member.name.removeprefix("./")
        progress(member.size)
        if not member.isfile():
            continue  # links and devices: what they point to is not this archive's
        parts = name.split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            refuse(name, "points outside the archive: not read")
        elif not SKIPPED.isdisjoint(parts[:-1]) or not candidate(name):
            continue
        elif member.size > limit:
            refuse(name, f"is larger than {limit >> 20} MB: raise --max-mb if it is a recording")
        else:
            file = archive.extractfile(member)
            if file is not None:
                yield Item(name, name.removeprefix(top), data=file.read(), size=member.size)
        archive.members = []  # type: ignore[attr-defined]  # it would keep a record of every member
