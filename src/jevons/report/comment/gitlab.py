"""GitLab: comments of a merge request are its notes (REST API v4)."""

from __future__ import annotations

from collections.abc import Mapping

from jevons.report.comment.api import Api, ForgeError, Thread

_RIGHTS = "GITLAB_TOKEN needs the scope `api` and the role Reporter"


def thread(env: Mapping[str, str], number: int = 0) -> Thread | str:
    """The merge request of a pipeline, or `number`; else why there is none to comment on. Raises ForgeError.

    The job's own token may not write notes: ``GITLAB_TOKEN`` is a project's access token.
    """
    own = env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID", "")
    told = str(number or env.get("CI_MERGE_REQUEST_IID", ""))
    if not told:
        return "this pipeline is of no merge request: the job's artifacts say it all"
    if env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", own) != own:
        return "this merge request is from a fork, which is given no token: no note, the job's artifacts alone"
    token = env.get("GITLAB_TOKEN")
    if not token:
        raise ForgeError("no token to write a note with: set the CI/CD variable GITLAB_TOKEN (masked); " + _RIGHTS)
    if not (own.isdecimal() and told.isdecimal()):
        raise ForgeError("CI_PROJECT_ID or CI_MERGE_REQUEST_IID is not as GitLab writes it")
    notes = f"/projects/{own}/merge_requests/{told}/notes"
    return Thread(
        name=f"merge request {told} of {env.get('CI_PROJECT_PATH') or f'project {own}'}",
        api=Api(env.get("CI_API_V4_URL", ""), {"PRIVATE-TOKEN": token}, _RIGHTS),
        comments=notes,
        comment=f"{notes}/{{}}",
        update="PUT",
        author="author",
        login="username",
        order="sort=asc&order_by=created_at",
    )
