"""Is a model no worse than the one in use by more than a margin, from results that are all there?

Of this list that is counted. Of endlessly many such items (the true rate) it is bet on, as `jevons.verdict` does while
results come in: an item's score is that of `verdict.paired`, the order is drawn from the items' names and a seed, and
what is settled first on the way stays settled. (The bet over all items at once would need no order; it reaches its end
with a chance far below the one allowed, so it shows less.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np

from jevons.cut.verdict import paired
from jevons.cut.verdict.betting import ROUNDING, Capital
from jevons.cut.verdict.order import draw
from jevons.cut.verdict.question import Estimand, Question
from jevons.cut.verdict.sequence import Sequence

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
    """Items after which `jevons.verdict` would have said the same, in the order of the seed."""
    takes: int | None = None
    """Where nothing is shown: of so many items, if they go on as these, it would be shown more often than not (in about
    six of ten draws; of twice as many in 19 of 20). None: more than `MOST` times those at hand."""


def judge(
    pairs: Mapping[str, tuple[float, float]], margin: float, confidence: float, estimand: Estimand, *, seed: int = 0
) -> Judged:
    """Scores (new, old) by item, or means by cluster; ValueError without any."""
    if not pairs:
        raise ValueError("no items in common")
    order = draw(pairs, seed)
    scores = np.array([paired.score(*pairs[name]) for name in order])
    difference = sum(new - old for new, old in pairs.values()) / len(pairs)
    differ = sum(new != old for new, old in pairs.values()) / len(pairs)
    if estimand == "list":
        said: Said = "not worse" if difference >= -margin - ROUNDING else "worse"
        enough = _counted(pairs, margin, confidence, said, seed)
        return Judged(
            said=said, difference=difference, low=difference, high=difference, differ=differ, enough=enough
        )  # fmt: skip
    alpha = 1 - confidence
    said, at = decide(scores, margin, alpha)
    return Judged(
        said=said, difference=difference, differ=differ, low=2 * _least(scores, alpha) - 1,
        high=1 - 2 * _least(1 - scores, alpha), enough=at,
        takes=None if at else _takes(scores, paired.threshold(margin), alpha),
    )  # fmt: skip


def decide(scores: Any, margin: float, alpha: float) -> tuple[Said, int | None]:
    """What scores of `verdict.paired`, in the drawn order, show of endlessly many, and after how many; it is wrong with
    a chance of at most `alpha`. The same as `verdict.betting.Graded`, all items at once."""
    threshold = paired.threshold(margin)
    over, under = _refuted(scores, threshold, alpha), _refuted(1 - scores, 1 - threshold, alpha)
    if over is not None and (under is None or over <= under):
        return "not worse", over
    return ("worse", under) if under is not None else ("not shown", None)


def _refuted(scores: Any, threshold: float, alpha: float, repeats: float = 1.0) -> int | None:
    """After how many scores "the mean is not over the threshold" is refuted. `repeats`: each taken so often, and only
    the end looked at."""
    capital = Capital(threshold, alpha, round(len(scores) * repeats), finite=False)
    start = np.array(capital.logs)
    won, lost = (np.exp(_gain(capital, start, score)) for score in (1.0, 0.0))
    with np.errstate(divide="ignore"):  # what a bet pays is linear in the score; it may be nothing
        gains = np.log(np.outer(scores, won) + np.outer(1 - scores, lost))
    logs = start + (gains.cumsum(0) if repeats == 1 else repeats * gains.sum(0, keepdims=True))
    settled = np.flatnonzero(np.logaddexp.reduce(logs, axis=1) >= capital.need)
    return int(settled[0]) + 1 if len(settled) else None


def _gain(capital: Capital, start: Any, score: float) -> Any:
    """Logs of what each bet makes of 1 at a score."""
    capital.logs = list(start)
    capital.enter(score)
    return np.array(capital.logs) - start


def _least(scores: Any, alpha: float) -> float:
    """The largest mean that is refuted; 0 where none is."""
    low, high = 0.0, float(scores.mean())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle > 0 and _refuted(scores, middle, alpha) else (low, middle)
    return low


def _takes(scores: Any, threshold: float, alpha: float) -> int | None:
    """Items of these proportions that show it, one way or the other."""
    if scores.mean() < threshold:
        scores, threshold = 1 - scores, 1 - threshold
    low, high = 1.0, 2.0
    while not _refuted(scores, threshold, alpha, high):
        low, high = high, high * 2
        if high > MOST:
            return None
    while high / low > 1.02:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if _refuted(scores, threshold, alpha, middle) else (middle, high)
    return round(len(scores) * high)


def _counted(
    pairs: Mapping[str, tuple[float, float]], margin: float, confidence: float, said: Said, seed: int
) -> int | None:
    drawn = Sequence(pairs, Question(margin=margin, confidence=confidence), seed=seed)
    for item in drawn.pending():
        drawn.record(item, *pairs[item])
    return len(drawn.entered) if (drawn.decision == "pass") == (said == "not worse") else None
