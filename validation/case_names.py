"""What the names of a case's figures say: kind, unit, and whose they are.

``gross_kg_per_kwh`` is an intensity in kg/kWh, labelled ``gross``; ``train_on_ML`` water in megalitres; a name with no
unit in it is a kind of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jevons.footprint.units import convert

TOKENS = {
    "wh": ("energy", "Wh"), "kwh": ("energy", "kWh"), "mwh": ("energy", "MWh"), "gwh": ("energy", "GWh"),
    "twh": ("energy", "TWh"), "mj": ("energy", "MJ"),
    "g": ("carbon", "g"), "kg": ("carbon", "kg"), "t": ("carbon", "t"), "tco2e": ("carbon", "t"),
    "tonnes": ("carbon", "t"), "lb": ("carbon", "lb"), "lbs": ("carbon", "lb"), "mg": ("carbon", "mg"),
    "ml": ("water", "mL"), "ML": ("water", "ML"), "l": ("water", "L"), "kl": ("water", "kL"), "kL": ("water", "kL"),
    "megalitres": ("water", "ML"), "m3": ("water", "m3"),
    "w": ("power", "W"), "kw": ("power", "kW"),
    "h": ("hours", "h"), "hours": ("hours", "h"), "s": ("hours", "s"), "days": ("days", "day"),
    "years": ("years", "year"), "months": ("months", "month"), "pct": ("percent", "%"),
}  # fmt: skip
BASE = {
    "energy": "kWh", "carbon": "kg", "water": "L", "power": "W", "hours": "h", "days": "day", "years": "year",
    "months": "month", "percent": "", "intensity": "g/kWh", "wue": "L/kWh", "ewif": "L/kWh",
}  # fmt: skip
SILENT = {
    "power": {"gpu", "tdp", "avg", "power", "chip", "per"}, "hours": {"gpu", "duration", "implied"},
    "energy": {"energy", "pue", "e"},
    "carbon": {"total", "from", "printed", "energy"}, "water": {"total"}, "intensity": {"implied"},
    "wue": {"site", "onsite", "on", "water"}, "ewif": {"source", "off", "offsite"},
}  # fmt: skip
"""Words that tell two figures of one kind apart nowhere."""
MANY = {"thousand": 1e3, "million": 1e6, "mn": 1e6, "bn": 1e9, "billion": 1e9}


class Slot(NamedTuple):
    """What a name says."""

    kind: str
    unit: str = ""
    label: str = ""


def read_name(name: str, value: Any = None) -> Slot:
    """The slot of a name; `value` decides where a name leaves the unit of an intensity open: none is under 2 g/kWh."""
    words = name.split("_")
    if "per" in words and words.index("per") > 0:
        at = words.index("per")
        return _quotient(name, words[:at], words[at + 1 :])
    if {"ci", "cif"} & set(words) or name == "i":
        stated = next((word for word in words if word in ("g", "kg")), "")
        unit = stated or ("g" if not isinstance(value, int | float) or value >= 2 else "kg")
        return Slot("intensity", f"{unit}/kWh", _label(words, {"ci", "cif", "i", stated}, "intensity"))
    for factor in ("wue", "ewif"):
        if factor in words:
            kind = "ewif" if {"source", "off", "offsite"} & set(words) else factor
            return Slot(kind, "L/kWh", _label(words, {factor}, kind))
    for word in (words[-1], words[0], *words[1:-1]):
        if word in TOKENS:
            kind, unit = TOKENS[word]
            return Slot(kind, unit, _label(words, {word}, kind))
    if "pue" in words:
        return Slot("pue", "", _label(words, {"pue"}, "pue"))
    return Slot(name)


def _quotient(name: str, top: list[str], bottom: list[str]) -> Slot:
    word = next((word for word in reversed(top) if word in TOKENS), None)
    if word is None:
        return Slot(name)
    kind, unit = TOKENS[word]
    if bottom == ["kwh"] and kind in ("carbon", "water"):
        kind = "intensity" if kind == "carbon" else "ewif" if not {"wue", "onsite"} & set(top) else "wue"
        return Slot(kind, f"{unit}/kWh", _label(top, {word, "ci", "wue", "ewif"}, kind))
    if kind == "power":
        return Slot("power", unit, _label(top, {word}, "power"))
    return Slot(f"{kind} per {'_'.join(bottom)}", unit, _label(top, {word}, kind))


def _label(words: list[str], known: set[str], kind: str) -> str:
    silent = known | SILENT.get(kind, set())
    return "_".join(word for word in words if word not in silent)


def per(kind: str) -> tuple[float, str]:
    """How many of what a kind ``... per bn_tokens`` is for: 1e9, ``tokens``."""
    first, _, rest = kind.partition(" per ")[2].partition("_")
    if rest and first in MANY:
        return MANY[first], rest
    if rest and re.fullmatch(r"\d[\de.+]*", first):
        return float(first), rest
    return 1.0, kind.partition(" per ")[2]


def base(kind: str) -> str:
    """The unit that adapters compute a kind in."""
    return BASE.get(kind.partition(" per ")[0], "") if " per " in kind else BASE.get(kind, "")


class Given:
    """Inputs of a case by what their names say; and what is expected, for its names."""

    def __init__(self, inputs: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        self.raw, self.expected = dict(inputs), dict(expected)
        self.slots = {name: read_name(name, value) for name, value in inputs.items()}

    @property
    def kinds(self) -> set[str]:
        """Kinds of all inputs."""
        return {slot.kind for slot in self.slots.values()}

    def labels(self, kind: str) -> list[str]:
        """Labels of the inputs of a kind, in order."""
        return [slot.label for slot in self.slots.values() if slot.kind == kind]

    def get(self, kind: str, label: str | None = "", default: float | None = None, unit: str | None = None) -> float:
        """A figure in the base unit of its kind, or in `unit`; label None: whichever there is. KeyError if none is."""
        for name, slot in self.slots.items():
            if slot.kind == kind and label in (None, slot.label):
                to = base(kind) if unit is None else unit
                return convert(self.raw[name], slot.unit, to) if slot.unit and to else self.raw[name]
        if default is None:
            raise KeyError(f"no {label or ''} {kind} among {', '.join(self.raw)}")
        return default
