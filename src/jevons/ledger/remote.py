"""Ledgers on storage that fsspec reaches (``s3://bucket/team/.jevons``), read as those on this machine's disks are.

Spool files are read by fsspec; Parquet files by DuckDB through fsspec, or by Spark with its own connectors. Nothing is
written there. Needs fsspec, and its package for the kind of storage (``s3fs`` for ``s3://``).
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import total_ordering
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

SIGN = "://"


class RemoteError(ValueError):
    """A URL that cannot be reached: names it and the remedy."""


@total_ordering
class Remote:
    """A file or folder at a URL: what readers of a ledger use of `pathlib.Path`."""

    def __init__(self, url: str, files: Any) -> None:
        self._url, self._files = url.rstrip("/"), files
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
        return bool(self._files.exists(self._url))

    def is_dir(self) -> bool:
        return bool(self._files.isdir(self._url))

    def is_file(self) -> bool:
        return bool(self._files.isfile(self._url))

    def open(self, mode: str = "rb") -> Any:
        return self._files.open(self._url, mode)

    def read_bytes(self) -> bytes:
        return bytes(self._files.cat_file(self._url))

    def stat(self) -> Any:
        return SimpleNamespace(st_size=int(self._files.size(self._url)))

    def glob(self, pattern: str) -> Iterator[Remote]:
        """What lies in this folder itself."""
        if self.is_dir():
            names = {str(name).rstrip("/").rpartition("/")[2] for name in self._files.ls(self._url, detail=False)}
            yield from (self / name for name in names if fnmatchcase(name, pattern))

    def below(self) -> Iterator[Remote]:
        """All files under it."""
        top = str(self._files._strip_protocol(self._url)).rstrip("/")
        yield from (self / str(name)[len(top) + 1 :] for name in self._files.find(self._url))


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
        raise RemoteError(f"{url}: a ledger at a URL needs fsspec: pip install 'jevons[shelf]'") from None
    try:
        made = Remote(url, fsspec.core.url_to_fs(url)[0])
        made.exists()
    except Exception as error:  # whatever the storage's own package raises: no keys, no network, no such bucket
        raise RemoteError(f"{url}: {error}") from None
    return cast("Path", made)
