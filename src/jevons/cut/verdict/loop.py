"""``jevons.verdict``: a loop over a list of items that ends when the verdict on the list is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from jevons.cut.verdict import flaky
from jevons.cut.verdict.finite import Decision
from jevons.cut.verdict.question import Estimand, Question
from jevons.cut.verdict.sequence import Sequence

Item = TypeVar("Item")


class Verdict(Generic[Item]):
    """Iterate over the items that are needed, `record` each; true once passed, printed in plain words."""

    def __init__(self, named: dict[str, Item], sequence: Sequence) -> None:
        self.sequence, self._items = sequence, named
        self._names = {id(item): name for name, item in named.items()}

    def __iter__(self) -> Iterator[Item]:
        """Items in the drawn order, until it is settled; with repeats, an item as often as it is needed."""
        return (self._items[name] for name in self.sequence.pending())

    def record(self, item: Item, outcome: float | None, old: float | None = None) -> None:
        """What became of an item, or of its name: passed or not, a score, or with a margin the new and old score.

        None where there is no outcome: the verdict then holds whatever it would have been. KeyError for an item that
        is not of the list, ValueError for an outcome that does not answer the question or comes twice.
        """
        name = self._names.get(id(item)) or str(item)
        self.sequence.record(name, outcome, old)

    @property
    def decision(self) -> Decision | None:
        """``pass``, ``fail``, or None while it is open."""
        return self.sequence.decision

    @property
    def settled(self) -> bool:
        """Whether no more items are needed."""
        return self.sequence.settled

    @property
    def passed(self) -> bool:
        """Whether it is settled that the list passes."""
        return self.decision == "pass"

    @property
    def used(self) -> int:
        """Items that the verdict rests on so far."""
        return len(self.sequence.entered)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return str(self.sequence)


def verdict(
    items: Iterable[Item],
    *,
    pass_rate: float | None = None,
    mean_score: float | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    estimand: Estimand = "list",
    repeats: int = 1,
    rule: flaky.Rule = "mean",
    key: Callable[[Item], str] | None = None,
    stratum: Callable[[Item], str] | None = None,
    cluster: Callable[[Item], str] | None = None,
) -> Verdict[Item]:
    """Whether a list of items passes, from as few of them as settle it.

    >>> judged = verdict(questions, pass_rate=0.9, confidence=0.95)
    >>> for question in judged:
    ...     judged.record(question, answer(question) == question.expected)
    >>> assert judged, judged

    Ask for a `pass_rate` (outcomes pass or fail), a `mean_score` (scores from 0 to 1) or a `margin` (two outcomes an
    item: is the new one no worse by more than this?). `estimand` ``list``: what one complete run of this list would
    say; ``rate``: what endlessly many such items would. Either verdict is wrong with a chance of at most
    1 - `confidence`, however often one looks. The order is drawn from `seed` and the names of the items: `key` gives
    one, else texts and numbers name themselves, and other items go by their place in the list. `stratum`: the rate is
    asked in each category; `cluster`: what items share, where the true rate is asked. `repeats` tries an item, and
    counts it by `rule`: ``mean``, ``all`` or ``any``. ValueError for what cannot be asked.
    """
    found = list(items)
    names = [_name(item, at, key) for at, item in enumerate(found)]
    if len({id(item) for item in found}) < len(found):
        raise ValueError("an item stands there twice")
    asked = Question(
        pass_rate=pass_rate, mean_score=mean_score, margin=margin, confidence=confidence,
        estimand=estimand, repeats=repeats, rule=rule,
    )  # fmt: skip
    sequence = Sequence(
        names,
        asked,
        seed=seed,
        strata={name: stratum(item) for name, item in zip(names, found, strict=True)} if stratum else None,
        clusters={name: cluster(item) for name, item in zip(names, found, strict=True)} if cluster else None,
    )
    return Verdict(dict(zip(names, found, strict=True)), sequence)


def _name(item: Item, at: int, key: Callable[[Item], str] | None) -> str:
    if key:
        return str(key(item))
    return str(item) if isinstance(item, str | int) else f"#{at + 1}"
