"""Where agent programs keep their sessions."""

from __future__ import annotations

import os
from pathlib import Path


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
