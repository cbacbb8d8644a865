"""Reasoning that tests which always pass may not need."""

from __future__ import annotations

from collections.abc import Iterator

from jevons.cut.waste.found import Found
from jevons.cut.waste.store import Store

SHARE = 0.5
"""Part of a test's output that is reasoning, from which it is told."""
RUNS = 2
"""Runs in which a test must have passed."""
LOW = ("low", "minimal", "none")
_LINES = (
    ("openai.responses", 'reasoning={"effort": "low"}'),
    ("openai", 'reasoning_effort="low"'),
    ("anthropic", 'thinking={"type": "disabled"}'),
    ("gemini", 'thinking_config={"thinking_budget": 0}'),
)


def find(store: Store) -> Iterator[Found]:
    """Calls that reason, of tests whose output is mostly reasoning and that passed whenever they ran."""
    if store.mode == "recorded":
        return
    always = (
        f"SELECT test FROM outcomes GROUP BY test HAVING count(DISTINCT turn) >= {RUNS} "  # noqa: S608
        "AND bool_and(outcome IN ('passed', 'skipped') AND attempts = 1) AND bool_or(outcome = 'passed')"
    )
    much = f"SELECT test FROM target WHERE test <> '' GROUP BY test HAVING sum(r) > {SHARE} * sum(o)"  # noqa: S608
    low = ", ".join(f"'{effort}'" for effort in LOW)
    query = f"SELECT n FROM target WHERE r > 0 AND effort NOT IN ({low}) AND test IN ({always}) AND test IN ({much})"  # noqa: S608
    if not store.mark("effort", query):
        return
    api, tests, share = store.rows(
        f"SELECT mode(api), count(DISTINCT test), sum(r) / sum(o) FROM ({query}) JOIN target USING (n)"  # noqa: S608
    )[0]
    yield Found(
        kind="effort",
        what=f"{share:.0%} of the output is reasoning, in {tests:,} tests that passed each time",
        do=[next((line for name, line in _LINES if name in api), 'reasoning_effort="low"')],
        why="passed with much thought is not passed with little: try it, and keep what fails as it was",
        at_most=True,
    )
