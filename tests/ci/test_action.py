"""action.yml, played: its steps run in bash on a sample repository, with real runs, on a loopback forge."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from ci.forges import BOT, READER, Forge, forge
from ci.runner import NO_PIP, Did, play_action, program, shell

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
NASTY = "x'; touch hacked; $(touch hacked) `touch hacked`\n::set-output name=x::y ${{ github.token }}"


def test_no_value_from_outside_is_text_of_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step["run"]
        assert "eval" not in step["run"]
        assert "uses" not in step  # nothing of others is run
    names = {name for step in STEPS for name, text in step.get("env", {}).items() if "inputs." in text}
    for name in names:  # and none is split into words or taken for a pattern
        assert not re.search(
            rf'(?<!")\$\{{?{name}\b', "".join(step["run"].replace(f'="${name}"', "") for step in STEPS)
        )


def test_all_is_documented_and_the_token_goes_to_one_step() -> None:
    assert all(one["description"] for one in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
    assert set(ACTION["outputs"]) >= {"calls", "energy_wh", "carbon_g", "verdict"}
    assert [step["name"] for step in STEPS if "token" in str(step.get("env", "")).lower()] == ["Comment"]


@pytest.fixture
def server() -> Iterator[Forge]:
    with forge() as made:
        yield made


class Repository:
    """A sample repository with a suite that calls a model, on a runner of its own."""

    def __init__(self, folder: Path, server: Forge) -> None:
        self.server, self.folder, self.programs = server, folder, folder / "programs"
        self.work = folder / "shop"
        self.work.mkdir()
        (self.work / "pyproject.toml").write_text(
            '[project]\nname = "shop"\n[tool.pytest.ini_options]\naddopts = "-q -p no:cacheprovider'
            ' -p no:langsmith_plugin -p no:hypothesispytest -p no:recording"\n[tool.jevons.budget]\nrun = {calls = 3}\n'
        )
        program(self.programs, "pip", NO_PIP)

    def records(self, calls: int) -> None:
        (self.work / "test_shop.py").write_text(
            "import jevons\ndef test_answers():\n"
            f"    for _ in range({calls}):\n"
            "        jevons.record_call(provider='openai', model='gpt-4o', input_tokens=900, output_tokens=100)\n"
        )
        ran = shell(["pytest", "--jevons", "--jevons-report="], self.work, self.programs, {"CI": "true"})
        assert ran.outcome == "success", ran.said

    def acts(self, token: str = BOT, head: str = "acme/shop", **given: str) -> Did:
        event, summary = self.folder / "event.json", self.folder / "summary.md"
        event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"repo": {"full_name": head}}}}))
        summary.write_text("")
        variables = {
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKFLOW": "CI", "GITHUB_JOB": "tests",
            "GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event),
            "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_API_URL": self.server.url, "RUNNER_TEMP": str(self.folder),
            "GITHUB_ACTION_PATH": str(ROOT),
        }  # fmt: skip
        return play_action(
            ACTION, {name.replace("_", "-"): text for name, text in given.items()}, folder=self.folder, work=self.work,
            programs=self.programs, github={"token": token}, variables=variables,
        )  # fmt: skip

    @property
    def summary(self) -> str:
        return (self.folder / "summary.md").read_text()


@pytest.fixture
def repository(tmp_path: Path, server: Forge) -> Repository:
    if os.name != "posix" or not shutil.which("bash"):
        pytest.skip("the action's steps are played with bash on a Unix runner")
    return Repository(tmp_path, server)


@pytest.mark.slow
def test_two_runs_make_one_comment_beside_those_of_others(repository: Repository, server: Forge) -> None:
    server.says("codecov[bot]", "coverage: 98 %", kind="Bot")
    server.says("eve", "<!-- jevons CI/tests -->\nnot ours")
    others = [dict(one) for one in server.comments]
    repository.records(2)
    first = repository.acts()
    assert first.outcome == "success", first.steps
    assert (first.outputs["calls"], first.outputs["verdict"]) == ("2", "within")
    assert "**counted** 2 calls" in repository.summary
    repository.records(5)
    second = repository.acts(gate="true")
    assert second.outcome == "failure"  # as asked
    assert second.steps["Comment"].outcome == "success"
    assert (second.outputs["calls"], second.outputs["verdict"]) == ("5", "exceeded")
    assert server.comments[:2] == others
    (body,) = server.of("github-actions[bot]")
    assert body == f"<!-- jevons CI/tests -->\n{repository.summary}"
    assert "### AI budget: exceeded" in body
    assert "5 calls" in body
    assert float(second.outputs["energy_wh"]) > float(first.outputs["energy_wh"]) > 0
    ends = [float(second.outputs[f"carbon_g{end}"]) for end in ("_low", "", "_high")]
    assert 0 < ends[0] < ends[1] < ends[2]
    assert second.outputs["coverage"] == "1"
    folder = Path(second.outputs["folder"])
    assert "5 calls" in json.loads((folder / "badge.json").read_text(encoding="utf-8"))["message"]
    assert ElementTree.fromstring((folder / "badge.svg").read_text(encoding="utf-8")).get("aria-label")
    assert ElementTree.fromstring((folder / "gate.xml").read_text(encoding="utf-8")).find(".//failure") is not None


@pytest.mark.slow
def test_a_fork_gets_the_summary_an_error_a_warning_and_a_deleted_comment_comes_again(
    repository: Repository, server: Forge
) -> None:
    repository.records(2)
    forked = repository.acts(READER, head="someone/shop")
    assert forked.outcome == "success"
    assert "from a fork" in forked.steps["Comment"].said
    assert "::warning" not in forked.steps["Comment"].said
    assert "**counted** 2 calls" in repository.summary
    assert server.asked == []

    server.status = 500
    refused = repository.acts(gate="true")
    assert refused.outcome == "success"
    assert "answered 500" in refused.steps["Comment"].said
    assert "::warning title=jevons::the comment was not written" in refused.steps["Comment"].said
    assert refused.outputs["verdict"] == "within"

    server.status = 0
    for _ in range(2):
        assert repository.acts(comment="true").steps["Comment"].said.startswith("created")
        assert len(server.of("github-actions[bot]")) == 1
        server.comments.clear()


@pytest.mark.slow
def test_inputs_that_are_shell_do_nothing_and_no_run_is_no_failure(repository: Repository, server: Forge) -> None:
    did = repository.acts(run=NASTY)
    assert did.outcome == "success"
    (command,) = (line for line in did.steps["Report"].said.splitlines() if line.startswith("::"))
    assert command.startswith("::warning title=jevons::nothing to report")
    assert "none to write over" in did.steps["Comment"].said
    assert server.comments == []
    assert (did.outputs["calls"], did.outputs["verdict"]) == ("", "unknown")
    assert "Nothing to report" in repository.summary
    repository.records(1)
    assert repository.acts(name=NASTY, by="model").outcome == "success"
    assert not list(repository.folder.rglob("hacked"))
    (body,) = server.of("github-actions[bot]")
    assert "| gpt-4o |" in body
    # A run without AI does not leave a comment that says otherwise.
    shutil.rmtree(repository.work / ".jevons")
    assert repository.acts(name=NASTY).outcome == "success"
    (body,) = server.of("github-actions[bot]")
    assert body.endswith("\nNothing to report of the AI in these tests: the log of this job says why.\n")


@pytest.mark.slow
def test_it_installs_itself_where_nothing_did(repository: Repository, tmp_path: Path) -> None:
    program(repository.programs, "pip", f'printf "%s\\n" "$@" > {tmp_path}/asked')
    install = next(step for step in STEPS if step["name"] == "Install")["run"]
    variables = {"GITHUB_ACTION_PATH": "/an action/of ours"}
    for there in (True, False):
        script = install if there else f"command() {{ return 1; }}\n{install}"
        assert (
            shell(["bash", "-eo", "pipefail", "-c", script], tmp_path, repository.programs, variables).outcome
            == "success"
        )
        assert (tmp_path / "asked").exists() != there
    assert (tmp_path / "asked").read_text().splitlines() == ["install", "--quiet", "/an action/of ours[report]"]
