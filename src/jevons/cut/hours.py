"""Cleaner hours: when work of a known length, due by a known time, makes the least carbon.

Three ways to do the same work, none worse than the one before: now; at the best start; in the best parts (paused in
between). The saving of one against another is 1 - sum(P CI of its slots) / sum(P CI of the other's): Dodge et al. 2022
(FAccT, sections 5.2 and 5.3: flexible start, pause and resume), Wiesner et al. 2021 (Middleware, section 4).

Slots are equally long; a slot's carbon intensity CI is in gCO2e/kWh, None where nobody tells it: such a slot is never
chosen. The power P of the work is a number for each of its slots, in the order in which they are worked off; only its
ratios count. A signal is of one basis, kind and zone, and so is every comparison here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, groupby

import msgspec

from jevons.factors.signal import Signal

Values = Sequence[float | None]
Power = Sequence[float]
MOST_SLOTS = 3_000_000


def carbon(values: Values, slots: Sequence[int], power: Power) -> float:
    """sum(P CI) of work done in some slots. ValueError for a slot with no value."""
    if len(slots) != len(power):
        raise ValueError(f"{len(slots)} slots for work of {len(power)}")
    terms = []
    for slot, watts in zip(slots, power, strict=True):
        value = values[slot]
        if value is None:
            raise ValueError(f"slot {slot} has no value")
        terms.append(value * watts)
    return math.fsum(terms)  # exact, so that the same slots in another order are the same figure


def saving(values: Values, chosen: Sequence[int], baseline: Sequence[int], power: Power) -> float:
    """1 - sum(P CI chosen) / sum(P CI baseline); 0 where the baseline makes no carbon."""
    before = carbon(values, baseline, power)
    return 1 - carbon(values, chosen, power) / before if before else 0.0


def now(values: Values, power: Power) -> Sequence[int]:
    """The first slots; none where one of them has no value or does not fit."""
    slots = range(len(_checked(power)))
    return slots if len(slots) <= len(values) and all(values[slot] is not None for slot in slots) else ()


def flexible_start(values: Values, power: Power) -> Sequence[int]:
    """The slots in a row that make the least carbon, the earliest of equals; none where no row has all its values."""
    length = len(_checked(power))
    unknown = [0, *accumulate(value is None for value in values)]
    starts = [at for at in range(len(values) - length + 1) if unknown[at + length] == unknown[at]]
    if not starts:
        return ()
    if len(set(power)) == 1:
        sums = [0.0, *accumulate(value or 0.0 for value in values)]
        costs = [sums[at + length] - sums[at] for at in starts]
    else:
        costs = [carbon(values, range(at, at + length), power) for at in starts]
    least = min(costs)
    # Sums that run on carry an error of their own: whatever is that near is equal.
    near = least + 1e-9 * max(max(costs), 1.0)
    at = next(start for start, cost in zip(starts, costs, strict=True) if cost <= near)
    return _better(values, now(values, power), range(at, at + length), power)


def pause_resume(values: Values, power: Power) -> Sequence[int]:
    """The slots, in a row or not, that make the least carbon; none where fewer have values than are needed.

    In a row where parts save nothing. With power that varies, slot after slot: the least carbon of the first k slots of
    the work within the first t slots is that without slot t, or that of k - 1 before it and the kth in it.
    """
    length = len(_checked(power))
    known = [slot for slot, value in enumerate(values) if value is not None]
    if len(known) < length:
        return ()
    chosen = _cheapest(values, known, length) if len(set(power)) == 1 else _in_order(values, known, power)
    return _better(values, flexible_start(values, power), chosen, power)


def _better(values: Values, first: Sequence[int], other: Sequence[int], power: Power) -> Sequence[int]:
    """`other` where it makes less carbon than `first`, or `first` cannot be."""
    if not first or carbon(values, other, power) < carbon(values, first, power):
        return other
    return first


def _cheapest(values: Values, known: Sequence[int], length: int) -> Sequence[int]:
    """The lowest values; of equals at the edge those that lie nearest to the others, for fewer pauses."""
    value = [0.0 if one is None else one for one in values]
    edge = sorted(value[slot] for slot in known)[length - 1]
    below = [slot for slot in known if value[slot] < edge]
    far = [math.inf] * len(values)
    for order in (range(len(values)), range(len(values) - 1, -1, -1)):
        chosen, last = set(below), math.inf
        for slot in order:
            last = 0.0 if slot in chosen else last + 1
            far[slot] = min(far[slot], last)
    equal = sorted((slot for slot in known if value[slot] == edge), key=lambda slot: (far[slot], slot))
    return sorted(below + equal[: length - len(below)])


def _in_order(values: Values, known: Sequence[int], power: Power) -> Sequence[int]:
    least = [0.0] + [math.inf] * len(power)
    took = []
    for slot in known:
        value = values[slot] or 0.0
        row = bytearray(len(power) + 1)
        for part in range(len(power), 0, -1):
            cost = least[part - 1] + power[part - 1] * value
            if cost < least[part]:
                least[part], row[part] = cost, 1
        took.append(row)
    chosen, part = [], len(power)
    for slot, row in zip(reversed(known), reversed(took), strict=True):
        if row[part]:
            chosen.append(slot)
            part -= 1
    return chosen[::-1]


def _checked(power: Power) -> Power:
    if not power or not all(0 < one < math.inf for one in power):
        raise ValueError("power is above 0 in one slot at least, and in each")
    return power


class Span(msgspec.Struct, frozen=True):
    """Work without a pause."""

    start: int
    """Unix seconds."""
    end: int
    g_per_kwh: float
    """Mean over its time."""


class Choice(msgspec.Struct, frozen=True):
    """One way to do the work."""

    spans: tuple[Span, ...]
    g_per_kwh: float
    """Mean over the work's time."""
    saving: float | None
    """Share less than starting now; None where it is not known what now makes."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The ways to do work of constant power between two moments; None for a way that there is not."""

    begin: int
    end: int
    """Unix seconds; the deadline, or the end of the signal where that is earlier."""
    length_s: int
    missing_s: int
    """Seconds between begin and end that the signal does not tell of."""
    forecast: bool
    """Whether values between begin and end were told before their time."""
    estimated: bool
    """Whether the source estimated some of them."""
    now: Choice | None
    start: Choice | None
    parts: Choice | None


