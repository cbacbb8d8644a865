"""Caps as a policy: what a run, its tests, its day, month and project used, against what was agreed.

Counts are exact; energy, carbon and water are central figures, by the method that the cap was set with. Use of a shared
fixture is divided over the tests that used it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from jevons.footprint import Overrides, account
from jevons.ledger.cells import cells
from jevons.ledger.days import day
from jevons.ledger.repeats import exact
from jevons.ledger.shares import owners
from jevons.record import Call, TestResult
from jevons.settings import GATE_UNITS

COUNTS = ("calls", "tokens", "judge_calls", "repeats")
ROUGH = ("energy_wh", "carbon_g", "water_l")
MONEY = "money_usd"


class Use(msgspec.Struct, kw_only=True):
    """What something used: units to amounts; and how much of it is known."""

    amounts: dict[str, float]
    calls: float = 0.0
    """Live calls."""
    counted: float = 0.0
    """Of these, with known tokens."""
    covered: float = 0.0
    """Of these, with figures."""
    priced: float = 0.0
    """Of these, with a price, where money is asked for."""

    def coverage(self, unit: str) -> float:
        """Share of the calls that an amount in this unit speaks of."""
        known = {MONEY: self.priced, "tokens": self.counted}.get(unit, self.covered if unit in ROUGH else self.calls)
        return min(known / self.calls, 1.0) if self.calls else 1.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One cap and what was found."""

    span: str
    """One of `settings.SPANS`."""
    name: str
    """Of the run, test, day, month or project."""
    unit: str
    used: float
    cap: float
    coverage: float

    @property
    def over(self) -> bool:
        """Whether it is exceeded: as far as is known, for unknown calls could only add."""
        return self.used > self.cap * (1 + 1e-9)


def live(calls: Iterable[Call]) -> list[Call]:
    """Calls that caps are on."""
    return [call for call in calls if call.mode == "live"]


def use(
    calls: Iterable[Call],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Callable[[Call], float | None] | None = None,
) -> Use:
    """What calls used; those that are not live use nothing. `price` gives US dollars of a call, None if unknown."""
    of = by(live(calls), lambda call: [("", 1.0)], place=place, overrides=overrides, price=price)
    return of.get("", Use(amounts=dict.fromkeys(GATE_UNITS, 0.0)))


def by_test(
    calls: Iterable[Call],
    results: Iterable[TestResult],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Callable[[Call], float | None] | None = None,
) -> dict[str, Use]:
    """What each test used, calls of shared fixtures divided over their users."""
    of = owners(results)
    found = by(live(calls), lambda call: of(call.test, call.fixture), place=place, overrides=overrides, price=price)
    found.pop("", None)  # outside tests
    return found


def by(
    calls: list[Call],
    whose: Callable[[Call], list[tuple[str, float]]],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Callable[[Call], float | None] | None = None,
) -> dict[str, Use]:
    """Use by owner; `whose` gives a call's owners with their shares."""
    found: dict[str, Use] = defaultdict(lambda: Use(amounts=dict.fromkeys(GATE_UNITS, 0.0)))
    repeated = {id(call) for call in exact(calls)}
    made = cells(calls, lambda call: tuple(whose(call)))
    for one in account(made, place=place, overrides=overrides):
        for owner, share in one.cell.group:
            into = found[owner]
            into.covered += one.covered * share
            for unit in ROUGH:
                into.amounts[unit] += one.figures.amount(unit) * share
    for call in calls:
        for owner, share in whose(call):
            into = found[owner]
            into.calls += share
            into.counted += share * (call.usage != "unknown")
            amounts = into.amounts
            amounts["calls"] += share
            amounts["tokens"] += share * ((call.input_tokens or 0) + (call.output_tokens or 0))
            amounts["judge_calls"] += share * (call.role == "judge")
            amounts["repeats"] += share * (id(call) in repeated)
            dollars = price(call) if price else None
            if dollars is not None:
                into.priced += share
                amounts[MONEY] += share * dollars
    return dict(found)


def judge(caps: Mapping[str, Mapping[str, float]], uses: Mapping[str, Mapping[str, Use]]) -> list[Verdict]:
    """Each cap against what was used: `caps` by span and unit, `uses` by span and name. Of tests the heaviest one."""
    found = []
    for span, limits in caps.items():
        for unit, cap in limits.items():
            of = [
                Verdict(span=span, name=name, unit=unit, used=one.amounts[unit], cap=cap, coverage=one.coverage(unit))
                for name, one in uses.get(span, {}).items()
            ]
            over = sorted((one for one in of if one.over), key=lambda one: -one.used)
            found += over or sorted(of, key=lambda one: -one.used)[:1]
    return found


def on_day(calls: Iterable[Call], text: str) -> list[Call]:
    """Calls of a UTC day (``2026-11-25``) or month (``2026-11``)."""
    return [call for call in calls if day(call.started_us).startswith(text)]
