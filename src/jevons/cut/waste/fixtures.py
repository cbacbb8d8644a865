"""Fixtures of function scope that ask the same for every test."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store


def find(store: Store) -> Iterator[Found]:
    """Set-up calls outside shared fixtures that another test's set-up had asked in the run. After `asked.find`."""
    setup = "phase = 'setup' AND fixture = ''"
    query = f"SELECT n FROM asked JOIN target USING (n) WHERE exact_same_run AND NOT same_asker AND {setup}"  # noqa: S608
    if not store.mark("fixtures", query):
        return
    modules, file, line = store.rows(
        "SELECT count(DISTINCT split_part(test, '::', 1)), mode(file), mode(line) "  # noqa: S608
        f"FROM ({query}) JOIN target USING (n)"
    )[0]
    scope = "module" if modules == 1 else "session"
    at = f"the fixture that calls at {file}:{line}" if file else "the fixture"
    yield Found(
        kind="fixtures",
        what="set-up calls that are made for each test anew, word for word",
        do=[f'@pytest.fixture(scope="{scope}") on {at}'],
        why="tests then share what the fixture makes: none may change it",
    )
