"""Python processes that a test starts: their calls belong to its run, and to the test that started them.

The session leaves word in the environment, which children inherit however they are started (subprocess, a shell in
between, multiprocessing's spawn), as pytest does with ``PYTEST_CURRENT_TEST``; a start-up hook in site-packages
(`jevons.child`) takes it up. A process made by fork needs none of this: it keeps its parent's taps.

Not seen: a child with an environment of its own (``env={}``, ``env -i``), another interpreter that jevons is not
installed for, one that runs without site-packages (``-S``), and one that is no Python.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from jevons import capture, child
from jevons.capture import recorder, scope
from jevons.capture.interceptor import Chain, Interceptor
from jevons.ledger.home import Home
from jevons.ledger.spool import Spool


class Word(msgspec.Struct):
    """What a session tells its children. The hashes' secret is not in it: it stays in the ledger's folder."""

    home: str
    """The ledger's folder."""
    run: str
    root: str
    judges: tuple[str, ...] = ()
    test: str = ""
    attempt: int = 1
    phase: str = ""
    fixture: str = ""
    budget: Any = None
    """The session's plan (`jevons.cut.budget.Plan`), if it has caps."""
    replay: Any = None
    """The session's plan (`jevons.cut.replay.Plan`), if it replays."""
    marked: str = ""
    """What the test's marks say of it."""


_handle: capture.Handle | None = None


def announce(word: Word) -> Callable[[], None]:
    """Leave word for children, and keep it true as tests go by. Returns the undo."""
    before = os.environ.get(child.VARIABLE)

    def tell(running: scope.Scope) -> None:
        word.test, word.attempt = running.test, running.attempt
        word.phase, word.fixture, word.marked = running.phase, running.fixture, running.replay
        try:
            os.environ[child.VARIABLE] = msgspec.json.encode(word).decode()
        except ValueError:  # a path or an id that no environment can hold
            os.environ.pop(child.VARIABLE, None)

    def undo() -> None:
        scope.changed = None
        os.environ.pop(child.VARIABLE, None)
        if before is not None:
            os.environ[child.VARIABLE] = before

    scope.changed = tell
    tell(scope.OUTSIDE)
    return undo


def begin() -> None:
    """Capture in this child process as the word in its environment says."""
    global _handle
    if recorder.active is not None:
        return
    word = msgspec.json.decode(os.environ[child.VARIABLE], type=Word)
    home = Home(Path(word.home))
    links = [make(word) for plan, make in ((word.replay, _replay), (word.budget, _guard)) if plan]
    _handle = capture.install(
        Spool(home, word.run),
        run=word.run,
        root=Path(word.root),
        secret=home.secret(),
        judges=word.judges,
        interceptor=Chain(*links) if links else None,
    )
    _handle.recorder.batch = 1  # a test ends its servers by a signal, which leaves no time to hand over
    if word.test:
        scope.enter(scope.Scope(word.test, word.attempt, word.phase, word.fixture, word.marked))
    atexit.register(capture.flush)


def _guard(word: Word) -> Interceptor:
    from jevons.cut.budget import Plan, guard
    from jevons.cut.shared_count import SharedCount
    from jevons.settings import load

    plan = msgspec.convert(word.budget, Plan)
    return guard(plan, SharedCount(Path(plan.file)), load(Path(word.root)), Path(word.root))


def _replay(word: Word) -> Interceptor:
    from jevons.cut.replay import Plan, Replay

    return Replay(msgspec.convert(word.replay, Plan))


def give_way() -> None:
    """A session of its own starts in this process: it records, not we for our parent."""
    global _handle
    child.stop()
    if _handle is not None:
        _handle.uninstall()
        _handle = None
        scope.enter(scope.OUTSIDE)
