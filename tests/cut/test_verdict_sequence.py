"""What a runner and a loop drive: arrival in any order, what is needed, plain words, what cannot be asked."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jevons
from jevons.cut.verdict.question import Question
from jevons.cut.verdict.sequence import NOT_NEEDED, Sequence

ITEMS = [f"test_x.py::test_y[{at}]" for at in range(40)]


@given(st.randoms(use_true_random=False), st.floats(0.1, 1), st.integers(0, 50))
def test_the_verdict_does_not_hang_on_who_finishes_first(rng: random.Random, rate: float, seed: int) -> None:
    outcomes = {item: rng.random() < 0.8 for item in ITEMS}
    made = []
    for _ in range(2):
        sequence = Sequence(ITEMS, Question(pass_rate=rate), seed=seed)
        for item in rng.sample(ITEMS, len(ITEMS)):
            sequence.record(item, outcomes[item])
        made.append((sequence.decision, sequence.entered, str(sequence)))
    assert made[0] == made[1]
    alone = Sequence(ITEMS, Question(pass_rate=rate), seed=seed)
    for item in alone.pending():
        alone.record(item, outcomes[item])
    assert (alone.decision, alone.entered) == made[0][:2]
    assert alone.entered == alone.order[: len(alone.entered)]


def test_what_overtakes_waits_and_the_rest_is_not_needed() -> None:
    sequence = Sequence(ITEMS, Question(pass_rate=0.9))
    first, second, *rest = sequence.order
    sequence.record(second, False)
    assert [sequence.state(item) for item in (first, second, rest[0])] == ["needed", "waiting", "needed"]
    assert not sequence.entered
    sequence.record(first, None)
    assert sequence.entered == [first, second]
    for item in rest:
        if sequence.settled:
            break
        sequence.record(item, False)
    last = sequence.order[-1]
    assert sequence.decision == "fail"
    assert sequence.state(last) == NOT_NEEDED
    assert not sequence.needed(last)
    assert list(sequence.pending()) == []
    before = str(sequence)
    sequence.record(last, True)  # it was running: no matter
    assert str(sequence) == before
    assert f"{len(ITEMS) - len(sequence.entered)} not needed: verdict settled" in before


def test_words() -> None:
    def told(outcomes: float, count: int, **asked: object) -> str:
        sequence = Sequence(ITEMS, Question(**asked), seed=3)  # type: ignore[arg-type]
        for item in list(sequence.pending())[:count]:
            sequence.record(item, outcomes, 0.5 if "margin" in asked else None)
        return str(sequence)

    assert told(1, 2, pass_rate=0.9) == (
        "open: whether one complete run of these 40 items would pass at least 90 %; 2 of 40 items counted (seed 3)"
    )
    settled = told(1, 40, pass_rate=0.5, confidence=0.9)
    assert "pass: one complete run of these 40 items would pass at least 50 %" in settled
    assert "at most 10 in 100 such verdicts are wrong" in settled
    assert "certain: the rest could not change it" in told(0, 40, pass_rate=1.0)
    assert "less than 100 %" in told(0, 40, pass_rate=1.0)
    assert "pass: endlessly many such items would pass at least 50 %" in told(1, 40, pass_rate=0.5, estimand="rate")
    assert "fail: endlessly many such items would score less than 0.8" in told(0.1, 40, mean_score=0.8, estimand="rate")
    assert "would score at least 0.8" in told(0.9, 1, mean_score=0.8)
    assert "the new one is worse by more than 5 points" in told(0, 40, margin=0.05)
    assert "the new one is not worse by more than 5 points" in told(1, 40, margin=0.05)
    assert "open: whether over endlessly many such items, the new one is not worse" in told(
        1, 1, margin=0.05, estimand="rate"
    )
    assert "; no item is left (seed 3)" in told(1, 40, pass_rate=0.99, estimand="rate")


def test_all_items_seen_is_counted_out() -> None:
    sequence = Sequence(ITEMS[:4], Question(pass_rate=0.75))
    for item, passed in zip(sequence.order, (True, False, True, True), strict=True):
        assert not sequence.settled
        sequence.record(item, passed)
    assert sequence.certain
    assert "counted out" in str(sequence)


def test_repeats_end_as_soon_as_the_item_is_known() -> None:
    tries: list[str] = []
    sequence = Sequence(ITEMS, Question(pass_rate=0.5, repeats=3, rule="all"))
    for item in sequence.pending():
        tries.append(item)
        sequence.record(item, item == sequence.order[0])
    assert sequence.decision == "fail"
    assert tries[:4] == [sequence.order[0]] * 3 + [sequence.order[1]]
    assert len(tries) == len(sequence.entered) + 2
    assert "an item passes if all 3 tries pass" in str(sequence)


def test_the_mean_of_repeats_is_a_score() -> None:
    sequence = Sequence(ITEMS, Question(pass_rate=0.5, repeats=2))
    for at, item in enumerate(sequence.pending()):
        sequence.record(item, at % 2 == 0)  # each item half of the time: exactly the rate, which passes
    assert sequence.decision == "pass"
    assert len(sequence.entered) == len(ITEMS)


def test_strata_must_each_pass() -> None:
    strata = {item: "hard" if at < 10 else "easy" for at, item in enumerate(ITEMS)}
    sequence = Sequence(ITEMS, Question(pass_rate=0.7), strata=strata)
    assert {strata[item] for item in sequence.order[:4]} == {"hard", "easy"}
    for item in sequence.pending():
        sequence.record(item, strata[item] == "easy")
    assert sequence.decision == "fail"
    assert str(sequence).endswith("; in hard")
    again = Sequence(ITEMS, Question(pass_rate=0.7), strata=strata)
    for item in again.pending():
        again.record(item, True)
    assert again.decision == "pass"
    skipped = [item for item in again.order if item not in again.entered]
    assert {again.state(item) for item in skipped} == {NOT_NEEDED}
    assert str(again).endswith("in each of 2 strata")


@pytest.mark.parametrize("low", ["a", "b"])
def test_errors_over_strata(low: str) -> None:
    """One stratum just passes or misses by an item, the other is clear: both errors over 700 orders."""
    items = [f"{name}{at}" for name in "ab" for at in range(30)]
    strata = {item: item[0] for item in items}
    for passes, count in ((True, 24), (False, 23)):
        wrong = 0
        for seed in range(700):
            sequence = Sequence(items, Question(pass_rate=0.8, confidence=0.9), seed=seed, strata=strata)
            for item in sequence.pending():
                sequence.record(item, item[0] != low or int(item[1:]) < count)
            wrong += (sequence.decision == "pass") != passes
        assert wrong / 700 <= 0.1 + 0.034  # three standard deviations


def test_strata_that_all_just_pass_share_the_risk_of_failing() -> None:
    items = [f"{name}{at}" for name in "abcd" for at in range(30)]
    strata = {item: item[0] for item in items}
    wrong = 0
    for seed in range(500):
        sequence = Sequence(items, Question(pass_rate=0.8, confidence=0.7), seed=seed, strata=strata)
        for item in sequence.pending():
            sequence.record(item, int(item[1:]) < 24)
        wrong += sequence.decision == "fail"
    assert wrong / 500 <= 0.3  # each with all of the risk, it would be about twice as much


def test_clusters_count_once() -> None:
    clusters = {item: str(at // 4) for at, item in enumerate(ITEMS)}
    sequence = Sequence(ITEMS, Question(pass_rate=0.5, estimand="rate"), clusters=clusters)
    assert [clusters[item] for item in sequence.order[:4]] == [clusters[sequence.order[0]]] * 4
    for item in sequence.order[:3]:
        sequence.record(item, True)
    assert not sequence.entered  # a cluster enters whole
    for item in sequence.pending():
        sequence.record(item, True)
    assert sequence.decision == "pass"
    assert len(sequence.entered) % 4 == 0
    assert "10 clusters count once each" in str(sequence)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({}, "one of pass_rate, mean_score, margin, not none"),
        ({"pass_rate": 0.9, "margin": 0.1}, "not pass_rate and margin"),
        ({"pass_rate": 90}, "a pass_rate of 90"),
        ({"mean_score": 0.0}, "a mean_score of 0"),
        ({"margin": 1.5}, "a margin of 1.5"),
        ({"pass_rate": 0.9, "confidence": 95}, "a confidence of 95"),
        ({"pass_rate": 0.9, "confidence": 0.05}, "a confidence of 0.05"),
        ({"pass_rate": 0.9, "estimand": "mean"}, "no estimand mean"),
        ({"pass_rate": 0.9, "repeats": 0}, "0 repeats"),
        ({"mean_score": 0.9, "rule": "all"}, "outcomes that pass or fail"),
        ({"pass_rate": float("nan")}, "a pass_rate of nan"),
    ],
)
def test_what_cannot_be_asked(asked: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jevons.verdict(ITEMS, **asked)  # type: ignore[arg-type]


def test_what_cannot_be_judged() -> None:
    question = Question(pass_rate=0.5)
    with pytest.raises(ValueError, match="no items"):
        Sequence([], question)
    with pytest.raises(ValueError, match="named twice: a"):
        Sequence("aba", question)
    with pytest.raises(ValueError, match="clusters are for the true rate"):
        Sequence("ab", question, clusters={"a": "1", "b": "1"})
    sequence = Sequence("ab", question)
    for outcome, why in ((0.5, "ask for mean_score"), (2, "an outcome of 2"), (float("nan"), "an outcome of nan")):
        with pytest.raises(ValueError, match=why):
            sequence.record("a", outcome)
    with pytest.raises(ValueError, match="by a margin"):
        sequence.record("a", 1, 1)
    with pytest.raises(KeyError):
        sequence.record("c", True)
    one = sequence.order[1]
    sequence.record(one, True)
    with pytest.raises(ValueError, match="recorded already"):
        sequence.record(one, True)


def test_a_loop_over_things_that_have_no_name() -> None:
    questions = [{"ask": at} for at in range(200)]
    judged = jevons.verdict(questions, pass_rate=0.9, confidence=0.95, seed=1)
    asked = 0
    for question in judged:
        asked += 1
        judged.record(question, question["ask"] % 2 == 0)
    assert judged.decision == "fail"
    assert not judged
    assert judged.settled
    assert asked == judged.used < 40
    assert str(judged).startswith("fail: ")
    same = jevons.verdict(questions, pass_rate=0.9, seed=1, key=lambda question: f"#{question['ask'] + 1}")
    assert list(same) == list(jevons.verdict(questions, pass_rate=0.9, seed=1))
    with pytest.raises(ValueError, match="an item stands there twice"):
        jevons.verdict([questions[0], questions[0]], pass_rate=0.9)


def test_a_loop_that_judges_in_batches() -> None:
    """Items may be in flight: whoever iterates takes them in the drawn order, and records when they are done."""
    judged = jevons.verdict(range(100), mean_score=0.5)
    flight: list[int] = []
    for item in judged:
        flight.append(item)
        if len(flight) == 8:
            for done in reversed(flight):
                judged.record(done, 0.9)
            flight = []
    assert judged.passed
    assert judged.used <= 40


def test_two_models_in_a_loop() -> None:
    judged = jevons.verdict(range(500), margin=0.1)
    for item in judged:
        judged.record(item, item % 2, (item + 1) % 2)
    assert judged.used < 500 or judged.passed


def test_the_door_costs_nothing_unless_used() -> None:
    code = (
        "import sys, jevons; assert 'jevons.cut' not in sys.modules; jevons.verdict; assert 'numpy' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 0
