"""The gate: caps of every span, unknowns that never pass, regressions beyond chance, the test that moved."""

from __future__ import annotations

import random

import pytest

from jevons.cut.gate import BROKEN, PASSED, UNKNOWN, gate
from jevons.cut.regression import FEWEST, regression
from jevons.ledger.recorded import Recorded, of_calls
from jevons.record import Call, Run, TestResult

NOVEMBER = 1_794_000_000_000_000


def recorded(name: str, counts: dict[str, int], **more: object) -> Recorded:
    run = Run(id=name, project="desk", ci="github", started_us=NOVEMBER)
    base = {"provider": "openai", "model": "gpt-4o", "usage": "reported", "status": 200, "input_tokens": 900,
            "output_tokens": 100, "started_us": NOVEMBER}  # fmt: skip
    calls = [
        Call(**{"id": f"{name}-{test}-{number}", "run": name, "test": test, **base, **more})  # type: ignore[arg-type]
        for test, count in counts.items()
        for number in range(count)
    ]
    return of_calls(run, calls, [TestResult(run=name, test=test, outcome="passed") for test in counts])


def history(count: int, counts: dict[str, int]) -> list[Recorded]:
    return [recorded(f"base{number}", counts) for number in range(count)]


def test_a_cap_of_every_span():
    this = recorded("now", {"a": 3, "b": 1})
    earlier = recorded("before", {"a": 6})
    ledger = [this, earlier]
    for caps, code in (
        ({"run": {"calls": 4}}, PASSED),
        ({"run": {"calls": 3}}, BROKEN),
        ({"test": {"calls": 3}}, PASSED),
        ({"test": {"calls": 2}}, BROKEN),
        ({"day": {"calls": 10}}, PASSED),
        ({"day": {"calls": 9}}, BROKEN),
        ({"month": {"tokens": 9_999}}, BROKEN),
        ({"project": {"tokens": 10_000}}, PASSED),
        ({"run": {"calls": 0}}, BROKEN),
    ):
        made = gate(this, ledger, caps)
        assert made.exit_code == code, caps
    made = gate(this, ledger, {"test": {"calls": 2}})
    assert made.why == ["calls of test a: 3 of 2 (150%)"]
    assert (made.moved.test, made.moved.used, made.moved.base) == ("a", 3, None)


def test_grams_are_central_figures_and_pinned_to_their_method():
    this = recorded("now", {"a": 3})
    level = gate(this, [this], {"run": {"carbon_g": 1e9}}).caps[0].used
    assert level > 0
    assert gate(this, [this], {"run": {"carbon_g": level * 1.001}}).exit_code == PASSED
    assert gate(this, [this], {"run": {"carbon_g": level * 0.999}}).exit_code == BROKEN
    other = gate(this, [this], {"run": {"carbon_g": level * 2, "calls": 3}}, pinned="2025.1")
    assert other.exit_code == UNKNOWN
    assert "set by method 2025.1" in other.why[0]
    both = gate(this, [this], {"run": {"carbon_g": level * 2, "calls": 2}}, pinned="2025.1")
    assert both.exit_code == BROKEN  # what is exceeded says more than what is not known
    assert both.why[0].startswith("calls of this run")


def test_what_is_not_known_never_passes_silently():
    this = recorded("now", {"a": 5}, usage="unknown", input_tokens=None, output_tokens=None)
    for unit in ("tokens", "carbon_g"):
        made = gate(this, [this], {"run": {unit: 1e9}})
        assert made.exit_code == UNKNOWN
        assert "known for 0% of calls" in made.why[0]
    assert gate(this, [this], {"run": {"calls": 5}}).exit_code == PASSED
    mixed = recorded("now", {"a": 19})
    dark = recorded("now", {"dark": 1}, usage="unknown", input_tokens=None, output_tokens=None)
    made = gate(mixed._replace(cells=[*mixed.cells, *dark.cells]), [], {"run": {"tokens": 1e9}})
    assert made.exit_code == PASSED
    assert any("known for 95% of calls" in one for one in made.warnings)


def test_only_live_calls_count():
    this = recorded("now", {"a": 5}, mode="replayed")
    assert gate(this, [this], {"run": {"calls": 0, "tokens": 0}}).exit_code == PASSED


def test_money():
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    from jevons.cut.money import Dollars

    this = recorded("now", {"a": 10})
    made = gate(this, [this], {"run": {"money_usd": 0.04}}, price=Dollars())
    # gpt-4o: $2.5 in, $10 out per million tokens (openai.com, 2024): 10 x (900 x 2.5 + 100 x 10) / 1e6
    assert made.caps[0].used == pytest.approx(0.0325)
    unknown = recorded("now", {"a": 10}, model="nobody-sells-this")
    assert gate(unknown, [unknown], {"run": {"money_usd": 1}}, price=Dollars()).exit_code == UNKNOWN


def test_doubled_judge_calls_fail_in_two_lines_and_the_test_that_moved_is_named():
    base = history(6, {"a": 5, "b": 5})
    this = recorded("now", {"a": 5, "b": 10})
    made = gate(this, [this], {}, base=base, base_name="branch main")
    assert made.exit_code == BROKEN
    assert made.why[0].startswith("calls: 15 is 1.50 times its base of 6 runs (branch main)")
    assert (made.moved.test, made.moved.used, made.moved.base) == ("b", 10, 5)


def test_few_base_runs_warn_and_none_warns_too():
    this = recorded("now", {"a": 10})
    few = gate(this, [this], {}, base=history(FEWEST - 1, {"a": 5}))
    assert few.exit_code == PASSED
    assert any("fails from 5 base runs on" in one for one in few.warnings)
    none = gate(this, [this], {})
    assert none.exit_code == PASSED
    assert any("no base" in one for one in none.warnings)


def test_a_thousand_suites_without_change_and_a_thousand_with_thirty_percent_more():
    """Runs scatter by 0 to 4 % around 40 to 400 calls, 5 to 20 base runs: false alarms <= 1 %, caught >= 95 %."""
    draw = random.Random(4)
    alarms = caught = 0
    for _ in range(1_000):
        calls, scatter, runs = draw.uniform(40, 400), draw.choice([0.0, 0.01, 0.02, 0.03, 0.04]), draw.randint(5, 20)
        one = lambda times=1.0: round(calls * times * (1 + draw.gauss(0, scatter)))  # noqa: B023, E731
        base = [one() for _ in range(runs)]
        alarms += regression("calls", one(), base, 0.05).fails
        caught += regression("calls", one(1.3), base, 0.05).fails
    print(f"false alarms {alarms / 1_000:.1%}, caught {caught / 1_000:.1%}")
    assert alarms <= 10
    assert caught >= 950


def test_chance_alone_is_what_the_level_says():
    """Without growth allowed, one run in a hundred is beyond the interval, however few base runs there are."""
    draw = random.Random(9)
    for runs in (5, 8, 30):
        beyond = sum(
            regression("calls", draw.gauss(100, 10), [draw.gauss(100, 10) for _ in range(runs)], 0.0).shown
            for _ in range(20_000)
        )
        assert abs(beyond - 200) < 4 * 14, runs  # 200 expected, 14 the standard deviation of such a count


def test_a_regression_needs_a_base():
    with pytest.raises(ValueError, match="no base runs"):
        regression("calls", 1, [], 0.0)
    assert regression("calls", 3, [0, 0, 0, 0, 0], 0.05).fails
    assert not regression("calls", 0, [0, 0, 0, 0, 0], 0.05).shown
