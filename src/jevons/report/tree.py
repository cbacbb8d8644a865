"""A derivation on a terminal."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from jevons.footprint.derivation import SUM, Node
from jevons.report.explain import Explanation
from jevons.report.numbers import digits, percent
from jevons.report.terminal import fit
from jevons.report.text import clean

MOST = 12
"""Branches of one node that are shown: four sums and the eight heaviest servings of a total."""
LEAST = 0.01
"""Part of an interval's width that is worth a word."""


def render(explanation: Explanation, *, width: int = 100, encoding: str = "utf-8") -> str:
    """The trees as text of at most `width` columns (40 at least), in characters that `encoding` can hold."""
    out = io.StringIO()
    console = Console(
        file=out, width=max(width, 40), color_system=None, highlight=False, emoji=False, markup=False,
        legacy_windows=not _drawable(encoding),
    )  # fmt: skip
    for node in explanation.derivations:
        tree = Tree(Text(_line(node)))
        _grow(tree, node)
        console.print(tree)
    if explanation.narrowing:
        most = [f"{kind} {percent(share)}" for kind, share in explanation.narrowing.items() if share >= LEAST]
        console.print(Text(f"what would narrow the energy most if it were known: {', '.join(most)}"))
    console.print(Text(f"method {explanation.method}, run {explanation.run or '-'}, 90 % intervals"))
    text = "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
    return fit(text, encoding)


def _drawable(encoding: str) -> bool:
    try:
        "├└│─".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _grow(tree: Tree, node: Node) -> None:
    for child in node.children[:MOST]:
        _grow(tree.add(Text(_line(child))), child)
    rest = len(node.children) - MOST
    if rest > 0:
        tree.add(Text(f"… {rest:,} more, lighter: name a model, or take --format json"))


def _prefix(amount: float, unit: str) -> tuple[float, str]:
    """The largest of a unit's prefixes that leaves at least 1; none for units of a rate."""
    if unit not in ("Wh", "gCO2e", "L", "L world eq.", "J"):
        return 1.0, ""
    steps = ((1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))
    return next((step for step in steps if amount >= step[0]), (1.0, "") if amount == 0 else steps[-1])


def measure(node: Node) -> str:
    """A node's figure with its interval: ``5.2 mWh (1.3-12)``; empty where it has none."""
    if node.figure is None:
        return ""
    scale, prefix = _prefix(node.figure.mid, node.unit)
    low, mid, high = (digits(number / scale, 3) for number in node.figure.ends)
    unit = "" if node.unit == "1" else f" {prefix}{node.unit}"
    return f"{mid}{unit}" + (f" ({low}-{high})" if low != high else "")


def _line(node: Node) -> str:
    parts = [clean(node.what)]
    if node.figure is not None:
        parts.append(f": {measure(node)}")
    if node.formula:
        parts.append(f" = {node.formula}")
    if node.steps:
        parts.append(f"\n  {'; '.join(map(clean, node.steps))}")
    if node.source and node.source != SUM:
        parts.append(f"\n  [{node.source}{f'; {node.licence}' if node.licence else ''}]")
    return "".join(parts)
