"""The items of one ``jevons_verdict`` mark: what is asked of them, in which order they run, where the verdict stands.

No pytest runs here: a group is told which items ended and how, in any order and by whichever process ran them, and says
which are still needed. Results enter the test in the drawn order alone (`jevons.cut.verdict.sequence`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jevons.cut.verdict import flaky
from jevons.cut.verdict.finite import Decision, least_passes
from jevons.cut.verdict.question import Question
from jevons.cut.verdict.sequence import Sequence

MARK = "jevons_verdict"
_TRY_ID = re.compile(r"(-try\d+(?=\])|\[try\d+\])(?=\]?(@.*)?$)")

Outcome = tuple[float, float | None]
"""What an item counts with: its score, and with a margin the old one's."""


@dataclass
class Spec:
    """What a group is; plain values, as a worker tells them to its controller."""

    name: str
    """Node id of the marked function or class."""
    path: str
    line: int
    items: list[str]
    """Node ids, tries included, as they were collected."""
    asked: dict[str, Any]
    seed: int = 0
    strata: dict[str, str] | None = None
    clusters: dict[str, str] | None = None
    selected: str = ""
    """Why these are not all items of the mark, if that is known."""
    number: int = 0
    """Place among the session's groups."""


class Ended(NamedTuple):
    """What became of an item that ran."""

    outcome: Outcome | None
    failed: str | None
    """Why, if it failed."""
    calls: int


def unit(item: str, repeats: int) -> str:
    """What tries of an item have in common; without repeats the node id itself."""
    return _TRY_ID.sub("", item) if repeats > 1 else item


class Group:
    """Raises ValueError for what cannot be asked."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.question = Question(**spec.asked)
        self._unit = {item: unit(item, self.question.repeats) for item in spec.items}
        if len(self._unit) < len(spec.items):
            raise ValueError("an item was collected twice: name each test once")
        self._tries: defaultdict[str, list[str]] = defaultdict(list)
        for item, name in self._unit.items():
            self._tries[name].append(item)
        if any(len(items) != self.question.repeats for items in self._tries.values()):
            raise ValueError(f"not every item has its {self.question.repeats} tries: they are parametrised functions'")
        self.sequence = Sequence(self._tries, self.question, seed=spec.seed, strata=spec.strata, clusters=spec.clusters)
        self.order = [item for name in self.sequence.order for item in self._tries[name]]
        """Node ids in the drawn order."""
        self.place = {item: at for at, item in enumerate(self.order)}
        self.ended: dict[str, Ended] = {}
        self.told = False
        """Whether its failure is reported."""

    def __contains__(self, item: str) -> bool:
        return item in self.place

    def needed(self, item: str) -> bool:
        """Whether an item may still matter."""
        return self.sequence.needed(self._unit[item])

    def record(self, item: str, outcome: Outcome | None, failed: str | None = None, calls: int = 0) -> None:
        """How an item ended; what is told first holds."""
        if item not in self.ended:
            self.ended[item] = Ended(outcome, failed, calls)
            self.sequence.record(self._unit[item], *(outcome or (None,)))

    def outcome(self, passed: bool | None, scores: Outcome | None) -> Outcome | None:
        """What an item counts with that passed or not, or did not get so far, and that gave `scores` or none.

        Scores count where scores are asked, whether the test passed or not. Without them, a test that fails counts
        with 0 and one that passes with 1; of two models, nothing.
        """
        if passed is None:
            return None
        if self.question.margin is not None:
            return scores if scores and scores[1] is not None else None
        if self.question.mean_score is not None and scores:
            return scores[0], None
        return float(passed), None

    @property
    def used(self) -> set[str]:
        """Node ids of what ran and the verdict rests on."""
        entered = set(self.sequence.entered)
        return {item for item in self.ended if self._unit[item] in entered}

    @property
    def not_used(self) -> list[str]:
        """Items that ran and that the verdict does not need, as drawn."""
        used = self.used
        return [item for item in self.order if item in self.ended and item not in used]

    @property
    def counted_out(self) -> Decision | None:
        """What the run says once every item has ended: a count, without a test. Without an outcome, both are tried.

        None where that leaves it open, where items did not run, or where the true rate is asked, which no run tells.
        """
        if self.question.estimand != "list" or len(self.ended) < len(self._unit):
            return None
        bounds: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for name in self.sequence.order:
            bounds[(self.spec.strata or {}).get(name, "")].append(self._bounds(name))
        said = {_of_list(found, self.question) for found in bounds.values()}
        return "fail" if "fail" in said else "pass" if said == {"pass"} else None

    def _bounds(self, name: str) -> tuple[float, float]:
        ends = [self.ended[item].outcome for item in self._tries[name]]
        tries = [self.question.outcome(*outcome) if outcome else None for outcome in ends]
        return flaky.bounds(tries, self.question.repeats, self.question.rule)


def _of_list(bounds: list[tuple[float, float]], question: Question) -> Decision | None:
    rounding = 1e-9 * len(bounds)
    least: float = question.threshold * len(bounds) - rounding
    if not question.graded:
        least = least_passes(len(bounds), question.threshold)
    if sum(low for low, _ in bounds) >= least:
        return "pass"
    return "fail" if sum(high for _, high in bounds) < least else None


@dataclass
class Marked:
    """What a mark says, and the items that it is on."""

    keywords: dict[str, Any]
    items: list[Any] = field(default_factory=list)


_OF_QUESTION = ("pass_rate", "mean_score", "margin", "confidence", "estimand", "repeats", "rule")
_OTHERS = ("seed", "stratum", "cluster")


def name_of(item: Any) -> str:
    """Node id of what bears an item's mark: its function without parameters, or a class."""
    node, _ = next(item.iter_markers_with_node(MARK))
    if node is not item:
        return str(node.nodeid)
    parent = item.parent.nodeid
    own = getattr(item, "originalname", None) or item.name
    return f"{parent}::{own}" if parent else own


