"""The recipes of examples/ci, played: their shell is run, in its order and under its conditions, over real repositories
and a real suite. Stand-ins: the runner (`GitHub`, `GitLab`), four actions, and the forge's API (`forges`)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import yaml
from ci.forges import BOT, MAINTAINER, forge
from ci.forges import Forge as Server
from ci.runner import NO_PIP, Step, environment, filled, holds, program, shell

from jevons.ledger.home import Home
from jevons.ledger.read import read

pytestmark = pytest.mark.slow
for needed in ("bash", "git"):
    if os.name != "posix" or not shutil.which(needed):
        pytest.skip(f"the recipes are for bash and git on a Unix runner: no {needed} here", allow_module_level=True)
pytest.importorskip("pip", reason="the recipes install with pip")
pytest.importorskip("scipy", reason="the gate on carbon needs numpy and scipy: extra report")

RECIPES = Path(__file__).resolve().parents[2] / "examples" / "ci"
SUITE = {
    "pyproject.toml": """
[project]
name = "shop"
[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
addopts = "-q -p no:cacheprovider -p no:langsmith_plugin -p no:hypothesispytest -p no:recording"
[tool.jevons.budget]
run = {judge_calls = 100}
""",
    "requirements.txt": "pytest\n",
    "shop.py": """
import jevons
def ask(model="gpt-4o"):
    jevons.record_call(provider="openai", model=model, input_tokens=900, output_tokens=100)
""",
    "grading.py": """
from shop import ask
def judge(times):
    for _ in range(times):
        ask()
""",
    "tests/test_shop.py": """
import grading, shop, sizes
def test_answers():
    for _ in range(sizes.ANSWERS):
        shop.ask()
def test_judged():
    grading.judge(sizes.JUDGED)
    assert sizes.WORKS
""",
}
NOISE = (10, 12, 9, 11, 10, 8)
"""Calls of the product in each of six runs of the default branch; the judge is called four times in each."""


def git(folder: Path, *command: str) -> str:
    return subprocess.run(
        ["git", *command], cwd=folder, check=True, capture_output=True, text=True, env=environment(folder.parent)
    ).stdout.strip()


class Forge:
    """Where the repository lives: a bare one, and a clone to write commits in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.origin, self.author = folder, folder / "origin.git", folder / "author"
        if self.origin.exists():
            return
        folder.mkdir(exist_ok=True)
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(self.origin, "config", "receive.advertisePushOptions", "true")
        git(folder, "init", "--quiet", "--initial-branch=main", str(self.author))
        git(self.author, "remote", "add", "origin", str(self.origin))
        for name, text in SUITE.items():
            (self.author / name).parent.mkdir(exist_ok=True)
            (self.author / name).write_text(text)

    def copy(self, folder: Path) -> Forge:
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("run*"))
        git(folder / "author", "remote", "set-url", "origin", str(folder / "origin.git"))
        return Forge(folder)

    def commit(self, answers: int, judged: int, works: bool = True, pull_request: int = 0) -> str:
        """A commit on main, or the merge of a pull request into it; the suite makes so many calls."""
        if pull_request:
            git(self.author, "checkout", "--quiet", "--detach", "main")
        (self.author / "sizes.py").write_text(f"ANSWERS, JUDGED, WORKS = {answers}, {judged}, {works}\n")
        git(self.author, "add", ".")
        git(self.author, "commit", "--quiet", "--allow-empty", "-m", f"{answers} answers, {judged} judged")
        if not pull_request:
            git(self.author, "push", "--quiet", "origin", "main")
            return git(self.author, "rev-parse", "main")
        merge = git(self.author, "commit-tree", "-m", "merge", "-p", "main", "-p", "HEAD", "HEAD^{tree}")
        git(self.author, "push", "--quiet", "--force", "origin", f"{merge}:refs/pull/{pull_request}/merge")
        git(self.author, "checkout", "--quiet", "main")
        return merge

    def checkout(self, folder: Path, commit: str, may_write: bool) -> None:
        """One commit, as actions/checkout and GitLab's runner fetch it."""
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet")
        git(folder, "remote", "add", "origin", self.origin.as_uri())
        if not may_write:
            git(folder, "config", "remote.origin.pushurl", "/no/right/to/push")
        git(folder, "fetch", "--quiet", "--depth", "1", "origin", commit)
        git(folder, "checkout", "--quiet", "--detach", commit)

    @property
    def branches(self) -> list[str]:
        return git(self.origin, "branch", "--format=%(refname:short)").split()

    def kept(self, folder: Path) -> list[str]:
        """Runs on the branch of cells, by id."""
        shutil.rmtree(folder, ignore_errors=True)
        git(self.folder, "clone", "--quiet", "--branch", "jevons-cells", str(self.origin), str(folder))
        assert [path.name for path in folder.iterdir() if path.name != ".git"] == ["spool"]
        return sorted(read(Home(folder)).kept)


