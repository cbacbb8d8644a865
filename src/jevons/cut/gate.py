"""The gate: caps and regressions of one run, what broke them, and which test moved most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jevons.cut.caps import COUNTS, MONEY, ROUGH, Price, Use, Verdict, by, by_test, judge, live, use
from jevons.cut.regression import FEWEST, Regression, regression
from jevons.footprint import METHOD_VERSION, Figures, Overrides
from jevons.footprint.account import priced
from jevons.ledger.cells import fold
from jevons.ledger.days import day
from jevons.ledger.recorded import Recorded, Whose, bare
from jevons.settings import SPANS

SCHEMA = "jevons.gate/1"
PASSED, BROKEN, UNKNOWN = 0, 1, 2
"""Exit codes: within its budget; over it, or more than its base; not enough is known to say."""
REGRESSED = ("calls", "judge_calls", "tokens", "carbon_g")
"""Units that a run is held against its base in."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The test that weighs most in what broke the gate."""

    test: str
    unit: str
    used: float
    base: float | None
    """Mean over base runs; None without a base."""


class Outcome(msgspec.Struct, kw_only=True):
    """The document ``jevons.gate/1``."""

    run: str
    exit_code: int
    caps: list[Verdict]
    regressions: list[Regression]
    base: str
    """What it was held against, in words; empty without a base."""
    moved: Moved | None = None
    why: list[str] = []
    """What broke it, or what is not known, the first reason first."""
    warnings: list[str] = []
    method: str = METHOD_VERSION
    schema: str = SCHEMA


def gate(
    this: Recorded,
    ledger: Iterable[Recorded],
    caps: Mapping[str, Mapping[str, float]],
    *,
    base: Sequence[Recorded] = (),
    base_name: str = "",
    growth: float = 0.05,
    floor: float = 0.9,
    pinned: str = "",
    place: str = "",
    overrides: Overrides | None = None,
    price: Price | None = None,
) -> Outcome:
    """Judge a run. `ledger`: runs of the project, for caps by day, month and project, this run included.

    `caps` by span (`settings.SPANS`) and unit; `pinned` is the method that rough caps were set with, if they were set
    by `jevons gate --set`; `floor` the least share of calls that must be known; `base` earlier runs.
    """
    made = Outcome(run=this.run.id, exit_code=PASSED, caps=[], regressions=[], base=base_name)
    made.caps = judge(caps, _uses(this, ledger, caps, place, overrides, price))
    for verdict in made.caps:
        _see(made, verdict, floor, pinned)
    if base:
        made.regressions = _regressions(this, base, growth, place, overrides)
        for one in sorted(made.regressions, key=_height, reverse=True):
            if one.fails:
                _break(made, BROKEN, f"{one.unit}: {_times(one)} its base of {one.runs} runs ({made.base})")
            elif one.shown:
                made.warnings.append(
                    f"{one.unit}: {_times(one)} its base, of {one.runs} runs only: fails from {FEWEST} base runs on"
                )
    else:
        made.warnings.append("no base: nothing to hold this run against yet")
    broken = next((one for one in made.caps if one.over), None)
    most = max((one for one in made.regressions if one.shown), key=_height, default=None)
    unit = broken.unit if broken else most.unit if most else ""
    if unit:
        made.moved = _moved(this, base, unit, place, overrides)
    return made


def _height(one: Regression) -> float:
    """By how much it grew; units that grew by the same keep their order, whatever a division rounds to."""
    return round(one.ratio, 9)


def _see(made: Outcome, verdict: Verdict, floor: float, pinned: str) -> None:
    named = f"{verdict.span} {verdict.name}" if verdict.span != "run" else "this run"
    if pinned and pinned != METHOD_VERSION and verdict.unit in ROUGH:
        _break(
            made, UNKNOWN, f"{verdict.unit} of {named}: its cap was set by method {pinned}, this is {METHOD_VERSION}"
        )
    elif verdict.over:
        share = f" ({verdict.used / verdict.cap:.0%})" if verdict.cap else ""
        least = "at least " if verdict.coverage < 1 else ""
        _break(made, BROKEN, f"{verdict.unit} of {named}: {least}{verdict.used:.6g} of {verdict.cap:g}{share}")
    elif verdict.coverage < floor:
        _break(
            made, UNKNOWN, f"{verdict.unit} of {named}: known for {verdict.coverage:.0%} of calls, under {floor:.0%}"
        )
    elif verdict.coverage < 1:
        made.warnings.append(f"{verdict.unit} of {named}: known for {verdict.coverage:.0%} of calls, so at least")


