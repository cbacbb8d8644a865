"""What a child process of a test runs at its start, from ``jevons_child.pth``: the standard library alone.

Only where a session left word in the environment (`VARIABLE`), and even then nothing is imported until the child
imports an HTTP stack itself: what makes no call pays for next to nothing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

VARIABLE = "JEVONS_CHILD"
"""Where to record and for which test, as JSON: see `jevons.pytest_plugin.children`."""

_STACKS = frozenset({"httpx", "httpx2", "urllib3.connectionpool", "aiohttp.client", "urllib.request"})


class Waiting:
    """A finder that finds nothing: it begins to capture when a stack is about to be imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """None, but for the first stack: what the other finders say, now that the taps are waiting for it."""
        if name not in _STACKS:
            return None
        stop()
        try:
            from jevons.pytest_plugin import children

            children.begin()
        except Exception:  # a child goes on without us
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


_waiting = Waiting()


def start() -> None:
    """Wait for the first HTTP stack, if a session left word and nobody said no."""
    if VARIABLE in os.environ and os.environ.get("JEVONS", "1").strip().lower() not in ("", "0", "false", "no", "off"):
        sys.meta_path.insert(0, _waiting)


def stop() -> None:
    """Wait no longer: this process records by itself, or begins to."""
    if _waiting in sys.meta_path:
        sys.meta_path.remove(_waiting)
