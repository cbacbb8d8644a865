"""From records to the document."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.account import Account, priced, total
from jevons.footprint.figures import Figures
from jevons.footprint.interval import Interval
from jevons.footprint.rates import MARKET
from jevons.ledger.cells import Cell
from jevons.ledger.recorded import Recorded
from jevons.ledger.shares import Users, owners
from jevons.ledger.spans import started
from jevons.record import Run, TestResult
from jevons.report.document import Counts, Document, Level, Range, Row
from jevons.report.machine import machines
from jevons.report.numbers import percent

BY = ("test", "model", "provider", "role", "file", "day", "project")
OUTSIDE = "(outside tests)"
NO_MODEL = "(no model named)"
UNKNOWN = "(unknown)"


def build(
    runs: Sequence[Recorded],
    *,
    name: str = "",
    by: str = "test",
    extra_notes: Iterable[str] = (),
    torn: int = 0,
    place: str = "",
    overrides: Overrides | None = None,
    measurements: Sequence[Run] = (),
    records: Sequence[Run] = (),
) -> Document:
    """Fold runs into their report.

    `by` names the rows: one of `BY`. Calls of a shared fixture are divided evenly over the tests that used it.
    `name` is what the runs go by; the id of the run if empty. `place` (ISO 3166 code or cloud region) is where this
    machine stands; each run's own if empty. `torn`: lines of the ledger that were no records. `measurements`
    of machines go beside the runs. `records` of the runs, where `runs` were added up (`gather.together`): then tests
    are not counted, and no rows are by test.
    """
    if by not in BY:
        raise ValueError(f"by = {by!r}: use one of {', '.join(BY)}")
    modes = {cell.key.mode for one in runs for cell in one.cells}
    mode = "recorded" if modes == {"recorded"} else "live"
    of_runs = priced(runs, place=place, overrides=overrides)
    accounts = [one for of_run in of_runs for one in of_run]
    whole = total(accounts)
    counts = count((cell for one in runs for cell in one.cells), mode)
    level = whole.recorded if mode == "recorded" else whole.live
    has_contract = any(MARKET in rates.terms for rates in level.figures.spent)
    results = [result for one in runs for result in one.results] if by == "test" else []
    records = records or [one.run for one in runs]
    parts = [(made, named(by, one.users, one.run.project)) for one, made in zip(runs, of_runs, strict=True)]
    merged = sum(one.run.merged for one in runs)
    beside = list({run.id: run for run in (*records, *measurements)}.values())
    starts = min((started(run) for run in records if started(run)), default=0)
    return Document(
        run=name or ", ".join(run.id for run in records),
        project=", ".join(dict.fromkeys(run.project for run in records if run.project)),
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(starts / 1e6)),
        method=METHOD_VERSION,
        counts=counts,
        mode=mode,
        level=_level(level.figures),
        coverage=whole.coverage,
        at_least=whole.at_least,
        trust=whole.trust,
        avoided=_level(whole.avoided.figures) if counts.replayed else None,
        place=whole.place,
        grid=(overrides or Overrides()).grid,
        market_g=_range(level.figures.interval(MARKET)) if has_contract else None,
        tests=sum(one.tests for one in runs),
        by=by,
        rows=rows(parts, results, mode),
        roles=rows([(accounts, named("role"))], (), mode),
        waste=_waste(counts, mode, len(records)),
        next=_next(counts, by),
        notes=[
            *_notes(counts, records, torn, merged),
            *measured(beside),
            *_stated(level.figures),
            *extra_notes,
        ],
        machine=machines(beside, overrides),
    )


def count(made: Iterable[Cell], mode: str = "live") -> Counts:
    """Exact counts over cells of `ledger.recorded.Whose`; tokens and repeats are those of one mode."""
    counts = Counts()
    for cell in made:
        key, sums, whose = cell.key, cell.sums, cell.group
        counts.calls += sums.calls
        setattr(counts, key.mode, getattr(counts, key.mode) + sums.calls)
        counts.failed += sums.calls * whose.failed
        counts.retries += sums.calls * whose.retry
        counts.estimated += sums.calls * (key.usage == "estimated")
        if key.mode != mode:
            continue
        counts.unknown += sums.calls * (key.usage == "unknown")
        counts.input_tokens += sums.input
        counts.cached_tokens += sums.cached
        counts.output_tokens += sums.output
        counts.reasoning_tokens += sums.reasoning
        counts.repeats += sums.calls * whose.repeat
        counts.repeated_tokens += (sums.input + sums.output) * whose.repeat
    return counts


def _level(figures: Figures) -> Level:
    """The document's form of a sum that the footprint made."""
    return Level(**{name: _range(figures.interval(name)) for name in Level.__struct_fields__})


def _range(made: Interval) -> Range:
    return Range(made.low, made.mid, made.high)


