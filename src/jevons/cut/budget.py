"""The live guard: at a cap, the next call to an AI service is not sent.

Calls are reserved before they go out, so that exactly as many go out as the cap allows, however many processes share
it. What a call used (tokens, energy, carbon, water) is known only when it has finished: there the cap may be passed by
the calls in flight. Live calls alone count: what a recording or a mock answers costs nothing and is never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from pathlib import Path

import msgspec

from jevons.capture.recorder import Exchange
from jevons.cut.shared_count import Counted, SharedCount
from jevons.record import Call
from jevons.settings import Settings

BILLIONTHS = 1_000_000_000
_FIGURES = ("energy_wh", "carbon_g", "water_l")
_WORDS = {
    "calls": "calls", "tokens": "tokens", "judge_calls": "judge calls", "energy_wh": "Wh", "carbon_g": "g of CO2e",
    "water_l": "L of water",
}  # fmt: skip
_NAME_LENGTH = 120


class BudgetExceeded(BaseException):
    """A cap of this run is reached, and this call was not sent.

    No `Exception`: SDKs try again after those, and give their users an error of the connection instead. So it is what
    pytest's own outcomes are: it ends the test.
    """

    __module__ = "jevons"

    def __init__(self, message: str, unit: str = "", used: float = 0.0, cap: float = 0.0) -> None:
        super().__init__(message)
        self.unit = unit
        """Of the cap: one of `jevons.settings.BUDGET_UNITS`."""
        self.used = used
        """What was used of it, in its unit."""
        self.cap = cap

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return BudgetExceeded, (self.args[0], self.unit, self.used, self.cap)


class Cap(msgspec.Struct, frozen=True):
    """One cap, and how to raise it."""

    amount: float
    remedy: str


class Plan(msgspec.Struct, frozen=True):
    """What all processes of a run share."""

    caps: dict[str, Cap]
    file: str
    """Where the sums are."""


class Guard:
    """Stops calls at the caps of a plan: an `Interceptor` of `jevons.capture`.

    `price` gives watt-hours, grams and litres of a call; `error` is raised at a cap.
    """

    def __init__(
        self,
        plan: Plan,
        count: SharedCount,
        price: Callable[[Call], tuple[float, float, float]] | None = None,
        error: type[BudgetExceeded] = BudgetExceeded,
    ) -> None:
        self.count = count
        self._caps = plan.caps
        self._limits = {unit: max(int(cap.amount * _scale(unit)), 1) for unit, cap in plan.caps.items()}
        self._price = price
        self._error = error
        self._tests: dict[tuple[str, str], int] = {}

    def before(self, exchange: Exchange) -> None:
        """Reserve a call. Raises BudgetExceeded at a cap."""
        __tracebackhide__ = True
        judge, test = exchange.site[2], exchange.scope.test
        asked = {unit: 1 for unit in _itself(judge) if unit in self._limits}
        limits = {unit: limit for unit, limit in self._limits.items() if judge or unit != "judge_calls"}
        tests = self._add_to_test(asked, test)
        over: list[str] = []
        then = Counted()

        def reserve(counted: Counted) -> None:
            nonlocal then
            over[:] = _reached(counted, limits)[:1]
            if over:
                counted.refused += 1
            else:
                _add(counted, asked, tests)
            then = counted

        self.count.change(reserve)
        if over:
            self._add_to_test(dict.fromkeys(asked, -1), test)
            raise self._exceeded(over[0], then)

    def finished(self, exchange: Exchange, call: Call) -> None:
        """Nothing: the call that is made of it is what counts."""

    def after(self, call: Call, out: bool) -> None:
        """Count what a finished call used, and itself where it went out unseen."""
        itself = _itself(call.role == "judge")
        if call.mode != "live":
            if out:
                self._count(dict.fromkeys(itself, -1), call.test)
            return
        used = {} if out else dict.fromkeys(itself, 1)
        used["tokens"] = (call.input_tokens or 0) + (call.output_tokens or 0)
        if self._price is not None:
            figures = zip(_FIGURES, self._price(call), strict=True)
            used |= {unit: round(amount * BILLIONTHS) for unit, amount in figures}
        self._count(used, call.test, unknown=call.usage == "unknown")

    def dropped(self, exchange: Exchange) -> None:
        """Give back what was reserved."""
        self._count(dict.fromkeys(_itself(exchange.site[2]), -1), exchange.scope.test)

    def _count(self, used: dict[str, int], test: str, unknown: bool = False) -> None:
        used = {unit: amount for unit, amount in used.items() if amount and unit in self._limits}
        unknown = unknown and not self._limits.keys().isdisjoint(("tokens", *_FIGURES))
        if not used and not unknown:
            return
        tests = self._add_to_test(used, test)

        def add(counted: Counted) -> None:
            _add(counted, used, tests)
            counted.unknown += unknown

        self.count.change(add)

    def _add_to_test(self, used: dict[str, int], test: str) -> dict[str, tuple[int, str]]:
        made = {}
        for unit, amount in used.items():
            total = self._tests[unit, test] = self._tests.get((unit, test), 0) + amount
            made[unit] = (total, test[-_NAME_LENGTH:])
        return made

    def reached(self) -> str:
        """Which cap is reached, in words; empty before."""
        counted = self.count.now()
        return "; ".join(self._used(unit, counted) for unit in _reached(counted, self._limits))

    def skip(self) -> None:
        """Note that a test is skipped for a cap's sake."""

        def add(counted: Counted) -> None:
            counted.skipped += 1

        self.count.change(add)

    def said(self, alone: Iterable[Counted] = ()) -> list[str]:
        """What the guard did in this run, a line each; nothing where no cap stopped anything.

        `alone`: what other processes counted by themselves.
        """
        counted = Counted()
        counted.merge(self.count.now())
        for other in alone:
            counted.merge(other)
        lines = []
        if counted.refused or counted.skipped:
            stopped = (
                f"{number:,} {what}{'s' * (number != 1)} {how}"
                for number, what, how in ((counted.refused, "call", "refused"), (counted.skipped, "test", "skipped"))
                if number
            )
            used = "; ".join(self._used(unit, counted) for unit in _reached(counted, self._limits))
            lines.append(f"{used or 'a cap was reached'}: {', '.join(stopped)}")
        if counted.unknown:
            lines.append(f"tokens of {counted.unknown:,} live calls: not counted by anybody, so not in the sums")
        return lines

    def _used(self, unit: str, counted: Counted) -> str:
        return f"{_figure(counted.used.get(unit, 0), unit)} of {_figure(self._limits[unit], unit)} {_WORDS[unit]} used"

    def _exceeded(self, unit: str, counted: Counted) -> BudgetExceeded:
        cap = self._caps[unit]
        amount, test = counted.most.get(unit, (0, ""))
        most = f", most of it by {test or 'no test'} ({_figure(amount, unit)})" if amount else ""
        return self._error(
            f"this call was not sent: the run's budget is used up, {self._used(unit, counted)}{most}. "
            f"To allow more: {cap.remedy}",
            unit,
            counted.used.get(unit, 0) / _scale(unit),
            cap.amount,
        )