class Played(NamedTuple):
    """What became of a workflow."""

    jobs: dict[str, str]
    steps: dict[str, Step]
    summary: str
    folder: Path

    @property
    def gate(self) -> list[str]:
        return self.steps["Gate"].said.splitlines()


class GitHub:
    """Plays github.yml for one event."""

    def __init__(self, forge: Forge, server: Server | None = None, installs: bool = False, **variables: str) -> None:
        """Without a server the forge's API is not to be reached."""
        self.forge, self.variables = forge, variables
        self.url = server.url if server else "http://127.0.0.1:9"
        self.recipe = yaml.safe_load((RECIPES / "github.yml").read_text())
        self.programs = forge.folder / "programs"
        if not installs:
            program(self.programs, "pip", NO_PIP)

    def push(self, commit: str, *jobs: str, after: Played | None = None) -> Played:
        return self._play(commit, {"repository": {"default_branch": "main"}}, "push", "main", "", jobs, after)

    def pull_request(self, commit: str, number: int, head: str, repository: str = "acme/shop") -> Played:
        event = {
            "repository": {"default_branch": "main"},
            "pull_request": {"number": number, "head": {"ref": head, "repo": {"full_name": repository}}},
        }
        return self._play(commit, event, "pull_request", f"{number}/merge", head, ())

    def _play(
        self, commit: str, event: dict[str, Any], kind: str, name: str, head: str, jobs: tuple[str, ...],
        after: Played | None = None,
    ) -> Played:  # fmt: skip
        folder = Path(mkdtemp(prefix="run", dir=self.forge.folder))
        (folder / "event.json").write_text(json.dumps(event))
        (folder / "summary.md").write_text("")
        own = kind == "push" or event["pull_request"]["head"]["repo"]["full_name"] == "acme/shop"
        played = Played({} if after is None else dict(after.jobs), {}, "", folder if after is None else after.folder)
        needs: dict[str, Any] = {job: {"outputs": {"tests": "success"}} for job in played.jobs}
        for job, told in self.recipe["jobs"].items():
            if jobs and job not in jobs:
                continue
            assert set(told) <= {"runs-on", "permissions", "outputs", "steps", "needs", "if"}
            rights = told["permissions"]
            context: dict[str, Any] = {
                "github": {
                    "event": event, "event_name": kind, "ref_name": name, "repository": "acme/shop", "run_id": "1",
                    "token": BOT if own and rights.get("pull-requests") == "write" else "read",
                },
                "runner": {"temp": folder / job / "temp"},
                "secrets": {"OPENAI_API_KEY": "a key"} if own else {},
                "vars": self.variables if own else {},
                "needs": needs,
                "steps": {},
            }  # fmt: skip
            needed = [told["needs"]] if "needs" in told else []
            if not holds(told.get("if"), context, all(played.jobs[one] == "success" for one in needed)):
                played.jobs[job] = "skipped"
                continue
            context["runner"]["temp"].mkdir(parents=True)
            variables = {
                "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKFLOW": self.recipe["name"], "GITHUB_JOB": job,
                "GITHUB_SHA": commit, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "1", "GITHUB_REF_NAME": name,
                "GITHUB_REF": f"refs/pull/{name}" if head else f"refs/heads/{name}", "GITHUB_HEAD_REF": head,
                "GITHUB_EVENT_NAME": kind, "GITHUB_EVENT_PATH": str(folder / "event.json"),
                "GITHUB_API_URL": self.url, "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
                "RUNNER_TEMP": str(folder / job / "temp"),
            }  # fmt: skip
            may_write = own and rights.get("contents") == "write"
            played.jobs[job] = self._steps(told["steps"], context, variables, played, job, commit, may_write)
            needs[job] = {"outputs": {out: filled(text, context) for out, text in told.get("outputs", {}).items()}}
        return played._replace(summary=(folder / "summary.md").read_text(), folder=folder)

    def _steps(
        self, steps: list[dict[str, Any]], context: dict[str, Any], variables: dict[str, str], played: Played,
        job: str, commit: str, may_write: bool,
    ) -> str:  # fmt: skip
        well = True
        work = Path(variables["RUNNER_TEMP"]).with_name("shop")
        for step in steps:
            assert set(step) <= {"name", "id", "if", "uses", "with", "run", "env", "continue-on-error"}
            did = Step("skipped")
            if holds(step.get("if"), context, well):
                if "uses" in step:
                    did = self._action(step, work, played.folder / "artifacts", commit, may_write)
                else:
                    more = {key: filled(text, context) for key, text in step.get("env", {}).items()}
                    did = self._shell(step["run"], work, variables | more)
            well = well and (did.outcome != "failure" or step.get("continue-on-error", False))
            played.steps[step.get("name") or step.get("run") or step["uses"]] = did
            context["steps"][step.get("id")] = {"outcome": did.outcome}
        return "success" if well else "failure"

    def _action(self, step: dict[str, Any], work: Path, artifacts: Path, commit: str, may_write: bool) -> Step:
        told = step.get("with", {})
        name, _, version = step["uses"].partition("@")
        assert re.fullmatch(r"v\d+", version)
        if name == "actions/checkout":
            self.forge.checkout(work, commit, may_write)
        elif name == "actions/upload-artifact":
            if (work / told["path"]).is_dir():
                shutil.copytree(work / told["path"], artifacts / told["name"])
        elif name == "actions/download-artifact":
            shutil.copytree(artifacts / told["name"], work / told["path"])
        else:
            assert name == "actions/setup-python"
        return Step("success")

    def _shell(self, script: str, work: Path, variables: dict[str, str]) -> Step:
        """As runners run it where no shell is named: with bash -e."""
        return shell(["bash", "-e", "-c", script], work, self.programs, variables)


