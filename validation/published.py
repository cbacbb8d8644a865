"""Published results as acceptance cases: the product's own functions against what papers print.

    python validation/published.py              JEVONS_CASES, else ../shared/data/papers/cases.json

A case has a theme, named inputs, expected figures and their tolerances; `adapter` finds the functions by theme and
names, never by case. A figure without tolerance is compared to half a unit of its last digit. Prints a line for each
case that did not pass, then ``N passed, N failed, N skipped``; ends with 1 if any failed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import adapters_cut  # noqa: F401  they register themselves
import adapters_hardware  # noqa: F401
import adapters_hours  # noqa: F401
import adapters_series  # noqa: F401
import adapters_training  # noqa: F401
import adapters_use  # noqa: F401
import adapters_weigh  # noqa: F401
from adapter import CASES, Either, Holds, PendingError, Results, choose
from case_names import MANY, Given, base, read_name

from jevons.footprint.claims import UNITS, Finding, Quantity, check, printed, read, singular
from jevons.footprint.units import convert

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
THEMES = {
    1: "training", 2: "break-even", 3: "use", 4: "water", 5: "hardware and SCI", 6: "decomposition and rebound",
    7: "comparisons", 8: "verdicts", 9: "cleaner hours",
}  # fmt: skip
_WHERE = {"caption", "appendix", "table", "text", "abstract", "body", "printed", "published", "stated"}
"""Words in a name that say where in a source a figure stands, not what it is of."""


class Outcome(NamedTuple):
    """What became of a case."""

    id: str
    theme: int
    status: str
    reason: str


def cases(path: Path) -> list[dict[str, Any]]:
    """The cases of a file."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def run(case: Mapping[str, Any]) -> Outcome:
    """One case."""
    status, reason = _run(case)
    return Outcome(case["id"], case["theme"], status, reason)


def _run(case: Mapping[str, Any]) -> tuple[str, str]:
    theme, inputs, expected = case["theme"], case["inputs"], case["expected"]
    try:
        given = Given(inputs, expected)
        function = choose(theme, given)
        if function is None:
            return _without_adapter(case)
        off, beside = _compare(function(given), given, case.get("tolerance") or {})
        if off:
            return FAILED, "; ".join(off)
        if case["kind"] == "published_inconsistency" and not findings(case):
            return FAILED, "no rule of the claim checker flags it"
    except PendingError as why:
        return SKIPPED, f"pending: {why}"
    except Exception as error:  # whatever it is, the case failed, and the others still count
        return FAILED, f"{type(error).__name__}: {error}"
    return PASSED, beside


def _without_adapter(case: Mapping[str, Any]) -> tuple[str, str]:
    if case["kind"] == "plausibility":
        return SKIPPED, "pending: bounds that no function of the product computes"
    return FAILED, f"no adapter for theme {case['theme']}, inputs {', '.join(case['inputs']) or 'none'}"


def _compare(results: Results, given: Given, tolerance: Mapping[str, Any]) -> tuple[list[str], str]:
    """What is off; and what stood beside: figures with no tolerance that nothing computes, where others have one."""
    whole = results.get("*")
    if isinstance(whole, Holds):
        return ([], whole.note) if whole.holds else ([whole.note], "")
    expected, labels = given.expected, {slot.label for slot in given.slots.values()}
    off, beside = [], []
    for name, value in expected.items():
        slot = read_name(name, value)
        found = results.get(name, results.get((slot.kind, slot.label)))
        if found is None and slot.label not in labels:  # a remark, as in tco2e_by_formula
            found = results.get((slot.kind, ""))
        if found is None:
            context = tolerance and name not in tolerance
            (beside if context else off).append(f"{name} {value}: not computed")
            continue
        figures = found if isinstance(found, Either) else (found,)
        named = name in results
        ours = [figure if named or not slot.unit else convert(figure, base(slot.kind), slot.unit) for figure in figures]
        if not any(_close(value, figure, tolerance.get(name, {})) for figure in ours):
            off.append(f"{name}: printed {value}, computed {' or '.join(f'{figure:.6g}' for figure in ours)}")
    if len(beside) == len(expected):
        return beside, ""
    return off, "; ".join(beside)


