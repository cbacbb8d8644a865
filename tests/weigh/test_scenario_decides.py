"""What decides, what would turn it, what would show it: against functions whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import scenario, verdict, weighed, world

from jevons.weigh.scenario.amount import Input
from jevons.weigh.scenario.decides import break_evens, shapley
from jevons.weigh.scenario.draws import Inputs


def inputs_of(**widths: float) -> Inputs:
    made = Inputs()
    for name, width in widths.items():
        made.add(Input(key=name, low=1 / width, mid=1.0, high=width, shape="log-normal", unit="kg", label=name))
    return made


def test_shares_of_a_sum_of_independent_logs_are_their_variances():
    made = shapley(inputs_of(x=2.0, y=4.0, z=1.5), lambda of: np.log(of("x") * of("z") / of("y")))
    logs = {name: math.log(width) ** 2 for name, width in (("x", 2.0), ("y", 4.0), ("z", 1.5))}
    whole = sum(logs.values())
    assert [one.what for one in made] == ["y", "x", "z"]
    for one in made:
        assert one.share == pytest.approx(logs[one.what] / whole, abs=0.02)
    assert sum(one.share for one in made) == pytest.approx(1)


def test_an_interaction_is_divided_evenly():
    """x * y of two normal inputs around 0 has no first-order effect; both decide alike (Sobol' 2001)."""
    made = shapley(inputs_of(x=2.0, y=2.0), lambda of: np.log(of("x")) * np.log(of("y")))
    assert [one.share for one in made] == pytest.approx([0.5, 0.5], abs=0.05)


def test_many_inputs_are_told_by_the_heaviest_and_the_others_together():
    widths = {f"i{at}": 1.1 + at / 2 for at in range(12)}

    def product(of) -> object:
        whole = 0.0
        for name in widths:
            whole = whole + np.log(of(name))
        return whole

    made = shapley(inputs_of(**widths), product)
    assert len(made) == 7
    assert {"i11", "i10", "all others"} <= {one.what for one in made}
    assert sum(one.share for one in made) == pytest.approx(1)


@given(st.floats(0.01, 50), st.floats(0.01, 50))
@settings(max_examples=30, deadline=None)
def test_a_linear_break_even_is_exact(slope, offset):
    (made,) = break_evens(inputs_of(x=2.0), lambda of: slope * of("x") - offset, {"x"})
    at = offset / slope
    if 1e-3 < at < 1e3:
        assert made.at == pytest.approx(at, rel=1e-9)
        assert made.within == (0.5 < at < 2.0)
    else:
        assert made.at is None


def test_break_even_of_a_scenario_by_hand(tmp_path):
    """n runs of 0.2 kWh against 3 kWh at once: 15 runs; at 5 runs the 0.2 would have to be 0.6."""
    of = world(tmp_path, ("grid_operating", "FR", 500.0))
    text = scenario(
        "what = 'electricity'; energy = 'n * e'", "what = 'electricity'; energy_kwh = 3", top="place = 'FR'",
        inputs="n = {low = 4, mid = 5, high = 30, unit = 'runs'}\ne = {value = 0.2, unit = 'kWh'}",
    )  # fmt: skip
    found = {one.what: one for one in verdict(weighed(text, of), "short run").break_evens}
    assert found["n"].at == pytest.approx(15)
    assert found["n"].within
    assert found["e"].at == pytest.approx(0.6)
    assert found["b, flow 1: energy"].at == pytest.approx(1.0)
    assert found["the grid (operating margin)"].at is None  # it moves both sides alike


def test_a_share_is_turned_within_0_and_1(tmp_path):
    of = world(tmp_path, ("grid_operating", "FR", 500.0))
    text = scenario(
        "what = 'electricity'; energy_kwh = 4; avoidable = 0.9", "what = 'electricity'; energy_kwh = 1; avoidable = 1"
    )
    found = {one.what: one for one in verdict(weighed(text, of), "short run").break_evens}
    assert found["a, flow 1: avoidable"].at == pytest.approx(0.25)
    assert found["b, flow 1: avoidable"].at is None


def test_what_would_show_it_names_the_input_that_hides_it(tmp_path):
    of = world(tmp_path, ("grid_operating", "FR", 500.0))
    text = scenario(
        "what = 'electricity'; energy = 'wide'", "what = 'electricity'; energy = 'narrow'", top="place = 'FR'",
        inputs="wide = {low = 0.1, mid = 2, high = 40, unit = 'kWh'}\n"
        "narrow = {low = 0.9, mid = 1, high = 1.1, unit = 'kWh'}",
    )  # fmt: skip
    made = verdict(weighed(text, of), "short run")
    assert made.verdict == "not shown"
    assert made.show == "knowing wide"
    assert made.decides[0].what == "wide"
    assert made.decides[0].share > 0.95
    assert made.decides[0].stated
