"""Drawings: to scale, inside their frame, and steps of a waterfall that meet."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("jinja2", reason="drawings are part of the page: extra report")

from jevons.report.html import figures, svg
from jevons.weigh.compare import Counted, Driver, Outcome

sizes = st.floats(0, 1e6)


def spans(drawn: str, kind: str) -> list[tuple[float, float]]:
    """Left and right end of each box of a kind; it is XML."""
    paths = [one for one in ElementTree.fromstring(drawn).iter("path") if one.get("class") == kind]
    found = []
    for one in paths:
        left, width = re.match(r"M([\d.]+) \d+h([\d.]+)", one.get("d", "")).groups()  # type: ignore[union-attr]
        found.append((float(left), float(left) + float(width)))
    return found


def tick(drawn: str) -> float:
    return float(re.search(r'class="tick" d="M([\d.]+) ', drawn)[1])  # type: ignore[index]


@given(st.lists(sizes, min_size=4, max_size=4).map(sorted))
def test_a_band_is_to_scale(ends: list[float]) -> None:
    low, mid, high, most = ends
    drawn = svg.band(low, mid, high, most)
    [(left, right)] = spans(drawn, "pale")
    if most > 1e-300:
        assert left == pytest.approx(100 * low / most, abs=0.06)
        assert right == pytest.approx(max(100 * high / most, left + 0.6), abs=0.11)
        assert tick(drawn) == pytest.approx(100 * mid / most, abs=0.06)
    assert 0 <= left <= right <= 100.7


@given(st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3).map(sorted))
def test_a_change_lies_on_its_side_of_the_zero_line(ends: list[float]) -> None:
    low, ratio, high = ends
    drawn = svg.change(low, ratio, high, svg.scale_of(low, high))
    [(left, right)] = spans(drawn, "pale")
    assert 0 <= left <= right <= 100.7
    assert (left < 50.05) == (low < 1.0) or abs(low - 1) < 0.01
    assert (tick(drawn) > 50) == (ratio > 1) or abs(ratio - 1) < 0.01
    assert 'class="zero" d="M50 ' in drawn


def test_half_and_double_are_as_far_from_no_change() -> None:
    assert tick(svg.change(0.4, 0.5, 0.6, 4)) == pytest.approx(25)
    assert tick(svg.change(1.5, 2.0, 3.0, 4)) == pytest.approx(75)


@given(sizes.filter(lambda size: size > 1e-3), st.lists(st.floats(-1e3, 1e3), max_size=6))
def test_the_steps_of_a_waterfall_meet(before: float, effects: list[float]) -> None:
    after = before + sum(effects)
    names = ["runs", "calls_per_run", "model_mix", "tokens_per_call", "energy_per_token", "grid"]
    made = Outcome(
        before=Counted(name="a", amount=before), after=Counted(name="b", amount=max(after, 0.0)), figure="carbon_g",
        per_run=None, total=None, newcomers=[], leavers=[], cancels=[], remains=[], mode="live", notes=[], moved=[],
        drivers=[Driver(name=name, effect=one, ratio=None) for name, one in zip(names, effects, strict=False)],
    )  # fmt: skip
    steps = figures.waterfall(made, dict.fromkeys(names, "d"))
    assert [steps[0].effect, steps[-1].effect] == [before, max(after, 0.0)]
    small = 1e-6 * max(before, after) * len(effects) + 1e-9
    for one, other in pairwise(steps[:-1]):
        assert other.start == pytest.approx(one.start + one.effect, abs=small)
        assert other.words.startswith("+" if other.effect > 0 else "−")
    least, most = figures.reach(steps)
    assert all(least <= one.start + one.effect <= most for one in steps)
    for one in steps:
        [(left, right)] = spans(svg.step(one.start, one.effect, least, most, one.kind), one.kind)
        assert 0 <= left <= right <= 100.7


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), max_size=12), st.floats(1e-3, 1e6), st.booleans())
def test_a_burn_down_falls_inside_its_frame(given_: list[tuple[float, float]], cap: float, even: bool) -> None:
    used, points = 0.0, []
    for when, more in sorted(given_):
        used += more
        points.append((when, 1 - used / cap))
    least = min([0.0, *(left for _, left in points)])
    drawn = svg.falling(points, least, even)
    paths = {one.get("class"): one.get("d", "") for one in ElementTree.fromstring(drawn).iter("path")}
    assert ("even" in paths) == even
    at = [float(one) for one in re.findall(r"H([\d.]+)", paths["left"])]
    heights = [float(one) for one in re.findall(r"V([\d.]+)", paths["left"])]
    assert at == sorted(at)
    assert heights == sorted(heights)
    assert all(0 <= one <= 100 for one in at)
    assert all(1 <= one <= 47 for one in heights)
    zero = float(paths["zero"].split("H")[0].split()[1])
    if heights and used > cap * 1.01:
        assert heights[-1] == 47 >= zero
    if heights and used < cap * 0.9:
        assert heights[-1] < zero == 47
