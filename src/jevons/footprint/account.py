"""Figures of cells: energy, carbon, water, hardware, each with its interval, trust and factors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from jevons.factors import Factor
from jevons.footprint.figures import Figures
from jevons.footprint.laws import CPU_TIME, MEASURED, TRUST
from jevons.footprint.overrides import Overrides
from jevons.footprint.rates import Rates
from jevons.footprint.serving import Serving, serve
from jevons.footprint.timing import State, States, served, states
from jevons.ledger.cells import Cell, Key, fold
from jevons.ledger.recorded import Recorded

MODES = ("live", "replayed", "mocked", "recorded")
NOTHING = "nothing"
"""Trust of what has no figure."""
_ANSWERED = frozenset({"2xx", "cut"})


class Account(msgspec.Struct, kw_only=True):
    """Figures of one cell. Where `covered` is 0 they are zero because nothing is known, or nothing was due."""

    cell: Cell
    calls: float
    due: float
    """Calls that should have figures: all but mocked ones."""
    serving: Serving
    covered: float = 0.0
    """Calls that have figures."""
    trust: str = NOTHING
    """Weakest of what the figures rest on: one of `laws.TRUST`, or ``nothing``."""
    figures: Figures = msgspec.field(default_factory=Figures)
    """Of a replayed cell: what the replay avoided; the replay itself took about nothing."""
    notes: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """Mode of the cell's calls."""
        return self.cell.key.mode

    @property
    def factors(self) -> list[Factor]:
        """Factors that the figures used."""
        return self.figures.factors


class Part(msgspec.Struct, kw_only=True):
    """Sum over accounts of one kind."""

    figures: Figures = msgspec.field(default_factory=Figures)
    calls: float = 0
    due: float = 0
    covered: float = 0

    @property
    def coverage(self) -> float:
        """Share of the calls due that have figures; 1 where none is due."""
        return min(self.covered / self.due, 1.0) if self.due else 1.0

    @property
    def at_least(self) -> bool:
        """Whether figures are a lower bound, as calls are missing."""
        return self.coverage < 1.0 - 1e-9  # shares of calls need not add to whole numbers

    def add(self, account: Account, share: float = 1.0) -> None:
        """Add one account, or a share of it: calls of a fixture are shared out over the tests that used it."""
        self.figures.add(account.figures, share)
        self.calls += account.calls * share
        self.due += account.due * share
        self.covered += account.covered * share


class Total(msgspec.Struct, kw_only=True):
    """Sums over accounts, modes apart: found recordings are never added to live calls."""

    live: Part
    avoided: Part
    recorded: Part
    mocked_calls: float
    trust: str
    """Weakest of what live and recorded figures rest on (of avoided ones, if there is nothing else)."""
    place: str
    """Whose electricity, the heaviest first."""

    @property
    def coverage(self) -> float:
        """Share of live and recorded calls that have figures."""
        both = Part(due=self.live.due + self.recorded.due, covered=self.live.covered + self.recorded.covered)
        return both.coverage

    @property
    def at_least(self) -> bool:
        """Whether live or recorded figures are a lower bound."""
        return self.live.at_least or self.recorded.at_least


def account(
    cells: Iterable[Cell],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    timings: States | None = None,
    held: bool = False,
) -> list[Account]:
    """One account per cell, in order.

    `place` is where this machine stands (cloud region, ISO 3166 code; empty: world average); calls to a cloud
    use their own region. Figures are linear in the sums of a cell. `timings` are the serving states that hold
    (`timing.states`); those of these cells if not given. `held`: one serving in all months, for comparisons.
    """
    cells = list(cells)
    stated = overrides or Overrides()
    timings = states(cells, held) if timings is None else timings
    made: dict[Key, Serving] = {}
    accounts = []
    for cell in cells:
        physics = cell.key._replace(mode="", status="", usage="estimated" if cell.key.usage == "estimated" else "")
        serving = made.get(physics)
        if serving is None:
            at = served(physics, held)
            state = timings.get(at, State())
            serving = made[physics] = serve(physics, at, state, place=place, overrides=stated)
        accounts.append(_account(cell, serving))
    return accounts


