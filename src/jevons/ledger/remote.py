"""Ledgers on storage that fsspec reaches (``s3://bucket/team/.jevons``), read as those on this machine's disks are.

What is read is copied first (`jevons.ledger.near`); Spark reads Parquet files with its own connectors. Nothing is
written there. Needs fsspec, and its package for the kind of storage (``s3fs`` for ``s3://``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import total_ordering
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

from jevons.ledger.near import Far, RemoteError, copies, copy, within

__all__ = ["SIGN", "Remote", "RemoteError", "fetched", "local", "place"]

SIGN = "://"
_CHANGED = ("LastModified", "last_modified", "updated", "mtime", "created")
"""What packages of fsspec call the time of the last change."""


@total_ordering
class Remote:
    """A file or folder at a URL: what readers of a ledger use of `pathlib.Path`. What cannot be asked for is a
    RemoteError, never a file that is not there."""

    def __init__(self, url: str, files: Any, listed: dict[str, Any] | None = None) -> None:
        self._url, self._files, self._listed = url.rstrip("/"), files, listed
        self.name = self._url.rpartition("/")[2]
        self.suffix = PurePosixPath(self.name).suffix

    @property
    def files(self) -> Any:
        """The file system of fsspec that it lies in."""
        return self._files

    @property
    def parent(self) -> Remote:
        return Remote(self._url.rpartition("/")[0], self._files)

    def absolute(self) -> Remote:
        return self

    def __str__(self) -> str:
        return self._url

    def __truediv__(self, name: str) -> Remote:
        return Remote(f"{self._url}/{name}", self._files)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remote) and str(other) == self._url

    def __lt__(self, other: object) -> bool:
        return self._url < str(other)

    def __hash__(self) -> int:
        return hash(self._url)

    def exists(self) -> bool:
        return bool(self._info())

    def is_dir(self) -> bool:
        return self._info().get("type") == "directory"

    def is_file(self) -> bool:
        return self._info().get("type") == "file"

    def open(self, mode: str = "rb") -> Any:
        return copy(self.far()).open(mode)

    def read_bytes(self) -> bytes:
        return bytes(within(self._url, self._files.cat_file, self._url))

    def begin(self, most: int) -> bytes:
        """At most so many of its first bytes."""

        def read() -> bytes:
            with self._files.open(self._url, "rb") as file:
                return bytes(file.read(most))

        data: bytes = within(self._url, read)
        return data

    def stat(self) -> Any:
        """Size, and when it was changed; 0 where the storage does not tell. Raises FileNotFoundError."""
        far = self.far()
        return SimpleNamespace(st_size=far.size, st_mtime_ns=far.changed_ns)

    def far(self) -> Far:
        """The file as it was listed. Raises FileNotFoundError."""
        info = self._info()
        if not info:
            raise FileNotFoundError(2, "is gone", self._url)
        changed = next((info[name] for name in _CHANGED if info.get(name)), None)
        return Far(self._url, self._files, int(info.get("size") or 0), _ns(changed))

    def glob(self, pattern: str) -> Iterator[Remote]:
        """What lies in this folder itself."""
        return (one for one in self._below(self._files.ls) if fnmatchcase(one.name, pattern))

    def below(self) -> Iterator[Remote]:
        """All files under it."""
        return self._below(self._files.find)

    def again(self) -> None:
        """Forget what was listed: others write there."""
        self._listed = None
        self._files.invalidate_cache()

    def _below(self, ask: Callable[..., Any]) -> Iterator[Remote]:
        """One listing for all, however many there are."""
        found: Any = []
        with suppress(FileNotFoundError, NotADirectoryError):
            found = within(self._url, ask, self._url, detail=True)
        top = str(self._files._strip_protocol(self._url)).rstrip("/")
        for info in found.values() if isinstance(found, dict) else found:
            name = str(info["name"]).rstrip("/")[len(top) + 1 :]
            if name:
                yield Remote(f"{self._url}/{name}", self._files, info)

    def _info(self) -> dict[str, Any]:
        """What the storage says of it; empty where nothing is there."""
        if self._listed is not None:
            return self._listed
        with suppress(FileNotFoundError, NotADirectoryError):
            self._listed = dict(within(self._url, self._files.info, self._url))
        return self._listed or {}


def _ns(changed: Any) -> int:
    """A time as packages of fsspec tell it, in nanoseconds since 1970; 0 for none."""
    with suppress(ValueError):
        changed = dt.datetime.fromisoformat(changed) if isinstance(changed, str) else changed
    if isinstance(changed, dt.datetime):
        changed = changed.timestamp()
    return int(changed * 1e9) if isinstance(changed, int | float) else 0


def fetched(paths: Iterable[Path]) -> list[Path]:
    """The same paths; what lies at URLs is copied side by side, so that it need not be fetched one by one."""
    listed = list(paths)
    far: list[Far] = []
    for path in listed:
        if isinstance(path, Remote):
            with suppress(FileNotFoundError):  # whoever reads it says so
                far.append(path.far())
    copies(far)
    return listed


def local(path: Path) -> Path:
    """Where this machine has a file, or a copy of it. Raises FileNotFoundError, RemoteError."""
    return copy(path.far()) if isinstance(path, Remote) else path


def place(url: str, base: Path | None = None) -> Path:
    """A path, relative to `base`, or what lies at a URL: readers use both alike. Raises RemoteError."""
    scheme, sign, rest = url.partition(SIGN)
    if not sign:
        return base / url if base else Path(url)
    if scheme == "file":
        return Path(rest)
    try:
        import fsspec
    except ImportError:
        raise RemoteError(f"{url}: what lies at a URL needs fsspec: pip install 'jevons[shelf]'") from None
    files = within(url, fsspec.core.url_to_fs, url)[0]
    made = Remote(url, files)
    made.again()
    bucket = str(files._strip_protocol(url)).partition("/")[0]
    if bucket and ":" not in bucket and not made.exists() and not Remote(f"{scheme}{SIGN}{bucket}", files).exists():
        raise RemoteError(f"{url} is no file or folder: there is no bucket {bucket}, or not for these keys")
    return cast("Path", made)
