"""Which test a call belongs to.

The running test is known globally (a process runs one test at a time) and
through a context variable, which follows tasks by itself and is carried into
threads and thread pools, so that work a test left behind is still its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any


class Scope:
    """One attempt of one test, or the set-up of a shared fixture within it."""

    __slots__ = ("attempt", "ended", "fixture", "phase", "replay", "test")

    def __init__(self, test: str, attempt: int = 1, phase: str = "setup", fixture: str = "", replay: str = "") -> None:
        self.test = test
        self.attempt = attempt
        self.phase = phase
        self.fixture = fixture
        self.replay = replay
        """What the test's marks say of replaying its calls: ``live`` (never), ``any`` (all of them), or nothing."""
        self.ended = False


OUTSIDE = Scope("", phase="")
"""The scope of calls made outside any test: at import, during collection."""

_running: Scope = OUTSIDE
_carried: ContextVar[Scope | None] = ContextVar("jevons_scope", default=None)
_THREAD_ATTRIBUTE = "_jevons_scope"

changed: Callable[[Scope], None] | None = None
"""Told of the scope that runs from now on: child processes must know it."""


def enter(scope: Scope) -> Scope:
    """Make `scope` the running one; returns the one before it."""
    global _running
    before = _running
    _running = scope
    _carried.set(scope)
    if changed is not None:
        changed(scope)
    return before


def leave(scope: Scope, before: Scope = OUTSIDE) -> None:
    """End `scope` and go back to the one before it."""
    global _running
    scope.ended = True
    _running = before
    _carried.set(before if before is not OUTSIDE else None)
    if changed is not None:
        changed(before)


def current() -> Scope:
    """The scope that a call made here and now belongs to."""
    carried = _carried.get()
    if carried is None:
        carried = getattr(threading.current_thread(), _THREAD_ATTRIBUTE, None)
    if carried is None or carried is _running:
        return _running
    # Ended scopes: a thread that a fixture started serves the tests after it, and an event
    # loop kept by a plugin keeps the context of its first test; but a worker thread that a
    # test left behind still does that test's work.
    if carried.ended and (carried.fixture or threading.current_thread() is threading.main_thread()):
        return _running
    return carried


def _in_scope(scope: Scope, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = _carried.set(scope)
    try:
        return function(*args, **kwargs)
    finally:
        _carried.reset(token)


def carry_into_threads() -> Callable[[], None]:
    """Make threads and thread pools remember who started them. Returns the undo."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_carrying(self: threading.Thread) -> None:
        setattr(self, _THREAD_ATTRIBUTE, current())
        start(self)

    def submit_carrying(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return submit(self, _in_scope, current(), fn, *args, **kwargs)

    threading.Thread.start = start_carrying  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_carrying  # type: ignore[method-assign, assignment]

    def undo() -> None:
        if threading.Thread.start is start_carrying:
            threading.Thread.start = start  # type: ignore[method-assign]
        if ThreadPoolExecutor.submit is submit_carrying:
            ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]

    return undo
