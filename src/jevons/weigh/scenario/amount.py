"""Amounts of a scenario file: a number or a distribution, always with a unit, or a product of named inputs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import msgspec

from jevons.footprint.units import convert, dimension

LOG_NORMAL, TRIANGULAR, EXACT = "log-normal", "triangular", "exact"
"""Shapes. Log-normal: low, mid, high are its 5 %, 50 % and 95 % points, each side with a width of its own. Triangular:
the least, the likeliest and the most."""
COUNTS = ("1", "%", "calls", "tokens", "units", "cases", "tests", "runs", "defects", "items", "machines", "people")
"""Units of what is counted; the first two are bare numbers."""
SUFFIXES = {
    "s": "s", "min": "min", "h": "h", "day": "day", "days": "day", "month": "month", "months": "month", "year": "year",
    "years": "year", "wh": "Wh", "kwh": "kWh", "mwh": "MWh", "g": "g", "kg": "kg", "t": "t", "ml": "mL", "l": "L",
    "w": "W", "kw": "kW", "km": "km", "usd": "USD", "percent": "%", **{one: one for one in COUNTS[2:]},
}  # fmt: skip
"""Last word of a field's name -> its unit."""
ASSUMED = "assumption, ours (the jevons project)"
"""Source of a figure that nobody measured."""
UNSOURCED = "assumption of the file: no source given"
"""Source of a distribution that names none."""
LARGEST = 1e15
"""Largest number of a file, in its own unit."""
_KEYS = ("low", "mid", "high", "value", "unit", "shape", "source")
_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?")


class AmountError(ValueError):
    """What is wrong with an amount, and the remedy; the caller knows the line."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One uncertain quantity, in its base unit."""

    key: str
    low: float
    mid: float
    high: float
    shape: str
    unit: str
    label: str
    group: str = ""
    """What it is drawn and sorted with; its key if empty."""
    source: str = UNSOURCED
    stated: bool = False
    """Whether the file says it, so that its author can find it out."""

    @property
    def exact(self) -> bool:
        """Whether nothing is drawn."""
        return self.low == self.high


class Value(NamedTuple):
    """A number times inputs."""

    number: float
    keys: tuple[str, ...] = ()

    def times(self, other: Value | float) -> Value:
        """Product."""
        if isinstance(other, Value):
            return Value(self.number * other.number, self.keys + other.keys)
        return Value(self.number * other, self.keys)


def measures(unit: str) -> str:
    """Dimension of a unit: ``energy``, ``time``, ``distance``, ``money``, ``calls`` ...; AmountError if not known."""
    if unit in ("km", "USD"):
        return {"km": "distance", "USD": "money"}[unit]
    if unit in COUNTS:
        return "number" if unit in ("1", "%") else unit
    try:
        if unit:
            return dimension(unit)
    except ValueError:
        pass
    known = (*dict.fromkeys(SUFFIXES.values()), "1")
    raise AmountError(f"unit {unit!r} is not known{nearest(unit, known)}; there are {', '.join(known)}")


def nearest(name: str, known: Any) -> str:
    """``: did you mean calls?`` or nothing."""
    found = get_close_matches(name, list(known), n=1)
    return f": did you mean {found[0]}?" if found else ""


def number(given: Any, what: str) -> float:
    """A finite number of 0 or more. AmountError."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise AmountError(f"{what} is a number, not {given!r}")
    try:
        made = float(given)
    except OverflowError:
        raise AmountError(f"{what} is too large a number") from None
    if made < 0 or made > LARGEST:
        raise AmountError(f"{what} = {made:g}: from 0 to {LARGEST:g}; what is avoided stands in the other alternative")
    return made


def distribution(given: Mapping[str, Any], name: str, unit: str, share: bool) -> tuple[float, float, float, str, str]:
    """(low, mid, high, shape, source) of a table, in `unit`. AmountError."""
    for key in given:
        if key not in _KEYS:
            raise AmountError(f"{name}: {key!r} is not known{nearest(key, _KEYS)}; there are {', '.join(_KEYS)}")
    of, source = given.get("unit", unit), given.get("source", UNSOURCED)
    if not isinstance(of, str) or not isinstance(source, str):
        raise AmountError(f"{name}: unit and source are texts")
    if ("mid" in given) == ("value" in given):
        raise AmountError(f"{name}: either value, or low, mid and high")
    if ("low" in given) != ("high" in given) or ("low" in given and "value" in given):
        raise AmountError(f"{name}: a distribution has low, mid and high, all three")
    mid = number(given.get("mid", given.get("value")), f"{name}: mid")
    low, high = (number(given.get(end, mid), f"{name}: {end}") for end in ("low", "high"))
    if not low <= mid <= high:
        raise AmountError(f"{name}: low {low:g}, mid {mid:g}, high {high:g}: in this order")
    shape = given.get("shape", TRIANGULAR if share else LOG_NORMAL)
    if shape not in (LOG_NORMAL, TRIANGULAR):
        raise AmountError(f"{name}: shape is {LOG_NORMAL!r} or {TRIANGULAR!r}, not {shape!r}")
    if low == high:
        shape = EXACT
    if shape == LOG_NORMAL and low == 0:
        raise AmountError(f"{name}: a log-normal amount is above 0; with low = 0 write shape = {TRIANGULAR!r}")
    low, mid, high = (scaled(end, of, unit, name) for end in (low, mid, high))
    return low, mid, high, shape, source


def scaled(amount: float, unit: str, to: str, name: str) -> float:
    """An amount in another unit of the same dimension. AmountError."""
    have, want = measures(unit), measures(to)
    if have != want and not (have == "number" and want in COUNTS):
        raise AmountError(f"{name} in {unit}: {unit} measures {have}, {name} is in {to}")
    if unit == to or want in ("distance", "money") or have in COUNTS[2:]:
        return amount
    if have == "number":
        return amount / 100 if unit == "%" and to != "%" else amount
    return convert(amount, unit, to)


def product(text: str, name: str, unit: str, inputs: Mapping[str, Input]) -> Value:
    """``cases * repeats * 3`` as a product of inputs, in `unit`. AmountError where a name or a unit does not fit."""
    made, want, found = Value(1.0), measures(unit), 0
    for part in (one.strip() for one in text.split("*")):
        if not _PART.fullmatch(part):
            raise AmountError(f"{name} = {text!r}: names of [inputs] and numbers, with * between")
        if part[0].isdigit():
            made = made.times(number(float(part), name))
            continue
        if part not in inputs:
            there = f"; there are {', '.join(inputs)}" if inputs else ", which holds none"
            raise AmountError(f"{name}: {part!r} is not in [inputs]{nearest(part, inputs)}{there}")
        have = measures(inputs[part].unit)
        if have == want and want != "number":
            made = made.times(scaled(1.0, inputs[part].unit, unit, name))
            found += 1
        elif have not in ("number", *COUNTS[4:]):
            raise AmountError(f"{name} = {text!r}: {part} measures {have}, {name} is in {unit}")
        made = made.times(Value(1.0, (part,)))
    if found > 1 or (not found and want not in ("number", *COUNTS)):
        raise AmountError(f"{name} = {text!r}: one of its parts is in {unit}, the others are numbers")
    return made
