"""What lies under a folder: files that may be recordings. Never leaves it: links are not followed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

SKIPPED = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", ".jevons", "node_modules", "site-packages", "__pycache__", ".venv", "venv",
        ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".eggs", ".gradle", ".idea",
        ".next", ".cache",
    }
)  # fmt: skip
"""Folders of tools and installed packages: what they hold is not this project's."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.bz2", ".tar.xz")

_NEVER = frozenset(
    {
        ".py", ".pyi", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".exe", ".o", ".a", ".lib", ".class", ".jar",
        ".war", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".css", ".scss", ".html", ".htm", ".md", ".rst",
        ".txt", ".csv", ".tsv", ".parquet", ".arrow", ".sqlite", ".db", ".ipynb", ".lock", ".toml", ".ini", ".cfg",
        ".sh", ".bat", ".ps1", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".go", ".java", ".kt", ".swift", ".rb",
        ".php", ".scala", ".sql", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".tiff",
        ".pdf", ".mp3", ".mp4", ".wav", ".ogg", ".webm", ".mov", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".zip",
        ".7z", ".rar", ".whl", ".egg", ".bin", ".pt", ".pth", ".onnx", ".safetensors", ".gguf", ".npy", ".npz",
        ".pkl", ".map", ".log", ".diff", ".patch", ".po", ".mo", ".proto", ".xml",
    }
)  # fmt: skip
"""Ends of names that no tool gives its recordings."""


class Item(NamedTuple):
    """A file that may be a recording."""

    source: str
    """Its path below what was scanned, with ``/``."""
    node: str
    """The same below the project's root, where it lies there: names of tests begin so."""
    path: str = ""
    """Where to read it; empty for a member of an archive."""
    data: bytes = b""
    size: int = 0
    named: bool = False
    """Whether the user named this very file."""


def is_archive(name: str) -> bool:
    """Whether a name is that of a tar archive, compressed or not."""
    return name.lower().endswith(ARCHIVES)


def candidate(name: str) -> bool:
    """Whether a file of this name may be a recording."""
    return PurePosixPath(name).suffix.lower() not in _NEVER and not is_archive(name)


def below(folder: Path, root: Path) -> str:
    """`folder` relative to `root`, with a slash at its end; empty where it is `root` or lies elsewhere."""
    try:
        inner = folder.resolve().relative_to(root.resolve()).as_posix()
    except (ValueError, OSError):
        return ""
    return "" if inner == "." else inner + "/"


def under(folder: Path, node: str, archives: list[str], wanted: Callable[[str], bool] = candidate) -> Iterator[Item]:
    """Files under a folder with `wanted` names in order of their paths; names of archives, which are not opened, go to
    `archives`."""
    waiting = [("", folder)]
    while waiting:
        below, place = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError:
            continue
        inner = []
        for entry in entries:
            name = f"{below}{entry.name}"
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED and not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                        inner.append((name + "/", Path(entry.path)))
                elif entry.is_file(follow_symlinks=False):
                    if is_archive(entry.name):
                        archives.append(name)
                    elif wanted(entry.name):
                        size = entry.stat(follow_symlinks=False).st_size
                        yield Item(name, node + name, entry.path, size=size)
            except OSError:
                continue
        waiting.extend(reversed(inner))
