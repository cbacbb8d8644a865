"""No worse by more than a margin: the same as the sequence says, bounds that fit the decisions, errors as stated."""

from __future__ import annotations

import random

import pytest

np = pytest.importorskip("numpy", reason="choosing a model needs numpy: extra report")

from jevons.cut.models.judged import decide, judge  # noqa: E402
from jevons.cut.verdict.question import Question  # noqa: E402
from jevons.cut.verdict.sequence import Sequence  # noqa: E402


def pairs(seed: int, size: int, better: float, worse: float, graded: bool = False) -> dict[str, tuple[float, float]]:
    source = random.Random(seed)
    made = {}
    for at in range(size):
        drawn = source.random()
        pair = (1.0, 0.0) if drawn < better else (0.0, 1.0) if drawn < better + worse else (1.0, 1.0)
        made[f"item {at}"] = tuple(0.1 + one * 0.7 * source.random() for one in pair) if graded else pair
    return made


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("graded", [False, True])
def test_it_is_what_the_sequence_says(seed: int, graded: bool) -> None:
    margin, made = (0.0, 0.02, 0.1)[seed % 3], pairs(seed, 150, 0.05 + seed / 100, 0.15, graded)
    judged = judge(made, margin, 0.95, "rate", seed=seed)
    sequence = Sequence(made, Question(margin=margin, estimand="rate"), seed=seed)
    for name in sequence.pending():
        sequence.record(name, *made[name])
    assert judged.said == {"pass": "not worse", "fail": "worse", None: "not shown"}[sequence.decision]
    assert judged.enough == (len(sequence.entered) if sequence.decision else None)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_margins_at_which_it_turns(seed: int) -> None:
    made = pairs(seed, 400, 0.1, 0.13)
    judged = judge(made, 0.05, 0.95, "rate")
    assert -1 <= judged.low < judged.difference < judged.high <= 1
    for off in (-0.01, 0.01):
        margin = -judged.low - off
        if 0 <= margin < 1:
            assert (judge(made, margin, 0.95, "rate").said == "not worse") == (off < 0)
        margin = -judged.high - off
        if 0 <= margin < 1:
            assert (judge(made, margin, 0.95, "rate").said == "worse") == (off > 0)


def test_more_confidence_is_wider() -> None:
    made = pairs(3, 300, 0.1, 0.1)
    one, two = (judge(made, 0.05, confidence, "rate") for confidence in (0.9, 0.999))
    assert two.low < one.low < one.high < two.high


def test_what_it_would_take_takes_about_that() -> None:
    made = {f"{at}": (0.0, 1.0) if at < 11 else (1.0, 0.0) if at < 21 else (1.0, 1.0) for at in range(100)}
    judged = judge(made, 0.06, 0.95, "rate")
    assert judged.said == "not shown"
    assert judged.takes is not None
    assert judged.takes > 100
    shown = {0.5: 0, 2: 0}
    for by in shown:
        size = round(judged.takes * by)
        for seed in range(30):
            scores = np.random.default_rng(seed).choice([1.0, 0.5, 0.0], size=size, p=[0.1, 0.79, 0.11])
            shown[by] += decide(scores, 0.06, 0.05)[0] != "not shown"
    assert shown[0.5] < 20
    assert shown[2] > 24


def test_alike_is_no_worse_and_at_the_margin_nobody_is_told_to_go_on() -> None:
    alike = {f"{at}": (1.0, 1.0) for at in range(200)}
    assert judge(alike, 0.05, 0.95, "rate").said == "not worse"
    at_it = {f"{at}": (0.0, 1.0) if at < 10 else (1.0, 0.0) if at < 15 else (1.0, 1.0) for at in range(100)}
    judged = judge(at_it, 0.05, 0.95, "rate", seed=1)
    assert (judged.said, judged.takes) == ("not shown", None)
    with pytest.raises(ValueError, match="no items"):
        judge({}, 0.05, 0.95, "rate")


def test_of_the_list_it_is_counted() -> None:
    made = {f"{at}": (float(at >= 2), 1.0) for at in range(100)}  # two of a hundred worse
    for margin, said in ((0.02, "not worse"), (0.019, "worse")):
        judged = judge(made, margin, 0.95, "list")
        assert (judged.said, judged.low, judged.high) == (said, judged.difference, judged.difference)
        assert judged.difference == pytest.approx(-0.02)
    assert judge(made, 0.2, 0.95, "list").enough < 100


@pytest.mark.parametrize("off", [0.0, 1e-6])
def test_errors_at_the_margin_are_as_stated(off: float) -> None:
    """Where it is hardest: the true difference at the margin (then no worse) or just under it (then worse)."""
    draw, margin, alpha, times = np.random.default_rng(7), 0.1, 0.1, 600
    right = "worse" if off else "not worse"
    wrong = 0
    for _ in range(times):
        scores = draw.choice([1.0, 0.5, 0.0], size=120, p=[0.1, 0.7 - off, 0.2 + off])
        said, _ = decide(scores, margin, alpha)
        wrong += said not in (right, "not shown")
    assert wrong / times <= alpha + 3 * (alpha * (1 - alpha) / times) ** 0.5
    assert wrong > 0  # a test that never errs wastes items
