"""The rules.

Printed digits are rounded: a figure stands for all that round (or, as a result, are cut) to it, and a finding is two
figures that cannot both be true of any of those.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import combinations

import msgspec

from jevons.footprint.claims.stated import FACTORS, UNITS, Quantity, Span, base_unit

AMOUNTS = ("energy", "carbon", "water")
_ONE = Span(1.0, 1.0, 1.0)
_KILO = Span(1e-3, 1e-3, 1e-3)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one source that contradict each other."""

    rule: str
    stated: str
    follows: str
    """What the other figures give, and how."""
    ratio: float
    """Stated over what follows."""
    apart: float
    """Distance over what rounding explains: above 1. Infinite between exact figures."""
    note: str = ""
    """What would explain it."""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.rule}: stated {self.stated}, follows {self.follows}{note}"


def check(quantities: Iterable[Quantity]) -> list[Finding]:
    """All findings of all rules; empty where nothing contradicts, or where there is nothing to compare."""
    given = list(quantities)
    rows = [quantity for quantity in given if quantity.role == "row"]  # two rows may well print the same
    given = [*rows, *dict.fromkeys(quantity for quantity in given if quantity.role != "row")]
    things = dict.fromkeys(quantity.of for quantity in given[len(rows) :])
    found = list(_rows(given))
    for of in things:
        source = _Source(given, of)
        found += [*_energy(source), *_carbon(source), *_water(source), *_percent(source)]
    return [*found, *_per_unit(given), *_restated(given), *_implied(given, list(things))]


class _Source:
    """Quantities of one thing, else those of the whole source."""

    def __init__(self, given: Sequence[Quantity], of: str) -> None:
        self.of, self.given = of, given

    def own(self, kind: str) -> list[Quantity]:
        return [q for q in self.given if q.kind == kind and q.of == self.of and q.role != "row"]

    def all(self, kind: str) -> list[Quantity]:
        return self.own(kind) or [q for q in self.given if q.kind == kind and not q.of and q.role != "row"]

    def has_own(self, *kinds: str) -> bool:
        return any(self.own(kind) for kind in kinds)

    def energies(self) -> list[tuple[Span, str, str]]:
        """Energy as stated, else hours x power: (kWh, scope, how)."""
        stated = [(q.span, q.scope, str(q)) for q in self.all("energy")]
        return stated or [(h.span * p.span * _KILO, "it", f"{h} x {p}") for h, p in self._machines()]

    def _machines(self) -> list[tuple[Quantity, Quantity]]:
        return [(hours, power) for hours in self.all("hours") for power in self.all("power")]


_Candidate = tuple[Span, str]


def compare(
    rule: str, stated: Quantity, right: Sequence[_Candidate], wrong: Sequence[_Candidate] = ()
) -> list[Finding]:
    """A finding unless a right candidate can be the stated figure; a wrong one that can be explains it."""
    if not right or any(_meet(stated.result, span) for span, _ in right):
        return []
    # Of several readings the kindest: a wrong prefix, else the nearest.
    span, how = min(right, key=lambda one: (not _thousands(stated.span, one[0]), _apart(stated.span, one[0])))
    scale = stated.value / stated.span.mid if stated.span.mid else 1.0
    note = next((why for other, why in wrong if _meet(stated.result, other)), "") or _thousands(stated.span, span)
    return [
        Finding(
            rule=rule,
            stated=str(stated),
            follows=f"{span.mid * scale:.4g} {stated.unit}".strip() + f" from {how}",
            ratio=stated.span.mid / span.mid if span.mid else math.inf,
            apart=_apart(stated.span, span),
            note=note,
        )
    ]


def _meet(a: Span, b: Span) -> bool:
    tiny = 1e-9 * max(a.high, b.high)
    return a.low <= b.high + tiny and b.low <= a.high + tiny


def _apart(a: Span, b: Span) -> float:
    rounding = (a.high - a.low + b.high - b.low) / 2
    return abs(a.mid - b.mid) / rounding if rounding else math.inf


def _thousands(stated: Span, follows: Span) -> str:
    if not stated.mid or not follows.mid or math.isinf(follows.mid):
        return ""
    power = round(math.log10(stated.mid / follows.mid) / 3) * 3
    factor = Span(10.0**power, 10.0**power, 10.0**power)
    return f"10^{power} times what follows: a prefix" if power and _meet(stated, follows * factor) else ""


def _energy(source: _Source) -> Iterator[Finding]:
    """Energy = hours x power, x PUE once where it is the facility's."""
    if not source.has_own("hours", "power"):
        return
    pue = [q.span for q in source.all("pue")]
    for stated in source.own("energy"):
        it = [(h.span * p.span * _KILO, f"{h} x {p}") for h, p in source._machines()]
        facility = [(span * p, f"{how} x PUE") for span, how in it for p in pue]
        twice = [(span * p, "PUE applied twice") for span, _ in facility for p in pue]
        once = [(span, "PUE not applied") for span, _ in it]
        if stated.scope == "facility" and pue:
            yield from compare("energy = hours x power x PUE", stated, facility, [*twice, *once])
        elif stated.scope == "it":
            yield from compare("energy = hours x power", stated, it, [(span, "PUE applied") for span, _ in facility])
        else:
            yield from compare("energy = hours x power x PUE", stated, [*it, *facility], twice)


def _carbon(source: _Source) -> Iterator[Finding]:
    """Carbon = facility's energy x intensity."""
    if not source.has_own("energy", "hours", "power", "intensity", "pue"):
        return
    for stated in source.own("carbon"):
        for intensity in source.all("intensity"):
            right, wrong = _by_pue(source, intensity.span, str(intensity))
            yield from compare("carbon = energy x intensity", stated, right, wrong)