def plan(signal: Signal, begin: int, by: int, length_s: int) -> Plan:
    """What a signal says of work of `length_s` seconds between two moments (Unix seconds). Exact: the slots are as long
    as the greatest common divisor of all distances. ValueError where there is no room for it."""
    end = min(by, signal.end)
    if begin + length_s > by:
        raise ValueError("the work does not fit in")
    rows = [n for n, start in enumerate(signal.starts) if start < end and start + signal.step_s > begin]
    slot_s = math.gcd(length_s, signal.step_s, max(end - begin, 0), *(signal.starts[n] - begin for n in rows))
    if (end - begin) / slot_s > MOST_SLOTS:
        raise ValueError(f"that is more than {MOST_SLOTS:,} slots of {slot_s} s")
    values: list[float | None] = [None] * max((end - begin) // slot_s, 0)
    for n in rows:
        first = max(signal.starts[n] - begin, 0) // slot_s
        last = min(signal.starts[n] + signal.step_s, end) - begin
        values[first : last // slot_s] = [signal.values[n]] * (last // slot_s - first)
    power = [1.0] * (length_s // slot_s)
    at_once = now(values, power)

    def choice(slots: Sequence[int]) -> Choice | None:
        if not slots:
            return None
        runs = groupby(enumerate(slots), key=lambda pair: pair[1] - pair[0])
        spans = []
        for _, run in runs:
            part = [slot for _, slot in run]
            mean = carbon(values, part, power[: len(part)]) / len(part)
            spans.append(Span(begin + part[0] * slot_s, begin + (part[-1] + 1) * slot_s, mean))
        share = saving(values, slots, at_once, power) if at_once else None
        return Choice(tuple(spans), carbon(values, slots, power) / len(slots), share)

    return Plan(
        begin=begin,
        end=end,
        length_s=length_s,
        missing_s=values.count(None) * slot_s,
        forecast=any(signal.forecast(n) for n in rows),
        estimated=any(signal.estimated[n] for n in rows),
        now=choice(at_once),
        start=choice(flexible_start(values, power)),
        parts=choice(pause_resume(values, power)),
    )
