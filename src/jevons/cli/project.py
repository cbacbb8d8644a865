"""Which project a command is about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from jevons.ledger.home import DIRECTORY, Home
from jevons.settings import Settings, load

if TYPE_CHECKING:
    from jevons.factors.sites import Site
    from jevons.ledger.recorded import Recorded
    from jevons.ledger.spans import Span
    from jevons.record import Run

_USUAL_BRANCHES = ("main", "master", "trunk", "develop")
_ROOTS = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", ".git")


class CouldNotError(click.ClickException):
    """It could not be done: says why, and the remedy. No cap and no check failed."""

    exit_code = 2


def find(start: Path | None = None, engine: str = "") -> tuple[Path, Settings, Home]:
    """(root, settings, ledger) of the project around `start`: where a ledger lies, else where a project begins.
    `engine` wins over the setting."""
    start = (start or Path.cwd()).resolve()
    folders = [start, *start.parents]
    root = next((folder for folder in folders if (folder / DIRECTORY).is_dir()), None) or next(
        (folder for folder in folders if any((folder / name).exists() for name in _ROOTS)), start
    )
    settings = load(root)
    settings = msgspec.structs.replace(settings, engine=engine or settings.engine)
    return root, settings, Home(root / settings.dir)


def known_runs(homes: Sequence[Home]) -> list[Run]:
    """The runs of some ledgers, each once: as the first that holds it tells of it."""
    from jevons.ledger.read import runs

    return list({run.id: run for home in reversed(homes) for run in runs(home)}.values())


def default_branches(root: Path) -> list[str]:
    """What the default branch may be called, the likeliest first: by CI's variables, by git's remote, by custom."""
    named = [os.environ.get("CI_DEFAULT_BRANCH", "")]
    with suppress(OSError, ValueError, KeyError, TypeError):
        event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
        named.append(str(event["repository"]["default_branch"]))
    named.append(git("-C", str(root), "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/"))
    return list(dict.fromkeys([name for name in named if name] + list(_USUAL_BRANCHES)))


def pick_runs(homes: Sequence[Home], asked: str) -> Span:
    """The runs asked for, as people name them (see `jevons.ledger.spans`), or as git does (a tag, ``HEAD~3``).

    Raises CouldNotError.
    """
    from jevons.ledger.spans import SpanError, pick

    own = known_runs(homes[:1]) if asked.strip() in ("latest", "previous") else []
    known = own or known_runs(homes)
    try:
        return pick(known, asked)
    except SpanError as error:
        commit = git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{asked}^{{commit}}")
        if commit:
            try:
                span = pick(known, commit)
            except SpanError:
                raise CouldNotError(f"{asked} is commit {commit[:12]}, of which no run is recorded") from error
            return msgspec.structs.replace(span, name=f"{asked}, {span.name}")
        raise CouldNotError(str(error)) from error


def git(*command: str) -> str:
    """What git says; empty where there is no git, or nothing of that kind."""
    try:
        done = subprocess.run(["git", *command], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603, S607
        return done.stdout.strip()
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def read_runs(homes: Sequence[Home], span: Span, settings: Settings) -> tuple[list[Recorded], int]:
    """(runs of a span, torn lines passed over); a run that does not say where it ran, ran where the settings say."""
    from jevons.ledger.gather import gather

    found, torn = gather(homes, span, "" if settings.engine == "duckdb" else settings.engine)
    listed = {run.id: run for run in span.runs}
    made = []
    for one in found:
        run = listed.get(one.run.id, one.run)
        run = msgspec.structs.replace(run, place=run.place or settings.place, merged=one.run.merged)
        made.append(one._replace(run=run))
    return made, torn


def engine_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--engine``, as the setting of that name."""
    return click.option(
        "--engine", default="", metavar="ENGINE", help="duckdb (default), or a Spark: spark://HOST:PORT, local[*]."
    )(command)


def ledgers(root: Path, settings: Settings, home: Home) -> list[Home]:
    """The project's ledger and, if the settings name one, the ledger that is shared with others."""
    from jevons.ledger.remote import place

    return [home, Home(place(settings.shared, root))] if settings.shared else [home]


def sites_of(settings: Settings, root: Path) -> tuple[Site, ...]:
    """Data centres and programmes that are known, the user's first. Raises CouldNotError, a fault a line."""
    from jevons.factors.sheets import FactorFileError
    from jevons.factors.user_sites import load_sites

    try:
        return load_sites(root / file for file in settings.sites)
    except FactorFileError as error:
        raise CouldNotError(str(error)) from error


def write(text: str, output: Path | None) -> None:
    """Write to a file, or print what the terminal can show."""
    if output is not None:
        output.write_text(text, encoding="utf-8")
        return
    from jevons.report.terminal import fit

    click.echo(fit(text, sys.stdout.encoding or "utf-8"), nl=False)
