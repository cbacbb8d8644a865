"""A scan of recordings, kept: the run that holds what it found takes the place of an earlier scan of the same paths."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from jevons.ledger.home import Home
from jevons.ledger.spool import Spool
from jevons.record import Call, Run
from jevons.sources.bodies import LIMIT
from jevons.sources.tally import Scan


class Scanned(NamedTuple):
    """What came of a scan."""

    found: Scan
    run: Run
    """The run that the calls are of."""
    saved: bool
    """Whether the ledger holds it now."""
    lost_reason: str = ""
    """Why the ledger could not be written, where it should have been: it is as it was."""


class _Kept:
    """The run that a scan writes. It takes the place of an earlier scan of the same paths once it is whole."""

    def __init__(self, home: Home, run: Run, earlier: list[Path]) -> None:
        self.run, self._home, self._earlier = run, home, earlier
        self.spool = Spool(home, run.id)
        self._begun = False

    def __call__(self, call: Call) -> None:
        if not self._begun:
            self._begun = True
            self.spool(self.run)
        self.spool(call)

    def finish(self) -> bool:
        """Make it the ledger's; False where it could not be written, and then all is as it was."""
        if self._begun:
            self.run.ended_us = time.time_ns() // 1000
            self.spool(self.run)
        self.spool.close(sync=True)
        if self.spool.lost:
            self.undo()
            return False
        for path in self._earlier:
            path.unlink(missing_ok=True)
        return True

    def undo(self) -> None:
        """Take back what was written."""
        self.spool.close()
        for path in self._home.spools(self.run.id):
            path.unlink(missing_ok=True)


def scan(
    paths: Sequence[Path],
    home: Home,
    *,
    root: Path,
    project: str = "",
    full_ids: bool = False,
    sessions: bool = False,
    save: bool = True,
    most_bytes: int = LIMIT,
    sink: Callable[[Call], object] = lambda call: None,
    progress: Callable[[int], None] = lambda size: None,
) -> Scanned:
    """Read every recording under `paths` (see `sources.scan`) and, if `save`, keep the calls in the ledger `home`, in
    place of what an earlier scan of the same paths found; `sink` sees each call as well.

    Whatever is raised on the way, the ledger is as it was then.
    """
    from jevons.sources.calls import Options
    from jevons.sources.scan import scan as read

    places = "\0".join(sorted(str(path.resolve()) for path in paths))
    secret = home.secret() if save else os.urandom(16)
    key = "scan-" + blake2b(places.encode("utf-8", "replace"), digest_size=6, key=secret[:64]).hexdigest()
    run = Run(
        id=f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.urandom(2).hex()}-{key}",
        project=project or root.name,
        started_us=time.time_ns() // 1000,
    )
    kept = _Kept(home, run, home.spools(f"*-{key}")) if save else None

    def take(call: Call) -> None:
        if kept is not None:
            kept(call)
        sink(call)

    options = Options(run.id, key, secret, full_ids, most_bytes, sessions)
    try:
        found = read(paths, options, root=root, sink=take, progress=progress)
    except BaseException:
        if kept is not None:
            kept.undo()
        raise
    saved = kept is not None and kept.finish()
    return Scanned(found, run, saved, kept.spool.lost_reason if kept is not None and not saved else "")