def _by_pue(source: _Source, factor: Span, name: str) -> tuple[list[_Candidate], list[_Candidate]]:
    """Energy x factor with PUE as often as the scope of the energy asks; and as often as it should not be."""
    right: list[_Candidate] = []
    wrong: list[_Candidate] = []
    for energy, scope, how in source.energies():
        times = [energy * factor]
        for pue in source.all("pue"):
            times += [times[0] * pue.span, times[0] * pue.span * pue.span]
        due = {"it": times[1:2] or times[:1], "facility": times[:1]}.get(scope, times[:2])
        right += [(span, f"{how} x {name}" + (" x PUE" if span is not times[0] else "")) for span in due]
        names = ("PUE not applied", "PUE applied", "PUE applied twice")
        wrong += [(span, why) for span, why in zip(times, names, strict=False) if span not in due]
    return right, wrong


def _water(source: _Source) -> Iterator[Finding]:
    """Water = IT energy x WUE, + facility's energy x EWIF; where only one of both is stated, that term alone."""
    if not source.has_own("energy", "wue", "ewif", "pue"):
        return
    for stated in source.own("water"):
        right: list[_Candidate] = []
        twice: list[_Candidate] = []
        for energy, scope, how in source.energies():
            for pue in [q.span for q in source.all("pue")] or [_ONE]:
                # The IT's energy and the facility's, as the scope says; either where it does not.
                both = {"it": [(energy, energy * pue)], "facility": [(energy.over(pue), energy)]}
                for it, facility in both.get(scope) or [*both["it"], *both["facility"]]:
                    site = [(it * q.span, f"{how} x {q}") for q in source.all("wue")]
                    stations = [(facility * q.span, f"{how} x {q}") for q in source.all("ewif")]
                    sums = [(a + b, f"{left} + {rest}") for a, left in site for b, rest in stations]
                    right += sums or site or stations
                    if not stations:  # a WUE that holds both is per kWh of the facility (Morrison et al. 2025)
                        right += [(facility * q.span, f"{how} x PUE x {q}") for q in source.all("wue")]
                        twice += [(facility * pue * q.span, "PUE applied twice") for q in source.all("wue")]
        yield from compare("water = energy x (WUE + PUE x EWIF)", stated, right, twice)


def _rows(given: Sequence[Quantity]) -> Iterator[Finding]:
    """Rows add up to their total."""
    for total in (q for q in given if q.role == "total"):
        rows = [q for q in given if q.role == "row" and q.kind == total.kind]
        if rows:
            summed = reduce(Span.__add__, (q.span for q in rows))
            yield from compare("rows sum to total", total, [(summed, f"{len(rows)} rows")])


def _percent(source: _Source) -> Iterator[Finding]:
    """A change in per cent is over what was before."""
    for stated in source.own("percent"):
        for before, after in ((b.span, a.span) for b in source.all("before") for a in source.all("after")):
            least = max(before.low - after.high, after.low - before.high, 0.0)
            most = max(before.high - after.low, after.high - before.low)
            gap = Span(1e2 * least, 1e2 * abs(before.mid - after.mid), 1e2 * most)
            yield from compare(
                "a change is over what was before",
                stated,
                [(gap.over(before), f"{before.mid:g} to {after.mid:g}")],
                [(gap.over(after), "divided by the new value")],
            )


def _per_unit(given: Sequence[Quantity]) -> Iterator[Finding]:
    """A figure per unit is an amount over a count; of several amounts and counts, any may be meant."""
    for stated in (q for q in given if q.kind == "per_unit"):
        counts = [q for q in given if q.kind == "count" and q.noun == stated.noun]
        amounts = [q for q in given if q.kind in AMOUNTS and UNITS[q.kind] == base_unit(stated.unit)]
        own = [q for q in amounts if stated.of in ("", q.of)] or amounts
        pairs = [(amount.span.over(count.span), f"{amount} / {count}") for amount in own for count in counts]
        yield from compare("per unit = total / units", stated, pairs)


def _restated(given: Sequence[Quantity]) -> Iterator[Finding]:
    """One quantity has one value."""
    same: dict[tuple[str, ...], list[Quantity]] = {}
    for q in given:
        if q.role != "row" and q.kind in (*AMOUNTS, *FACTORS, "hours", "power"):
            same.setdefault((q.kind, q.of, q.scope), []).append(q)
    for alike in same.values():
        for first, second in combinations(alike, 2):
            if not _meet(first.result, second.result):
                yield from compare("one quantity, one value", second, [(first.span, f"{first}, stated elsewhere")])
                break


def _implied(given: Sequence[Quantity], things: Sequence[str]) -> Iterator[Finding]:
    """Carbon over energy is one intensity in one source, where none is stated for each thing."""
    implied: list[tuple[Quantity, Span, str]] = []
    for of in things:
        source = _Source(given, of)
        if source.own("intensity") or not source.has_own("energy", "hours"):
            continue
        for carbon in source.own("carbon"):
            implied += [(carbon, carbon.span.over(energy), how) for energy, _, how in source.energies()]
    if not implied:
        return
    least = min(implied, key=lambda one: one[1].high)
    most = max(implied, key=lambda one: one[1].low)
    if not _meet(least[1], most[1]):
        yield Finding(
            rule="one source, one intensity",
            stated=f"{most[0]} over {most[2]}: {most[1].mid:.3g} kg/kWh",
            follows=f"{least[1].mid:.3g} kg/kWh from {least[0]} over {least[2]}",
            ratio=most[1].mid / least[1].mid if least[1].mid else math.inf,
            apart=_apart(most[1], least[1]),
        )
