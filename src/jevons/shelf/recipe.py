"""What a training is made of: the same data, configuration, base and command are the same recipe, wherever they lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

_DIGITS = 16
_BLOCK = 1 << 20
FILE, FOLDER = "SHA-256", "SHA-256 of folder"
"""Names of the hashes of a card's output."""


class Recipe(msgspec.Struct, frozen=True):
    """SHA-256 of each part, its first 16 digits; a card holds it as ``data=... config=... base=... command=...``."""

    data: str
    config: str
    base: str
    command: str

    def __str__(self) -> str:
        return " ".join(f"{name}={getattr(self, name)}" for name in self.__struct_fields__)

    @property
    def short(self) -> str:
        """Eight digits of all parts."""
        return _of([str(self)])[:8]

    def differs(self, other: str) -> list[str]:
        """Parts that a card's recipe has otherwise; none where it has no recipe."""
        parts = dict(part.partition("=")[::2] for part in other.split())
        return [name for name in self.__struct_fields__ if name in parts and parts[name] != getattr(self, name)]


def recipe(
    command: Sequence[str], data: Sequence[Path], config: Sequence[Path] = (), base: Sequence[str] = ()
) -> Recipe:
    """The recipe of a training. `base` are names or hashes of what it starts from.

    Data and configuration count by content: neither their names nor their order, nor where they lie. The command counts
    as it is written (its program without folder), and with it the content of the script that it names first; further
    code is named as configuration. OSError where a path cannot be read.
    """
    script = next((Path(word) for word in _scripts(command) if Path(word).is_file()), None)
    program = command[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    words = [program, *command[1:], *([_content(script)] if script else [])]
    return Recipe(
        data=_of(sorted(map(_content, data))),
        config=_of(sorted(map(_content, config))),
        base=_of(sorted(base)),
        command=_of(words),
    )


def _scripts(command: Sequence[str]) -> Sequence[str]:
    """Words that may be the script: the program itself where it is text that names its interpreter."""
    try:
        with open(command[0], "rb") as file:
            if file.read(2) == b"#!":
                return command
    except OSError:
        pass
    return command[1:]


def _of(parts: Iterable[str]) -> str:
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        made.update(b"%d:" % len(data) + data)
    return made.hexdigest()[:_DIGITS]


def _content(path: Path) -> str:
    return next(iter(content(path).values()))


def content(path: Path) -> dict[str, str]:
    """(which hash, its value) of a file; or of a folder: of all its files, by the path below it. OSError."""
    if not path.is_dir():
        return {FILE: _file(path)}
    made = hashlib.sha256()
    names = sorted(
        Path(folder, name).relative_to(path).as_posix() for folder, _, files in os.walk(path) for name in files
    )
    for name in names:
        made.update(f"{len(name.encode('utf-8', 'surrogateescape'))}:".encode())
        made.update(name.encode("utf-8", "surrogateescape") + bytes.fromhex(_file(path / name)))
    return {FOLDER: made.hexdigest()}


def _file(path: Path) -> str:
    if not path.is_file():  # a pipe would block
        raise FileNotFoundError(2, "no such file" if not path.exists() else "neither a file nor a folder", str(path))
    made = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            made.update(block)
    return made.hexdigest()
