"""From pytest's reports on an item to what it counts with, where the item runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from jevons.cut.verdict.sequence import NOT_NEEDED
from jevons.pytest_plugin.verdict_group import Group, Outcome

SCORES = pytest.StashKey[Outcome]()
"""What an item gave through ``jevons_score``."""
FAILED_ITEM = "failed item of a verdict"
_MESSAGE = 200
"""Characters of an item's message that are shown."""


@dataclass
class _Attempt:
    passed: bool | None = None
    scores: Outcome | None = None
    failed: str | None = None
    again: bool = False
    """Whether pytest-rerunfailures runs it once more."""
    unneeded: bool = False


class Items:
    """`decide`: whether a failing item fails the session, as without a mark."""

    def __init__(self, *, decide: bool) -> None:
        self._decide = decide
        self._attempts: dict[str, _Attempt] = {}

    def observe(self, report: Any, group: Group, item: pytest.Item) -> dict[str, Any]:
        """What a report says, in plain values: the group's name, and in the last report of an item its ``outcome`` and
        why it ``failed``. A failure becomes one that is looked for."""
        said: dict[str, Any] = {"group": group.spec.name}
        if report.when == "setup":
            self._attempts[report.nodeid] = _Attempt()
        attempt = self._attempts.setdefault(report.nodeid, _Attempt())
        if report.outcome == "rerun":
            attempt.again = True
        elif report.when == "setup" and report.skipped and NOT_NEEDED in str(report.longrepr):
            attempt.unneeded = True
            line = item.location[1]
            report.longrepr = str(item.path), (line or 0) + 1, f"Skipped: {NOT_NEEDED}"
        elif report.when == "call":
            self._judge(report, attempt)
        elif report.when == "teardown" and not attempt.again and not attempt.unneeded:
            said["outcome"] = group.outcome(attempt.passed, attempt.scores)
            said["failed"] = attempt.failed
        return said

    def _judge(self, report: Any, attempt: _Attempt) -> None:
        of_part = hasattr(report, "context")  # a subtest: the whole test is reported last
        expected = hasattr(report, "wasxfail")
        failed = report.failed or (expected and report.skipped) or (attempt.passed is False and not of_part)
        if failed:
            attempt.passed = False
            attempt.failed = attempt.failed or _message(report)
            if not self._decide and not expected:
                report.outcome, report.wasxfail = "skipped", f"{FAILED_ITEM}: {attempt.failed}".removesuffix(": ")
        elif not of_part:
            attempt.passed = None if report.skipped else True
        attempt.scores = getattr(report, "jevons_scores", None) or attempt.scores


def _message(report: Any) -> str:
    """First line of what a test failed with."""
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = str(getattr(crash, "message", None) or report.longrepr or "").strip().splitlines()
    return lines[0][:_MESSAGE] if lines else ""
