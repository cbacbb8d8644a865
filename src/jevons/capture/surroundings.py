"""Facts about a run that are not its calls: code, CI system, versions, stacks that no tap covers."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

UNSEEN = {
    "grpc": "gRPC",
    "websockets": "WebSocket (websockets)",
    "websocket": "WebSocket (websocket-client)",
}
"""Modules whose traffic is not seen yet, by what to call them."""

COMMAND = "JEVONS_COMMAND"
"""Variable that tells a command of `jevons run` the id of that run."""

_CI = {
    "GITHUB_ACTIONS": "github",
    "GITLAB_CI": "gitlab",
    "JENKINS_URL": "jenkins",
    "CIRCLECI": "circleci",
    "TF_BUILD": "azure",
    "BUILDKITE": "buildkite",
    "TEAMCITY_VERSION": "teamcity",
    "BITBUCKET_BUILD_NUMBER": "bitbucket",
    "CI": "ci",
}
_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "CIRCLE_SHA1", "BUILD_SOURCEVERSION", "BUILDKITE_COMMIT")
_BRANCH = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "GIT_BRANCH",
    "CIRCLE_BRANCH",
    "BUILD_SOURCEBRANCHNAME",
    "BUILDKITE_BRANCH",
)
_PULL_REQUEST = ("CI_MERGE_REQUEST_IID", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "BUILDKITE_PULL_REQUEST")
_JOB = ("CI_JOB_NAME", "JOB_NAME", "CIRCLE_JOB", "SYSTEM_JOBNAME", "BUILDKITE_LABEL", "BITBUCKET_STEP_NAME")
_PACKAGES = ("httpx", "httpx2", "openai", "anthropic", "pytest")


def versions(jevons: str) -> dict[str, str]:
    """Versions of jevons, as given, of Python, the platform and the packages that are loaded."""
    found = {"jevons": jevons, "python": platform.python_version(), "platform": sys.platform}
    for name in _PACKAGES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


def unseen() -> list[str]:
    """Stacks that are loaded in this process and that jevons cannot see through."""
    return [label for module, label in UNSEEN.items() if module in sys.modules]


def _first(names: tuple[str, ...]) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def commit_and_ci(root: Path) -> dict[str, str]:
    """Commit, branch, pull request and CI system: from CI's variables, else from git's own files."""
    commit, branch = _first(_COMMIT), _first(_BRANCH)
    if not commit:
        commit, branch = _git(root)
    reference = os.environ.get("GITHUB_REF", "")
    pull_request = reference.split("/")[2] if reference.startswith("refs/pull/") else _first(_PULL_REQUEST)
    ci = next((label for name, label in _CI.items() if os.environ.get(name)), "")
    job = "/".join(filter(None, (os.environ.get("GITHUB_WORKFLOW"), os.environ.get("GITHUB_JOB")))) or _first(_JOB)
    return {"commit": commit, "branch": branch, "pull_request": pull_request, "ci": ci, "job": job if ci else ""}


def _git(root: Path) -> tuple[str, str]:
    """(commit, branch) read from ``.git``: starting git would cost more than the rest of the plugin."""
    for folder in (root, *root.parents):
        git = folder / ".git"
        if not git.exists():
            continue
        try:
            if git.is_file():  # a worktree or a submodule
                git = (folder / git.read_text().partition("gitdir:")[2].strip()).resolve()
            head = (git / "HEAD").read_text().strip()
            if not head.startswith("ref: "):
                return head, ""
            reference = head[5:]
            common = git
            if (git / "commondir").is_file():
                common = (git / (git / "commondir").read_text().strip()).resolve()
            branch = reference.removeprefix("refs/heads/")
            if (common / reference).is_file():
                return (common / reference).read_text().strip(), branch
            for line in (common / "packed-refs").read_text().splitlines():
                if line.endswith(" " + reference):
                    return line.split(" ")[0], branch
            return "", branch
        except (OSError, IndexError, UnicodeDecodeError):
            return "", ""
    return "", ""