def guard(
    plan: Plan, count: SharedCount, settings: Settings, root: Path, error: type[BudgetExceeded] = BudgetExceeded
) -> Guard:
    """The guard of this process. Footprints are loaded only where a cap is on one of them.

    Raises SettingsError for factors that cannot be used.
    """
    if plan.caps.keys().isdisjoint(_FIGURES):
        return Guard(plan, count, error=error)
    from jevons.cut.prices import Prices
    from jevons.footprint import overrides

    return Guard(plan, count, Prices(settings.place, overrides(settings, root)), error)


def _itself(judge: bool) -> tuple[str, ...]:
    """Units that count a call itself."""
    return ("calls", "judge_calls") if judge else ("calls",)


def _reached(counted: Counted, limits: dict[str, int]) -> list[str]:
    return [unit for unit, limit in limits.items() if counted.used.get(unit, 0) >= limit]


def _add(counted: Counted, used: dict[str, int], tests: dict[str, tuple[int, str]]) -> None:
    for unit, amount in used.items():
        counted.used[unit] = counted.used.get(unit, 0) + amount
        counted.most[unit] = max(counted.most.get(unit, (0, "")), tests[unit], key=itemgetter(0))


def _scale(unit: str) -> int:
    return BILLIONTHS if unit in _FIGURES else 1


def _figure(amount: int, unit: str) -> str:
    return f"{amount / BILLIONTHS:,.3g}" if unit in _FIGURES else f"{amount:,}"
