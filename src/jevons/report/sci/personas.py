"""Whose tests they are: a Consumer's, or a Provider's who evaluates a model of its own (SCI for AI, section 6)."""

from __future__ import annotations

from collections.abc import Sequence

from jevons import factors
from jevons.footprint.account import Account, Part
from jevons.ledger.recorded import VERDICTS, Recorded
from jevons.report.build import OUTSIDE, named
from jevons.report.sci.document import CONSUMER, PROVIDER


class NoScoreError(LookupError):
    """There is nothing to score: says why, and the remedy."""


class Used:
    """What one persona's tests used."""

    def __init__(self) -> None:
        self.part = Part()
        self.accounts: list[Account] = []
        self.tokens = 0.0
        """Of calls that have figures."""
        self.verdicts: int | None = 0

    def add(self, one: Account, share: float) -> None:
        self.part.add(one, share)
        self.accounts.append(one)
        if one.covered:
            self.tokens += (one.cell.sums.input + one.cell.sums.output) * share


def parts(runs: Sequence[Recorded], made: Sequence[list[Account]], own: str) -> dict[str, Used]:
    """What a Consumer's tests used, and a Provider's: those that call the model `own`. `made`: accounts by run.

    Calls outside tests are a Provider's where they are to that model. Raises NoScoreError where none is to it.
    """
    found = {CONSUMER: Used(), PROVIDER: Used()}
    wanted = factors.look_up(own).name if own else ""
    models = dict.fromkeys(one.cell.key.model for accounts in made for one in accounts if one.mode == "live")
    mine = {model for model in models if own and (model == own or factors.look_up(model).name == wanted)}
    if own and not mine:
        called = ", ".join(model or "(no model named)" for model in models)
        raise NoScoreError(f"no live call to {own}: these tests called {called or 'none'}")
    for one, accounts in zip(runs, made, strict=True):
        belongs = named("test", one.users)
        owners = [(of, belongs(of.cell)) for of in accounts]
        evaluating = {test for of, shares in owners if of.cell.key.model in mine for test, _ in shares} - {OUTSIDE}
        asked: dict[str, set[str]] = {CONSUMER: set(), PROVIDER: set()}
        for of, shares in owners:
            for test, share in shares:
                whose = PROVIDER if test in evaluating or (test == OUTSIDE and of.cell.key.model in mine) else CONSUMER
                if of.mode in ("live", "replayed"):
                    asked[whose].add(test)
                if of.mode == "live":
                    found[whose].add(of, share)
        judged = {result.test for result in one.results if result.outcome in VERDICTS}
        for whose, part in found.items():
            known = len(judged & asked[whose]) if one.results else None if own else one.served
            part.verdicts = None if known is None or part.verdicts is None else part.verdicts + known
    return found
