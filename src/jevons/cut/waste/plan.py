"""From marks to a ranked plan: each finding counted and priced, and all of them together, each call once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from jevons.cut.money import Dollars, NoPricesError
from jevons.cut.waste import (
    asked,
    effort,
    evals,
    exact,
    fixtures,
    job,
    judges,
    models,
    prefixes,
    recorded,
    reruns,
    retries,
    same_meaning,
    slices,
)  # fmt: skip
from jevons.cut.waste.found import Found
from jevons.cut.waste.kinds import BIT, CHANGES, KIND, POINTS, RISKS, up_to
from jevons.cut.waste.slices import Slice
from jevons.cut.waste.store import Store
from jevons.footprint import METHOD_VERSION, Figures, Overrides
from jevons.footprint.account import Account, account
from jevons.footprint.timing import states
from jevons.ledger.cells import Cell

SCHEMA = "jevons.cut/1"
DRAWS = 4_096
MOST = 5
"""Places named of each finding."""


class Share(msgspec.Struct, kw_only=True):
    """Part of a figure of all calls looked at that would be saved: 90 % interval."""

    low: float
    mid: float
    high: float
    cancels: tuple[str, ...] = ()
    """Kinds of causes that what stays and what is saved share."""
    remains: tuple[str, ...] = ()


class Saving(msgspec.Struct, kw_only=True):
    """What would be saved, of all calls looked at."""

    calls: int = 0
    """Calls that would not be made."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """Input tokens that a provider's cache would serve, beyond those that it served."""
    energy: Share | None = None
    """None where the energy of all is not known."""
    carbon: Share | None = None
    carbon_g: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Rough level of it, 90 % interval."""
    usd: float | None = None
    """List prices; None where they are not known."""
    eaten_by: float | None = None
    """Jevons: how many times as much demand would eat the saving, 1 / (1 - g) with g the part of carbon saved (Alcott
    2005; a scenario, no forecast). None where nothing would be left, or nothing is saved."""


class Place(msgspec.Struct):
    """A test or a call site, and the calls marked there."""

    name: str
    calls: int


class Finding(msgspec.Struct, kw_only=True):
    """One line of the plan."""

    kind: str
    what: str
    calls: int
    """Calls concerned."""
    tests: list[Place]
    sites: list[Place]
    test_count: int
    site_count: int
    saves: Saving
    at_most: bool
    risk: str
    why: str
    do: list[str]


class Together(msgspec.Struct, kw_only=True):
    """What all findings up to a risk would save, each call counted once."""

    risk: str
    saves: Saving


class Plan(msgspec.Struct, kw_only=True):
    """A ranked plan."""

    runs: str
    mode: str
    job: job.Job | None
    calls: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    repeats: int
    """Exact repeats within a run, as `ledger.repeats` has them."""
    same_meaning: int
    """Repeats within a run or of an earlier one by meaning, exact ones among them."""
    energy_wh: tuple[float, float, float]
    carbon_g: tuple[float, float, float]
    usd: float | None
    coverage: float
    """Part of the calls that have figures."""
    findings: list[Finding]
    together: list[Together]
    notes: list[str]
    method: str = METHOD_VERSION
    schema: str = SCHEMA


class _Priced:
    """Prices slices under any choice of findings, at one serving state."""

    def __init__(self, made: list[Slice], store: Store, place: str, overrides: Overrides | None) -> None:
        self.slices, self._swaps, self._place, self._overrides = made, store.swaps, place, overrides
        self._timings = states((Cell(one.key, (), one.sums) for one in made), held=True)
        self._figures: dict[tuple[int, int], Figures] = {}
        self._usd: dict[tuple[int, int], float | None] = {}
        self.unpriced = 0
        self._dollars: Callable[[Cell], float | None] | None
        try:
            self._dollars = Dollars()
        except NoPricesError:
            self._dollars = None
        self.prices = self._dollars is not None
        self.accounts = [one for at in range(len(made)) for one in self._accounts(at, 0)]
        self.whole = self._sum(range(len(made)), 0)
        self.usd = self._cost(range(len(made)), 0)
        known = [self._money(at, 0) is not None for at in range(len(made))]
        self.unpriced = sum(one.sums.calls for one, told in zip(made, known, strict=True) if not told)

    def after(self, chosen: int) -> Figures:
        """Figures of all calls once the findings of the bits `chosen` are done."""
        return self._sum(range(len(self.slices)), chosen)

    def saving(self, chosen: int) -> Saving:
        """Counts, level and money of what they save."""
        made = Saving()
        touched = [at for at, one in enumerate(self.slices) if one.bits & chosen]
        for at in touched:
            one, left = self.slices[at], self.slices[at].cell(chosen, self._swaps)
            made.calls += 0 if left else one.sums.calls
            made.tokens_in += 0 if left else one.sums.input
            made.tokens_out += one.sums.output - (left.sums.output if left else 0)
            made.tokens_cached += left.sums.cached - one.sums.cached if left else 0
        saved = self._sum(touched, 0)
        saved.add(self._sum(touched, chosen), -1.0)
        made.carbon_g = saved.interval("carbon_g").ends if saved.amount("carbon_g") > 0 else (0.0, 0.0, 0.0)
        before, after = self._cost(touched, 0), self._cost(touched, chosen)
        made.usd = None if before is None or after is None else before - after
        return made

    def _accounts(self, at: int, chosen: int) -> list[Account]:
        cell = self.slices[at].cell(chosen, self._swaps)
        place = self._place or self.slices[at].place
        return account([cell] if cell else [], place=place, overrides=self._overrides, timings=self._timings, held=True)

    def _of(self, at: int, chosen: int) -> Figures:
        key = (at, chosen & self.slices[at].bits)
        if key not in self._figures:
            self._figures[key] = figures = Figures()
            for one in self._accounts(*key):
                figures.add(one.figures)
        return self._figures[key]

    def _sum(self, of: range | list[int], chosen: int) -> Figures:
        figures = Figures()
        for at in of:
            figures.add(self._of(at, chosen))
        return figures

    def _money(self, at: int, chosen: int) -> float | None:
        key = (at, chosen & self.slices[at].bits)
        if key not in self._usd:
            cell = self.slices[at].cell(chosen, self._swaps)
            self._usd[key] = 0.0 if cell is None else None if self._dollars is None else self._dollars(cell)
        return self._usd[key]

    def _cost(self, of: range | list[int], chosen: int) -> float | None:
        """US dollars of those whose price is known before and after; None where that is none."""
        both = [told for at in of if self._money(at, 0) is not None and (told := self._money(at, chosen)) is not None]
        return sum(both) if both else None


def plan(store: Store, *, name: str = "", place: str = "", overrides: Overrides | None = None) -> Plan:
    """The plan for the calls of a store. `place`: where these machines stand; each run's own if empty. Once a store.

    Needs numpy and scipy (extra ``report``).
    """
    found = list(_find(store, overrides))
    by_hour = overrides is not None and overrides.signal is not None
    priced = _Priced(slices.find(store, by_hour), store, place, overrides)
    store.con.execute(
        "CREATE OR REPLACE TEMP TABLE spots AS SELECT bits, test, "
        "CASE WHEN mode = 'recorded' THEN source WHEN file = '' THEN '' ELSE file || ':' || line END AS site, "
        "count(*) AS calls FROM target JOIN bits USING (n) GROUP BY ALL"
    )
    savings = {one.kind: priced.saving(BIT[one.kind]) for one in found}
    levels = {risk: priced.saving(up_to(risk)) for risk in RISKS}
    _shares(
        priced, [(savings[one.kind], BIT[one.kind]) for one in found] + [(levels[risk], up_to(risk)) for risk in RISKS]
    )
    findings = [_finding(store, one, savings[one.kind]) for one in found]
    findings.sort(key=lambda one: (one.risk == CHANGES, -(one.saves.carbon.mid if one.saves.carbon else 0.0),
                                   -one.saves.calls, -one.saves.tokens_cached, one.kind))  # fmt: skip
    shown = [risk for risk in RISKS if any(one.risk == risk and KIND[one.kind].effect != POINTS for one in findings)]
    due = sum(one.due for one in priced.accounts)
    sums = [one.sums for one in priced.slices]
    whole = priced.whole
    return Plan(
        runs=name,
        mode=store.mode,
        job=job.find(store, whole, place, overrides),
        calls=sum(one.calls for one in sums),
        tokens_in=sum(one.input for one in sums),
        tokens_out=sum(one.output for one in sums),
        tokens_cached=sum(one.cached for one in sums),
        repeats=store.one("SELECT count(*) FROM asked WHERE exact_same_run"),
        same_meaning=store.one("SELECT count(*) FROM asked WHERE meaning"),
        energy_wh=whole.energy_wh.ends,
        carbon_g=whole.carbon_g.ends,
        usd=priced.usd,
        coverage=sum(one.covered for one in priced.accounts) / due if due else 1.0,
        findings=findings,
        together=[Together(risk=risk, saves=levels[risk]) for risk in shown],
        notes=list(_notes(store, priced)),
    )


def _find(store: Store, overrides: Overrides | None) -> Iterator[Found]:
    asked.find(store)
    for finder in (exact, same_meaning, recorded, fixtures, prefixes, retries, reruns):
        yield from finder.find(store)
    yield from judges.find(store, overrides)
    yield from models.find(store, overrides)
    yield from effort.find(store)
    yield from evals.find(store)


def _shares(priced: _Priced, savings: list[tuple[Saving, int]]) -> None:
    """Fill in parts saved, what stays drawn together with the whole."""
    from jevons.footprint.uncertainty import Joint

    drawn = Joint([priced.whole, *(priced.after(chosen) for _, chosen in savings)], draws=DRAWS)
    for figure in ("energy", "carbon"):
        unit = {"energy": "energy_wh", "carbon": "carbon_g"}[figure]
        if not priced.whole.amount(unit):
            continue
        for at, (saving, _) in enumerate(savings, 1):
            compared = drawn.compare(unit, 0, at)
            ratio = compared.ratio
            share = Share(
                low=1 - max(ratio.high, ratio.mid), mid=1 - ratio.mid, high=1 - min(ratio.low, ratio.mid),
                cancels=compared.cancels, remains=compared.remains,
            )  # fmt: skip
            setattr(saving, figure, share)
    for saving, _ in savings:
        if saving.carbon is not None and 1e-9 < saving.carbon.mid < 1 - 1e-9:
            saving.eaten_by = 1 / (1 - saving.carbon.mid)


def _finding(store: Store, one: Found, saves: Saving) -> Finding:
    bit = f"bits & {BIT[one.kind]} > 0"

    def places(column: str) -> tuple[list[Place], int]:
        rows = store.rows(
            f"SELECT {column}, sum(calls)::BIGINT AS calls FROM spots WHERE {bit} AND {column} <> '' "  # noqa: S608
            f"GROUP BY {column} ORDER BY calls DESC, {column} LIMIT {MOST}"
        )
        count = store.one(f"SELECT count(DISTINCT {column}) FROM spots WHERE {bit} AND {column} <> ''")  # noqa: S608
        return [Place(*row) for row in rows], count

    (tests, test_count), (sites, site_count) = places("test"), places("site")
    return Finding(
        kind=one.kind, what=one.what, do=one.do, why=one.why, at_most=one.at_most, risk=KIND[one.kind].risk,
        saves=saves,
        calls=store.one(f"SELECT coalesce(sum(calls), 0)::BIGINT FROM spots WHERE {bit}"),  # noqa: S608
        tests=tests, sites=sites, test_count=test_count, site_count=site_count,
    )  # fmt: skip


def _notes(store: Store, priced: _Priced) -> Iterator[str]:
    if store.torn:
        yield f"{store.torn:,} torn lines in the ledger were skipped: a process died while writing"
    if store.kept:
        yield f"{store.kept:,} runs are kept as cells only: they have no calls to look at"
    other = store.rows("SELECT mode, count(*) FROM calls WHERE part = 'target' GROUP BY mode ORDER BY mode")
    rest = [f"{count:,} {mode}" for mode, count in other if mode != store.mode]
    if rest:
        yield f"not looked at, as they cost next to nothing now: {', '.join(rest)} calls"
    if not priced.prices:
        yield "no prices: pip install 'jevons[report]'"
    elif priced.unpriced:
        yield f"{priced.unpriced:,} calls have no list price: money is without them"
