"""A project: its settings and ledgers, and runs of them by the names that people give them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jevons.ledger.home import DIRECTORY, Home
from jevons.settings import Settings, load

if TYPE_CHECKING:
    from jevons.ledger.recorded import Recorded
    from jevons.ledger.spans import Span
    from jevons.record import Run

_ROOTS = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", ".git")


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


def ledgers(root: Path, settings: Settings, home: Home) -> list[Home]:
    """The project's ledger and, if the settings name one, the ledger that is shared with others."""
    from jevons.ledger.remote import place

    return [home, Home(place(settings.shared, root))] if settings.shared else [home]


def known_runs(homes: Sequence[Home]) -> list[Run]:
    """The runs of some ledgers, each once: as the first that holds it tells of it. Measurements are no runs."""
    return [run for run in _records(homes) if not run.measures_only]


def _records(homes: Sequence[Home]) -> list[Run]:
    from jevons.ledger.read import runs

    return list({run.id: run for home in reversed(homes) for run in runs(home)}.values())


def pick_runs(homes: Sequence[Home], asked: str) -> Span:
    """The runs asked for, as people name them (see `jevons.ledger.spans`), or as git does (a tag, ``HEAD~3``).

    Raises SpanError.
    """
    from jevons.ledger.spans import SpanError, pick

    own = _records(homes[:1]) if asked.strip() in ("latest", "previous") else []
    known = own if any(not run.measures_only for run in own) else _records(homes)
    try:
        return pick(known, asked)
    except SpanError:
        commit = git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{asked}^{{commit}}")
        if not commit:
            raise
        try:
            span = pick(known, commit)
        except SpanError as error:
            raise SpanError(f"{asked} is commit {commit[:12]}, of which no run is recorded") from error
        return msgspec.structs.replace(span, name=f"{asked}, {span.name}")


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


def read_together(
    homes: Sequence[Home], span: Span, settings: Settings, *, by_file: bool = False, hours: bool = False
) -> tuple[list[Recorded], int]:
    """The same added up, a run for each project and place (see `jevons.ledger.gather.together`)."""
    from jevons.ledger.gather import together

    placed = [msgspec.structs.replace(run, place=run.place or settings.place) for run in span.runs]
    span = msgspec.structs.replace(span, runs=placed)
    return together(homes, span, "" if settings.engine == "duckdb" else settings.engine, by_file=by_file, hours=hours)


def git(*command: str) -> str:
    """What git says; empty where there is no git, or nothing of that kind."""
    try:
        done = subprocess.run(["git", *command], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603, S607
        return done.stdout.strip()
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
