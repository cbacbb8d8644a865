"""`jevons run --record`: commands in any language, whose SDKs read a base URL from the environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from providers import Provider
from server.served import SOURCE

from jevons.ledger.home import Home
from jevons.ledger.read import Reading, read

PYTHON = """
import openai, sys
asked = {"model": "fake-1", "messages": [{"role": "user", "content": "hi"}]}
client = openai.OpenAI(api_key="sk-not-a-key")
print(client.chat.completions.create(**asked).usage.total_tokens)
print(len(list(client.chat.completions.create(**asked, stream=True))))
sys.exit(7)
"""
NODE_FOLDER = "JEVONS_TEST_NODE"


def ran(folder: Path, *arguments: str, **more: str) -> tuple[subprocess.CompletedProcess[str], Reading]:
    for name in ("h11", "uvicorn"):
        pytest.importorskip(name, reason=f"{name} of jevons[server] is not installed")
    (folder / ".jevons").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "JEVONS_SECRET": "0" * 16, **more}
    command = [sys.executable, "-m", "jevons", "run", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    return done, read(Home(folder / ".jevons"))


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


def test_official_node_packages_get_the_same(server: Provider, tmp_path: Path) -> None:
    """Where `JEVONS_TEST_NODE` is a folder in which ``npm install openai @anthropic-ai/sdk`` was run."""
    node, folder = shutil.which("node"), Path(os.environ.get(NODE_FOLDER, ""))
    if node is None or not (folder / "node_modules" / "openai").is_dir():
        pytest.skip(f"needs node, and openai and @anthropic-ai/sdk of npm in the folder {NODE_FOLDER}")
    script = (Path(__file__).parent / "node_client.mjs").read_text(encoding="utf-8")
    command = [node, "--input-type=module", "-e", script]
    own = {"OPENAI_BASE_URL": f"{server.url}/v1", "ANTHROPIC_BASE_URL": server.url}
    alone = subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=60, check=True
    )
    asked, wanted = len(server.asked), json.loads(alone.stdout)
    served = ran(tmp_path, "--record", "--", sys.executable, "-c", IN_FOLDER, str(folder.resolve()), *command, **own)
    done, reading = served
    assert json.loads(done.stdout) == wanted
    assert len(reading.calls) == asked == len(server.asked) - asked
    truth = [(one.usage.input, one.usage.output) for one in server.asked[asked:]]
    calls = sorted(reading.calls, key=lambda call: call.started_us)
    assert [(call.input_tokens, call.output_tokens) for call in calls] == truth


IN_FOLDER = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[2:], cwd=sys.argv[1]).returncode)"
