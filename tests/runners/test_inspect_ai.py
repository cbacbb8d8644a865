"""`jevons.verdict` beside inspect_ai: samples by batches, as many as settle it, and what its own complete eval says."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

import jevons

inspect_ai = pytest.importorskip("inspect_ai", reason="inspect_ai is not installed")

from inspect_ai import Task  # noqa: E402
from inspect_ai.dataset import MemoryDataset, Sample  # noqa: E402
from inspect_ai.model import ModelOutput  # noqa: E402
from inspect_ai.scorer import match  # noqa: E402
from inspect_ai.solver import Generate, Solver, TaskState, solver  # noqa: E402

SAMPLES = [Sample(id=f"s{at}", input=f"question {at}", target="yes") for at in range(60)]
BATCH = 10


def test_it_stops_early_and_says_what_all_samples_say(tmp_path: Path) -> None:
    asked: list[str] = []

    @solver
    def product() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            asked.append(str(state.sample_id))
            wrong = int(str(state.sample_id)[1:]) % 10 == 3
            state.output = ModelOutput.from_content("product", "no" if wrong else "yes")
            return state

        return solve

    def scores(ids: list[str]) -> dict[str, bool]:
        task = Task(dataset=MemoryDataset(SAMPLES), solver=product(), scorer=match())
        (log,) = inspect_ai.eval(task, model="mockllm/model", sample_id=ids, display="none", log_dir=str(tmp_path))
        assert log.status == "success", log.error
        return {str(sample.id): sample.scores["match"].value == "C" for sample in log.samples}

    judged = jevons.verdict(SAMPLES, pass_rate=0.6, key=lambda sample: str(sample.id))
    while batch := list(islice(judged, BATCH)):
        for name, passed in scores([str(sample.id) for sample in batch]).items():
            judged.record(name, passed)  # inspect_ai finishes them in any order
    assert judged.passed
    assert judged.used <= len(asked) < judged.used + BATCH
    assert len(asked) < len(SAMPLES) / 2

    complete = scores([str(sample.id) for sample in SAMPLES])
    assert sum(complete.values()) / len(complete) == 0.9 >= 0.6
    one_by_one = jevons.verdict(SAMPLES, pass_rate=0.6, key=lambda sample: str(sample.id))
    for sample in one_by_one:
        one_by_one.record(sample, complete[str(sample.id)])
    assert str(one_by_one) == str(judged)
