"""What a verdict will likely need, and what other ways would: against every order, and against published figures."""

from __future__ import annotations

import itertools
import math

import pytest
import scripts

from jevons.cut.verdict import confidence, fixed, wald
from jevons.cut.verdict.finite import Finite
from jevons.cut.verdict.plan import DISTANCES, likely, table


@pytest.mark.parametrize("passes", range(13))
def test_likely_against_every_order(passes: int) -> None:
    size, rate = 12, 0.6
    used, said = [], []
    for places in itertools.combinations(range(size), passes):
        made = Finite(size, rate)
        for at in range(size):
            made.enter(at in places, at in places)
        used.append(made.seen)
        said.append(made.decision)
    found = likely(size, rate, passes / size)
    assert found.mean == pytest.approx(sum(used) / len(used))
    ranked = sorted(used)
    assert found.median == ranked[math.ceil(len(ranked) / 2) - 1]
    assert found.most == ranked[math.ceil(0.9 * len(ranked)) - 1]
    assert (found.passes, found.fails) == pytest.approx(
        (said.count("pass") / len(said), said.count("fail") / len(said))
    )


def test_farther_needs_less() -> None:
    made = table(400, 0.8)
    assert [round(one.rate - 0.8, 2) for one in made] == list(DISTANCES)
    means = [one.mean for one in made]
    middle = means.index(max(means))
    assert means[: middle + 1] == sorted(means[: middle + 1])
    assert means[middle:] == sorted(means[middle:], reverse=True)
    assert [one.rate for one in table(50, 0.95, distances=(0.1, 0.05))] == [1.0]


def test_more_confidence_needs_more() -> None:
    means = [likely(400, 0.8, 0.7, one).mean for one in (0.8, 0.9, 0.95, 0.99)]
    assert means == sorted(means)


@pytest.mark.parametrize(("passes", "items"), [(0, 20), (15, 148), (81, 263), (20, 20)])
def test_a_rate_at_every_look_is_wider_than_at_one(passes: int, items: int) -> None:
    low, high = confidence.rate_interval(passes, items)
    once = fixed.wilson(passes, items)
    assert low < once[0] + 1e-12
    assert high > once[1] - 1e-12
    assert 0 <= low <= passes / items <= high <= 1
    for none in (confidence.rate_interval, fixed.wilson):
        with pytest.raises(ValueError, match="no items"):
            none(0, 0)


def test_one_look_errs_as_stated_and_more_looks_more() -> None:
    errors = [fixed.error_of_peeking(looks, 0.05) for looks in (1, 2, 5, 10)]
    assert errors[0] == pytest.approx(0.05, abs=1e-4)
    assert errors == sorted(errors)


def test_fixed_sizes() -> None:
    assert fixed.items_for_rate(0.9, 0.9) == math.inf
    assert fixed.items_for_rate(0.5, 0.6) == pytest.approx(fixed.items_for_rate(0.5, 0.4))
    lines = wald.lines(0.1, 0.3, 0.05, 0.05)
    assert lines.upper == pytest.approx(lines.lower)
    assert 0.1 < lines.slope < 0.3


@pytest.mark.slow
def test_the_chapter_says_what_the_product_says(shared_data: object) -> None:
    import numpy as np

    more = scripts.module("verdict_more")
    every = scripts.module("verdict_lists").lists(shared_data / "evals")  # type: ignore[operator]
    assert [bar.met for bar in more.alike(every, np.random.default_rng(3), times=30).bars] == [True]
