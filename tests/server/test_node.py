"""The official Node packages through the proxy, plain and streamed, under `jevons run --record`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from providers import Provider
from server.served import ran

FOLDER = Path(__file__).parent / "node"


def test_official_node_packages_get_the_same(server: Provider, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    if not (FOLDER / "node_modules" / "openai").is_dir():
        pytest.skip("needs the packages openai and @anthropic-ai/sdk: npm ci --prefix tests/server/node")
    command = [node, str(FOLDER / "client.mjs")]
    own = {"OPENAI_BASE_URL": f"{server.url}/v1", "ANTHROPIC_BASE_URL": server.url}
    alone = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, timeout=60, check=True)
    wanted, asked = json.loads(alone.stdout), [*server.asked]
    done, reading = ran(tmp_path, "--record", "--", *command, **own)
    assert json.loads(done.stdout) == wanted, done.stderr
    again = server.asked[len(asked) :]
    assert [(one.path, one.streamed, one.body) for one in again] == [
        (one.path, one.streamed, one.body) for one in asked
    ]
    calls = sorted(reading.calls, key=lambda call: call.started_us)
    truth = [(one.usage.input, one.usage.output, one.streamed, one.status) for one in again]
    assert [(call.input_tokens, call.output_tokens, call.streamed, call.status) for call in calls] == truth
    assert {streamed for _, _, streamed, _ in truth} == {True, False}
    assert "sk-not-a-key" not in done.stderr
