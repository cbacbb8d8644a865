"""Workers that run ahead and finish when they please, without pytest: the order that a group keeps bounds the error.

Failures take longest (or shortest): a test fed by arrival would see too few (or too many) of them.
"""

from __future__ import annotations

import heapq
import random

import pytest

from jevons.cut.verdict.finite import least_passes
from jevons.pytest_plugin.verdict_group import Group, Spec
from jevons.pytest_plugin.verdict_workers import DIST, in_turns

RATE, SIZE, ORDERS = 0.8, 60, 500


class Config:
    """Of a worker of xdist's."""

    def __init__(self, dist: str, workers: int) -> None:
        self.workerinput = {"workercount": workers, DIST: dist}

    def getoption(self, name: str, default: object) -> object:
        return "no" if name == "dist" else default  # as xdist says


def simulated(passes: int, seed: int, workers: int, slow: str, *, dist: str = "load") -> tuple[Group, list[str]]:
    """The group at the end, and what ran, as it finished: each worker skips what is settled when it comes to it."""
    rng = random.Random(seed)
    items = [f"test_it.py::test_y[{at}]" for at in range(SIZE)]
    spec = Spec("test_it.py::test_y", "test_it.py", 1, items, {"pass_rate": RATE}, seed=seed)
    group = Group(spec)
    places: list[str] = [""] * SIZE
    for at, name in zip(in_turns(list(range(SIZE)), SIZE, Config(dist, workers)), group.order, strict=True):
        places[at] = name
    batch = max(SIZE // workers // 4, 2) if dist == "load" else SIZE // workers
    queues = [places[worker * batch : (worker + 1) * batch] for worker in range(workers)]
    rest = places[workers * batch :]
    finished: list[str] = []
    going: list[tuple[float, int, str]] = []

    def begin(worker: int, now: float) -> None:
        while queues[worker] or rest:
            if not queues[worker]:
                queues[worker] = rest[:2]
                del rest[:2]
            item = queues[worker].pop(0)
            if group.needed(item):
                passed = int(item[19:-1]) < passes
                lasts = rng.expovariate(1) * (9 if passed == (slow == "passes") else 1)
                heapq.heappush(going, (now + lasts, worker, item))
                return

    for worker in range(workers):
        begin(worker, 0.0)
    while going:
        now, worker, item = heapq.heappop(going)
        finished.append(item)
        group.record(item, (float(int(item[19:-1]) < passes), None))
        begin(worker, now)
    return group, finished


@pytest.mark.slow
@pytest.mark.parametrize(("passes", "slow"), [(47, "failures"), (48, "passes")])
def test_either_verdict_is_wrong_at_most_as_often_as_said_at_the_very_threshold(passes: int, slow: str) -> None:
    """One item short of the rate, and just at it; what speaks against the truth comes first."""
    passed = passes >= least_passes(SIZE, RATE)
    wrong = by_arrival = 0
    for seed in range(ORDERS):
        group, finished = simulated(passes, seed, 8, slow)
        assert group.sequence.settled
        wrong += (group.sequence.decision == "pass") != passed
        naive = group.question.test(SIZE)
        for item in finished:
            naive.enter(*[float(int(item[19:-1]) < passes)] * 2)
        by_arrival += naive.decision == ("fail" if passed else "pass")
    assert wrong / ORDERS <= 0.05 + 3 * (0.05 * 0.95 / ORDERS) ** 0.5
    assert by_arrival / ORDERS > 0.1  # so there was something to be kept from


@pytest.mark.parametrize("dist", ["load", "worksteal"])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_use_what_one_would_and_run_little_more(dist: str, workers: int) -> None:
    ahead = []
    for seed in range(20):
        group, finished = simulated(58, seed, workers, "failures", dist=dist)
        alone, _ = simulated(58, seed, 1, "passes")
        assert group.sequence.entered == alone.sequence.entered
        assert str(group.sequence) == str(alone.sequence)
        ahead.append(len(finished) - len(group.used))
        assert len(group.not_used) == ahead[-1]
    assert (sum(ahead) == 0) == (workers == 1)
    assert sum(ahead) / len(ahead) < SIZE / 4
