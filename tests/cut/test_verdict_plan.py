"""What a verdict will likely need, and what other ways would: against every order, and against published figures."""

from __future__ import annotations

import itertools
import math
import random
import statistics

import pytest
import scripts

from jevons.cut.verdict import confidence, fixed, wald
from jevons.cut.verdict.finite import Finite
from jevons.cut.verdict.plan import DISTANCES, ORDERS, drawn, ends, likely, summed, table
from jevons.cut.verdict.question import Estimand, Question
from jevons.cut.verdict.sequence import Sequence


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


@pytest.mark.parametrize(("threshold", "rate"), [(0.7, 0.9), (0.7, 0.4), (0.5, 0.5), (1.0, 0.8)])
def test_a_true_rate_against_every_outcome(threshold: float, rate: float) -> None:
    """All 2**9 outcomes of nine tries of an endless supply, by the test itself."""
    size, question = 9, Question(pass_rate=threshold, confidence=0.6, estimand="rate")
    used, said = [0.0] * size, {"pass": 0.0, "fail": 0.0, None: 0.0}
    for outcomes in itertools.product((0.0, 1.0), repeat=size):
        chance = math.prod(rate if one else 1 - rate for one in outcomes)
        test, seen = question.test(size), 0
        while not test.decision and seen < size:
            test.enter(outcomes[seen], outcomes[seen])
            seen += 1
        used[seen - 1] += chance
        said[test.decision] += chance
    made = ends(question, size, rate)
    assert made.chances + [0.0] * (size - len(made.chances)) == pytest.approx(used)
    assert (made.passes, made.fails) == pytest.approx((said["pass"], said["fail"]))
    one = summed([made], size, rate)
    assert one.whole == pytest.approx(used[-1])
    assert one.mean == pytest.approx(sum((at + 1) * chance for at, chance in enumerate(used)))


@pytest.mark.parametrize("estimand", ["list", "rate"])
def test_two_models_against_the_sequence_itself(estimand: Estimand) -> None:
    """The plan draws orders; so does `Sequence`, its own ones: means agree within what so many orders leave open."""
    size, question = 60, Question(margin=0.2, estimand=estimand)
    made = drawn(question, size, 0.2, 0.1)
    assert made.orders == ORDERS
    names = [f"{at}" for at in range(size)]
    new, old = {}, {}
    for at, name in enumerate(names):
        new[name], old[name] = float(at < 30), float(12 <= at < 36)  # 12 better, 6 worse
    used, passes = [], 0
    for seed in range(200):
        sequence = Sequence(names, question, seed=seed)
        source = random.Random(seed)
        for name in sequence.pending():
            other = name if estimand == "list" else source.choice(names)
            sequence.record(name, new[other], old[other])
        used.append(len(sequence.entered))
        passes += sequence.decision == "pass"
    one = summed([made], size, 0.1)
    error = statistics.stdev(used) * (1 / 200 + 1 / ORDERS) ** 0.5
    assert abs(one.mean - statistics.mean(used)) < 4 * error
    assert one.passes == pytest.approx(passes / 200, abs=0.12)


def test_drawn_orders_are_the_same_twice_and_others_with_another_seed() -> None:
    question = Question(margin=0.05)
    one, two, other = (drawn(question, 80, 0.2, 0.2, seed, 2_000) for seed in (1, 1, 2))
    assert one == two
    assert one.chances != other.chances


def test_guesses_together_are_as_likely_as_each_other() -> None:
    question = Question(pass_rate=0.8)
    low, high = (ends(question, 50, rate) for rate in (0.6, 0.9))
    both = summed([low, high], 50, 0.75)
    means = [summed([one], 50, 0.0).mean for one in (low, high)]
    assert both.mean == pytest.approx(sum(means) / 2)
    assert both.passes == pytest.approx((low.passes + high.passes) / 2)
    assert both.low <= both.median <= both.most <= both.high <= 50
