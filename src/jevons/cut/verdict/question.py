"""What a verdict is asked: of which rate, mean score or margin, over what, how surely; and the same in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from jevons.cut.verdict import flaky, paired
from jevons.cut.verdict.betting import Graded
from jevons.cut.verdict.finite import Decision, Finite

Estimand = Literal["list", "rate"]


class Test(Protocol):
    """What takes outcomes in the drawn order and says when it is settled."""

    @property
    def decision(self) -> Decision | None:
        """The verdict; None while there is none."""

    @property
    def certain(self) -> bool:
        """Whether it could not be another."""

    def enter(self, low: float, high: float) -> None:
        """The next outcome, from 0 to 1; `low` < `high` where it is not known."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One of `pass_rate` (outcomes pass or fail), `mean_score` (scores from 0 to 1), `margin` (two scores an item)."""

    pass_rate: float | None = None
    mean_score: float | None = None
    margin: float | None = None
    confidence: float = 0.95
    """A verdict, pass or fail, is wrong with a chance of at most 1 - confidence."""
    estimand: Estimand = "list"
    """``list``: what one complete run of these items would say. ``rate``: what endlessly many such items would."""
    repeats: int = 1
    rule: flaky.Rule = "mean"

    def __post_init__(self) -> None:
        asked = {"pass_rate": self.pass_rate, "mean_score": self.mean_score, "margin": self.margin}
        given = [name for name, value in asked.items() if value is not None]
        if len(given) != 1:
            raise ValueError(f"ask for one of pass_rate, mean_score, margin, not {' and '.join(given) or 'none'}")
        if self.margin is None and not 0 < self.threshold <= 1:
            raise ValueError(f"a {given[0]} of {self.threshold}: give a share over 0 and up to 1, such as 0.9")
        if not 0.5 < self.confidence < 1:
            raise ValueError(f"a confidence of {self.confidence}: give a share over 0.5 and under 1, such as 0.95")
        if self.estimand not in get_args(Estimand):
            raise ValueError(f"no estimand {self.estimand}: list or rate")
        if self.repeats < 1 or self.rule not in flaky.RULES:
            raise ValueError(f"{self.repeats} repeats by the rule {self.rule}: at least 1, by mean, all or any")
        if self.rule != "mean" and self.pass_rate is None:
            raise ValueError(f"the rule {self.rule} is for outcomes that pass or fail")

    @property
    def threshold(self) -> float:
        """What the mean of the outcomes is held against."""
        if self.margin is not None:
            return paired.threshold(self.margin)
        return self.pass_rate if self.pass_rate is not None else self.mean_score or 0.0

    @property
    def graded(self) -> bool:
        """Whether an item may count with something between 0 and 1."""
        return self.pass_rate is None or (self.repeats > 1 and self.rule == "mean")

    def outcome(self, new: float | None, old: float | None = None) -> float | None:
        """A try as a score from 0 to 1. ValueError where it does not answer the question."""
        if new is None or (self.margin is not None and old is None):
            return None
        new, old = float(new), None if old is None else float(old)
        if self.pass_rate is not None and new not in (0, 1):
            raise ValueError(f"an outcome of {new}: a pass rate is of passed or failed; ask for mean_score of scores")
        if not (0 <= new <= 1 and (old is None or 0 <= old <= 1)):
            raise ValueError(f"an outcome of {new if old is None else (new, old)} is not from 0 to 1")
        if old is None:
            return new
        if self.margin is None:
            raise ValueError("two outcomes of an item compare by a margin")
        return paired.score(new, old)

    def test(self, size: int, share: int = 1) -> Test:
        """The test of a list of `size`; of `share` lists that may fail, an equal part of the risk of failing."""
        alphas = 1 - self.confidence, (1 - self.confidence) / share
        if self.estimand == "list" and not self.graded:
            return Finite(size, self.threshold, *alphas)
        return Graded(size, self.threshold, *alphas, finite=self.estimand == "list")

    def words(self, items: int, passes: bool = True) -> str:
        """What a verdict says."""
        of = f"one complete run of these {items} items" if self.estimand == "list" else "endlessly many such items"
        limit = "at least" if passes else "less than"
        if self.margin is not None:
            worse = "worse" if not passes else "not worse"
            return f"over {of}, the new one is {worse} by more than {self.margin * 100:g} points"
        if self.pass_rate is not None:
            return f"{of} would pass {limit} {self.threshold * 100:g} %"
        return f"{of} would score {limit} {self.threshold:g}"
