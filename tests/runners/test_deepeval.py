"""A run of DeepEval's own command: its judges' calls are counted, and known for judges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from providers import provider

import jevons
from jevons.ledger.home import Home
from jevons.ledger.read import read

pytest.importorskip("deepeval")

SUITE = """
import os
import openai
from deepeval import assert_test
from deepeval.metrics import AnswerRelevancyMetric
from deepeval.models import GPTModel
from deepeval.test_case import LLMTestCase

def product(question):
    client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")
    done = client.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": question}])
    return done.choices[0].message.content

def test_relevant():
    judge = GPTModel(model="gpt-4o-mini", api_key="not-a-key", base_url=os.environ["PROVIDER"] + "/v1")
    metric = AnswerRelevancyMetric(threshold=0.0, model=judge, include_reason=False)
    assert_test(LLMTestCase(input="Is it open?", actual_output=product("Is it open?")), [metric])
"""


def test_judges_of_a_deepeval_run(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    command = shutil.which("deepeval", path=str(Path(sys.executable).parent))
    assert command
    with provider() as server:
        environment = {**os.environ, "PROVIDER": server.url, "JEVONS": "1", "DEEPEVAL_TELEMETRY_OPT_OUT": "YES"}
        run = [command, "test", "run", "test_it.py"]
        done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        asked = len(server.asked)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    calls = read(Home(tmp_path / ".jevons")).calls
    assert len(calls) == asked >= 3
    assert {call.test for call in calls} == {"test_it.py::test_relevant"}
    assert [call.role for call in calls] == ["product"] + ["judge"] * (asked - 1)
    assert "roles" in done.stdout


def test_a_verdict_over_its_test_cases_stops_early() -> None:
    """A metric of its own that needs no judge, so that pass and fail are known."""
    from deepeval.metrics import ExactMatchMetric
    from deepeval.test_case import LLMTestCase

    def measured(at: int) -> ExactMatchMetric:
        metric = ExactMatchMetric(threshold=1)
        asked.append(at)
        case = LLMTestCase(input=f"question {at}", actual_output="no" if at % 10 == 3 else "yes", expected_output="yes")
        metric.measure(case, _show_indicator=False)
        return metric

    asked: list[int] = []
    passes = jevons.verdict(range(100), pass_rate=0.7)
    for at in passes:
        passes.record(at, measured(at).is_successful())
    assert passes.passed
    assert len(asked) == passes.used < 50

    asked.clear()
    scores = jevons.verdict(range(100), mean_score=0.97)
    for at in scores:
        scores.record(at, measured(at).score)
    assert scores.decision == "fail"
    assert len(asked) == scores.used < 100
    complete = [measured(at).score for at in range(100)]
    assert 0.7 <= sum(complete) / 100 < 0.97
