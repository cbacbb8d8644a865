"""One comment, updated in place, on a loopback forge: whoever else writes there, whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from ci.forges import BOT, MAINTAINER, PERSON, READER, Forge, forge
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from jevons.cli import cli
from jevons.report.comment import mark

FORGED = "<!-- jevons AI budget/tests -->\nnot ours"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with forge() as made:
        yield made


def github(server: Forge, folder: Path, token: str = BOT, head: str = "acme/shop", event: str = "pull_request"):
    (folder / "event.json").write_text(
        json.dumps({"pull_request": {"number": 7, "head": {"repo": {"full_name": head} if head else None}}})
    )
    return {
        "GITHUB_ACTIONS": "true", "GITLAB_CI": "", "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(folder / "event.json"), "GITHUB_WORKFLOW": "AI budget",
        "GITHUB_JOB": "tests", "GITHUB_TOKEN": token, "GH_TOKEN": "",
    }  # fmt: skip


def gitlab(server: Forge, token: str = MAINTAINER, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "", "GITLAB_CI": "true", "CI_API_V4_URL": f"{server.url}/api/v4", "CI_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_IID": "5", "CI_MERGE_REQUEST_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_JOB_NAME": "ai-budget", "GITLAB_TOKEN": token, "GITHUB_WORKFLOW": "", "GITHUB_JOB": "", **more,
    }  # fmt: skip


def comment(env: dict[str, str], body: str, *more: str) -> Result:
    return CliRunner().invoke(cli, ["comment", "-", *more], input=body, env=env)


@pytest.mark.parametrize("token", [BOT, PERSON])
def test_twice_makes_one_comment_however_many_others_there_are(server: Forge, tmp_path: Path, token: str) -> None:
    for number in range(130):
        server.says("somebody", f"comment {number}")
    server.says("eve", FORGED)
    server.says("ada", "a comment of the token's own user, by hand")
    others = [dict(one) for one in server.comments]
    env = github(server, tmp_path, token)
    first, second = (comment(env, f"run {number}\n") for number in (1, 2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert first.output.startswith("created the comment on pull request 7 of acme/shop https://")
    assert second.output.startswith("updated the comment on pull request 7 of acme/shop https://")
    assert server.comments[: len(others)] == others
    assert [one["body"] for one in server.comments[len(others) :]] == ["<!-- jevons AI budget/tests -->\nrun 2\n"]


def test_gitlab_twice_makes_one_note(server: Forge) -> None:
    for number in range(130):
        server.says("somebody", f"note {number}", request=5)
    server.says("eve", "<!-- jevons ai-budget -->\nnot ours", request=5)
    for number in (1, 2):
        said = comment(gitlab(server), f"run {number}\n")
        assert said.exit_code == 0, said.output
    assert server.of("project_1_bot") == ["<!-- jevons ai-budget -->\nrun 2\n"]
    assert server.of("eve") == ["<!-- jevons ai-budget -->\nnot ours"]


def test_jobs_of_a_matrix_have_a_comment_each(server: Forge, tmp_path: Path) -> None:
    env = github(server, tmp_path)
    for python in ("3.11", "3.14", "3.11"):
        assert comment(env, python, "--name", f"AI on {python}").exit_code == 0
    assert server.of("github-actions[bot]") == ["<!-- jevons AI on 3.11 -->\n3.11", "<!-- jevons AI on 3.14 -->\n3.14"]


def test_only_over_a_comment_that_is_there(server: Forge, tmp_path: Path) -> None:
    env = github(server, tmp_path)
    assert "none to write over" in comment(env, "nothing", "--only-over").output
    assert server.comments == []
    assert comment(env, "run 1").output.startswith("created")
    assert comment(env, "nothing", "--only-over").output.startswith("updated")
    assert server.of("github-actions[bot]") == ["<!-- jevons AI budget/tests -->\nnothing"]


def test_a_deleted_comment_is_made_anew_even_one_deleted_just_now(server: Forge, tmp_path: Path) -> None:
    env = github(server, tmp_path)
    assert comment(env, "run 1").output.startswith("created")
    server.comments.clear()
    assert comment(env, "run 2").output.startswith("created")
    server.deletes_before_update = True
    assert comment(env, "run 3").output.startswith("created")
    assert server.of("github-actions[bot]") == ["<!-- jevons AI budget/tests -->\nrun 3"]


@pytest.mark.parametrize("head", ["someone/shop", ""])  # a fork; a fork that is gone
def test_a_forks_pull_request_is_not_asked_about(server: Forge, tmp_path: Path, head: str) -> None:
    said = comment(github(server, tmp_path, READER, head), "run 1", "--format", "json")
    assert said.exit_code == 0
    told = json.loads(said.output)
    assert (told["schema"], told["did"]) == ("jevons.comment/1", "nothing")
    assert "from a fork" in told["why"]
    assert server.asked == []
    # On pull_request_target the token is the base's own, and may.
    assert comment(github(server, tmp_path, BOT, head, "pull_request_target"), "run 1").output.startswith("created")


def test_gitlab_forks_and_pipelines_without_a_merge_request(server: Forge) -> None:
    assert "from a fork" in comment(gitlab(server, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="2"), "x").output
    assert "no merge request" in comment(gitlab(server, CI_MERGE_REQUEST_IID=""), "x").output
    assert server.asked == []


def test_a_push_has_nothing_to_comment_on(server: Forge, tmp_path: Path) -> None:
    env = github(server, tmp_path) | {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "none")}
    said = comment(env, "run 1")
    assert (said.exit_code, server.asked) == (0, [])
    assert "no pull request" in said.output
    assert comment(env, "run 1", "--number", "9").output.startswith("created the comment on pull request 9 of")


@pytest.mark.parametrize(
    ("token", "status", "remedy"),
    [(READER, 0, "pull-requests: write"), ("nobody's", 0, "401 (Bad credentials)"), (BOT, 500, "500 (Server Error)"),
     (BOT, 429, "too many requests"), ("", 0, "GITHUB_TOKEN: ${{ github.token }}")],
)  # fmt: skip
def test_what_the_forge_refuses_is_said_in_a_line(server, tmp_path, token, status, remedy) -> None:
    server.status = status
    said = comment(github(server, tmp_path, token), "run 1")
    assert said.exit_code == 2
    assert remedy in said.output
    assert said.output.count("\n") == 1
    assert "token-" not in said.output
    assert server.comments == []


def test_a_token_goes_over_tls_alone_and_nowhere_on(server: Forge, tmp_path: Path) -> None:
    plain = github(server, tmp_path) | {"GITHUB_API_URL": "http://forge.example"}
    assert "no https://" in comment(plain, "x").output
    nobody = github(server, tmp_path) | {"GITHUB_API_URL": "http://127.0.0.1:9"}
    assert "127.0.0.1 cannot be reached" in comment(nobody, "x").output
    server.status = 302
    assert comment(github(server, tmp_path), "x").exit_code == 2
    assert len(server.asked) == 1


def test_a_report_too_long_for_a_comment_is_cut_at_a_line(server: Forge, tmp_path: Path) -> None:
    assert comment(github(server, tmp_path), "a line of the report\n" * 10_000).exit_code == 0
    (body,) = server.of("github-actions[bot]")
    assert len(body) < 65_536
    assert body.endswith("\na line of the report\n… and more, which is too long for a comment\n")


@given(st.text(max_size=80))
def test_no_name_ends_the_hidden_line(name: str) -> None:
    line = mark(name)
    assert line.startswith("<!-- jevons ")
    assert line.index("-->") == len(line) - 3
    assert "--" not in line[4:-3]
    assert len(line.splitlines()) == 1
