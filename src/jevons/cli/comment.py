"""`jevons comment`: one comment on a pull or merge request, updated in place."""

from __future__ import annotations

import os
from typing import TextIO

import click
import msgspec

from jevons.cli.project import CouldNotError


@click.command(
    "comment",
    epilog="""\b
Examples:
  jevons report --format markdown -o report.md && jevons comment report.md
  jevons gate --format markdown | jevons comment -
  jevons comment report.md --name "AI, Python 3.13"     a comment of its own for each job of a matrix

\b
In a job of GitHub Actions: GITHUB_TOKEN, and `permissions: pull-requests: write`. In one of GitLab: the CI/CD variable
GITLAB_TOKEN, a project's access token with the scope api. The comment is known again by a first line that pages do not
show; comments of others are left alone.
Exit 0: written, or there is nothing to comment on (no pull request, or a fork's). 2: it could not be written.
""",
)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--name", default="", help="Which comment; else the workflow and job.")
@click.option("--number", type=click.IntRange(min=1), help="Of the pull or merge request; else the job's own.")
@click.option(
    "--only-over", is_flag=True, help="Write over the comment that is there; where there is none, do nothing."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(file: TextIO, name: str, number: int | None, only_over: bool, form: str) -> None:
    """Write FILE (Markdown) as a comment, over the one that was written before."""
    from jevons.report.comment import ForgeError, Thread, find, name_of, post

    try:
        body = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise CouldNotError(f"{file.name} cannot be read ({error}): name a file of UTF-8 text") from error
    try:
        found = find(os.environ, number or 0)
        if isinstance(found, Thread):
            made = post(found, name or name_of(os.environ), body, only_over=only_over)
        else:
            made = found
    except ForgeError as error:
        raise CouldNotError(f"no comment was written: {error}") from None
    if form == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
    else:
        click.echo(made.why or f"{made.did} the comment on {made.where} {made.url}".rstrip())
