"""Is a model no worse than the one in use by more than a margin, from results that are all there?

Of this list that is counted. Of endlessly many such items (the true rate) it is bet on: an item's score is that of
`verdict.paired`, and the capital that `verdict.betting` makes of all items is, if the model were worse by the margin,
1 on average at most; so it reaches 1/alpha with a chance of at most alpha (Markov). Every item enters, and the order of
items makes no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from jevons.cut.verdict import paired
from jevons.cut.verdict.betting import ROUNDING, Capital
from jevons.cut.verdict.question import Estimand, Question
from jevons.cut.verdict.sequence import Sequence as Drawn

Said = Literal["not worse", "worse", "not shown"]
MOST = 1_000
"""Times the items at hand beyond which nobody is told to go on."""
_STEPS = 20


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A new model against the old one."""

    said: Said
    difference: float
    """Mean score of the new one over that of the old one, on these items."""
    low: float
    """No less than this, and no more than `high`, each with the confidence of one answer; of this list both are
    `difference`."""
    high: float
    differ: float
    """Share of items with different scores."""
    enough: int | None = None
    """Items after which `jevons.verdict` would have said the same of this list, in the order of the seed."""
    takes: int | None = None
    """Where nothing is shown: about so many items would show it, if they go on as these. None: more than `MOST` times
    those at hand."""


def judge(
    pairs: Sequence[tuple[float, float]], margin: float, confidence: float, estimand: Estimand, *, seed: int = 0
) -> Judged:
    """Scores (new, old) of the same items, or means of clusters of them; ValueError without any."""
    if not pairs:
        raise ValueError("no items in common")
    difference = sum(new - old for new, old in pairs) / len(pairs)
    differ = sum(new != old for new, old in pairs) / len(pairs)
    if estimand == "list":
        said: Said = "not worse" if difference >= -margin - ROUNDING else "worse"
        low = high = difference
    else:
        scores, alpha = scored(pairs), 1 - confidence
        said = decide(scores, margin, alpha)
        low, high = 2 * _least(scores, alpha) - 1, 1 - 2 * _least(_turned(scores), alpha)
        if said == "not shown":
            takes = _takes(scores, paired.threshold(margin), alpha)
            return Judged(said=said, difference=difference, low=low, high=high, differ=differ, takes=takes)
    enough = _enough(pairs, margin, confidence, said, seed)
    return Judged(said=said, difference=difference, low=low, high=high, differ=differ, enough=enough)


def scored(pairs: Iterable[tuple[float, float]]) -> Counter[float]:
    """How many items have which score of `verdict.paired`."""
    return Counter(paired.score(new, old) for new, old in pairs)


def decide(scores: Mapping[float, int], margin: float, alpha: float) -> Said:
    """What such scores show of endlessly many; either is wrong with a chance of at most `alpha`."""
    threshold = paired.threshold(margin)
    if _over(scores, threshold, alpha):
        return "not worse"
    return "worse" if _over(_turned(scores), 1 - threshold, alpha) else "not shown"


def _turned(scores: Mapping[float, int]) -> dict[float, int]:
    return {1 - score: times for score, times in scores.items()}


def _over(scores: Mapping[float, int], threshold: float, alpha: float) -> bool:
    """Whether "the mean is not over the threshold" is refuted."""
    capital = Capital(threshold, alpha, sum(scores.values()), finite=False)
    for score, times in scores.items():
        capital.enter(min(max(score, 0.0), 1.0), times)
    return capital.refuted


def _least(scores: Mapping[float, int], alpha: float) -> float:
    """The largest mean that is refuted; 0 where none is."""
    low, high = 0.0, sum(score * times for score, times in scores.items()) / sum(scores.values())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle > 0 and _over(scores, middle, alpha) else (low, middle)
    return low


def _takes(scores: Mapping[float, int], threshold: float, alpha: float) -> int | None:
    """Items of these proportions that show it, one way or the other."""
    size = sum(scores.values())
    mean = sum(score * times for score, times in scores.items()) / size
    if mean < threshold:
        scores, threshold = _turned(scores), 1 - threshold

    def shown(by: float) -> bool:
        return _over({score: max(round(times * by), 1) for score, times in scores.items()}, threshold, alpha)

    low, high = 1.0, 2.0
    while not shown(high):
        low, high = high, high * 2
        if high > MOST:
            return None
    while high / low > 1.02:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if shown(middle) else (middle, high)
    return round(size * high)


def _enough(
    pairs: Sequence[tuple[float, float]], margin: float, confidence: float, said: Said, seed: int
) -> int | None:
    drawn = Drawn([str(at) for at in range(len(pairs))], Question(margin=margin, confidence=confidence), seed=seed)
    for item in drawn.pending():
        drawn.record(item, *pairs[int(item)])
    return len(drawn.entered) if (drawn.decision == "pass") == (said == "not worse") else None
