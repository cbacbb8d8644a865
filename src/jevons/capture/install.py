"""Laying the taps and taking them up again."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from jevons.capture import aiohttp, httpx, leaving, recorder, replays, scope, urllib3, urllib_request
from jevons.capture.imports import Watch
from jevons.capture.interceptor import Interceptor
from jevons.capture.recorder import Recorder
from jevons.capture.site import Site
from jevons.record import Call

TAPS = {
    "httpx": httpx.tap,
    "httpx2": httpx.tap,
    "urllib3.connectionpool": urllib3.tap,
    "aiohttp.client": aiohttp.tap,
    "urllib.request": urllib_request.tap,
}
"""Modules of HTTP stacks, each with the tap that is laid once it is imported."""


Action = Callable[..., Callable[[], None]]
"""Does something to a module, and returns its undo."""


class Handle:
    """What `install` did, so that it can be undone."""

    def __init__(self, taken: Recorder, watch: Watch, undo: list[Callable[[], None]]) -> None:
        self.recorder = taken
        self._watch = watch
        self._undo = undo

    def uninstall(self) -> None:
        """Finish open streams and put everything back as it was."""
        flush()
        self._watch.stop()
        while self._undo:
            self._undo.pop()()
        recorder.active = None


def install(
    sink: Callable[[Call], object],
    *,
    run: str,
    root: Path,
    secret: bytes,
    judges: tuple[str, ...] = (),
    interceptor: Interceptor | None = None,
) -> Handle:
    """Lay the taps: from now on every AI call of this process is handed to `sink`.

    Parameters
    ----------
    sink
        Gets each finished `Call`, in the thread that finished it. What it raises is counted, not passed on.
    run
        Id of the run, stored in each call.
    root
        Folder that call sites are given relative to.
    secret
        Key of all hashes, at most 64 bytes.
    judges
        Further names that mark a judge's code, see `Site`.
    interceptor
        Asked before each call leaves this process, and told when it has finished. It may answer in a server's place.

    Stacks that are not imported yet are tapped when they are; nothing is imported for the taps' sake.
    Raises RuntimeError if taps are laid already.
    """
    if recorder.active is not None:
        raise RuntimeError("jevons already captures in this process: uninstall the first capture before a second")
    taken = recorder.active = Recorder(sink, run=run, site=Site(root, judges), secret=secret, interceptor=interceptor)
    undo: list[Callable[[], None]] = [scope.carry_into_threads(), _flush_before_exit()]
    actions: dict[str, list[Action]] = {}
    for group in (TAPS, replays.MARKS, {} if interceptor is None else leaving.TAPS):
        for name, action in group.items():
            actions.setdefault(name, []).append(action)
    watch = Watch({name: partial(_lay, of_module, undo) for name, of_module in actions.items()})
    return Handle(taken, watch, undo)


def _lay(actions: list[Action], undo: list[Callable[[], None]], module: object) -> None:
    for action in actions:
        try:
            undo.append(action(module))
        except Exception as error:  # a stack we do not know must not keep the suite from running
            if recorder.active is not None:
                recorder.active.note_error(error)


def _flush_before_exit() -> Callable[[], None]:
    """Hand over what waits before ``os._exit``: so end forked children, and tests that a time limit stops."""
    leave = os._exit

    def flush_and_leave(status: int) -> None:
        flush()
        leave(status)

    os._exit = flush_and_leave  # type: ignore[assignment]

    def undo() -> None:
        if os._exit is flush_and_leave:
            os._exit = leave

    return undo


def flush(of: scope.Scope | None = None) -> None:
    """Finish calls whose stream nobody closed: all of them, or those of one scope."""
    if recorder.active is not None:
        recorder.active.flush(of)
