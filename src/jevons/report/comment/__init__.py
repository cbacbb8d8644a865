"""One comment on a pull or merge request, updated in place: known again by a first line that no reader sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from jevons.report.comment import github, gitlab
from jevons.report.comment.api import ForgeError, Thread

__all__ = ["ForgeError", "Posted", "Thread", "find", "name_of", "post"]

SCHEMA = "jevons.comment/1"
_MOST = 60_000
"""Signs of a body: GitHub takes 65,536, GitLab a million."""
_PAGES = 100
"""Of a hundred comments each: more is no thread, but a server that answers the same for ever."""
_GONE = (404, 410)
_OTHER = re.compile(r"[^\w ./:+-]|-(?=-)")
"""Signs that a name leaves out, so that it cannot end an HTML comment."""


class Posted(msgspec.Struct, kw_only=True):
    """The document ``jevons.comment/1``: what became of a comment."""

    did: str
    """``created``, ``updated``, or ``nothing``."""
    where: str = ""
    """``pull request 7 of acme/shop``."""
    url: str = ""
    why: str = ""
    """Why there was nothing to do."""
    schema: str = SCHEMA


def find(env: Mapping[str, str], number: int = 0) -> Thread | Posted:
    """The request that a CI job belongs to, or `number`, by its environment; `Posted` says why there is none.

    Raises ForgeError where there is one and it cannot be reached.
    """
    if env.get("GITHUB_ACTIONS"):
        found = github.thread(env, number)
    elif env.get("GITLAB_CI"):
        found = gitlab.thread(env, number)
    else:
        raise ForgeError("this is no job of GitHub or GitLab (GITHUB_ACTIONS, GITLAB_CI): nowhere to comment")
    return Posted(did="nothing", why=found) if isinstance(found, str) else found


def name_of(env: Mapping[str, str]) -> str:
    """What a job's comment goes by, if nothing is said: the workflow and the job, or the job."""
    parts = (env.get("GITHUB_WORKFLOW", ""), env.get("GITHUB_JOB", "") or env.get("CI_JOB_NAME", ""))
    return "/".join(filter(None, parts))


def mark(name: str) -> str:
    """The first line of the comment of that name: an HTML comment, which pages do not show."""
    return f"<!-- jevons {_OTHER.sub('', name).strip() or 'report'} -->"


def post(thread: Thread, name: str, body: str, *, only_over: bool = False) -> Posted:
    """Write the comment of that name: over the one that this token's user wrote before, else, unless `only_over`, anew.

    Comments of others are left alone, whatever they begin with. Raises ForgeError.
    """
    api = thread.api
    line = mark(name)
    sent = {"body": _shortened(f"{line}\n{body}")}
    before = _own(thread, line)
    if before is not None:
        try:
            made = api.ask(thread.update, thread.comment.format(before), sent)
            return Posted(did="updated", where=thread.name, url=_url(made))
        except ForgeError as error:
            if error.status not in _GONE:  # somebody deleted it just now
                raise
    if only_over:
        return Posted(did="nothing", where=thread.name, why=f"{thread.name} has no such comment: none to write over")
    return Posted(did="created", where=thread.name, url=_url(api.ask("POST", thread.comments, sent)))


def _own(thread: Thread, line: str) -> int | None:
    """The id of the first comment that begins with a line and is this token's user's."""
    us: str | None = None
    for page in range(1, _PAGES + 1):
        rows = thread.api.ask("GET", f"{thread.comments}?per_page=100&page={page}&{thread.order}")
        if not isinstance(rows, list):
            raise ForgeError(f"{thread.api.host} answered with no list of comments")
        if not rows:
            return None
        for row in filter(lambda row: isinstance(row, dict), rows):
            if str(row.get("body") or "").partition("\n")[0].rstrip() == line:
                us = _me(thread) if us is None else us
                author = row.get(thread.author) or {}
                if author.get(thread.login) == us if us else author.get("type") == "Bot":
                    return int(row["id"])
    raise ForgeError(f"{thread.name} has more than {100 * _PAGES:,} comments: ours was not looked for further")


def _me(thread: Thread) -> str:
    """The login of the token's user; empty where a token has none: a job's own token of GitHub writes as a bot."""
    try:
        return str(thread.api.ask("GET", "/user").get(thread.login) or "")
    except ForgeError as error:
        if thread.may_be_nobody and error.status in (401, 403, 404):
            return ""
        raise


def _shortened(text: str) -> str:
    """Text as long as a comment may be, cut at the end of a line."""
    if len(text) <= _MOST:
        return text
    kept = text[:_MOST]
    kept = kept.rpartition("\n")[0] or kept
    return f"{kept}\n… and more, which is too long for a comment\n"


def _url(made: Any) -> str:
    return str(made.get("html_url") or "") if isinstance(made, dict) else ""
