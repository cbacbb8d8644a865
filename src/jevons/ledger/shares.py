"""Whose calls are a fixture's: they are divided evenly over the tests that used it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from jevons.record import TestResult

Users = Mapping[str, Sequence[str]]
"""Instance id of a shared fixture -> the tests that used it, each once."""


def users(results: Iterable[TestResult]) -> Users:
    """Who used which fixture, of all attempts of all tests."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for result in results:
        for instance in result.fixtures:
            found[instance][result.test] = None
    return {instance: tuple(tests) for instance, tests in found.items()}


def owners(of: Users) -> Callable[[str, str], list[tuple[str, float]]]:
    """From the test and the fixture instance that a call was made for, to the tests it counts for and their shares."""

    def owners_of(test: str, fixture: str) -> list[tuple[str, float]]:
        sharing = of.get(fixture)
        return [(user, 1.0 / len(sharing)) for user in sharing] if sharing else [(test, 1.0)]

    return owners_of
