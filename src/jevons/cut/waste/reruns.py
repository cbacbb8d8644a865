"""Reruns of flaky tests: calls of every attempt after the first."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store


def find(store: Store) -> Iterator[Found]:
    """Calls of later attempts."""
    if not store.mark("reruns", "SELECT n FROM target WHERE attempt > 1"):
        return
    tests, passed = store.rows(
        "SELECT count(*), count(*) FILTER (outcome = 'passed') FROM outcomes WHERE part = 'target' AND attempts > 1"
    )[0]
    told = f" of {tests:,} tests, of which {passed:,} passed in the end" if tests else ""
    yield Found(
        kind="reruns",
        what=f"calls of reruns{told}",
        do=["make these tests certain (temperature=0, a seed, a looser assertion), then no --reruns"],
        why="a rerun hides chance: without it a flaky test fails more often",
    )
