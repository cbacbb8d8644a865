"""Central energy, carbon and water of one call at a time: coefficients, taken once per physics key, times its sums.

Figures are linear in a cell's sums (`jevons.footprint.account`), at the prior serving state: a single call's timings
say nothing of a server.
"""

from __future__ import annotations

from collections.abc import Callable

from jevons.footprint import Overrides, account
from jevons.ledger.cells import Cell, Key, Sums, key
from jevons.ledger.days import hour, month
from jevons.record import Call

FIGURES = ("energy_wh", "carbon_g", "water_l")

_Vector = tuple[float, float, float]
_PROBE = 1_000_000
_PARTS = (
    {"input": _PROBE},
    {"input": _PROBE, "cached": _PROBE},
    {"prefill_pairs": _PROBE},
    {"kv_reads": _PROBE},
    {"measured_mj": _PROBE},
    {"cpu_us": _PROBE},
)
_OUTPUT = 2
"""Place of output tokens among the parts."""


class Prices:
    """Prices of calls. `place` is where this machine stands, as in `account`."""

    def __init__(self, place: str = "", overrides: Overrides | None = None) -> None:
        self._place = place
        self._overrides = overrides
        self._period: Callable[[int], str] = hour if overrides is not None and overrides.signal else month
        self._known: dict[tuple[Key, bool, bool, bool], tuple[_Vector, ...]] = {}

    def __call__(self, call: Call) -> _Vector:
        """Watt-hours, grams of CO2e and litres of one call, central; zeros where nothing is known."""
        sums = Sums()
        sums.add(call)
        physics, metered, timed = key(call, self._period), bool(sums.measured_calls), bool(sums.cpu_calls)
        nothing = not sums.input and not sums.output  # a call that failed without an answer has a price of its own
        place = (physics, metered, timed, nothing)
        rates = self._known.get(place)
        if rates is None:
            rates = self._known[place] = self._rates(physics, metered, timed, nothing)
        parts = (
            *(1, sums.input - sums.cached, sums.cached, sums.output, sums.prefill_pairs, sums.kv_reads),
            *(sums.measured_mj, sums.cpu_us),
        )
        wh, grams, litres = (sum(map(float.__mul__, map(float, parts), column)) for column in zip(*rates, strict=True))
        return max(wh, 0.0), max(grams, 0.0), max(litres, 0.0)

    def _rates(self, physics: Key, metered: bool, timed: bool, nothing: bool) -> tuple[_Vector, ...]:
        """Per call, and per unit of each of `_PARTS`: differences from a call of the same sort."""
        some = 0 if nothing else 1
        sort = {"calls": 1, "measured_calls": int(metered), "cpu_calls": int(timed), "output": some}
        first = self._figures(physics, sort)

        def rate(part: dict[str, int]) -> _Vector:
            more = self._figures(physics, {**sort, **part})
            wh, grams, litres = ((one - less) / _PROBE for one, less in zip(more, first, strict=True))
            return wh, grams, litres

        rates = [rate(part) for part in _PARTS]
        token = rate({"output": some + _PROBE})
        wh, grams, litres = (less - some * each for less, each in zip(first, token, strict=True))
        return ((wh, grams, litres), *rates[:_OUTPUT], token, *rates[_OUTPUT:])

    def _figures(self, physics: Key, sums: dict[str, int]) -> _Vector:
        (made,) = account([Cell(physics, (), Sums(**sums))], place=self._place, overrides=self._overrides, timings={})
        wh, grams, litres = (made.figures.amount(name) for name in FIGURES)
        return wh, grams, litres
