"""Units that papers print: from one to another, quotients too."""

from __future__ import annotations

_UNITS: dict[str, tuple[str, float]] = {
    "J": ("energy", 1 / 3.6e6), "kJ": ("energy", 1 / 3.6e3), "MJ": ("energy", 1 / 3.6), "Wh": ("energy", 1e-3),
    "mWh": ("energy", 1e-6), "kWh": ("energy", 1.0), "MWh": ("energy", 1e3), "GWh": ("energy", 1e6),
    "TWh": ("energy", 1e9),
    "mg": ("mass", 1e-6), "g": ("mass", 1e-3), "kg": ("mass", 1.0), "t": ("mass", 1e3), "kt": ("mass", 1e6),
    "Mt": ("mass", 1e9), "lb": ("mass", 0.45359237),  # exact (international yard and pound agreement, 1959)
    "mL": ("volume", 1e-3), "L": ("volume", 1.0), "kL": ("volume", 1e3), "ML": ("volume", 1e6), "m3": ("volume", 1e3),
    "W": ("power", 1.0), "kW": ("power", 1e3), "MW": ("power", 1e6), "GW": ("power", 1e9),
    "s": ("time", 1 / 3600), "min": ("time", 1 / 60), "h": ("time", 1.0), "day": ("time", 24.0),
    "month": ("time", 730.5), "year": ("time", 8766.0),  # Julian: 365.25 days, a month is a twelfth
    "mm2": ("area", 1e-2), "cm2": ("area", 1.0),
    "": ("number", 1.0), "%": ("number", 1e-2), "thousand": ("number", 1e3), "million": ("number", 1e6),
    "billion": ("number", 1e9),
}  # fmt: skip


def dimension(unit: str) -> str:
    """What a unit measures: ``energy``, ``mass/energy`` ...; ValueError where a unit is not known."""
    return "/".join(_known(part)[0] for part in unit.split("/"))


def convert(value: float, unit: str, to: str) -> float:
    """`value` in `unit` (``MWh``, ``lb/kWh``) as a number of `to`; ValueError unless both measure the same."""
    if dimension(unit) != dimension(to):
        raise ValueError(f"{unit} measures {dimension(unit)}, {to} measures {dimension(to)}")
    return value * _scale(unit) / _scale(to)


def _scale(unit: str) -> float:
    top, *below = (_known(part)[1] for part in unit.split("/"))
    for scale in below:
        top /= scale
    return top


def _known(unit: str) -> tuple[str, float]:
    if unit not in _UNITS:
        raise ValueError(f"unit {unit!r} is not known; there are {', '.join(filter(None, _UNITS))}")
    return _UNITS[unit]
