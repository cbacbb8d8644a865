"""Markdown tables, and the digest of the data that they come from."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Bar:
    """One thing that must hold, and what was found."""

    name: str
    bar: str
    figure: str
    met: bool

    def cells(self) -> list[str]:
        """A line of the table of bars."""
        return [self.name, self.bar, self.figure, "met" if self.met else "**missed**"]


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    return "\n".join(["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *map(list, body)]])


def sha256(path: pathlib.Path) -> str:
    """Digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
