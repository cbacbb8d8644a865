"""Which scope a call belongs to."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jevons.capture import scope
from jevons.capture.scope import OUTSIDE, Scope


@pytest.fixture(autouse=True)
def carrying() -> Iterator[None]:
    undo = scope.carry_into_threads()
    yield
    undo()
    scope.leave(Scope("end"))


def in_thread(function: object) -> list[Scope]:
    found: list[Scope] = []
    thread = threading.Thread(target=lambda: found.append(function()))  # type: ignore[operator]
    thread.start()
    thread.join()
    return found


def test_outside_tests_there_is_no_test() -> None:
    assert scope.current() is OUTSIDE
    assert in_thread(scope.current) == [OUTSIDE]


def test_threads_and_pools_carry_the_test_that_started_them() -> None:
    first, second = Scope("first"), Scope("second")
    scope.enter(first)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(scope.current).result() is first
        release = threading.Event()
        late = pool.submit(lambda: (release.wait(5), scope.current())[1])
        scope.leave(first)
        scope.enter(second)
        release.set()
        assert late.result() is first
        # The same worker thread, asked by another test.
        assert pool.submit(scope.current).result() is second


def test_a_thread_that_a_fixture_started_serves_the_tests_after_it() -> None:
    test, fixture = Scope("test"), Scope("test", fixture="server@1")
    scope.enter(test)
    before = scope.enter(fixture)
    ready, asked, seen = threading.Event(), threading.Event(), []

    def serve() -> None:
        seen.append(scope.current())
        ready.set()
        asked.wait(5)
        seen.append(scope.current())

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait(5)
    scope.leave(fixture, before)
    asked.set()
    thread.join()
    assert seen == [fixture, test]


def test_a_stale_context_of_the_main_thread_gives_way_to_the_running_test() -> None:
    first, second = Scope("first"), Scope("second")
    scope.enter(first)
    stale = contextvars.copy_context()
    scope.leave(first)
    scope.enter(second)
    assert stale.run(scope.current) is second


def test_undo_leaves_threads_as_they_were() -> None:
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    undo = scope.carry_into_threads()
    assert threading.Thread.start is not start
    undo()
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == (start, submit)
