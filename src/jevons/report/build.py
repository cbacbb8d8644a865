"""From records to the document."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from jevons.footprint import METHOD_VERSION, Overrides
from jevons.footprint.account import Account, account, total
from jevons.footprint.figures import Figures
from jevons.footprint.interval import Interval
from jevons.footprint.rates import MARKET
from jevons.ledger.cells import Cell, cells
from jevons.ledger.days import day, hour, month
from jevons.ledger.read import Reading
from jevons.ledger.repeats import exact
from jevons.ledger.shares import owners
from jevons.record import Call, Run, TestResult
from jevons.report.document import Counts, Document, Level, Range, Row
from jevons.report.numbers import percent

BY = ("test", "model", "provider", "role", "file", "day")
OUTSIDE = "(outside tests)"


def build(
    reading: Reading,
    run: Run,
    *,
    by: str = "test",
    extra_notes: Iterable[str] = (),
    place: str = "",
    overrides: Overrides | None = None,
) -> Document:
    """Fold the calls of one run into its report.

    `by` names the rows: one of `BY`. Calls of a shared fixture are divided evenly over the tests that used it.
    `place` (ISO 3166 code or cloud region) is where this machine stands; the run's own if empty.
    """
    if by not in BY:
        raise ValueError(f"by = {by!r}: use one of {', '.join(BY)}")
    calls = reading.calls
    mode = "recorded" if calls and all(call.mode == "recorded" for call in calls) else "live"
    place = place or run.place
    accounts = priced(calls, place, overrides)
    whole = total(accounts)
    counts = count(calls, mode)
    level = whole.recorded if mode == "recorded" else whole.live
    has_contract = any(MARKET in rates.terms for rates in level.figures.spent)
    return Document(
        run=run.id,
        project=run.project,
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.started_us / 1e6)),
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
        tests=len({result.test for result in reading.tests} or {call.test for call in calls if call.test}),
        by=by,
        rows=rows(accounts, named(by, reading.tests), reading.tests if by == "test" else (), mode),
        roles=rows(accounts, lambda cell: [(cell.group[2], 1.0)], (), mode),
        waste=_waste(counts, mode),
        next=_next(counts, by),
        notes=[*_notes(counts, run, reading), *_stated(level.figures), *extra_notes],
    )


def priced(calls: Iterable[Call], place: str = "", overrides: Overrides | None = None) -> list[Account]:
    """Calls in cells by test, fixture, role, file and day, with their figures."""
    period = hour if overrides and overrides.signal else month
    made = cells(calls, lambda call: (call.test, call.fixture, call.role, _file(call), day(call.started_us)), period)
    return account(made, place=place, overrides=overrides)


def _file(call: Call) -> str:
    """Where the call stands: its line's file, or the recording that holds it."""
    return call.source if call.mode == "recorded" else call.file


def count(calls: Iterable[Call], mode: str = "live") -> Counts:
    """Exact counts over calls; tokens and repeats are those of calls of one mode."""
    calls = list(calls)
    counts = Counts(calls=len(calls))
    for call in calls:
        setattr(counts, call.mode, getattr(counts, call.mode) + 1)
        counts.failed += call.failed
        counts.retries += call.retry > 0
        counts.estimated += call.usage == "estimated"
        if call.mode != mode:
            continue
        counts.unknown += call.usage == "unknown"
        counts.input_tokens += call.input_tokens or 0
        counts.cached_tokens += call.cached_tokens or 0
        counts.output_tokens += call.output_tokens or 0
        counts.reasoning_tokens += call.reasoning_tokens or 0
    for repeat in exact(calls, mode):
        counts.repeats += 1
        counts.repeated_tokens += (repeat.input_tokens or 0) + (repeat.output_tokens or 0)
    return counts


def _level(figures: Figures) -> Level:
    """The document's form of a sum that the footprint made."""
    return Level(**{name: _range(figures.interval(name)) for name in Level.__struct_fields__})


def _range(made: Interval) -> Range:
    return Range(made.low, made.mid, made.high)


def rows(
    accounts: Iterable[Account],
    belongs: Callable[[Cell], list[tuple[str, float]]],
    results: Iterable[TestResult],
    mode: str = "live",
) -> list[Row]:
    """Rows by energy of calls of one mode, the heaviest first.

    `belongs` gives the rows that a cell belongs to, with its shares.
    """
    own: dict[str, list[Any]] = defaultdict(lambda: [0, 0.0, 0.0, 0])
    figures: dict[str, Figures] = defaultdict(Figures)
    for made in accounts:
        cell = made.cell
        for name, share in belongs(cell):
            row = own[name]
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
        )
        for name, (calls, shared, tokens, failed) in own.items()
    ]
    return sorted(table, key=lambda row: (-row.level.energy_wh.mid, -row.tokens, -row.calls, row.name))


def named(by: str, results: Iterable[TestResult]) -> Callable[[Cell], list[tuple[str, float]]]:
    """For rows of one of `BY`: the names of a cell's rows, each with its share of the cell."""
    if by == "model":
        return lambda cell: [(cell.key.model or "(no model named)", 1.0)]
    if by == "provider":
        return lambda cell: [(cell.key.provider or "unknown", 1.0)]
    if by in ("role", "file", "day"):
        place = {"role": 2, "file": 3, "day": 4}[by]
        return lambda cell: [(cell.group[place] or "(unknown)", 1.0)]
    of = owners(results)
    return lambda cell: of(cell.group[0] or OUTSIDE, cell.group[1])


def _waste(counts: Counts, mode: str) -> str:
    if not counts.repeats:
        return ""
    whole = getattr(counts, mode)
    before = "what this run had asked" if mode == "live" else "what had been asked"
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


def _notes(counts: Counts, run: Run, reading: Reading) -> list[str]:
    notes = []
    if counts.estimated:
        notes.append(f"{counts.estimated:,} calls carried no token count: estimated from their text")
    if counts.unknown:
        notes.append(f"{counts.unknown:,} calls used tokens that nobody counted: not in the figures")
    if run.lost:
        notes.append(f"{run.lost:,} records could not be written to the ledger: {run.lost_reason}")
    if reading.torn:
        notes.append(f"{len(reading.torn):,} torn lines in the ledger were skipped: a process died while writing")
    if run.unseen:
        notes.append(f"not seen if these tests use it: {', '.join(run.unseen)} (jevons doctor)")
    return notes
