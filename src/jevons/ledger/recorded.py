"""A run as everything after the ledger sees it: its cells, whose they are, and its tests.

Made of the calls that a spool holds, or of the cells that were kept of them (`record.Kept`): both give the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from jevons.ledger.cells import Cell, Key, Sums, cells, fold
from jevons.ledger.days import day, hour
from jevons.ledger.read import Reading
from jevons.ledger.repeats import exact
from jevons.ledger.shares import Users, owners, users
from jevons.record import Call, Kept, Run, TestResult

CONTEXTS = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288, 1_000_000)
"""Lengths of a prompt, in tokens, above which somebody's price is another one (genai-prices 0.0.30 to 0.2.3)."""

_HASH = re.compile(r":[0-9a-f]{8}\]$")
VERDICTS = frozenset({"passed", "failed", "xfailed", "xpassed"})
"""Outcomes of a test that judge the product."""
_FLAGS = ("repeat", "failed", "retry")


class Whose(NamedTuple):
    """Group of a run's cell."""

    test: str = ""
    fixture: str = ""
    role: str = ""
    file: str = ""
    """Where the call stands: its line's file, or the recording that holds it."""
    day: str = ""
    repeat: bool = False
    """Whether an earlier call of the run asked the same, word for word."""
    failed: bool = False
    retry: bool = False
    context: int = 0
    """The largest of `CONTEXTS` that the prompt exceeds; 0 for none."""


class Recorded(NamedTuple):
    """One run."""

    run: Run
    cells: list[Cell]
    """By hour and `Whose`, in their order: sums of floats are the same bits wherever the cells come from."""
    users: Users
    tests: int = 0
    """Tests that ran."""
    results: tuple[TestResult, ...] = ()
    """What came of them; empty where only cells were kept."""
    served: int | None = None
    """Tests with a verdict (`VERDICTS`, reruns once) for which calls were made or replayed, their own or those of a
    fixture that they used; None where nobody counted them."""


def recorded(reading: Reading) -> list[Recorded]:
    """The runs of a reading, by id: of its calls where it has any of a run, else of its cells."""
    calls: dict[str, list[Call]] = defaultdict(list)
    results: dict[str, list[TestResult]] = defaultdict(list)
    for call in reading.calls:
        calls[call.run].append(call)
    for result in reading.tests:
        results[result.run].append(result)
    found = []
    for run in sorted({*reading.runs, *calls, *results, *reading.kept}):
        if run not in calls and run not in results and run in reading.kept:
            found.append(opened(reading.kept[run]))
        else:
            found.append(of_calls(reading.runs.get(run) or Run(id=run), calls[run], results[run]))
    return found


def of_calls(run: Run, calls: Iterable[Call], results: Iterable[TestResult] = ()) -> Recorded:
    """A run of its calls, the same in whatever order they are given."""
    calls = sorted(calls, key=lambda call: (call.started_us, call.source, call.index, call.id))
    repeats = {id(call) for mode in ("live", "recorded") for call in exact(calls, mode)}

    def whose(call: Call) -> Whose:
        file = call.source if call.mode == "recorded" else call.file
        step = bisect_left(CONTEXTS, call.input_tokens or 0)
        context = CONTEXTS[step - 1] if step else 0
        return Whose(
            call.test, call.fixture, call.role, file, day(call.started_us), id(call) in repeats, call.failed,
            call.retry > 0, context,
        )  # fmt: skip

    return of_cells(run, in_order(cells(calls, whose, hour)), results)


def of_cells(run: Run, made: list[Cell], results: Iterable[TestResult]) -> Recorded:
    """A run of its cells, in order, and of what came of its tests."""
    results = tuple(results)
    tests = len({result.test for result in results} or {cell.group.test for cell in made if cell.group.test})
    of = users(sorted(results, key=lambda result: result.test))
    return Recorded(run, made, of, tests, results, _served(made, results, of))


def kept(one: Recorded, with_tests: bool = True) -> Kept:
    """What to keep of a run: exact sums by hour, role and what else `Whose` tells; by test and file if asked."""
    made = one.cells
    if not with_tests:
        made = fold(made, lambda group: group._replace(test="", fixture="", file=""))
    rows = []
    for cell in in_order(made):
        row = {**cell.key._asdict(), **cell.group._asdict(), **msgspec.structs.asdict(cell.sums)}
        rows.append({name: int(value) if isinstance(value, bool) else value for name, value in row.items() if value})
    calling = {cell.group.fixture for cell in made}
    return Kept(
        of=one.run,
        tests=one.tests,
        served=one.served,
        users={fixture: tuple(tests) for fixture, tests in sorted(one.users.items()) if fixture in calling},
        rows=rows,
    )


def opened(one: Kept) -> Recorded:
    """The run of what was kept of it; names that this version does not know are left out."""
    made = []
    for row in one.rows:
        key = Key(*(str(row.get(name, "")) for name in Key._fields))
        told: dict[str, Any] = {name: row[name] for name in Whose._fields if name in row}
        sums = Sums(**{name: int(row[name]) for name in Sums.__struct_fields__ if name in row})
        made.append(Cell(key, Whose(**told | {name: bool(told.get(name)) for name in _FLAGS}), sums))
    return Recorded(one.of, made, one.users, one.tests, served=one.served)


def _served(made: Iterable[Cell], results: Iterable[TestResult], of: Users) -> int:
    owners_of = owners(of)
    askers = {(cell.group.test, cell.group.fixture) for cell in made if cell.key.mode in ("live", "replayed")}
    asked = {test for asker in askers for test, _ in owners_of(*asker)}
    return len({result.test for result in results if result.outcome in VERDICTS} & asked)


def in_order(made: Iterable[Cell]) -> list[Cell]:
    """Cells by key and group."""
    return sorted(made, key=lambda cell: (cell.key, cell.group))


def bare(test: str) -> str:
    """A test's name without the hash of its masked parameters, which another ledger's secret would make another."""
    return _HASH.sub("]", test)


def in_mode(made: Iterable[Recorded], mode: str) -> list[Recorded]:
    """The same runs with their cells of one mode alone."""
    return [one._replace(cells=[cell for cell in one.cells if cell.key.mode == mode]) for one in made]
