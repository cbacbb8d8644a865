"""pytest-xdist: one run, many processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MANY = """
import os, pytest
@pytest.fixture(scope="session")
def index(request):
    import openai
    client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="not-a-key")
    client.embeddings.create(model="fake-embed", input=["one", "two"])
@pytest.mark.parametrize("number", range(12))
def test_many(ask, index, number): ask(f"question {number}")
def test_none(): pass
"""


@pytest.mark.slow
def test_results_of_all_workers_reach_the_controller(suite) -> None:
    done = suite.measured("-n3", "--dist=load", test_it=MANY)
    done.assert_outcomes(passed=13)
    done.stdout.fnmatch_lines(["counted*15 calls: 15 live*"])
    reading = suite.reading
    assert len(reading.runs) == 1
    assert {call.run for call in reading.calls} == set(reading.runs)
    assert len({call.id for call in reading.calls}) == 15
    assert len(reading.tests) == 13
    assert {made.worker for made in reading.tests} <= {"gw0", "gw1", "gw2"}
    assert suite.document["tests"] == 13
    # Each worker set the fixture up once, and its own tests share that.
    shares = sum(row["shared_calls"] for row in suite.document["rows"])
    own = sum(row["calls"] for row in suite.document["rows"])
    assert round(shares + own, 9) == 15


CRASH = """
import os, pytest
def test_before(ask): ask("kept")
def test_crash(ask):
    ask("kept too")
    os._exit(3)
"""


def test_a_worker_that_leaves_at_once_loses_nothing(suite) -> None:
    done = suite.measured("-n1", "--max-worker-restart=0", test_it=CRASH)
    assert done.ret != 0
    assert suite.calls_of() == {"test_before": 1, "test_crash": 1}
    assert suite.document["counts"]["calls"] == 2


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_killed_worker_loses_no_call_that_took_as_long_as_a_model_far_away_does(suite) -> None:
    killed = CRASH.replace("os._exit(3)", "import signal; os.kill(os.getpid(), signal.SIGKILL)")
    slow = killed.replace('ask("kept too")', 'ask("kept too", model="fake-1+slow", stream=True)')
    done = suite.measured("-n1", "--max-worker-restart=0", test_it=slow)
    assert done.ret != 0
    assert suite.calls_of() == {"test_before": 1, "test_crash": 1}


def test_the_table_equals_the_ledger(suite) -> None:
    """The report's counts against an independent reading of the recorded lines."""
    import json

    suite.measured("-n2", test_it=MANY)
    listed = subprocess.run(
        [sys.executable, "-m", "jevons", "calls", "--format", "jsonl"],
        cwd=suite.path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    counts = suite.document["counts"]
    assert counts["calls"] == counts["live"] == len(rows)
    assert counts["input_tokens"] == sum(row["input_tokens"] for row in rows)
    assert counts["output_tokens"] == sum(row["output_tokens"] for row in rows)
    own = {row["name"]: row["calls"] for row in suite.document["rows"]}
    # Two or three tests share each worker's fixture, so no call of a fixture is a test's own.
    for name, number in own.items():
        assert number == sum(row["test"] == name and not row["fixture"] for row in rows)
    tokens = sum(row["tokens"] for row in suite.document["rows"])
    assert round(tokens, 6) == counts["input_tokens"] + counts["output_tokens"]
