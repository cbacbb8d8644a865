"""`jevons run --record`: commands in any language, whose SDKs read a base URL from the environment."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from providers import Provider
from server.served import ran

PYTHON = """
import openai, sys
asked = {"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}
client = openai.OpenAI(api_key="sk-not-a-key")
print(client.chat.completions.create(**asked).usage.total_tokens)
print(len(list(client.chat.completions.create(**asked, stream=True))))
sys.exit(7)
"""


def test_a_commands_calls_are_recorded_and_its_code_comes_back(server: Provider, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    flag = f"openai={server.url}"
    done, reading = ran(tmp_path, "--record", "--upstream", flag, "--", sys.executable, "-c", PYTHON)
    assert done.returncode == 7, done.stderr
    assert len(done.stdout.split()) == 2
    assert [call.source for call in reading.calls] == ["serve", "serve"]
    assert "2 AI calls recorded in run" in done.stderr
    assert "this machine spent" in done.stderr
    (run,) = reading.runs.values()
    assert run.machine is not None
    assert run.machine.cpu_us is None or run.machine.cpu_us > 0
    assert run.ended_us is not None
    assert "sk-not-a-key" not in done.stderr
    assert [one.headers["authorization"] for one in server.requests] == ["Bearer sk-not-a-key"] * 2


def test_a_base_url_that_is_set_is_the_upstream(server: Provider, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    command = ("--record", "--", sys.executable, "-c", PYTHON)
    told = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "a" * 40, "GITHUB_HEAD_REF": "more", "GITHUB_REF": "refs/pull/7/x"}
    done, reading = ran(tmp_path, *command, OPENAI_BASE_URL=f"{server.url}/v1/", **told)
    assert done.returncode == 7, done.stderr
    assert len(reading.calls) == len(server.asked) == 2
    (run,) = reading.runs.values()
    assert (run.ci, run.commit, run.branch, run.pull_request) == ("github", "a" * 40, "more", "7")


def test_without_it_nothing_is_recorded(tmp_path: Path) -> None:
    done, reading = ran(tmp_path, "--", sys.executable, "-c", "import os; print(os.environ.get('OPENAI_BASE_URL'))")
    assert (done.stdout, reading.calls) == ("None\n", [])
