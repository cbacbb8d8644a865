"""The runs of a span as everything after the ledger sees them, by an engine wherever their calls lie in Parquet.

An engine, DuckDB in this process or Spark, makes the cells of runs that lie whole in one file that compaction wrote.
All others (still in the spool, in several files, in files of others, numbers too large, all of them where an imported
call was seen by a tap too) are folded in Python. All give the same, to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from jevons.ledger import compacted, engine, parquet, spark
from jevons.ledger.cells import Cell, fold
from jevons.ledger.home import Home
from jevons.ledger.read import Reading
from jevons.ledger.recorded import Recorded, Whose, in_order, of_cells, opened, recorded
from jevons.ledger.remote import fetched
from jevons.ledger.spans import Span, files_of, of_span
from jevons.record import Call, Kept, Run, TestResult

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

_Answer = TypeVar("_Answer")
_BESIDE = "'run', 'cells', ''"
"""What a file holds beside calls and results of tests; the last are lines that were no record."""


class _Split(NamedTuple):
    """Which runs an engine folds, by file, and what else is known of them."""

    runs: dict[Path, set[str]]
    told: Reading
    """Their records, test results, and what is torn."""
    whole: bool = False
    """Whether the files hold no other runs."""


def gather(homes: Iterable[Home], span: Span, master: str = "") -> tuple[list[Recorded], int]:
    """(runs of a span, lines and files that could not be read); `master` names the Spark that makes the cells, in place
    of DuckDB. Raises parquet.NoEngineError where that Spark cannot be had."""
    homes = list(homes)
    files = _files(homes, span, master)
    split = _split(files, span)
    asked = _asked(split.runs, split.whole, master, engine.of_runs)
    if asked is None:
        split = _Split({}, Reading())
    cells = {run: made for of_files in asked or () for run, made in of_files.items()}
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


def together(
    homes: Iterable[Home], span: Span, master: str = "", *, by_file: bool = False, hours: bool = False
) -> tuple[list[Recorded], int]:
    """The same, added up: one `Recorded` a project and place, in time and memory that do not grow with runs and tests.

    Cells are by role, day, repeat, failed, retry and context, by file too if asked, and by the month, or by `hours`;
    tests and who used what fixture are not known.
    """
    homes = list(homes)
    files = _files(homes, span, master)
    split = _split(files, span, tests=False)
    at = {run.id: (run.project, run.place) for run in span.runs}
    of_places: dict[tuple[str, str], dict[Path, set[str]]] = defaultdict(lambda: defaultdict(set))
    for file, runs in split.runs.items():
        for run in runs:
            of_places[at[run]][file].add(run)
    add_up = partial(engine.together, files=by_file, hours=hours)
    found: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for place, of_place in of_places.items():
        whole = split.whole and all(of_place[file] == split.runs[file] for file in of_place)
        asked = _asked(of_place, whole, master, add_up)
        if asked is None:
            found.clear()
            split = _Split({}, Reading())
            break
        found[place] += [cell for cells in asked for cell in cells]
    by_engine = {run for runs in split.runs.values() for run in runs}
    merged: dict[tuple[str, str], int] = defaultdict(int)
    rest = of_span(homes, span, files, at.keys() - by_engine)

    def without_tests(of: Whose) -> Whose:
        return of._replace(test="", fixture="", file=of.file if by_file else "")

    def period(whole: str) -> str:
        return whole if hours else whole[: len("2026-11")]

    for one in recorded(rest):
        place = at.get(one.run.id, (one.run.project, one.run.place))
        found[place] += fold(one.cells, without_tests, period)
        merged[place] += one.run.merged
    torn = len(rest.torn) + len(split.told.torn)
    made = [
        Recorded(Run(id="", project=place[0], place=place[1], merged=merged[place]), in_order(fold(cells)), {})
        for place, cells in sorted(found.items())
    ]
    return made, torn


def _files(homes: list[Home], span: Span, master: str) -> list[Path]:
    if master:
        spark.check(master)
    return list(files_of(homes, span))


def _split(files: Iterable[Path], span: Span, tests: bool = True) -> _Split:
    """Without `tests`, results are not read, and files that hold runs kept as cells are left: whether their calls are
    there, too, is not known then."""
    none = _Split({}, Reading())
    wanted = {run.id for run in span.runs}
    places: dict[str, list[Path]] = defaultdict(list)
    held_by: dict[Path, set[str]] = {}
    files = list(files)
    held = compacted.held(files)
    for file in files:
        if file.suffix == ".parquet":
            try:
                there = {run.id for run in held[file]} if file in held else parquet.runs_of(file)
                held_by[file] = there
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
    imported = {run.id for run in span.runs if run.source}
    if imported and _seen_twice({file for where in places.values() for file in where}, wanted, imported, spooled):
        return none
    told = Reading()
    fetched(chosen)
    for file, runs in list(chosen.items()):
        try:
            found = list(parquet.events(file, runs, only=f"'test', {_BESIDE}" if tests else _BESIDE))
        except parquet.CorruptError:
            del chosen[file]
            continue
        left = Call if tests else Call | Kept
        if any(isinstance(event, left) for _, event in found):  # a call whose numbers columns do not hold
            del chosen[file]
            continue
        for row, event in found:
            if event is None:
                told.torn.append((file.name, row))
            else:
                told.add(event)
    return _Split(dict(chosen), told, all(runs == held_by[file] - {""} for file, runs in chosen.items()))


def _seen_twice(files: set[Path], wanted: set[str], imported: set[str], spooled: Reading) -> bool:
    """Whether an imported call of some runs may be one that a tap saw too (see `spans.of_span`)."""
    hashes: dict[bool, set[str]] = {True: set(), False: set()}
    for call in spooled.calls:
        if call.answer_hash and (call.mode != "recorded" or call.run in imported):
            hashes[call.run in imported].add(call.answer_hash)
    try:
        with parquet.connect() as con:
            frames = [frame.sql_query() for frame in parquet.calls(con, sorted(files), wanted)]
            con.execute("CREATE OR REPLACE TEMP TABLE imported AS SELECT unnest(?) AS run", [sorted(imported)])
            con.execute("CREATE OR REPLACE TEMP TABLE spooled (answer_hash VARCHAR, again BOOLEAN)")
            for again, of_kind in hashes.items():
                con.execute("INSERT INTO spooled SELECT unnest(?), ?", [sorted(of_kind), again])
            there = " UNION ALL ".join(f"SELECT run, mode, answer_hash FROM ({frame})" for frame in frames)  # noqa: S608
            con.execute(
                f"WITH held AS (SELECT answer_hash, again FROM spooled UNION ALL SELECT answer_hash, run IN (FROM "  # noqa: S608
                f"imported) FROM ({there}) WHERE answer_hash <> '' AND (mode <> 'recorded' OR run IN (FROM imported))) "
                "SELECT 1 FROM (FROM held WHERE again) SEMI JOIN (FROM held WHERE NOT again) USING (answer_hash) "
                "LIMIT 1"
            )
            return bool(con.fetchall())
    except parquet.CorruptError:  # whoever reads it notes it
        return True


def _asked(
    runs: dict[Path, set[str]], whole: bool, master: str, ask: Callable[[nw.LazyFrame[Any]], _Answer]
) -> list[_Answer] | None:
    """What engines answer of the calls of runs in files, of which they are all if `whole`; None where it takes Python:
    numbers too large, a broken file, no narwhals, a DuckDB that is too old. Raises parquet.NoEngineError."""
    if not runs:
        return []
    wanted = {run for of_file in runs.values() for run in of_file}
    try:
        import narwhals.stable.v2 as nw

        if master:
            return [ask(nw.from_native(spark.calls(spark.session(master), list(runs), wanted)))]
        with parquet.connect() as con:
            return [ask(nw.from_native(frame)) for frame in parquet.calls(con, list(runs), None if whole else wanted)]
    except (engine.TooLargeError, parquet.CorruptError):
        return None
    except ImportError:
        if master:
            raise
        return None
    except Exception as error:
        told = spark.failed(error) if master else None
        raise (told or error) from error
