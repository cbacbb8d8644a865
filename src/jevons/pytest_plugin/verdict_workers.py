"""xdist's workers: which of them gets which item, and outcomes that they tell one another, in one file for each.

Each process appends to a file of its own, so there is no lock to wait for, and a kill leaves at most a line without an
end, which nobody reads. A worker that cannot write or read runs what it was given: more items, the same verdict.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from jevons.pytest_plugin.verdict_group import Outcome

DIST = "jevons_dist"
"""In a worker's input: the session's ``--dist``, which xdist tells its workers to be ``no``."""


def in_turns(places: list[int], total: int, config: Any) -> list[int]:
    """Places among a session's items in the order in which workers come to them, not one after the other.

    At first xdist gives each worker a batch of neighbours: a quarter of its part (``--dist=load``) or all of it
    (``worksteal``). In the order of places, the second worker would begin with items that come late in the drawn order.
    """
    told = getattr(config, "workerinput", None) or {}
    dist, workers = told.get(DIST, "no"), told.get("workercount", 1)
    if dist == "load":
        most = config.getoption("maxschedchunk", None) or total
        batch = max(min(total // workers // 4, most), 2)
    elif dist == "worksteal":
        batch = max(total // workers, 1)
    else:
        return places
    return sorted(places, key=lambda at: (at % batch, at) if at < batch * workers else (batch, at))


class Exchange:
    """`folder`: the session's, made by the first that writes; `name`: of this process."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self._own = folder, folder / f"{name}.outcomes"
        self._read: dict[Path, int] = {}

    def tell(self, group: int, item: int, outcome: Outcome | None) -> None:
        """Numbers of the group in the session and of the item in the drawn order."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._own.open("ab") as file:
                file.write(json.dumps([group, item, outcome]).encode() + b"\n")

    def news(self) -> Iterator[tuple[int, int, Outcome | None]]:
        """What others told since the last time."""
        with suppress(OSError):
            for path in sorted(self.folder.glob("*.outcomes")):
                if path != self._own:
                    for line in self._lines(path):
                        group, item, outcome = json.loads(line)
                        yield group, item, tuple(outcome) if outcome else None

    def _lines(self, path: Path) -> list[bytes]:
        at = self._read.get(path, 0)
        if path.stat().st_size <= at:
            return []
        with path.open("rb") as file:
            file.seek(at)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read[path] = at + len(whole) + len(end)
        return whole.splitlines()

    def remove(self) -> None:
        """The session is over."""
        shutil.rmtree(self.folder, ignore_errors=True)
