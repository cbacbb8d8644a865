"""The runs of a span as everything after the ledger sees them, by an engine wherever their calls lie in Parquet.

An engine, DuckDB in this process or Spark, makes the cells of runs that lie whole in one file that compaction wrote.
All others (still in the spool, in several files, in files of others, imported ones that may be counted twice, numbers
too large) are folded in Python. All give the same, to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from jevons.ledger import compacted, engine, parquet, spark
from jevons.ledger.cells import Cell
from jevons.ledger.home import Home
from jevons.ledger.read import Reading
from jevons.ledger.recorded import Recorded, of_cells, opened, recorded
from jevons.ledger.remote import fetched
from jevons.ledger.spans import Span, files_of, of_span
from jevons.record import Call, Run, TestResult


class _Split(NamedTuple):
    """Which runs an engine folds, by file, and what else is known of them."""

    runs: dict[Path, set[str]]
    told: Reading
    """Their records, test results, and what is torn."""


def gather(homes: Iterable[Home], span: Span, master: str = "") -> tuple[list[Recorded], int]:
    """(runs of a span, lines and files that could not be read); `master` names the Spark that makes the cells, in place
    of DuckDB. Raises parquet.NoEngineError where that Spark cannot be had."""
    homes = list(homes)
    if master:
        spark.check(master)
    files = files_of(homes, span)
    split = _split(files, span)
    cells: dict[str, list[Cell]] = {}
    if split.runs:
        try:
            cells = _by_spark(split.runs, master) if master else _cells(split.runs)
        except (engine.TooLargeError, parquet.CorruptError, ImportError) as error:
            if master and isinstance(error, ImportError):
                raise
            split = _Split({}, Reading())
    by_engine = {run for runs in split.runs.values() for run in runs}
    rest = of_span(homes, span, files, {run.id for run in span.runs} - by_engine)
    results: dict[str, list[TestResult]] = defaultdict(list)
    for result in split.told.tests:
        results[result.run].append(result)
    made = {one.run.id: one for one in recorded(rest)}
    for run in by_engine:
        if run in cells or run in results or run not in split.told.kept:
            made[run] = of_cells(split.told.runs.get(run) or Run(id=run), cells.get(run, []), results[run])
        else:
            made[run] = opened(split.told.kept[run])
    return [made[run] for run in sorted(made)], len(rest.torn) + len(split.told.torn)


def _split(files: Iterable[Path], span: Span) -> _Split:
    none = _Split({}, Reading())
    wanted = {run.id for run in span.runs}
    if any(run.source for run in span.runs):
        return none
    places: dict[str, list[Path]] = defaultdict(list)
    files = list(files)
    held = compacted.held(files)
    for file in files:
        if file.suffix == ".parquet":
            try:
                there = {run.id for run in held[file]} if file in held else parquet.runs_of(file)
                for run in there & wanted:
                    places[run].append(file)
            except parquet.CorruptError:  # whoever reads the rest notes it
                continue
    if not places:
        return none
    spooled = of_span([], span, [file for file in files if file.suffix != ".parquet"])
    elsewhere = {*spooled.runs, *spooled.kept, *(call.run for call in spooled.calls)}
    elsewhere |= {result.run for result in spooled.tests}
    chosen: dict[Path, set[str]] = defaultdict(set)
    for run, where in places.items():
        if len(where) == 1 and where[0].name.startswith(compacted.MADE) and run not in elsewhere:
            chosen[where[0]].add(run)
    told = Reading()
    fetched(chosen)
    for file, runs in list(chosen.items()):
        try:
            found = list(parquet.events(file, runs, only="'test', 'run', 'cells', ''"))
        except parquet.CorruptError:
            del chosen[file]
            continue
        if any(isinstance(event, Call) for _, event in found):  # whose numbers columns do not hold
            del chosen[file]
            continue
        for row, event in found:
            if event is None:
                told.torn.append((file.name, row))
            else:
                told.add(event)
    return _Split(dict(chosen), told)


def _cells(runs: dict[Path, set[str]]) -> dict[str, list[Cell]]:
    """Run -> its cells. Raises engine.TooLargeError, parquet.CorruptError, ImportError without narwhals, or
    with a DuckDB that is too old for its windows."""
    import narwhals.stable.v2 as nw

    with parquet.connect() as con:
        wanted = {run for of_file in runs.values() for run in of_file}
        return engine.of_runs(nw.from_native(parquet.calls(con, list(runs), wanted)))


def _by_spark(runs: dict[Path, set[str]], master: str) -> dict[str, list[Cell]]:
    """The same. Raises engine.TooLargeError, parquet.NoEngineError."""
    import narwhals.stable.v2 as nw

    wanted = {run for of_file in runs.values() for run in of_file}
    try:
        return engine.of_runs(nw.from_native(spark.calls(spark.session(master), list(runs), wanted)))
    except Exception as error:
        told = spark.failed(error)
        raise (told or error) from error
