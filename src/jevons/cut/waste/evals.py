"""Parametrised tests of many items that all pass: more items than a verdict may need.

How many a verdict needs depends on what it must show, so no saving is counted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store

ITEMS = 59
"""Items that must all pass to show, at 95 % confidence, that 95 % of all such items do: ln 0.05 / ln 0.95 (Clopper and
Pearson 1934, with no failure)."""


def shown(items: int, confidence: float = 0.95) -> float:
    """Pass rate that so many items without a failure show: (1 - confidence) ** (1 / items)."""
    return math.exp(math.log(1 - confidence) / items)


def find(store: Store) -> Iterator[Found]:
    """Calls of parametrised tests with more than `ITEMS` items, none of which failed."""
    base = "split_part(outcomes.test, '[', 1)"
    groups = store.rows(
        f"SELECT {base} AS base, count(*) AS items FROM outcomes WHERE part = 'target' AND test LIKE '%[%' "  # noqa: S608
        "AND test IN (SELECT test FROM target) GROUP BY turn, base "
        f"HAVING count(*) > {ITEMS} AND bool_and(outcome = 'passed') ORDER BY items DESC, base"
    )
    if not groups:
        return
    store.con.execute("CREATE OR REPLACE TEMP TABLE bases (base VARCHAR)")
    store.con.executemany("INSERT INTO bases VALUES (?)", list({(name,) for name, _ in groups}))
    store.mark("evals", "SELECT n FROM target WHERE split_part(test, '[', 1) IN (SELECT base FROM bases)")
    name, items = groups[0]
    yield Found(
        kind="evals",
        what=f"{name} passed all {items:,} items: that shows a pass rate of {shown(items):.1%} or more",
        do=[f"jevons plan: how many items your verdict needs ({ITEMS} drawn at random show 95 % at 95 % confidence)"],
        why="fewer items miss rarer failures; what your verdict needs is yours to say, so no saving is counted",
    )
