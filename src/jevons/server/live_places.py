"""Where a page of `jevons report --live` stands: all runs, a project, a quarter, month or day, a run; or a test there.

Addresses are ``/``, ``/p/PROJECT``, ``/p/PROJECT/2026Q4`` (or a month, or a day), ``/r/RUN``, and each of these with
``/t/TEST``. Names that are not plain stand there as their hash, so that no name does anything in an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from jevons.ledger.days import UNKNOWN, day
from jevons.ledger.spans import started
from jevons.record import Run
from jevons.report.html.live import Link

PERIODS = ("quarter", "month", "day")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}")
_LEVELS = {"quarter": re.compile(r"[0-9]{4}Q[1-4]"), "month": re.compile(r"[0-9]{4}-[0-9]{2}")}


class Stand(NamedTuple):
    """A page: which runs it is about, and how it is called."""

    address: str
    """Without what stands before all addresses."""
    trail: list[Link]
    runs: list[Run]
    parts: str
    """What its rows are by: ``project``, one of `PERIODS`, ``run``; ``test`` for the page of a run."""
    before: tuple[str, list[Run]] | None = None
    """The period before it that has runs, and these."""
    test: str = ""
    """Key of the test that it is about."""

    @property
    def what(self) -> str:
        """In words."""
        return self.trail[-1].name


def key(name: str) -> str:
    """A name as a part of an address."""
    if _PLAIN.fullmatch(name):
        return name
    return "~" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def label(level: str, run: Run) -> str:
    """The quarter, month or day (UTC) in which a run started."""
    found = day(started(run))
    if found == UNKNOWN or level == "day":
        return found
    return found[:7] if level == "month" else f"{found[:4]}Q{(int(found[5:7]) + 2) // 3}"


def stand(path: str, known: Mapping[str, Run]) -> Stand | None:
    """The page of a path; None where there is none."""
    parts = [part for part in path.split("/") if part]
    test = ""
    if len(parts) >= 2 and parts[-2] == "t":
        *parts, _, test = parts
    runs = list(known.values())
    projects = list(dict.fromkeys(run.project for run in runs))
    found: Stand | None
    if not parts:
        found = _root(runs, projects)
    elif parts[0] == "p" and 2 <= len(parts) <= 3:
        found = _of_project(parts[1], parts[2] if len(parts) == 3 else "", runs, projects)
    elif parts[0] == "r" and len(parts) == 2:
        found = _of_run(parts[1], runs, projects)
    else:
        return None
    if found is None or not test:
        return found
    address = f"{found.address.rstrip('/')}/t/{test}"
    return found._replace(address=address, test=test, before=None, trail=[*found.trail, Link("a test", address)])


def _root(runs: list[Run], projects: Sequence[str]) -> Stand:
    parts = "project" if len(projects) > 1 else "quarter"
    return Stand("/", [_top(projects)], runs, parts)


def _top(projects: Sequence[str]) -> Link:
    return Link("all projects" if len(projects) != 1 else projects[0] or "all runs", "/")


def _of_project(asked: str, period: str, runs: Sequence[Run], projects: Sequence[str]) -> Stand | None:
    project = next((name for name in projects if key(name) == asked), None)
    if project is None:
        return None
    own = [run for run in runs if run.project == project]
    if not period:
        trail = _trail(project, projects)
        return Stand(trail[-1].address, trail, own, "quarter")
    level = next((level for level, form in _LEVELS.items() if form.fullmatch(period)), "day")
    of: dict[str, list[Run]] = {}
    for run in own:
        of.setdefault(label(level, run), []).append(run)
    if period not in of:
        return None
    earlier = max((one for one in of if one < period and UNKNOWN not in (one, period)), default="")
    trail = _trail(project, projects, of[period][0], level)
    return Stand(
        trail[-1].address, trail, of[period], {"quarter": "month", "month": "day", "day": "run"}[level],
        (earlier, of[earlier]) if earlier else None,
    )  # fmt: skip


def _of_run(asked: str, runs: Sequence[Run], projects: Sequence[str]) -> Stand | None:
    run = next((run for run in runs if key(run.id) == asked), None)
    if run is None:
        return None
    trail = [*_trail(run.project, projects, run, "day"), Link(run.id, address_of("run", run.id, ""))]
    return Stand(trail[-1].address, trail, [run], "test")


def _trail(project: str, projects: Sequence[str], run: Run | None = None, level: str = "") -> list[Link]:
    made = [_top(projects)]
    if len(projects) > 1:
        made.append(Link(project or "(no project)", address_of("project", project, project)))
    if run is not None:
        levels = PERIODS[: PERIODS.index(level) + 1]
        names = dict.fromkeys(label(one, run) for one in levels)
        made += [Link(name, address_of("day", name, project)) for name in names]
    return made


def address_of(by: str, name: str, project: str) -> str:
    """Address of the page of a project, of a period in a project, or of a run."""
    if by == "run":
        return f"/r/{key(name)}"
    return f"/p/{key(project)}" if by == "project" else f"/p/{key(project)}/{name}"
