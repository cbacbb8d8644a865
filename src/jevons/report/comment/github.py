"""GitHub: comments of a pull request are those of its issue (REST API, version 2022-11-28)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from jevons.report.comment.api import Api, ForgeError, Thread

_API = "https://api.github.com"
_RIGHTS = "the job needs `permissions: pull-requests: write` (runs for Dependabot and for forks may only read)"


def thread(env: Mapping[str, str], number: int = 0) -> Thread | str:
    """The pull request of a run of GitHub Actions, or `number`; else why there is none to comment on.

    Raises ForgeError without a token.
    """
    event = _event(env)
    request = event.get("pull_request") or {}
    own = env.get("GITHUB_REPOSITORY", "")
    if not number and not request:
        return "this run is of no pull request: the step summary says it all"
    # Runs of pull_request for a fork have a token that may only read; others (pull_request_target) are the base's own.
    head = ((request.get("head") or {}).get("repo") or {}).get("full_name", "")
    if request and env.get("GITHUB_EVENT_NAME") == "pull_request" and head.lower() != own.lower():
        return "this pull request is from a fork, whose token may only read: no comment, the step summary alone"
    token = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN")
    if not token:
        raise ForgeError("no token to comment with: give the step `env: GITHUB_TOKEN: ${{ github.token }}`")
    number = number or request.get("number", 0)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", own) or not isinstance(number, int):
        raise ForgeError("GITHUB_REPOSITORY or the event's pull request is not as GitHub writes it")
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
    issues = f"/repos/{own}/issues"
    return Thread(
        name=f"pull request {number} of {own}",
        api=Api(env.get("GITHUB_API_URL") or _API, headers, _RIGHTS),
        comments=f"{issues}/{number}/comments",
        comment=f"{issues}/comments/{{}}",
        update="PATCH",
        author="user",
        login="login",
        may_be_nobody=True,
    )


def _event(env: Mapping[str, str]) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(Path(env["GITHUB_EVENT_PATH"]).read_bytes())
    except (KeyError, OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}
