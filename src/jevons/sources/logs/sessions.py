"""Sessions of agent programs: where they are kept, and their calls as a scan counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from jevons.record import Call
from jevons.sources.exchange import UnreadableError
from jevons.sources.logs.entry import Seen, Skipped
from jevons.sources.logs.formats import SESSIONS, Wanted
from jevons.sources.logs.opened import Log


def homes() -> list[Path]:
    """The folders of this user's sessions that are there."""
    home = Path.home()
    claude = Path(os.environ.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    codex = Path(os.environ.get("CODEX_HOME") or home / ".codex")
    listed = (
        claude / "projects",
        home / ".config" / "claude" / "projects",
        codex / "sessions",
        home / ".gemini" / "tmp",
    )
    return [folder for folder in listed if folder.is_dir()]


def entries(path: Path, limit: int) -> Iterator[Seen | Skipped] | None:
    """What a session holds, answers with their place in it; None for a file that is no session."""
    try:
        with Log(path, limit, Wanted(sessions=True)) as log:
            if log.module not in SESSIONS:
                return None
    except (UnreadableError, OSError):
        return None
    return _entries(path, limit)


def _entries(path: Path, limit: int) -> Iterator[Seen | Skipped]:
    with Log(path, limit, Wanted(sessions=True)) as log:
        for entry in log.entries():
            if isinstance(entry, Seen | Skipped):
                yield entry


def recorded(found: Iterator[Seen | Skipped], run: str, key: str, source: str) -> Iterator[Call]:
    """The answers among entries as calls of mode ``recorded``."""
    for index, entry in enumerate(found):
        if isinstance(entry, Seen):
            call, name = entry.call, f"{source}#{index}".encode("utf-8", "replace")
            call.id, call.run = f"{key}-{blake2b(name, digest_size=8).hexdigest()}", run
            call.source, call.index, call.mode = source, index, "recorded"
            yield call
