"""From outcomes that arrive in any order to a verdict: what a test runner drives.

Workers finish when they please, and what is slow or fails may well finish last; outcomes therefore enter the test only
in the drawn order, and what overtook waits. Where the sequence stands is a function of the set of outcomes recorded,
so every process that is told the same items, seed and outcomes comes to the same verdict.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from jevons.cut.verdict import flaky
from jevons.cut.verdict.finite import Decision
from jevons.cut.verdict.order import draw, interleave
from jevons.cut.verdict.question import Question
from jevons.cut.verdict.strata import EveryStratum

NOT_NEEDED = "not needed: verdict settled"


class _Unit(NamedTuple):
    """What enters the test at once: an item, or a cluster of items."""

    items: tuple[str, ...]
    stratum: str


class Sequence:
    """Items by their names, a question, a seed. ValueError without items, for names twice, for odd combinations.

    `strata` names the category of each item: the rate is then asked in every category. `clusters` names what items
    share (a document, a conversation): only for the true rate, where the mean of each cluster counts once.
    """

    def __init__(
        self,
        items: Iterable[str],
        question: Question,
        *,
        seed: int = 0,
        strata: Mapping[str, str] | None = None,
        clusters: Mapping[str, str] | None = None,
    ) -> None:
        self.question, self.seed = question, seed
        names = list(items)
        if not names:
            raise ValueError("no items to judge")
        if clusters and (strata or question.estimand == "list"):
            raise ValueError("clusters are for the true rate of one list: estimand='rate', without strata")
        if clusters:
            draw(names, seed)  # refuses names twice
            members: defaultdict[str, list[str]] = defaultdict(list)
            for name in names:
                members[clusters[name]].append(name)
            self._units = [_Unit(tuple(members[cluster]), "") for cluster in draw(members, seed)]
        else:
            of = strata or dict.fromkeys(names, "")
            self._units = [_Unit((name,), of[name]) for name in interleave(names, of, seed)]
        self.order = [name for unit in self._units for name in unit.items]
        self._at = {name: at for at, unit in enumerate(self._units) for name in unit.items}
        sizes = Counter(unit.stratum for unit in self._units)
        self.strata = sorted(sizes) if strata else []
        self.clusters = len(self._units) if clusters else 0
        self._test = EveryStratum({name: question.test(size, len(sizes)) for name, size in sizes.items()})
        self._tries: defaultdict[str, list[float | None]] = defaultdict(list)
        self._next = 0
        self.entered: list[str] = []
        """Items that the verdict rests on, in order."""
        self._counted: set[str] = set()
        self._advance()

    @property
    def decision(self) -> Decision | None:
        """``pass``, ``fail``, or None: open."""
        return self._test.decision

    @property
    def settled(self) -> bool:
        """Whether nothing more is needed."""
        return self.decision is not None

    @property
    def certain(self) -> bool:
        """Whether what is left could not change the verdict: then it is no matter of confidence."""
        return self._test.certain

    @property
    def failed_strata(self) -> list[str]:
        """Categories that are said to fail."""
        return [name for name in self.strata if self._test.tests[name].decision == "fail"]

    def needed(self, item: str) -> bool:
        """Whether another try of an item may still matter. KeyError for one that is not in the list."""
        at = self._at[item]
        return at >= self._next and self._test.wants(self._units[at].stratum) and not self._complete(item)

    def pending(self) -> Iterator[str]:
        """Items of which a try is needed, in the drawn order; what is recorded meanwhile counts."""
        for name in self.order:
            while self.needed(name):
                before = len(self._tries[name])
                yield name
                if len(self._tries[name]) == before:
                    break  # in flight: its outcome may come later

    def record(self, item: str, outcome: float | None, old: float | None = None) -> None:
        """The outcome of a try; None where there is none: then the verdict holds whatever it would have been.

        What is not needed any more is ignored. KeyError for an item that is not in the list, ValueError for one with
        all its tries done or an outcome that does not answer the question.
        """
        unit, scored = self._units[self._at[item]], self.question.outcome(outcome, old)
        if not self._test.wants(unit.stratum):
            return
        if len(self._tries[item]) >= self.question.repeats:
            raise ValueError(f"{item} is recorded already")
        self._tries[item].append(scored)
        self._advance()

    def state(self, item: str) -> str:
        """``counted``, ``waiting`` (for items before it), ``needed``, or that it is not needed."""
        if item in self._counted:
            return "counted"
        if self.needed(item):
            return "needed"
        return "waiting" if self._test.wants(self._units[self._at[item]].stratum) else NOT_NEEDED

    def _bounds(self, item: str) -> tuple[float, float]:
        return flaky.bounds(self._tries[item], self.question.repeats, self.question.rule)

    def _complete(self, item: str) -> bool:
        low, high = self._bounds(item)
        return low == high or len(self._tries[item]) >= self.question.repeats

    def _advance(self) -> None:
        while not self.settled and self._next < len(self._units):
            unit = self._units[self._next]
            if self._test.wants(unit.stratum):
                if not all(self._complete(item) for item in unit.items):
                    return
                low, high = zip(*map(self._bounds, unit.items), strict=True)
                self._test.enter(sum(low) / len(low), sum(high) / len(high), unit.stratum)
                self.entered += unit.items
                self._counted.update(unit.items)
            self._next += 1

    def __str__(self) -> str:
        from jevons.cut.verdict.words import told

        return told(self)