@pytest.fixture(name="forge")
def one_forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path / "forge")


@pytest.fixture
def server() -> Iterator[Server]:
    with forge() as made:
        yield made


@pytest.fixture(scope="module")
def six_runs(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    """A repository whose history is kept, with six runs of the default branch in it."""
    forge = Forge(tmp_path_factory.mktemp("six") / "forge")
    for answers in NOISE:
        played = GitHub(forge, JEVONS_HISTORY="true").push(forge.commit(answers, judged=4))
        assert played.jobs == {"tests": "success", "history": "success"}, played.steps
    return forge


@pytest.fixture
def history(six_runs: Forge, tmp_path: Path) -> Forge:
    forge = six_runs.copy(tmp_path / "forge")
    assert len(forge.kept(tmp_path / "kept")) == 6
    return forge


def test_twice_the_judge_calls_fail_with_the_reason_in_two_lines(history: Forge) -> None:
    played = GitHub(history, JEVONS_HISTORY="true").pull_request(history.commit(10, 8, pull_request=7), 7, "judge-more")
    assert played.steps["Tests"].outcome == "success"
    assert played.jobs == {"tests": "failure", "history": "skipped"}
    assert played.gate[0] == "broken   judge_calls: 8 is 2.00 times its base of 6 runs (branch main)"
    assert played.gate[1] == "moved    tests/test_shop.py::test_judged: 8 judge_calls (4 before)"
    assert "### AI budget: exceeded" in played.summary
    assert "8 is 2.00 times its base of 6 runs" in played.summary
    # The comment could not be written, which is none of the job's business.
    assert played.steps["Comment"].outcome == "failure"
    assert "127.0.0.1 cannot be reached" in played.steps["Comment"].said


def test_within_noise_passes_although_the_comment_is_refused(history: Forge, server: Server) -> None:
    server.status = 403
    played = GitHub(history, server, JEVONS_HISTORY="true").pull_request(
        history.commit(12, 4, pull_request=8), 8, "reworded"
    )
    assert played.jobs == {"tests": "success", "history": "skipped"}
    assert played.steps["Comment"].outcome == "failure"
    assert played.gate[0] == "passed   1 cap holds; not shown to use more than branch main"
    assert "### AI budget: within" in played.summary
    assert not any("no base" in line for line in played.gate)


@pytest.mark.parametrize(("judged", "result"), [(4, "success"), (8, "failure")])
def test_a_fork_may_not_comment_and_gets_the_summary(
    history: Forge, server: Server, tmp_path: Path, judged: int, result: str
) -> None:
    before = history.kept(tmp_path / "kept")
    forked = GitHub(history, server, JEVONS_HISTORY="true")
    played = forked.pull_request(history.commit(10, judged, pull_request=9), 9, "main", repository="someone/shop")
    assert played.jobs == {"tests": result, "history": "skipped"}
    assert played.steps["Comment"].outcome == "success"
    assert "from a fork" in played.steps["Comment"].said
    assert server.asked == []
    assert f"AI budget: {'within' if judged == 4 else 'exceeded'}" in played.summary
    assert history.kept(tmp_path / "kept") == before


def test_a_forks_main_branch_is_no_base_even_where_its_run_is_kept(history: Forge, tmp_path: Path) -> None:
    runner = GitHub(history)
    forked = runner.pull_request(history.commit(10, 8, pull_request=9), 9, "main", repository="someone/shop")
    played = runner.pull_request(history.commit(10, 8, pull_request=10), 10, "judge-more")
    history.kept(tmp_path / "kept")
    work, programs = played.folder / "tests" / "shop", runner.programs
    for command in (["combine", str(forked.folder / "artifacts" / "jevons"), "-o", "kept", "--cells"], ["gate"]):
        did = shell(["jevons", *command], tmp_path if "-o" in command else work, programs,
                    {"JEVONS_SHARED": str(tmp_path / "kept")})  # fmt: skip
    assert len(read(Home(tmp_path / "kept")).kept) == 7
    assert did.said.startswith("broken   judge_calls: 8 is 2.00 times its base of 6 runs (branch main)")


def test_no_history_is_a_warning_and_none_is_kept_unless_asked_for(forge: Forge) -> None:
    pushed = GitHub(forge).push(forge.commit(10, judged=4))
    assert pushed.jobs == {"tests": "success", "history": "skipped"}
    assert "no pull request" in pushed.steps["Comment"].said
    assert list((pushed.folder / "artifacts" / "jevons").glob("*.jsonl"))
    assert not list(pushed.folder.glob("artifacts/**/secret"))
    played = GitHub(forge, installs=True).pull_request(forge.commit(10, 8, pull_request=1), 1, "judge-more")
    assert played.jobs["tests"] == "success"
    assert "**warning** no base: no run of the default branch is recorded here yet" in played.summary
    assert forge.branches == ["main"]


def test_what_is_kept_of_the_default_branch(history: Forge, tmp_path: Path) -> None:
    """A run that the gate fails is kept, one whose tests fail is not; the same run again changes nothing."""
    runner = GitHub(history, JEVONS_HISTORY="true")
    dear = runner.push(history.commit(10, judged=8))
    assert dear.jobs == {"tests": "failure", "history": "success"}
    assert len(history.kept(tmp_path / "kept")) == 7
    head = git(history.origin, "rev-parse", "jevons-cells")
    assert runner.push(git(history.origin, "rev-parse", "main"), "history", after=dear).jobs["history"] == "success"
    assert git(history.origin, "rev-parse", "jevons-cells") == head
    broken = runner.push(history.commit(10, judged=4, works=False))
    assert broken.jobs == {"tests": "failure", "history": "skipped"}
    assert "### AI budget: within" in broken.summary
    assert git(history.origin, "rev-parse", "jevons-cells") == head


def test_two_jobs_at_the_same_time_lose_nothing(forge: Forge, tmp_path: Path) -> None:
    """Both fetch the same head (first: none, then one) before either pushes: git waits in `push` for the other."""
    runner = GitHub(forge, JEVONS_HISTORY="true")
    for count in (2, 4):
        commits = [forge.commit(10, judged=4) for _ in range(2)]
        ran = [runner.push(commit, "tests") for commit in commits]
        meeting = tmp_path / f"meeting{count}"
        meeting.mkdir()
        program(
            runner.programs,
            "git",
            f'if [ "$1" = push ]; then touch {meeting}/$$; for _ in {{1..600}}; do\n'
            f'[ "$(ls {meeting} | wc -l)" -ge 2 ] && break; sleep 0.05; done; fi\nexec {shutil.which("git")} "$@"',
        )
        with ThreadPoolExecutor() as both:
            pushed = list(both.map(lambda commit, after: runner.push(commit, "history", after=after), commits, ran))
        (runner.programs / "git").unlink()
        assert [one.jobs["history"] for one in pushed] == ["success", "success"], pushed
        said = [next(step.said for name, step in one.steps.items() if name.startswith("Add the run")) for one in pushed]
        assert sum("rejected" in one for one in said) == 1
        assert len(forge.kept(tmp_path / "kept")) == count
    assert git(forge.origin, "rev-list", "--count", "--max-parents=0", "jevons-cells") == "1"


def test_the_comment_is_updated_in_place(forge: Forge, server: Server, tmp_path: Path) -> None:
    server.says("codecov[bot]", "coverage", kind="Bot")
    runner = GitHub(forge, server)
    step = next(one for one in runner.recipe["jobs"]["tests"]["steps"] if one.get("name") == "Comment")
    variables = {
        "RUNNER_TEMP": str(tmp_path), "GITHUB_REPOSITORY": "acme/shop", "GITHUB_TOKEN": BOT, "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": server.url, "GITHUB_WORKFLOW": "AI budget", "GITHUB_JOB": "tests",
        "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
    }  # fmt: skip
    head = {"repo": {"full_name": "acme/shop"}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "head": head}}))
    for said in ("exceeded", "within"):
        (tmp_path / "gate.md").write_text(f"{said}\n")
        assert runner._shell(step["run"], tmp_path, variables).outcome == "success"
        assert server.of("github-actions[bot]") == [f"<!-- jevons AI budget/tests -->\n{said}\n"]
    assert server.of("codecov[bot]") == ["coverage"]


