"""Figures of cells: energy, carbon, water, hardware, each with its interval, trust and factors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from jevons.factors import Factor, Model
from jevons.footprint.interval import ZERO, Interval
from jevons.footprint.serving import CPU_TIME, MEASURED, TRUST, Overrides, Rates, Serving, serve
from jevons.ledger.cells import Cell, Key, Sums

MODES = ("live", "replayed", "mocked", "recorded")
NOTHING = "nothing"
"""Trust of what has no figure."""
_ANSWERED = frozenset({"2xx", "cut"})


class Account(msgspec.Struct, kw_only=True):
    """Figures of one cell. Where `covered` is 0 they are zero because nothing is known, or nothing was due."""

    key: Key
    group: tuple[Any, ...]
    mode: str
    calls: float
    due: float
    """Calls that should have figures: all but mocked ones."""
    covered: float
    """Calls that have figures."""
    avoided: bool
    """The figures are what a replay avoided; the replay itself took about nothing."""
    trust: str
    """Weakest of what the figures rest on: one of `serving.TRUST`, or ``nothing``."""
    energy_wh: Interval = ZERO
    """Of the facility in data centres, of the machine elsewhere."""
    carbon_g: Interval = ZERO
    """Operational."""
    water_l: Interval = ZERO
    embodied_g: Interval = ZERO
    place: str = ""
    """Whose electricity."""
    model: Model | None = None
    factors: tuple[Factor, ...] = ()
    notes: tuple[str, ...] = ()


class Part(msgspec.Struct, kw_only=True):
    """Sum over accounts of one kind. Bounds add: causes are shared by calls to one model; for different
    models, whose errors are partly independent, that is too wide, never too narrow."""

    energy_wh: Interval = ZERO
    carbon_g: Interval = ZERO
    water_l: Interval = ZERO
    embodied_g: Interval = ZERO
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

    def add(self, account: Account) -> None:
        """Add one account."""
        self.energy_wh += account.energy_wh
        self.carbon_g += account.carbon_g
        self.water_l += account.water_l
        self.embodied_g += account.embodied_g
        self.calls += account.calls
        self.due += account.due
        self.covered += account.covered


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
    def energy_wh(self) -> Interval:
        """Of live calls."""
        return self.live.energy_wh

    @property
    def carbon_g(self) -> Interval:
        """Of live calls, operational."""
        return self.live.carbon_g

    @property
    def water_l(self) -> Interval:
        """Of live calls."""
        return self.live.water_l

    @property
    def embodied_g(self) -> Interval:
        """Of live calls."""
        return self.live.embodied_g

    @property
    def coverage(self) -> float:
        """Share of live and recorded calls that have figures."""
        both = Part(due=self.live.due + self.recorded.due, covered=self.live.covered + self.recorded.covered)
        return both.coverage

    @property
    def at_least(self) -> bool:
        """Whether live or recorded figures are a lower bound."""
        return self.live.at_least or self.recorded.at_least


def account(cells: Iterable[Cell], *, place: str = "", overrides: Overrides | None = None) -> list[Account]:
    """One account per cell, in order.

    `place` is where this machine stands (cloud region, ISO 3166 code; empty: world average); calls to a cloud
    use their own region. Figures are linear in the sums of a cell.
    """
    stated = overrides or Overrides()
    served: dict[tuple[Any, ...], Serving] = {}
    accounts = []
    for cell in cells:
        key = cell.key
        physics = (key.kind, key.provider, key.host_class, key.model, key.place, key.usage == "estimated")
        serving = served.get(physics)
        if serving is None:
            serving = served[physics] = serve(*physics, place=place, overrides=stated)
        accounts.append(_account(cell, serving))
    return accounts


def _account(cell: Cell, serving: Serving) -> Account:
    key, sums = cell.key, cell.sums
    if key.mode not in MODES:
        raise ValueError(f"mode {key.mode!r}: one of {', '.join(MODES)}")
    made = Account(
        key=key,
        group=cell.group,
        mode=key.mode,
        calls=sums.calls,
        due=0 if key.mode == "mocked" else sums.calls,
        covered=0,
        avoided=key.mode == "replayed",
        trust=NOTHING,
        place=serving.place,
        model=serving.model,
        notes=serving.notes,
    )
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
        _by_law(made, key, sums, serving, left)
    return made


def _by_law(made: Account, key: Key, sums: Sums, serving: Serving, calls: int) -> None:
    """Figures of the calls that neither meter nor processor time covers, by tokens."""
    failed = key.status not in _ANSWERED
    if key.usage == "unknown":
        # Without an answer nobody knows how far a server got.
        made.notes += ("tokens unknown",)
        return
    if serving.law is None or serving.by_law is None:
        if failed:
            made.covered += calls
        else:
            made.notes += (f"no law for {key.kind} calls yet",)
        return
    if failed and not sums.input and not sums.output:
        made.covered += calls  # refused: no tokens; at most, a server that broke had begun to work
        if key.status == "5xx":
            made.energy_wh += _at_most(serving.by_law.energy_wh, calls * serving.law.per_call)
            made.carbon_g += _at_most(serving.by_law.carbon_g, calls * serving.law.per_call)
            made.water_l += _at_most(serving.by_law.water_l, calls * serving.law.per_call)
            made.embodied_g += _at_most(serving.by_law.embodied_g, calls * serving.law.per_call)
        _trust(made, serving.trust)
        return
    joules = serving.law.joules(
        sums.calls, sums.input - sums.cached, sums.cached, sums.output, sums.prefill_pairs, sums.kv_reads
    )
    _spend(made, serving.by_law, max(joules, 0.0) * calls / sums.calls, calls, serving.trust)


def _spend(made: Account, rates: Rates, joules: float, calls: int, trust: str) -> None:
    made.energy_wh += rates.energy_wh * joules
    made.carbon_g += rates.carbon_g * joules
    made.water_l += rates.water_l * joules
    made.embodied_g += rates.embodied_g * joules
    made.covered += calls
    made.factors += tuple(factor for factor in rates.factors if factor not in made.factors)
    _trust(made, trust)


def _at_most(rate: Interval, joules: float) -> Interval:
    return Interval(0.0, 0.0, rate.high * joules)


def _trust(made: Account, trust: str) -> None:
    if made.trust == NOTHING or TRUST.index(trust) > TRUST.index(made.trust):
        made.trust = trust


def share(account: Account, fraction: float) -> Account:
    """A fraction of an account: calls of a fixture are shared out over the tests that used it."""
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction {fraction}: 0 to 1")
    return msgspec.structs.replace(
        account,
        calls=account.calls * fraction,
        due=account.due * fraction,
        covered=account.covered * fraction,
        energy_wh=account.energy_wh * fraction,
        carbon_g=account.carbon_g * fraction,
        water_l=account.water_l * fraction,
        embodied_g=account.embodied_g * fraction,
    )


def total(accounts: Iterable[Account]) -> Total:
    """Sum accounts, modes apart."""
    parts = {mode: Part() for mode in MODES}
    weakest: dict[bool, int] = {}
    places: dict[bool, dict[str, float]] = {False: {}, True: {}}
    for one in accounts:
        parts[one.mode].add(one)
        if one.energy_wh.high > 0:
            weakest[one.avoided] = max(weakest.get(one.avoided, 0), TRUST.index(one.trust))
            places[one.avoided][one.place] = places[one.avoided].get(one.place, 0.0) + one.energy_wh.mid
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
