"""A rate in every category: the verdict passes if each stratum passes, and fails as soon as one does not.

Each stratum is a list of its own, in random order within. "All pass" is wrong only if some stratum that fails was said
to pass: each may use all of alpha for that (Berger 1982, intersection-union test). "It fails" can be wrong by any of
them, so they share alpha there (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Mapping

from jevons.cut.verdict.finite import Decision
from jevons.cut.verdict.question import Test


class EveryStratum:
    """Tests by stratum, made with all of alpha for passing and with an equal part of it for failing."""

    def __init__(self, tests: Mapping[str, Test]) -> None:
        self.tests = dict(tests)

    def enter(self, low: float, high: float, stratum: str = "") -> None:
        """An outcome of a stratum."""
        self.tests[stratum].enter(low, high)

    def wants(self, stratum: str) -> bool:
        """Whether outcomes of a stratum still matter."""
        return self.decision is None and self.tests[stratum].decision is None

    @property
    def decision(self) -> Decision | None:
        """The verdict on all."""
        found = {test.decision for test in self.tests.values()}
        return "fail" if "fail" in found else "pass" if found == {"pass"} else None

    @property
    def certain(self) -> bool:
        """Whether nothing that is left could change the verdict."""
        if self.decision == "fail":
            return any(test.certain for test in self.tests.values() if test.decision == "fail")
        return self.decision == "pass" and all(test.certain for test in self.tests.values())