def _break(made: Outcome, code: int, why: str) -> None:
    """A cap that is exceeded says more than one that cannot be judged."""
    if code == BROKEN and made.exit_code != BROKEN:
        made.why.insert(0, why)
    else:
        made.why.append(why)
    made.exit_code = BROKEN if BROKEN in (code, made.exit_code) else code


def _times(one: Regression) -> str:
    return f"{one.used:.6g} is {one.ratio:.2f} times" if one.base else f"{one.used:.6g}, none in"


def _uses(
    this: Recorded,
    ledger: Iterable[Recorded],
    caps: Mapping[str, Mapping[str, float]],
    place: str,
    overrides: Overrides | None,
    price: Price | None,
) -> dict[str, dict[str, Use]]:
    """What is needed for the spans that have caps."""
    wanted = {span for span in SPANS if caps.get(span)}
    priced_by = price if any(MONEY in units for units in caps.values()) else None
    found: dict[str, dict[str, Use]] = {}
    if "run" in wanted:
        found["run"] = {this.run.id: use([this], place=place, overrides=overrides, price=priced_by)}
    if "test" in wanted:
        found["test"] = by_test([this], place=place, overrides=overrides, price=priced_by)
    today = day(this.run.started_us)
    every = list(ledger)
    for span, name, when in (
        ("day", today, today),
        ("month", today[: len("2026-11")], today[: len("2026-11")]),
        ("project", this.run.project, ""),
    ):
        if span in wanted:
            found[span] = {name: use(live(every, when), place=place, overrides=overrides, price=priced_by)}
    return found


def _regressions(
    this: Recorded, base: Sequence[Recorded], growth: float, place: str, overrides: Overrides | None
) -> list[Regression]:
    of = by(_folded([this, *base]), lambda one, whose: [(one.run.id, 1.0)], place=place, overrides=overrides)
    nothing = Use(amounts=dict.fromkeys((*COUNTS, *ROUGH), 0.0))
    found = []
    for unit in REGRESSED:
        used = of.get(this.run.id, nothing).amounts[unit]
        made = regression(unit, used, [of.get(one.run.id, nothing).amounts[unit] for one in base], growth)
        if unit in ROUGH and made.shown:
            made = msgspec.structs.replace(made, least=made.least * _doubt(this, base, unit, place, overrides))
        found.append(made)
    return found


def _folded(runs: Iterable[Recorded]) -> list[Recorded]:
    """The same runs, not told apart by test."""
    return [one._replace(cells=fold(one.cells, lambda whose: Whose(role=whose.role, day=whose.day))) for one in runs]


def _doubt(this: Recorded, base: Sequence[Recorded], unit: str, place: str, overrides: Overrides | None) -> float:
    """Lower end over middle of what this run's figure is to its base's, by the model alone; 0 without numpy and scipy:
    then a rough figure shows nothing that its counts do not."""
    try:
        from jevons.footprint.uncertainty import Joint
    except ImportError:
        return 0.0
    sides = {False: Figures(), True: Figures()}
    every = live(_folded([this, *base]))
    for one, accounts in zip(every, priced(every, place=place, overrides=overrides, held=True), strict=True):
        for made in accounts:
            sides[one.run.id == this.run.id].add(made.figures)
    if not sides[False].amount(unit):
        return 1.0
    ratio = Joint([sides[False], sides[True]], draws=4_096).compare(unit).ratio
    return min(ratio.low / ratio.mid, 1.0)


def _moved(
    this: Recorded, base: Sequence[Recorded], unit: str, place: str, overrides: Overrides | None
) -> Moved | None:
    """The test with the largest increase over the base's mean; without a base the heaviest."""
    if unit == MONEY:
        unit = "tokens"
    now = by_test([this], place=place, overrides=overrides)
    before: dict[str, float] = defaultdict(float)
    for test, used in by_test(base, place=place, overrides=overrides).items():
        before[bare(test)] += used.amounts[unit] / len(base)
    if not now:
        return None
    amounts = {name: of.amounts[unit] for name, of in now.items()}
    test = max(amounts, key=lambda name: (max(amounts[name] - before.get(bare(name), 0.0), 0.0), amounts[name]))
    return Moved(test=test, unit=unit, used=amounts[test], base=before.get(bare(test), 0.0) if base else None)
