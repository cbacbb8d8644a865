"""Scenario files: what is wrong is said with line and remedy; any text is a scenario or an error with a line."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import faults, scenario

from jevons.weigh.scenario.lines import Lines
from jevons.weigh.scenario.price import PriceError, World
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.structure import Scenario, ScenarioError
from jevons.weigh.scenario.weigh import sheet_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "scenarios").glob("*.toml"))
GOOD = """\
title = "t"
unit = "one"

[inputs]
n = {low = 1, mid = 2, high = 4, unit = "cases"}

[alternatives.a]
[[alternatives.a.flows]]
what = "ci"
time_min = 30

[alternatives.b]
[[alternatives.b.flows]]
what = "calls"
model = "gpt-4o"
calls = "n"
input_tokens = 900
output_tokens = 100
"""


def test_the_good_one_is_read():
    made = read(GOOD)
    assert list(made.alternatives) == ["a", "b"]
    assert made.inputs["n"].mid == 2
    (key,) = made.alternatives["a"].flows[0].amounts["time"].keys
    assert made.inputs[key].mid == 0.5


@pytest.mark.parametrize(
    ("line", "new", "says"),
    [
        (1, 'titel = "t"', "line 1: 'titel' is not known: did you mean title?"),
        (2, "unit = 3", "line 2: unit is a text"),
        (5, 'n = {low = 1, mid = 2, high = 4, unit = "kg"}', "line 16: calls = 'n': n measures mass"),
        (5, "n = {low = 1, mid = 2, high = 4}", "line 5: n has no unit"),
        (5, 'n = {low = 5, mid = 2, high = 4, unit = "cases"}', "line 5: n: low 5, mid 2, high 4: in this order"),
        (5, 'n = {low = 0, mid = 2, high = 4, unit = "cases"}', "line 5: n: a log-normal amount is above 0"),
        (5, 'n = {low = 1, mid = 2, unit = "cases"}', "line 5: n: a distribution has low, mid and high, all three"),
        (5, 'n = {low = 1, mid = 2, high = 4, unit = "furlong"}', "line 5: unit 'furlong' is not known"),
        (9, 'what = "cii"', "line 9: what = 'cii' is no kind of flow: did you mean ci?"),
        (10, "time = 30", "line 10: time has no unit: write time_h = 1.5"),
        (10, "time_kg = 30", "line 10: time in kg: kg measures mass, time is in h"),
        (10, "time_min = -1", "line 10: time = -1: from 0"),
        (10, "time_parsec = 3", "line 10: time_parsec: 'parsec' is no unit of time"),
        (10, "time_min = 30\ntime_h = 1", "line 11: time twice"),
        (10, "avoidable = 0.5", "line 8: alternatives.a.flows.0 has no time: write time_h = 1.5"),
        (10, "time_min = 30\navoidable = 1.2", "line 11: avoidable = 1.2: a share lies from 0 to 1"),
        (10, "time_min = 30\navoidable = 0.5\nanyway = 0.5", "line 12: avoidable or anyway"),
        (10, "time_min = 30\nplace = 'Atlantis'", "line 11: place 'Atlantis' is not known"),
        (15, "model = 4", "line 15: model is a text, not 4"),
        (16, 'calls = "m"', "line 16: calls: 'm' is not in [inputs]; there are n"),
        (16, "calls = nan", "line 16: calls is a number"),
        (16, "calls = 1e16", "line 16: calls = 1e+16: from 0 to 1e+15"),
        (16, "calls = true", "line 16: calls is a number"),
        (16, 'calls = {low = 1, mid = 2, high = 4, unit = "tokens"}', "line 16: calls in tokens"),
        (16, 'calls = "n + 1"', "line 16: calls = 'n + 1': names of [inputs] and numbers, with * between"),
        (16, "calls = 5", "line 5: inputs.n is used nowhere"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(line, new, says):
    lines = GOOD.splitlines()
    lines[line - 1] = new
    with pytest.raises(ScenarioError) as caught:
        read("\n".join(lines), "x.toml")
    assert f"x.toml, {says}" in str(caught.value)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines():
    text = GOOD.replace("time_min = 30", "time = 3").replace('"gpt-4o"', "1").replace('title = "t"', "")
    assert [line for line, _ in faults(text)] == [1, 10, 15]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "no valid TOML"),
        ("", "the file has no title"),
        (scenario("what = 'people'; time_h = 3", ""), "people's hours count only where the file says people = true"),
        (scenario("what = 'stated'; carbon_g = 3", ""), "has no includes"),
        (scenario("what = 'stated'; includes = ['operation']", ""), "at least one of carbon, energy, water"),
        (scenario("what = 'training'; serves = 3", ""), "one of card, time (GPU-hours) or energy"),
        (scenario("what = 'laptop'; time_h = 3"), "two alternatives at least"),
        (scenario("what = 'training'; energy_kwh = 3; serves = 0", ""), "serves: above 0, at its low end, too"),
        (scenario("", "", top="baseline = 'c'"), "baseline = 'c' is no alternative"),
        (scenario("", "", top="place = 'Nowhere'"), "place 'Nowhere' is not known"),
        (scenario("", "") + "[alternatives.c]\nunit = 'two'\nflows = []\n", "only alternatives of one functional unit"),
        (scenario("", "") + "[demand]\ncalls_per_day = 3\n", "demand belongs to kind = 'train-or-reuse'"),
    ],
)
def test_what_is_missing_is_said(text, says):
    assert any(says in fault for _, fault in faults(text)), faults(text)


def test_a_train_scenario_always_weighs_keeping_cutting_and_what_exists():
    text = "title = 't'\nunit = 'u'\nkind = 'train-or-reuse'\n"
    text += "[demand]\ncalls_per_day = 10\nhorizon_years = 101\nstart = 'May'\n"
    text += "[alternatives.a]\nrole = 'keep'\nserving = 'api'\nenergy_per_call_wh = 1\n"
    text += "[alternatives.b]\nrole = 'train'\nserving = 'always on'\nenergy_per_call_wh = 1\n"
    said = [fault for _, fault in faults(text)]
    assert "no alternative with role = 'cut first': it is always compared, too" in said
    assert "no alternative with role = 'existing small model': it is always compared, too" in said
    assert any("always on: idle_power" in fault for fault in said)
    assert {"horizon: a day to 100 years", "start 'May': a date (2026-12-01)"} <= set(said)
    assert any("training_time (GPU-hours)" in fault for fault in said)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_lines_of_keys_are_those_of_the_text(path):
    text = path.read_text(encoding="utf-8")
    lines, rows = Lines(text), text.splitlines()

    def check(table: dict, at: tuple) -> None:
        for key, value in table.items():
            line = rows[lines((*at, key)) - 1]
            assert key in line or "[[" in line, (key, line)
            if isinstance(value, dict):
                check(value, (*at, key))
            for number, one in enumerate(value if isinstance(value, list) else []):
                if isinstance(one, dict):
                    check(one, (*at, key, number))

    check(tomllib.loads(text), ())


def test_lines_count_through_strings_arrays_and_comments():
    text = 'a = """\nb = 1\n"""\n# c = 2\nd = [\n  {e = 1},\n  # {x = 1}\n  {e = 2},\n]\n'
    text += '"f.g".h = \'#"\'\n[[i]]\n[[i]]\nj = 1\r\nk = 2'
    lines = Lines(text)
    tomllib.loads(text)
    found = {
        path: lines(path)
        for path in (("a",), ("d",), ("d", 0), ("d", 1), ("f.g", "h"), ("i", 0), ("i", 1, "j"), ("i", 1, "k"))
    }
    assert list(found.values()) == [1, 5, 6, 8, 10, 11, 13, 14]
    assert lines(("nothing", "of", "it")) == 1


def _read(text: str) -> Scenario | ScenarioError:
    try:
        return read(text)
    except ScenarioError as error:
        return error


def _reads(text: str) -> None:
    """A scenario that can be priced, or an error whose every fault has a line of the text."""
    made = _read(text)
    if isinstance(made, ScenarioError):
        assert made.faults
        assert all(1 <= line <= text.count("\n") + 1 for line, _ in made.faults), made.faults
    elif made.kind == "compare":
        with suppress(PriceError):
            sheet_of(made, World(prices=False))


@given(st.text(st.sampled_from("abn=[]{}.,\"'\\#\n\r\t 10-_:é\x00"), max_size=60))
@example('a = """\\\n')
@example("[[a]]\n[a.b]\n[[a]]")
@example("a." * 500 + "b = 1")
@example("x = " + "[" * 500)
@settings(max_examples=200, deadline=None)
def test_any_text_is_an_error_with_a_line(text):
    _reads(text)


TOKENS = st.sampled_from(
    ["0", "-1", "1e400", "nan", "true", '""', '"n"', '"n * n"', "[]", "{}", "{mid = 1}", "{low = 1, mid = 2, high = 3}",
     '{value = 1, unit = "kWh"}', '{value = 1, unit = 3}', "1979-05-27", '"api"', "[{}]", "[1]", "0x10", '"é"']
)  # fmt: skip


@given(st.sampled_from([GOOD, *(path.read_text(encoding="utf-8") for path in EXAMPLES)]), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_scenario_with_a_line_broken_is_read_or_refused(text, data):
    lines = text.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = lines[at].partition("=")[0]
        new = data.draw(
            st.one_of(TOKENS.map(lambda value, key=key: f"{key}= {value}"), st.just(""), st.text(max_size=12))
        )
        lines[at] = new
    _reads("\n".join(lines))
