"""Items that are tried several times: what is asked of one, and how much further tries tell.

For a verdict on the list a single try is enough, flaky or not: the verdict is on what one complete run would have said,
chance in the items included. Repeats ask something else, which the rule names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

Rule = Literal["mean", "all", "any"]
RULES = get_args(Rule)
WORDS: dict[Rule, str] = {
    "mean": "an item counts with the mean of {repeats} tries",
    "all": "an item passes if all {repeats} tries pass",
    "any": "an item passes if any of {repeats} tries passes",
}


def bounds(tries: Sequence[float | None], repeats: int, rule: Rule) -> tuple[float, float]:
    """What an item can still count with, least and most, after some of its tries; None: a try without outcome.

    >>> bounds([1.0, 0.0], 4, "all"), bounds([1.0, 0.0], 4, "mean")
    ((0.0, 0.0), (0.25, 0.75))
    """
    known = [one for one in tries if one is not None]
    unknown = repeats - len(known)
    low, high = [*known, *[0.0] * unknown], [*known, *[1.0] * unknown]
    if rule == "all":
        return min(low), min(high)
    if rule == "any":
        return max(low), max(high)
    return sum(low) / repeats, sum(high) / repeats


def variance_cut(between: float, within: float, repeats: int) -> float:
    """Share of the variance of a mean over items that `repeats` tries of each save against one.

    1 - (V + s2/K) / (V + s2): `between` V of the items' true rates, `within` s2 the mean variance of one try (Miller
    2024, "Adding error bars to evals", arXiv:2411.00640). It cannot exceed s2 / (V + s2); more items have no such end.
    """
    return 1 - (between + within / repeats) / (between + within)