def priced(
    runs: Iterable[Recorded],
    by: Callable[[Any], tuple[Any, ...]] = lambda whose: whose,
    *,
    place: str = "",
    overrides: Overrides | None = None,
    held: bool = False,
) -> list[list[Account]]:
    """Accounts of each run, at one serving state for all; `by` maps a cell's `Whose` to the group that is wanted.

    Each run at `place`, at its own if empty; by the hour where the user has a signal that tells by the hour.
    """
    runs = list(runs)
    by_hour = overrides is not None and overrides.signal is not None
    made = [
        fold(one.cells, by, (lambda period: period) if by_hour else (lambda period: period[: len("2026-11")]))
        for one in runs
    ]
    timings = states((cell for cells in made for cell in cells), held)
    return [
        account(cells, place=place or one.run.place, overrides=overrides, timings=timings, held=held)
        for one, cells in zip(runs, made, strict=True)
    ]


def _account(cell: Cell, serving: Serving) -> Account:
    key, sums = cell.key, cell.sums
    if key.mode not in MODES:
        raise ValueError(f"mode {key.mode!r}: one of {', '.join(MODES)}")
    due = 0 if key.mode == "mocked" else sums.calls
    made = Account(cell=cell, calls=sums.calls, due=due, serving=serving, notes=serving.notes)
    if key.mode == "mocked":
        return made
    left = sums.calls
    # The meter of a replay saw the replay, not what it avoided.
    if serving.by_meter is not None and serving.by_cpu is not None and key.mode != "replayed":
        metered = min(sums.measured_calls, left)
        if metered:
            _spend(made, serving.by_meter, sums.measured_mj * 1e-3, metered, MEASURED)
            left -= metered
        timed = min(max(sums.cpu_calls - sums.measured_calls, 0), left)  # a call may have both
        if timed:
            left -= timed
        if sums.cpu_calls:  # taken only where no meter covers the processor, so it adds to a graphics card's meter
            _spend(made, serving.by_cpu, sums.cpu_us * 1e-6, timed, CPU_TIME)
    if left:
        _by_law(made, serving, left)
    return made


def _by_law(made: Account, serving: Serving, calls: int) -> None:
    """Figures of the calls that neither meter nor processor time covers, by tokens."""
    key, sums = made.cell.key, made.cell.sums
    failed = key.status not in _ANSWERED
    if key.usage == "unknown":
        # Without an answer nobody knows how far a server got.
        made.notes += ("tokens unknown",)
        return
    if not serving.by_law:
        if failed:
            made.covered += calls
        else:
            made.notes += (f"no law for {key.kind} calls yet",)
        return
    made.covered += calls
    _trust(made, serving.trust)
    if failed and not sums.input and not sums.output:
        if key.status == "5xx":  # refused: no tokens; at most, a server that broke had begun to work
            for units, rates in serving.by_law:
                made.figures.may_spend(rates, calls * (units.per_call + units.per_output_token))
        return
    for units, rates in serving.by_law:
        joules = units.joules(
            sums.calls, sums.input - sums.cached, sums.cached, sums.output, sums.prefill_pairs, sums.kv_reads
        )
        made.figures.spend(rates, max(joules, 0.0) * calls / sums.calls)


def _spend(made: Account, rates: Rates, joules: float, calls: int, trust: str) -> None:
    made.figures.spend(rates, joules)
    made.covered += calls
    _trust(made, trust)


def _trust(made: Account, trust: str) -> None:
    if made.trust == NOTHING or TRUST.index(trust) > TRUST.index(made.trust):
        made.trust = trust


def total(accounts: Iterable[Account]) -> Total:
    """Sum accounts, modes apart."""
    parts = {mode: Part() for mode in MODES}
    weakest: dict[bool, int] = {}
    places: dict[bool, dict[str, float]] = {False: {}, True: {}}
    for one in accounts:
        parts[one.mode].add(one)
        if one.figures:
            avoided = one.mode == "replayed"
            weakest[avoided] = max(weakest.get(avoided, 0), TRUST.index(one.trust))
            at = places[avoided]
            at[one.serving.place] = at.get(one.serving.place, 0.0) + one.figures.amount("energy_wh")
    level = weakest.get(False, weakest.get(True))
    where = places[False] or places[True]
    return Total(
        live=parts["live"],
        avoided=parts["replayed"],
        recorded=parts["recorded"],
        mocked_calls=parts["mocked"].calls,
        trust=NOTHING if level is None else TRUST[level],
        place=", ".join(sorted(where, key=lambda name: -where[name])),
    )
