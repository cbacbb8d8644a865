"""Whose calls are a fixture's: they are divided evenly over the tests that used it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from jevons.record import TestResult


def owners(results: Iterable[TestResult]) -> Callable[[str, str], list[tuple[str, float]]]:
    """From the test and the fixture instance that a call was made for, to the tests it counts for and their shares."""
    users: dict[str, dict[str, None]] = defaultdict(dict)
    for result in results:
        for instance in result.fixtures:
            users[instance][result.test] = None

    def of(test: str, fixture: str) -> list[tuple[str, float]]:
        sharing = users.get(fixture)
        return [(user, 1.0 / len(sharing)) for user in sharing] if sharing else [(test, 1.0)]

    return of
