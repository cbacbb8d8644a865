"""What the items of a parametrised test, or the tests of a class or file, took and said in earlier runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

import msgspec

from jevons.cut.caps import MONEY, Price, Use, by
from jevons.footprint import Figures, Interval, Overrides
from jevons.footprint.account import priced
from jevons.ledger.recorded import Recorded, Whose, bare, in_mode
from jevons.record import TestResult

UNITS = ("calls", "tokens", MONEY)
ROUGH = "carbon_g"
SAID = {"passed": 1.0, "xpassed": 1.0, "failed": 0.0, "xfailed": 0.0}
"""What an outcome says of an item; others say nothing: it was skipped, or not needed."""
_Z90 = NormalDist().inv_cdf(0.95)


class Past(msgspec.Struct, kw_only=True):
    """Executions of a test's items."""

    test: str
    runs: int
    """That hold it."""
    items: int
    """Of the latest of them, those that were skipped among them."""
    executions: int
    """Items that ran, in all runs."""
    passed: int
    failed: int
    per_item: dict[str, Interval] = {}
    """One execution of an item takes so much: `UNITS`, the mean with what its scatter over items leaves open, and
    `ROUGH`, the level with what is not known of serving and grid. What is not known at all is not there."""
    known: dict[str, float] = {}
    """Share of the calls that each speaks of."""
    calls: int = 0
    """Live ones, counted."""
    models: dict[str, int] = {}
    """Who answered how many of them."""
    shared_calls: float = 0.0
    """Of shared fixtures, a run: they come once, however few items there are."""


def named(test: str, of: str) -> bool:
    """Whether a test is an item of the parametrised test, class or file `of`, or that test itself."""
    base = test.partition("[")[0]
    return of in (test, bare(test), base) or base.startswith(f"{of}::")


def outcomes(one: Recorded, of: str) -> dict[str, str]:
    """Items of a run by name, and how their last attempt ended; empty where only cells are kept."""
    last: dict[str, TestResult] = {}
    for result in one.results:
        if named(result.test, of) and result.attempt >= getattr(last.get(result.test), "attempt", 0):
            last[result.test] = result
    return {name: result.outcome for name, result in last.items()}


def past(
    runs: Sequence[Recorded],
    of: str,
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Price | None = None,
) -> Past | None:
    """What is known of `of` from runs, oldest first; None where none of them holds it."""
    held = [(one, outcomes(one, of)) for one in runs]
    held = [(one, told) for one, told in held if told]
    if not held:
        return None
    said = [SAID[outcome] for _, told in held for outcome in told.values() if outcome in SAID]
    made = Past(
        test=of, runs=len(held), items=len(held[-1][1]), executions=len(said), passed=round(sum(said)),
        failed=round(len(said) - sum(said)),
    )  # fmt: skip
    if said:
        _spent(made, held, place, overrides, price)
    return made


def _spent(
    made: Past,
    held: list[tuple[Recorded, dict[str, str]]],
    place: str,
    overrides: Overrides | None,
    price: Price | None,
) -> None:
    ran = {_execution(one, name): name for one, told in held for name, outcome in told.items() if outcome in SAID}
    shared = ""

    def whose(one: Recorded, of: Whose) -> list[tuple[str, float]]:
        users = one.users.get(of.fixture, ())
        if users:
            return [(shared, sum(named(user, made.test) for user in users) / len(users))]
        own = _execution(one, of.test)
        return [(own, 1.0)] if own in ran else []

    runs = in_mode((one for one, _ in held), "live")
    uses = by(runs, whose, place=place, overrides=overrides, price=price)
    made.shared_calls = uses.pop(shared, Use(amounts={})).calls / len(held)
    calls = sum(use.calls for use in uses.values())
    made.calls = round(calls)
    for unit in UNITS:
        known = sum(use.coverage(unit) * use.calls for use in uses.values()) / calls if calls else 1.0
        if known and (unit != MONEY or price):
            amounts: defaultdict[str, list[float]] = defaultdict(list)
            for execution, item in ran.items():
                amounts[item].append(uses[execution].amounts[unit] if execution in uses else 0.0)
            made.known[unit], made.per_item[unit] = known, _mean([fmean(one) for one in amounts.values()])
    figures, covered = Figures(), 0.0
    models: Counter[str] = Counter()
    for one, accounts in zip(runs, priced(runs, place=place, overrides=overrides), strict=True):
        for account in accounts:
            for owner, share in whose(one, account.cell.group):
                if owner != shared:
                    figures.add(account.figures, share)
                    covered += account.covered * share
                    models[account.cell.key.model] += account.cell.sums.calls
    made.models = dict(models.most_common())
    if covered:
        made.known[ROUGH] = min(covered / calls, 1.0)
        made.per_item[ROUGH] = figures.interval(ROUGH) * (1 / len(ran))


def _execution(one: Recorded, test: str) -> str:
    return f"{one.run.id} {test}"


def _mean(items: Sequence[float]) -> Interval:
    """Mean of items; 90 % interval by their scatter (normal approximation)."""
    middle = fmean(items)
    half = _Z90 * stdev(items) / len(items) ** 0.5 if len(items) > 1 else 0.0
    return Interval(max(middle - half, 0.0), middle, middle + half)
