"""Many verdicts together: how likely it is that one of them is wrong."""

from __future__ import annotations

from collections.abc import Sequence


def any_wrong(confidences: Sequence[float]) -> float:
    """At most the chance that any of the verdicts is wrong: the sum of their risks (Boole), however they hang together.

    As many are wrong on average as the sum says, where it exceeds 1 too.
    """
    return min(sum(1 - one for one in confidences), 1.0)


def confidence_of_each(confidence: float, verdicts: int) -> float:
    """What each of so many verdicts needs for all of them to be right with `confidence` (Bonferroni)."""
    return 1 - (1 - confidence) / verdicts


def told(confidences: Sequence[float]) -> str:
    """One line."""
    risk = any_wrong(confidences)
    count = len(confidences)
    if count < 2:
        return f"{count} verdict, wrong with a chance of at most {risk * 100:.3g} %"
    return (
        f"{count} verdicts: all right with a chance of at least {(1 - risk) * 100:.3g} %; "
        f"on average at most {sum(1 - one for one in confidences):.2g} of them wrong"
    )
