"""Runs folded together, and runs in brief: every report, comparison and cap is the same as of the runs apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger.test_recorded import Made, again, runs

from jevons.cut.gate import gate
from jevons.ledger.recorded import Recorded, of_calls
from jevons.ledger.together import Together, brief
from jevons.report.build import BY, build
from jevons.settings import GATE_UNITS, SPANS


def alike(one: Any, other: Any, where: str = "") -> None:
    """The same, but for the last bits of sums that were added up in another order."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for name in one:
            alike(one[name], other[name], f"{where}.{name}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for number, (mine, others) in enumerate(zip(one, other, strict=True)):
            alike(mine, others, f"{where}[{number}]")
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=1e-9, abs=1e-12), where
    else:
        assert one == other, where


def folded(every: list[Recorded]) -> list[Recorded]:
    """One run with all cells, and the runs without."""
    made = Together()
    for one in every:
        made.add(one)
    return [*made.runs(), *(one._replace(cells=[], users={}) for one in every)]


def reported(every: list[Recorded], by: str) -> Any:
    made = msgspec.to_builtins(build(every, name="both", by=by))
    for row in made["rows"]:  # what came of a test, only its results can tell
        row |= {"attempts": 1, "outcome": ""}
    made["rows"].sort(key=lambda row: row["name"])
    made["roles"].sort(key=lambda row: row["name"])
    return made


@settings(max_examples=30)
@given(st.tuples(runs("one"), runs("two"), runs("three")), st.sampled_from([by for by in BY if by != "day"]))
def test_one_report_of_runs_apart_and_together(made: tuple[Made, ...], by: str) -> None:
    """Fixtures of one name that served other tests in another run among them."""
    every = [of_calls(*one) for one in made]
    alike(reported(every, by), reported(folded(every), by))


@settings(max_examples=10)
@given(st.tuples(runs("one"), runs("two"), runs("three")))
def test_together_adds_up_in_any_order_and_grouping(made: tuple[Made, ...]) -> None:
    first, second, third = (of_calls(*one) for one in made)
    halves = Together()
    for one in folded([second, third])[:-2]:
        halves.add(one)
    halves.add(first)
    told = [reported([*halves.runs(), *folded([first, second, third])[-3:]], "test")]
    alike(told[0], reported([first, second, third], "test"))


@settings(max_examples=6)
@given(st.tuples(*(runs(name) for name in ("a1", "a2", "b1", "b2"))), st.sampled_from(["carbon_g", "water_l"]))
def test_one_comparison_of_runs_and_of_runs_in_brief(made: tuple[Made, ...], figure: str) -> None:
    pytest.importorskip("scipy", reason="comparisons need numpy and scipy: extra report")
    from jevons.weigh.compare import Party, compare

    every = [of_calls(*one) for one in made]
    outcomes = [
        msgspec.to_builtins(compare(Party("before", of[:2]), Party("after", of[2:]), figure=figure))
        for of in (every, [brief(one) for one in every])
    ]
    alike(*outcomes)


@settings(max_examples=10)
@given(st.tuples(runs("a"), runs("b")), st.sampled_from([0.0, 2.0, 1e4]))
def test_one_gate_of_runs_and_of_runs_in_brief(made: tuple[Made, ...], cap: float) -> None:
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    from jevons.cut.money import Dollars

    caps = {span: dict.fromkeys(GATE_UNITS, cap) for span in SPANS if span != "test"}
    every = [of_calls(*one) for one in made]
    outcomes = [
        msgspec.to_builtins(gate(every[-1], of, caps, price=Dollars()))
        for of in (every, [brief(one) for one in every], [brief(again(one)) for one in every])
    ]
    alike(outcomes[0], outcomes[1])
    alike(outcomes[0], outcomes[2])
