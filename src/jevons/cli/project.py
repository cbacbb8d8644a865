"""Which project a command is about."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jevons import project
from jevons.ledger.home import Home
from jevons.project import find, git, known_runs, ledgers, read_runs, read_together
from jevons.settings import Settings

if TYPE_CHECKING:
    from jevons.factors.sites import Site
    from jevons.ledger.spans import Span
    from jevons.record import Run

__all__ = [
    "CouldNotError", "default_branches", "engine_option", "find", "git", "known_runs", "ledgers", "new_run",
    "pick_runs", "read_runs", "read_together", "sites_of", "write",
]  # fmt: skip
_USUAL_BRANCHES = ("main", "master", "trunk", "develop")


class CouldNotError(click.ClickException):
    """It could not be done: says why, and the remedy. No cap and no check failed."""

    exit_code = 2


def new_run(root: Path, settings: Settings, **more: str) -> Run:
    """The record of a run that begins now, with what CI's variables or git's files tell of it; `more` of its fields."""
    from jevons import __version__
    from jevons.capture import surroundings
    from jevons.record import Run

    return Run(
        id=f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}",
        project=settings.project or root.name,
        place=settings.place,
        started_us=time.time_ns() // 1_000,
        command=os.environ.get(surroundings.COMMAND, ""),
        versions=surroundings.versions(__version__),
        **surroundings.commit_and_ci(root),  # type: ignore[arg-type]  # texts alone
        **more,  # type: ignore[arg-type]  # texts alone
    )


def default_branches(root: Path) -> list[str]:
    """What the default branch may be called, the likeliest first: by CI's variables, by git's remote, by custom."""
    named = [os.environ.get("CI_DEFAULT_BRANCH", "")]
    with suppress(OSError, ValueError, KeyError, TypeError):
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        named.append(str(event["repository"]["default_branch"]))
    named.append(git("-C", str(root), "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/"))
    return list(dict.fromkeys([name for name in named if name] + list(_USUAL_BRANCHES)))


def pick_runs(homes: Sequence[Home], asked: str) -> Span:
    """The runs asked for (`jevons.project.pick_runs`). Raises CouldNotError."""
    from jevons.ledger.spans import SpanError

    try:
        return project.pick_runs(homes, asked)
    except SpanError as error:
        raise CouldNotError(str(error)) from error


def engine_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--engine``, as the setting of that name."""
    return click.option(
        "--engine", default="", metavar="ENGINE", help="duckdb (default), or a Spark: spark://HOST:PORT, local[*]."
    )(command)


def sites_of(settings: Settings, root: Path) -> tuple[Site, ...]:
    """Data centres and programmes that are known, the user's first. Raises CouldNotError, a fault a line."""
    from jevons.factors.sheets import FactorFileError
    from jevons.factors.user_sites import load_sites

    try:
        return load_sites(root / file for file in settings.sites)
    except FactorFileError as error:
        raise CouldNotError(str(error)) from error


def for_a_file(output: Path | None, example: str) -> None:
    """Raises CouldNotError where a page would go to a terminal."""
    if output is None and sys.stdout.isatty():
        raise CouldNotError(f"a page wants a file: {example}")


@contextmanager
def drawing() -> Iterator[None]:
    """Around what draws a page. Raises CouldNotError where what draws is not installed."""
    try:
        yield
    except ImportError as error:
        raise CouldNotError("a page needs jinja2: pip install 'jevons[report]'") from error


def write(text: str, output: Path | None) -> None:
    """Write to a file, or print what the terminal can show."""
    if output is not None:
        output.write_text(text, encoding="utf-8")
        return
    from jevons.report.terminal import fit

    click.echo(fit(text, sys.stdout.encoding or "utf-8"), nl=False)
