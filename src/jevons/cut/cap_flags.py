"""The caps of a run, from flags and settings: for every door alike."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jevons.cut.budget import Cap
from jevons.settings import BUDGET_UNITS, Settings, SettingsError, cap_fault


def caps(settings: Settings, root: Path, flags: Iterable[str], flag: str) -> dict[str, Cap]:
    """Caps by unit; `flag` is the flags' name. Raises SettingsError."""
    found = {}
    if settings.budget.guard:
        where = f"of [tool.jevons.budget] in {root / 'pyproject.toml'}"
        found = {
            unit: Cap(cap, f"{unit} in run {where}, or {flag} {unit}=N")
            for unit, cap in settings.budget.run.items()
            if unit in BUDGET_UNITS
        }
    for text in flags:
        unit, amount = parsed(text, flag)
        found[unit] = Cap(amount, f"{flag} {unit}=N")
    return found


def parsed(text: str, flag: str) -> tuple[str, float]:
    """``UNIT=NUMBER``, or a number of calls. Raises SettingsError."""
    unit, equals, number = text.rpartition("=")
    unit = unit.strip() if equals else "calls"
    try:
        amount = float(number)
    except ValueError:
        raise SettingsError(f"{flag} {text}: {number!r} is no number: use UNIT=NUMBER (calls=500)") from None
    fault = cap_fault(unit, amount)
    if fault:
        raise SettingsError(f"{flag} {text}: {fault}")
    return unit, amount