def test_rights() -> None:
    recipe = yaml.safe_load((RECIPES / "github.yml").read_text())
    assert set(recipe[True]) == {"pull_request", "push"}  # True: how YAML 1.1 reads `on`; never pull_request_target
    assert recipe["permissions"] == {}
    assert {name: job["permissions"] for name, job in recipe["jobs"].items()} == {
        "tests": {"contents": "read", "pull-requests": "write"},
        "history": {"contents": "write"},
    }
    assert "--jevons" not in str(recipe["jobs"]["history"])


class GitLab:
    """Plays gitlab.yml for one pipeline: its rules, its scripts as GitLab's runner runs them, artifacts."""

    def __init__(self, forge: Forge) -> None:
        self.forge, self.programs = forge, forge.folder / "programs"
        self.recipe = yaml.safe_load((RECIPES / "gitlab.yml").read_text())
        program(self.programs, "pip", NO_PIP)

    def play(self, commit: str, **variables: str) -> dict[str, tuple[Step, Path]]:
        folder = Path(mkdtemp(prefix="run", dir=self.forge.folder))
        told = {"CI": "true", "GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": commit, **variables}
        played: dict[str, tuple[Step, Path]] = {}
        for name, job in self.recipe.items():
            assert set(job) <= {"image", "rules", "variables", "script", "artifacts", "needs"}
            rule = next((one for one in job["rules"] if self._matches(one["if"], told)), None)
            if rule is None:
                continue
            work = folder / name / "shop"
            self.forge.checkout(work, commit, may_write="CI_COMMIT_BRANCH" in variables)
            for needed in job.get("needs", []):
                before, there = played[needed]
                assert before.outcome == "success" or rule.get("when") == "always"
                for path in self.recipe[needed]["artifacts"]["paths"]:
                    if (there / path).is_dir():
                        shutil.copytree(there / path, work / path)
                    elif (there / path).exists():
                        shutil.copy(there / path, work / path)
            script = "\n".join(["set -eo pipefail", *job["script"]])
            more = told | {"CI_JOB_NAME": name, "CI_PIPELINE_ID": "1"} | job.get("variables", {})
            played[name] = shell(["bash", "-c", script], work, self.programs, more), work
        return played

    def _matches(self, rule: str, variables: Mapping[str, str]) -> bool:
        told = re.sub(r"\$(\w+)", lambda match: json.dumps(variables.get(match[1], "")), rule)
        assert re.fullmatch(r'"\w*" == "\w*"( && "\w*" == "\w*")*', told), f"not played here: {rule}"
        return all(one == other for one, other in re.findall(r'("\w*") == ("\w*")', told))