def _close(value: Any, figure: Any, tolerance: Mapping[str, float]) -> bool:
    if isinstance(value, list):
        return len(value) == len(figure) and all(_close(*pair, tolerance) for pair in zip(value, figure, strict=True))
    if isinstance(value, bool | str):
        return bool(value == figure)
    allowed = [tolerance["abs"]] if "abs" in tolerance else []
    allowed += [tolerance["rel"] * abs(value)] if "rel" in tolerance else []
    if not allowed:
        allowed = [_quantity(value).step / 2]
    return math.isclose(value, figure, rel_tol=1e-12, abs_tol=max(allowed))


def _quantity(number: float, kind: str = "count", unit: str = "", **more: Any) -> Quantity:
    """A figure of the file with the digits that it has there."""
    return printed(kind, repr(abs(number)), unit, **more)


def findings(case: Mapping[str, Any]) -> list[Finding]:
    """What the claim checker says of the figures that a case states: its inputs, and those in title and source."""
    quantities = read(f"{case['title']} | {case['source']}")
    for name, value in case["inputs"].items():
        slot = read_name(name, value)
        of = "_".join(word for word in slot.label.split("_") if word not in _WHERE)
        noun, _, many = name.partition("_")
        if isinstance(value, list) and slot.kind in UNITS:
            quantities += [_quantity(one, slot.kind, slot.unit, of=of, role="row") for one in value]
        if isinstance(value, bool | str | list) or value < 0:
            continue
        if slot.kind in UNITS:
            role = "total" if "total" in name.split("_") else ""
            quantities.append(_quantity(value, slot.kind, slot.unit, of=of, role=role))
        elif slot.kind == name and (not many or many in MANY):
            quantities.append(_quantity(value * MANY.get(many, 1.0), "count", noun=singular(noun)))
    return check(quantities)


def outcomes(path: Path) -> list[Outcome]:
    """Every case of a file."""
    return [run(case) for case in cases(path)]


def summary(made: Iterable[Outcome]) -> str:
    """The last line."""
    counted = Counter(outcome.status for outcome in made)
    return ", ".join(f"{counted[status]} {status}" for status in (PASSED, FAILED, SKIPPED))


def section(path: str | Path) -> str:
    """Markdown: cases by theme, each that failed or is pending with its reason, and the SHA-256 of the file."""
    made = outcomes(Path(path))
    lines = ["| theme | passed | failed | pending |", "|---|---|---|---|"]
    for theme in sorted({outcome.theme for outcome in made}):
        counted = Counter(outcome.status for outcome in made if outcome.theme == theme)
        cells = " | ".join(str(counted[status]) for status in (PASSED, FAILED, SKIPPED))
        lines.append(f"| {theme} {THEMES.get(theme, '')} | {cells} |")
    counted = Counter(outcome.status for outcome in made)
    lines += [f"| all | {counted[PASSED]} | {counted[FAILED]} | {counted[SKIPPED]} |", ""]
    lines += [f"- {outcome.id}: {outcome.status}, {outcome.reason}" for outcome in made if outcome.reason]
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return "\n".join([*lines, "", f"Cases: SHA-256 {digest}.", ""])


def main() -> int:
    """Run; 1 if any failed, 2 without a file."""
    path = Path(os.environ.get("JEVONS_CASES") or CASES)
    if not path.is_file():
        print(f"no cases: {path} is not there (JEVONS_CASES names a file)", file=sys.stderr)
        return 2
    made = outcomes(path)
    for outcome in made:
        if outcome.status != PASSED:
            print(f"{outcome.id}: {outcome.status}, {outcome.reason}")
    print(summary(made))
    return int(any(outcome.status == FAILED for outcome in made))


if __name__ == "__main__":
    sys.exit(main())
