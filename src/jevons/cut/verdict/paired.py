"""Is the new model (prompt, version) no worse than the old by more than a margin, on the same items?

The difference of an item's two scores lies from -1 to 1; (1 + difference)/2 from 0 to 1, where `betting` judges it:
the new one is no worse by more than the margin if the mean of these is at least (1 - margin)/2. Items that both pass
or both fail cost nothing but their calls: what is decided by is how often the two differ, and which way.
"""

from __future__ import annotations


def score(new: float, old: float) -> float:
    """What `betting` sees of an item: 0 the new one is worse, 1/2 alike, 1 better."""
    return (1 + new - old) / 2


def threshold(margin: float) -> float:
    """The least mean of `score`. ValueError unless the margin is from 0 up to 1."""
    if not 0 <= margin < 1:
        raise ValueError(f"a margin of {margin}: give a share from 0 up to 1, such as 0.02 for two points")
    return (1 - margin) / 2
