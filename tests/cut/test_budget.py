"""What is counted and what is stopped, without any client."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import jevons
from jevons.cut.budget import BudgetExceeded, Cap, Guard, Plan
from jevons.cut.shared_count import SharedCount
from jevons.record import Call
from jevons.settings import Settings, SettingsError, load


def guard(folder: Path, price: Any = None, **caps: float) -> Guard:
    plan = Plan({unit: Cap(amount, "ask") for unit, amount in caps.items()}, str(folder / "a.budget"))
    return Guard(plan, SharedCount.create(Path(plan.file)), price)


def exchange(test: str = "t", judge: bool = False) -> Any:
    return SimpleNamespace(site=("", 0, judge), scope=SimpleNamespace(test=test))


def call(mode: str = "live", tokens: int = 0, **more: Any) -> Call:
    return Call(id="1", run="r", test="t", mode=mode, input_tokens=tokens, output_tokens=0, usage="reported", **more)


def test_a_reservation_is_given_back_by_what_was_no_live_call(tmp_path: Path) -> None:
    one = guard(tmp_path, calls=1, judge_calls=1)
    for undo in (
        lambda: one.after(call("replayed", role="judge"), True),
        lambda: one.dropped(exchange(judge=True)),
    ):
        one.before(exchange(judge=True))
        assert one.count.now().used == {"calls": 1, "judge_calls": 1}
        undo()
        assert one.count.now().used == {"calls": 0, "judge_calls": 0}
    one.after(call("replayed"), False)
    one.after(call("mocked"), False)
    assert one.count.now().used["calls"] == 0


def test_a_call_that_nobody_saw_leave_is_counted_when_it_has_finished(tmp_path: Path) -> None:
    one = guard(tmp_path, calls=2)
    one.after(call(), False)
    one.after(call(), False)
    with pytest.raises(jevons.BudgetExceeded) as found:
        one.before(exchange())
    assert (found.value.unit, found.value.used, found.value.cap) == ("calls", 2, 2)
    assert one.said() == ["2 of 2 calls used: 1 call refused"]


def test_a_stopped_call_takes_nothing_of_another_cap(tmp_path: Path) -> None:
    one = guard(tmp_path, calls=3, judge_calls=1)
    one.before(exchange(judge=True))
    for _ in range(5):
        with pytest.raises(BudgetExceeded, match="1 of 1 judge calls used"):
            one.before(exchange(judge=True))
    one.before(exchange())
    one.before(exchange())
    with pytest.raises(BudgetExceeded, match="3 of 3 calls used"):
        one.before(exchange())


def test_the_heaviest_test_is_named(tmp_path: Path) -> None:
    one = guard(tmp_path, tokens=100)
    for test, tokens in (("a", 30), ("b", 50), ("a", 25)):
        one.before(exchange(test))
        used = call(tokens=tokens)
        used.test = test
        one.after(used, True)
    with pytest.raises(BudgetExceeded, match=r"105 of 100 tokens used, most of it by a \(55\)\. To allow more: ask"):
        one.before(exchange("b"))


def test_figures_add_up_in_whole_billionths(tmp_path: Path) -> None:
    one = guard(tmp_path, lambda call: (3e-7, 0.25, 0.0), energy_wh=1e-6, carbon_g=10)
    for _ in range(3):
        one.before(exchange())
        one.after(call(), True)
    assert one.count.now().used == {"energy_wh": 900, "carbon_g": 750_000_000}
    one.before(exchange())
    one.after(call(), True)
    assert one.reached() == "1.2e-06 of 1e-06 Wh used"


def test_tokens_that_nobody_counted_are_told(tmp_path: Path) -> None:
    one = guard(tmp_path, tokens=100)
    one.after(Call(id="1", run="r"), True)
    assert one.said() == ["tokens of 1 live calls: not counted by anybody, so not in the sums"]
    other = guard(tmp_path, calls=100)
    other.after(Call(id="1", run="r"), True)
    assert other.said() == []


def test_the_error_travels_between_processes() -> None:
    error = BudgetExceeded("said", "calls", 3, 2)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.unit, copy.used, copy.cap) == ("said", "calls", 3, 2)
    assert not isinstance(error, Exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run = {call = 3}", r"run: 'call' is no unit of a budget: use one of calls, tokens, judge_calls, "),
        ("month = {carbon_g = -1}", "month: carbon_g = -1: a cap is a number above 0"),
        ("day = {energy_wh = nan}", "day: energy_wh = nan: a cap is a number above 0"),
        ("test = {water_l = inf}", "test: water_l = inf: a cap is a number above 0"),
        ("project = {calls = 2.5}", "project: calls = 2.5: use a whole number"),
        ("on_exceed = 'warn'", "'warn'"),
        ("run = 500", r"budget\.run"),
        ("guard = true", "guard = true, but run holds no cap: add one"),
        ("coverage = 2", "coverage = 2: use a share from 0 to 1"),
        ("caps = {}", "unknown field `caps`"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(f"[tool.jevons.budget]\n{text}\n")
    with pytest.raises(SettingsError, match=said) as found:
        load(tmp_path)
    assert str(file) in str(found.value)


def test_settings_that_can(tmp_path: Path) -> None:
    text = "run = {calls = 500, energy_wh = 0.5}\ntest = {tokens = 1000}\nmonth = {carbon_g = 2}\nguard = true\n"
    (tmp_path / "pyproject.toml").write_text(f"[tool.jevons.budget]\n{text}")
    budget = load(tmp_path).budget
    assert (budget.run, budget.test) == ({"calls": 500, "energy_wh": 0.5}, {"tokens": 1000})
    assert (budget.month, budget.guard, budget.on_exceed, budget.coverage) == ({"carbon_g": 2}, True, "error", 0.9)
    assert Settings().budget.guard is False


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("call=3", "--jevons-budget call=3: 'call' is no unit of a budget: use one of calls, tokens, judge_calls,"),
        ("=3", "--jevons-budget =3: '' is no unit"),
        ("calls=0", "--jevons-budget calls=0: calls = 0: a cap is a number above 0"),
        ("energy_wh=nan", "--jevons-budget energy_wh=nan: energy_wh = nan: a cap is a number above 0"),
        ("2.5", "--jevons-budget 2.5: calls = 2.5: use a whole number"),
        ("calls=many", "--jevons-budget calls=many: 'many' is no number: use UNIT=NUMBER"),
        ("", "--jevons-budget : '' is no number"),
    ],
)
def test_flags_that_cannot_be_used(flag: str, said: str) -> None:
    from jevons.cut.cap_flags import parsed

    with pytest.raises(SettingsError) as found:
        parsed(flag, "--jevons-budget")
    assert str(found.value).startswith(said)
