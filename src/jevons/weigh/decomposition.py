"""What changed and why: LMDI-I splits a change among its drivers, with no residual.

V = sum over categories i of x_1i * .. * x_ki. Additive (Ang, Zhang & Choi 1998, Energy 23; Ang 2005, Energy Policy 33):
effect of factor k = sum_i L(V_i after, V_i before) * ln(x_ki after / x_ki before), L the logarithmic mean; effects sum
to V after - V before. Multiplicative (Ang & Liu 2001, Energy 26; Ang 2004, Energy Policy 32): D_k = exp(effect of k /
L(V after, V before)); these multiply to V after / V before.

Zeros are taken to their analytic limits (the eight cases of Ang, Zhang & Choi 1998, table 2; Wood & Lenzen 2006 and
Ang & Liu 2007, Energy Policy 34 and 35), never to a small number: V_i that comes from or goes to zero is all the
effect of the factor that was or became zero; where both are zero, nothing is an effect. Where several factors of a
category are zero on one side they share it evenly, which is the limit when all approach zero at one rate.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import msgspec

Table = Mapping[Hashable, Sequence[float]]
"""Factors of each category, in the order of the drivers' names."""

DRIVERS = ("runs", "calls_per_run", "model_mix", "tokens_per_call", "energy_per_token", "grid")
"""Runs, calls per run, share of calls, tokens per call, Wh per token, gCO2e per Wh. The first five multiply to Wh."""


class Decomposition(msgspec.Struct, frozen=True, kw_only=True):
    """A total before and after, in its unit, and the effect of each driver on it, in the same unit."""

    before: float
    after: float
    effects: dict[str, float]
    by_category: dict[Hashable, dict[str, float]] = {}
    """What each category adds to each effect."""

    @property
    def change(self) -> float:
        """After - before: the sum of the effects."""
        return self.after - self.before

    @property
    def ratio(self) -> float | None:
        """After / before: the product of the ratios. None unless there is something on both sides."""
        return self.after / self.before if self.before > 0 and self.after > 0 else None

    @property
    def ratios(self) -> dict[str, float] | None:
        """Times by which each driver alone takes the total: exp(effect / L(after, before)); None as for `ratio`."""
        if self.ratio is None:
            return None
        mean = log_mean(self.after, self.before)
        return {name: math.exp(effect / mean) for name, effect in self.effects.items()}

    def without(self, driver: str) -> float:
        """The total after, had this driver changed nothing: after - its effect (Ang 2012, A Simple Guide to LMDI)."""
        return self.after - self.effects[driver]


def lmdi(before: Table, after: Table, names: Sequence[str], *, entry: str | None = None) -> Decomposition:
    """Split the change of a total. Consistent in aggregation: effects of parts of a table sum to those of the whole.

    `entry` names the driver by which a category enters or leaves, where a table lacks it: that factor is zero there,
    the others are as on the other side. ValueError where a category is missing and no `entry` is given, where factors
    are negative, not finite or not as many as `names`, and where a product is not finite.
    """
    if len(set(names)) < len(names) or (entry is not None and entry not in names):
        raise ValueError(f"drivers {', '.join(names)}: each once, and the entry {entry} among them")
    rows: dict[Hashable, dict[str, float]] = {}
    values: list[tuple[float, float]] = []
    for category in dict.fromkeys([*before, *after]):
        old, new = (_factors(side, other, category, names, entry) for side, other in ((before, after), (after, before)))
        values.append((math.prod(old), math.prod(new)))
        if not math.isfinite(sum(values[-1])):
            raise ValueError(f"{category}: a product of its factors is too large")
        rows[category] = dict(zip(names, _effects(old, new), strict=True))
    return Decomposition(
        before=math.fsum(old for old, _ in values),
        after=math.fsum(new for _, new in values),
        effects={name: math.fsum(row[name] for row in rows.values()) for name in names},
        by_category=rows,
    )


def log_mean(a: float, b: float) -> float:
    """L(a, b) = (a - b) / ln(a / b); L(a, a) = a and L(a, 0) = 0 (Ang 2004). ValueError where one is negative."""
    if not (a >= 0 and b >= 0):
        raise ValueError(f"a logarithmic mean is of what is not negative; got {a} and {b}")
    if a == b:
        return a
    return (a - b) / _log_ratio(a, b) if a and b else 0.0


