"""The ledger's directory: what lies where, who may read it, how to be rid of it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

DIRECTORY = ".jevons"
KEPT = "pages"
"""Folder of what the pages of a ledger keep: made of the rest, and made again where it is missing."""


class Home:
    """A ledger's directory (``.jevons``): ``spool/`` with one file per process and run, ``parquet/``
    with what was compacted of them, and the secret.

    Nothing is made until something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spool = path / "spool"

    def make(self) -> None:
        """Create the directory, hidden from git. Raises OSError where that is impossible."""
        self.spool.mkdir(parents=True, exist_ok=True)
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("# written by jevons: records of your tests' AI calls, none of it for git\n*\n")

    def secret(self) -> bytes:
        """Key of the ledger's hashes: ``JEVONS_SECRET`` (which a team may share), else made once and kept here.

        Where it can be neither read nor kept, a passing one: its hashes still find repeats within one process.
        """
        shared = os.environ.get("JEVONS_SECRET")
        if shared:
            return shared.encode()[:64]
        file = self.path / "secret"
        try:
            self.make()
            made = os.urandom(16).hex().encode()
            draft = file.with_name(f"secret.{os.getpid()}.{os.urandom(3).hex()}")
            if not file.exists():
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                try:
                    os.write(descriptor, made)
                finally:
                    os.close(descriptor)
                try:
                    os.link(draft, file)  # never replaces: the first of several processes wins
                except FileExistsError:
                    pass
                except OSError:  # a file system without hard links
                    if not file.exists():
                        draft.replace(file)
                finally:
                    draft.unlink(missing_ok=True)
            return file.read_bytes()[:64] or made
        except OSError:
            return os.urandom(16)

    def spools(self, run: str = "") -> list[Path]:
        """Spool files, oldest run first; of one run where its id is given."""
        try:
            return sorted(self.spool.glob(f"{run or '*'}-*.jsonl"))
        except OSError:
            return []

    def size(self) -> tuple[int, int]:
        """(files, bytes) kept."""
        files = [path for path in self.path.rglob("*") if path.is_file()] if self.path.is_dir() else []
        return len(files), sum(path.stat().st_size for path in files)

    def purge(self, older_than_days: float | None = None) -> tuple[int, int]:
        """Delete records: all of them with the directory, or only runs older than so many days.

        Returns (files, bytes) deleted. Only what a ledger holds is touched: a directory that is no ledger
        raises ValueError.
        """
        if not self.path.is_dir():
            return 0, 0
        if not (self.path / ".gitignore").exists() and not self.spool.is_dir():
            raise ValueError(f"{self.path} is not a jevons ledger: nothing deleted")
        before = self.size()
        if older_than_days is None:
            shutil.rmtree(self.path)
            return before
        limit = time.time() - older_than_days * 86_400
        for path in self.spools():
            if path.stat().st_mtime < limit:
                path.unlink()
        shutil.rmtree(self.path / KEPT, ignore_errors=True)  # it knows of what is gone
        after = self.size()
        return before[0] - after[0], before[1] - after[1]
