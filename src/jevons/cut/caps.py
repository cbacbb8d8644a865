"""Caps as a policy: what a run, its tests, its day, month and project used, against what was agreed.

Counts are exact; energy, carbon and water are central figures, by the method that the cap was set with. Use of a shared
fixture is divided over the tests that used it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from jevons.footprint import Overrides
from jevons.footprint.account import priced
from jevons.ledger.cells import Cell
from jevons.ledger.recorded import Recorded, Whose
from jevons.ledger.shares import owners
from jevons.settings import GATE_UNITS

COUNTS = ("calls", "tokens", "judge_calls", "repeats")
ROUGH = ("energy_wh", "carbon_g", "water_l")
MONEY = "money_usd"
Price = Callable[[Cell], float | None]
"""US dollars of a cell's calls; None where they are not known."""


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


def live(runs: Iterable[Recorded], when: str = "") -> list[Recorded]:
    """The runs with what caps are on: live calls, of a UTC day (``2026-11-25``) or month (``2026-11``) if given."""
    return [
        one._replace(cells=[cell for cell in one.cells if cell.key.mode == "live" and cell.group.day.startswith(when)])
        for one in runs
    ]


def use(
    runs: Iterable[Recorded], *, place: str = "", overrides: Overrides | None = None, price: Price | None = None
) -> Use:
    """What runs used; calls that are not live use nothing."""
    of = by(runs, lambda one, whose: [("", 1.0)], place=place, overrides=overrides, price=price)
    return of.get("", Use(amounts=dict.fromkeys(GATE_UNITS, 0.0)))


def by_test(
    runs: Iterable[Recorded], *, place: str = "", overrides: Overrides | None = None, price: Price | None = None
) -> dict[str, Use]:
    """What each test used, calls of shared fixtures divided over their users."""

    def whose(one: Recorded, of: Whose) -> list[tuple[str, float]]:
        return owners(one.users)(of.test, of.fixture)

    found = by(runs, whose, place=place, overrides=overrides, price=price)
    found.pop("", None)  # outside tests
    return found


def by(
    runs: Iterable[Recorded],
    whose: Callable[[Recorded, Whose], list[tuple[str, float]]],
    *,
    place: str = "",
    overrides: Overrides | None = None,
    price: Price | None = None,
) -> dict[str, Use]:
    """Use of live calls by owner; `whose` gives the owners of a cell of a run with their shares."""
    found: dict[str, Use] = defaultdict(lambda: Use(amounts=dict.fromkeys(GATE_UNITS, 0.0)))
    of_runs = live(runs)
    for run, accounts in zip(of_runs, priced(of_runs, place=place, overrides=overrides), strict=True):
        for one in accounts:
            key, of, sums = one.cell.key, one.cell.group, one.cell.sums
            for owner, share in whose(run, of):
                into, calls = found[owner], sums.calls * share
                into.calls += calls
                into.counted += calls * (key.usage != "unknown")
                into.covered += one.covered * share
                more = {
                    "calls": calls,
                    "tokens": (sums.input + sums.output) * share,
                    "judge_calls": calls * (of.role == "judge"),
                    "repeats": calls * of.repeat,
                    **{unit: one.figures.amount(unit) * share for unit in ROUGH},
                }
                for unit, amount in more.items():
                    into.amounts[unit] += amount
        for cell in run.cells if price else ():  # by the hour: prices change within a month
            dollars = price(cell) if price else None
            for owner, share in whose(run, cell.group) if dollars is not None else ():
                found[owner].priced += cell.sums.calls * share
                found[owner].amounts[MONEY] += (dollars or 0.0) * share
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
