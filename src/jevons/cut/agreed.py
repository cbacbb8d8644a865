"""Caps that were agreed on by `jevons gate --set`: a file beside pyproject.toml, for the repository.

``jevons-budget.toml`` holds caps by span, the method that they were set with, and nothing else, so that a change of it
is a change of policy that people see in a review. Where pyproject.toml has a cap on the same, the lower one holds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from jevons.footprint import METHOD_VERSION
from jevons.settings import GATE_UNITS, SPANS, Settings, SettingsError

FILE = "jevons-budget.toml"
Caps = dict[str, dict[str, float]]


def read(root: Path) -> tuple[Caps, str]:
    """Caps, and the method they were set with; nothing where there is no file. Raises SettingsError."""
    path = root / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error}); set it anew with jevons gate --set") from error
    caps: Caps = {}
    for span, units in table.items():
        if span == "method":
            continue
        if span not in SPANS or not isinstance(units, dict):
            raise SettingsError(f"{path}: {span!r} is no span of a budget: use one of {', '.join(SPANS)}")
        for unit, cap in units.items():
            if unit not in GATE_UNITS or isinstance(cap, bool) or not isinstance(cap, int | float) or not cap >= 0:
                raise SettingsError(
                    f"{path}, [{span}] {unit} = {cap!r}: units are {', '.join(GATE_UNITS)}, caps 0 or more"
                )
            caps.setdefault(span, {})[unit] = float(cap)
    return caps, str(table.get("method", ""))


def caps(root: Path, settings: Settings) -> tuple[Caps, str]:
    """Caps of the settings and the agreed ones, the lower where both have one; and the method that the agreed ones were
    set with, empty without any. Raises SettingsError."""
    agreed, pinned = read(root)
    stated = {span: dict(getattr(settings.budget, span)) for span in SPANS}
    return lower(stated, agreed), pinned if agreed else ""


def write(root: Path, caps: Mapping[str, Mapping[str, float]]) -> Path:
    """Write caps as agreed from now on, by this method."""
    lines = [
        "# The AI budget of these tests, set by `jevons gate --set`. Lower it as you cut; raising it is a decision.",
        f'method = "{METHOD_VERSION}"',
    ]
    for span, units in caps.items():
        lines += ["", f"[{span}]", *(f"{unit} = {cap:.6g}" for unit, cap in units.items())]
    path = root / FILE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lower(one: Mapping[str, Mapping[str, float]], other: Mapping[str, Mapping[str, float]]) -> Caps:
    """Caps of both, the lower one where both have one."""
    made: Caps = {}
    for span in SPANS:
        for units in (one.get(span, {}), other.get(span, {})):
            for unit, cap in units.items():
                of = made.setdefault(span, {})
                of[unit] = min(cap, of.get(unit, cap))
    return made