def groups_of(
    items: Iterable[Any], left_out: Iterable[Any], seed: int | None, part: str = "", whole: Collection[str] = ()
) -> list[Group]:
    """The groups of a session's items. `left_out`: marked items that are not run; `part`: what else selects, but for
    groups that are `whole` all the same.

    Raises ValueError for marks that cannot be asked, naming the test.
    """
    groups: dict[str, Marked] = {}
    for item in items:
        mark = item.get_closest_marker(MARK)
        if mark is None:
            continue
        name = name_of(item)
        said = groups.setdefault(name, Marked(mark.kwargs))
        if mark.args or said.keywords != mark.kwargs:
            raise ValueError(f"{name}: give the same keywords on all its items: pass_rate=0.9, confidence=0.95")
        said.items.append(item)
    fewer: defaultdict[str, int] = defaultdict(int)
    for item in left_out:
        fewer[name_of(item)] += 1
    made = []
    for number, (name, marked) in enumerate(sorted(groups.items())):
        selected = "" if name in whole else part
        if fewer[name]:
            selected = f"{fewer[name]} more are deselected"
        try:
            made.append(Group(_spec(name, marked, seed, selected, number)))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}, @pytest.mark.{MARK}: {error}") from None
    return made


def _spec(name: str, marked: Marked, seed: int | None, selected: str, number: int) -> Spec:
    given = marked.keywords
    unknown = given.keys() - {*_OF_QUESTION, *_OTHERS}
    if unknown:
        known = ", ".join((*_OF_QUESTION, *_OTHERS))
        raise ValueError(f"no keyword {', '.join(sorted(unknown))}: use {known}")
    repeats = given.get("repeats", 1)
    path, line, _ = marked.items[0].location
    return Spec(
        name=name,
        path=path,
        line=line or 0,
        items=[item.nodeid for item in marked.items],
        asked={key: given[key] for key in _OF_QUESTION if key in given},
        seed=given.get("seed", 0) if seed is None else seed,
        strata=_by_argument(marked.items, given.get("stratum"), repeats),
        clusters=_by_argument(marked.items, given.get("cluster"), repeats),
        selected=selected,
        number=number,
    )


def _by_argument(items: list[Any], argument: str | None, repeats: int) -> dict[str, str] | None:
    """Each item's value of a parametrised argument, which is its stratum or cluster."""
    if argument is None:
        return None
    found = {}
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        if argument not in params:
            raise ValueError(f"{item.name} has no parametrised argument {argument!r}")
        found[unit(item.nodeid, repeats)] = str(params[argument])
    return found