def test_gitlab(forge: Forge, server: Server, tmp_path: Path) -> None:
    """A merge request over the cap fails with the reason in two lines; one within it passes, beside the kept run."""
    (forge.author / "pyproject.toml").write_text(SUITE["pyproject.toml"].replace("100", "4"))
    runner = GitLab(forge)
    request = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "5", "CI_COMMIT_REF_NAME": "more",
               "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
               "CI_API_V4_URL": f"{server.url}/api/v4", "GITLAB_TOKEN": MAINTAINER}  # fmt: skip
    push = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_NAME": "main"}
    opted = push | {"JEVONS_HISTORY": "true"}
    assert set(runner.play(forge.commit(10, judged=4), **push)) == {"ai-budget"}
    assert forge.branches == ["main"]
    assert set(runner.play(forge.commit(10, judged=4), **opted)) == {"ai-budget", "ai-history"}
    assert len(forge.kept(tmp_path / "kept")) == 1

    did, work = runner.play(forge.commit(10, 8, pull_request=5), **request)["ai-budget"]
    assert did.outcome == "failure"
    said = did.said[did.said.index("broken") :].splitlines()
    assert said[0] == "broken   judge_calls of this run: 8 of 4 (200%)"
    assert said[1] == "moved    tests/test_shop.py::test_judged: 8 judge_calls (4 before)"
    assert (work / "jevons-gate.md").read_text().startswith("### AI budget: exceeded")
    failed = [
        case
        for case in ElementTree.parse(work / "jevons-gate.xml").iter("testcase")
        if case.find("failure") is not None
    ]
    assert [case.get("name") for case in failed] == ["judge_calls of the run"]
    assert ElementTree.parse(work / "jevons.svg").getroot().get("aria-label", "").startswith("AI in tests: 18 calls")
    assert (work / "metrics.txt").read_text().endswith("# EOF\n")

    did, work = runner.play(forge.commit(10, 4, pull_request=5), **request)["ai-budget"]
    assert did.outcome == "success"
    summary = (work / "jevons-gate.md").read_text()
    assert summary.startswith("### AI budget: within")
    assert "in 1 runs" in summary
    assert server.of("project_1_bot") == [f"<!-- jevons ai-budget -->\n{summary}"]  # one note of two pipelines

    # What was merged over the cap is kept; what failed its tests is not.
    for judged, works, runs in ((8, True, 2), (4, False, 2)):
        played = runner.play(forge.commit(10, judged, works), **opted)
        assert [did.outcome for did, _ in played.values()] == ["failure", "success"]
        assert len(forge.kept(tmp_path / "kept")) == runs
