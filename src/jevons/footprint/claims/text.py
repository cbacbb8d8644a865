"""Figures in a sentence: a number with a unit that says what it is, or a factor by its name."""

from __future__ import annotations

import re

from jevons.footprint.claims.stated import Quantity, printed

_KINDS = {
    "kWh": "energy", "MWh": "energy", "GWh": "energy", "TWh": "energy", "Wh": "energy",
    "mg": "carbon", "g": "carbon", "kg": "carbon", "t": "carbon", "tonnes": "carbon", "tons": "carbon",
    "lb": "carbon", "lbs": "carbon",
    "mL": "water", "ml": "water", "L": "water", "litres": "water", "liters": "water", "kL": "water", "ML": "water",
    "h": "hours", "hours": "hours", "GPU-h": "hours", "GPU-hours": "hours", "GPU hours": "hours",
    "W": "power", "kW": "power",
}  # fmt: skip
_SPELT = {"tonnes": "t", "tons": "t", "lbs": "lb", "ml": "mL", "litres": "L", "liters": "L"}
_MANY = {"": 1.0, "thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9}
_NUMBER = r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_MASSES = "|".join(unit for unit, kind in _KINDS.items() if kind in ("carbon", "water", "energy"))
_FIGURE = re.compile(
    rf"{_NUMBER}\s?(?:"
    r"(?P<intensity>k?g|lb)(?:\s?CO2e?q?)?\s?(?:/|per )\s?kWh\b"
    rf"|(?P<amount>{_MASSES})(?:\s?CO2e?q?)?\s?(?:/|per )\s?"
    r"(?:(?:1\s)?(?P<many>thousand|million|mn|billion|bn|10*(?:,000)*|1e\d+)\s)?"
    r"(?P<noun>FLOPs?|(?!thousand|million|mn\b|billion|bn\b)[a-z]+)"
    rf"|(?P<unit>{'|'.join(sorted(map(re.escape, _KINDS), key=len, reverse=True))})(?![\w/])"
    r")"
)
_FACTOR = re.compile(rf"\b(PUE|WUE|EWIF)(?:\s+of|\s*=)?\s*{_NUMBER}")


def read(text: str, of: str = "") -> list[Quantity]:
    """Quantities that `text` states, in order; each belongs to `of`. Percentages are left out: of what, a sentence
    seldom says. Digits as printed."""
    found = [(match.start(), _figure(match, of)) for match in _FIGURE.finditer(text)]
    found += [
        (match.start(), printed(match[1].lower(), match[2].rstrip(","), of=of)) for match in _FACTOR.finditer(text)
    ]
    return [quantity for _, quantity in sorted(found, key=lambda one: one[0])]


def _figure(match: re.Match[str], of: str) -> Quantity:
    number = match[1].rstrip(",")
    if match["intensity"]:
        return printed("intensity", number, f"{match['intensity']}/kWh", of=of)
    if match["amount"]:
        unit = _SPELT.get(match["amount"], match["amount"])
        noun = singular(match["noun"])
        return printed("per_unit", number, unit, of=of, noun=noun, per=many(match["many"] or ""))
    kind = _KINDS[match["unit"]]
    return printed(kind, number, "h" if kind == "hours" else _SPELT.get(match["unit"], match["unit"]), of=of)


def many(text: str) -> float:
    """``million`` or ``1,000`` as a number; 1 for nothing."""
    return _MANY[text] if text in _MANY else float(text.replace(",", ""))


def singular(noun: str) -> str:
    """``tokens`` and ``queries`` as ``token`` and ``query``; ``params`` is short for parameters."""
    noun = noun.lower()
    if noun in ("param", "params"):
        return "parameter"
    return noun[:-3] + "y" if noun.endswith("ies") else noun.removesuffix("s")