def _log_ratio(a: float, b: float) -> float:
    """ln(a / b); close to 1 the difference is exact and the quotient is not."""
    return math.log1p((a - b) / b) if b / 2 <= a <= 2 * b else math.log(a) - math.log(b)


def _factors(side: Table, other: Table, category: Hashable, names: Sequence[str], entry: str | None) -> list[float]:
    if category in side:
        found = [float(factor) for factor in side[category]]
    elif entry is None:
        raise ValueError(f"{category} is on one side only: name the driver by which it enters or leaves")
    else:
        found = [0.0 if name == entry else float(x) for name, x in zip(names, other[category], strict=True)]
    if len(found) != len(names) or not all(0 <= factor < math.inf for factor in found):
        raise ValueError(f"{category}: factors {found}, not {len(names)} finite ones of 0 or more")
    return found


def _effects(old: list[float], new: list[float]) -> list[float]:
    before, after, zero_before, zero_after = math.prod(old), math.prod(new), old.count(0), new.count(0)
    if zero_before and zero_after:
        return [0.0] * len(old)
    if zero_before:
        return [0.0 if factor else after / zero_before for factor in old]
    if zero_after:
        return [0.0 if factor else -before / zero_after for factor in new]
    logs = [_log_ratio(b, a) for a, b in zip(old, new, strict=True)]
    total = math.fsum(logs)
    # ln(after / before) as the sum of the factors' logarithms: it holds where a product is too small for a float.
    weight = (after - before) / total if abs(total) > 1 else log_mean(after, before)
    return [weight * log for log in logs]


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What the calls of one category come to on one side: exact counts, and central energy and operational carbon."""

    calls: float = 0
    tokens: float = 0
    energy_wh: float = 0
    carbon_g: float = 0

    def __post_init__(self) -> None:
        found = (self.calls, self.tokens, self.energy_wh, self.carbon_g)
        if not all(0 <= one < math.inf for one in found):
            raise ValueError(f"{self}: finite, 0 at least")
        if (not self.calls and any(found)) or (not self.energy_wh and self.carbon_g):
            raise ValueError(f"{self}: nothing without calls, and no carbon without energy")


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison: its runs, and the sums of each category (a serving of a project's, say)."""

    runs: float
    categories: Mapping[Hashable, Sums]


def factors(before: Side, after: Side) -> tuple[Table, Table]:
    """Tables of both sides by DRIVERS, for `lmdi`; the product of a category's factors is its `carbon_g`.

    Every category is on both sides. What a side leaves undefined (0 / 0: tokens per call of a model that it never
    calls) is as on the other side, so a category comes and goes by its share of calls, calls by calls per run, and no
    two factors are zero for one cause. Where one side has energy without tokens (metered calls), energy per call is
    all that both sides share: tokens per call is 1 on both, and `energy_per_token` is per call. ValueError where a
    side has calls without runs.
    """
    sides = (before, after)
    calls = [math.fsum(sums.calls for sums in side.categories.values()) for side in sides]
    runs = [side.runs for side in sides]
    if any(count and not every for count, every in zip(calls, runs, strict=True)):
        raise ValueError(
            f"{calls[0]:g} and {calls[1]:g} calls in {runs[0]:g} and {runs[1]:g} runs: no calls without one"
        )
    common = [runs, _quotients(calls, runs)]
    tables: tuple[dict[Hashable, list[float]], ...] = ({}, {})
    for name in dict.fromkeys([*before.categories, *after.categories]):
        pair = [side.categories.get(name, Sums()) for side in sides]
        own, energy_wh = [sums.calls for sums in pair], [sums.energy_wh for sums in pair]
        by_call = any(sums.energy_wh and not sums.tokens for sums in pair)
        tokens = own if by_call else [sums.tokens for sums in pair]
        columns = [
            *common,
            _quotients(own, calls),
            _quotients(tokens, own),
            _quotients(energy_wh, tokens),
            _quotients([sums.carbon_g for sums in pair], energy_wh),
        ]
        for table, row in zip(tables, zip(*columns, strict=True), strict=True):
            table[name] = list(row)
    return tables[0], tables[1]


def _quotients(parts: Sequence[float], wholes: Sequence[float]) -> list[float]:
    """Of both sides. One that is 0 / 0 is as the other; 0 where both are, whose product is 0 on both sides."""
    known = next((part / whole for part, whole in zip(parts, wholes, strict=True) if whole), 0.0)
    return [part / whole if whole else known for part, whole in zip(parts, wholes, strict=True)]
