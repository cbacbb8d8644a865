"""Which project a command is about."""

from __future__ import annotations

from pathlib import Path

import click

from jevons.ledger.home import DIRECTORY, Home
from jevons.ledger.read import run_ids
from jevons.settings import Settings, load

_ROOTS = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", ".git")


def find(start: Path | None = None) -> tuple[Path, Settings, Home]:
    """(root, settings, ledger) of the project around `start`: where a ledger lies, else where a project begins."""
    start = (start or Path.cwd()).resolve()
    folders = [start, *start.parents]
    root = next((folder for folder in folders if (folder / DIRECTORY).is_dir()), None) or next(
        (folder for folder in folders if any((folder / name).exists() for name in _ROOTS)), start
    )
    settings = load(root)
    return root, settings, Home(root / settings.dir)


def pick_run(home: Home, asked: str) -> str:
    """Id of the run asked for: ``latest``, a whole id or its beginning. Raises click.ClickException."""
    ids = run_ids(home)
    if not ids:
        raise click.ClickException(f"nothing is recorded in {home.path} yet: record a run with `pytest --jevons`")
    if asked == "latest":
        return ids[-1]
    found = [run for run in ids if run.startswith(asked)]
    if len(found) != 1:
        which = f"{len(found)} runs begin with" if found else "no run begins with"
        raise click.ClickException(f"{which} {asked!r}. Recorded: {', '.join(ids[-5:])}")
    return found[0]
