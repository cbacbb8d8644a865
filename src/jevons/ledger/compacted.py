"""Which files of a ledger count: its Parquet files, and the spool files that are not in them yet.

``parquet/manifest.json`` says which of the files that compaction wrote hold what, and is replaced as a whole: so what
a compaction did counts from one moment on, and a spool file and its rows in Parquet never both. Files in ``parquet/``
that no compaction wrote count as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from jevons.ledger.home import Home
from jevons.ledger.remote import Remote
from jevons.record import Run

FOLDER = "parquet"
MADE = "compact-"
"""Names of files that compaction wrote begin so: they count if the manifest has them."""


class ManifestError(ValueError):
    """A manifest that cannot be read: names it."""


class Manifest(msgspec.Struct):
    """What compaction did so far. Paths are relative to ``parquet/``, with slashes."""

    schema: str = "jevons.compacted/1"
    files: list[str] = []
    """Parquet files that count."""
    spools: dict[str, tuple[int, int]] = {}
    """Spool file that is in them -> (its size then, Unix seconds when)."""
    replaced: dict[str, int] = {}
    """Parquet file that no longer counts -> Unix seconds since when; still there for who began to read before."""
    runs: dict[str, list[Run]] = {}
    """Parquet file -> the runs whose events it holds, so that nobody need open it to know; without id for lines of no
    run. Files of older versions are not in it."""


def manifest(home: Home) -> Manifest:
    """The manifest; an empty one where there is none. Raises ManifestError where it is of a newer version or broken."""
    path = home.path / FOLDER / "manifest.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except msgspec.DecodeError as error:
        raise ManifestError(f"{path} is broken, or of a newer jevons: {error}") from error


def files(home: Home, run: str = "") -> list[Path]:
    """The files that count, what was compacted first; spool files of one run alone where its id is given."""
    known = manifest(home)
    return [*parquet_files(home, known), *(file for file in home.spools(run) if not is_in(file, known))]


def held(paths: Iterable[Path]) -> dict[Path, list[Run]]:
    """The runs of those files that a manifest says it of."""
    made = [path for path in paths if path.suffix == ".parquet" and path.name.startswith(MADE)]
    found: dict[Path, list[Run]] = {}
    for top in {path.parent.parent.parent for path in made}:
        if top.name == FOLDER:
            told = manifest(Home(top.parent)).runs
            found |= {top / name: runs for name, runs in told.items()}
    return {path: found[path] for path in made if path in found}


def is_in(spool: Path, known: Manifest) -> bool:
    """Whether all that a spool file holds was compacted: it has not grown since."""
    size, _ = known.spools.get(spool.name, (-1, 0))
    try:
        return size == spool.stat().st_size
    except OSError:
        return False


def parquet_files(home: Home, known: Manifest) -> list[Path]:
    """The Parquet files that count."""
    return sorted([*(home.path / FOLDER / name for name in known.files), *_of_others(home)])


def _of_others(home: Home) -> Iterator[Path]:
    top = home.path / FOLDER
    for path in top.below() if isinstance(top, Remote) else _below(top):
        if path.suffix == ".parquet" and not path.name.startswith(MADE):
            yield path


def _below(top: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(top):
        yield from (Path(folder) / name for name in names)