def rows(
    parts: Iterable[tuple[Iterable[Account], Callable[[Cell], list[tuple[str, float]]]]],
    results: Iterable[TestResult],
    mode: str = "live",
) -> list[Row]:
    """Rows by energy of calls of one mode, the heaviest first.

    `parts`: accounts, with what gives the rows that a cell of theirs belongs to and its shares.
    """
    own: dict[str, list[Any]] = defaultdict(lambda: [0, 0.0, 0.0, 0])
    figures: dict[str, Figures] = defaultdict(Figures)
    models: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for made, belongs in ((one, belongs) for accounts, belongs in parts for one in accounts):
        cell = made.cell
        for name, share in belongs(cell):
            row = own[name]
            models[name][cell.key.model or NO_MODEL] += cell.sums.calls * share
            if share == 1.0:
                row[0] += cell.sums.calls
            else:
                row[1] += cell.sums.calls * share
            row[2] += (cell.sums.input + cell.sums.output) * share
            row[3] += cell.sums.calls if cell.key.status != "2xx" and share == 1.0 else 0
            if made.mode == mode:
                figures[name].add(made.figures, share)
    attempts: dict[str, int] = {}
    outcomes: dict[str, str] = {}
    for result in results:
        attempts[result.test] = max(attempts.get(result.test, 1), result.attempt)
        outcomes[result.test] = result.outcome
    levels = {name: _level(figures[name]) for name in own}
    energy = sum(level.energy_wh.mid for level in levels.values())
    table = [
        Row(
            name=name,
            calls=calls,
            shared_calls=shared,
            tokens=tokens,
            failed=failed,
            level=levels[name],
            share=levels[name].energy_wh.mid / energy if energy else 0.0,
            attempts=attempts.get(name, 1),
            outcome=outcomes.get(name, ""),
            models=dict(sorted(models[name].items(), key=lambda one: (-one[1], one[0]))),
        )
        for name, (calls, shared, tokens, failed) in own.items()
    ]
    return sorted(table, key=lambda row: (-row.level.energy_wh.mid, -row.tokens, -row.calls, row.name))


def named(by: str, users: Users | None = None, project: str = "") -> Callable[[Cell], list[tuple[str, float]]]:
    """For rows of one of `BY`: the names of a cell's rows, each with its share of the cell. `users` of fixtures, and
    the project, of the run that the cells are of."""
    if by == "model":
        return lambda cell: [(cell.key.model or NO_MODEL, 1.0)]
    if by == "provider":
        return lambda cell: [(cell.key.provider or "unknown", 1.0)]
    if by in ("role", "file", "day"):
        return lambda cell: [(getattr(cell.group, by) or UNKNOWN, 1.0)]
    if by == "project":
        return lambda cell: [(project or UNKNOWN, 1.0)]
    of = owners(users or {})
    return lambda cell: of(cell.group.test or OUTSIDE, cell.group.fixture)


def _waste(counts: Counts, mode: str, runs: int) -> str:
    if not counts.repeats:
        return ""
    whole = getattr(counts, mode)
    before = (
        ("what this run had asked" if runs == 1 else "what the same run had asked")
        if mode == "live"
        else ("what had been asked")
    )
    return (
        f"{counts.repeats:,} of {whole:,} {mode} calls asked again, word for word, {before} before "
        f"({percent(counts.repeats / whole)}, {counts.repeated_tokens:,} tokens)"
    )


def _next(counts: Counts, by: str) -> str:
    if not counts.calls:
        return "jevons doctor"
    return "jevons calls --repeats" if counts.repeats else f"jevons report --by {'model' if by == 'test' else 'test'}"


def _stated(figures: Figures) -> list[str]:
    """Factors of the user's that replaced ours, by file and row."""
    rows = dict.fromkeys(
        f"{factor.name} of {factor.steps[0].partition(', replaces')[0]}"
        for factor in figures.factors
        if factor.steps and "replaces the table" in factor.steps[0]
    )
    return [f"your own factors were used: {', '.join(rows)}"] if rows else []


def _notes(counts: Counts, runs: Sequence[Run], torn: int, merged: int) -> list[str]:
    notes = []
    if counts.estimated:
        notes.append(f"{counts.estimated:,} calls carried no token count: estimated from their text")
    if counts.unknown:
        notes.append(f"{counts.unknown:,} calls used tokens that nobody counted: not in the figures")
    lost = sum(run.lost for run in runs)
    if lost:
        reasons = ", ".join(dict.fromkeys(run.lost_reason for run in runs if run.lost))
        notes.append(f"{lost:,} records could not be written to the ledger: {reasons}")
    if torn:
        notes.append(f"{torn:,} torn lines in the ledger were skipped: a process died while writing")
    if merged:
        notes.append(f"{merged:,} imported calls were seen by jevons itself too: counted once")
    unseen = dict.fromkeys(name for run in runs for name in run.unseen)
    if unseen:
        notes.append(f"not seen if these tests use it: {', '.join(unseen)} (jevons doctor)")
    return notes


def measured(runs: Iterable[Run]) -> list[str]:
    """Energy that other tools measured on machines, in words; nothing where they did not."""
    metered = [run.metered for run in runs if run.metered]
    if not metered:
        return []
    tools = ", ".join(dict.fromkeys(one.tool for one in metered))
    energy_wh = sum(one.energy_mj for one in metered) / 3_600_000
    return [
        f"{energy_wh:,.3g} Wh of machines in {len(metered):,} runs ({tools}): what else they did is in it, and calls "
        "to local models may be, so it is not added to the figures"
    ]
