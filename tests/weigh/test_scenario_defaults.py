"""Every default: listed with its source where the file leaves the field out, and not where it says it."""

from __future__ import annotations

import re
import tomllib

import pytest

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import scenario
from weigh.test_scenario_examples import EXAMPLES

from jevons.weigh.scenario.amount import ASSUMED, UNSOURCED
from jevons.weigh.scenario.new import QUESTIONS, UNKNOWN, answer
from jevons.weigh.scenario.new import scenario as first_scenario
from jevons.weigh.scenario.price import World
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.weigh import weigh

CALLS = "what = 'calls'; model = 'gpt-4o'; calls = 2; input_tokens = 900; output_tokens = 100"
EMBEDDED = "what = 'calls'; model = 'text-embedding-3-small'; kind = 'embeddings'; calls = 2; input_tokens = 9"
STATED = "what = 'stated'; includes = ['operation']; carbon_g = 3"
CI = "what = 'ci'; time_min = 5"
TRAIN = """\
title = "t"
kind = "train-or-reuse"
unit = "u"
[demand]
calls_per_day = 10
[quality]
of = "agreement"
[alternatives.a]
role = "keep"
serving = "api"
energy_per_call_wh = 1
[alternatives.b]
role = "cut first"
serving = "api"
energy_per_call_wh = 1
share_of_calls = 0.5
[alternatives.c]
role = "existing small model"
serving = "on demand"
energy_per_call_wh = 1
idle_power_w = 100
time_per_start_min = 5
[alternatives.d]
role = "train"
serving = "always on"
energy_per_call_wh = 1
idle_power_w = 100
machines = 1
training_time_h = 3
"""
A = "[alternatives.a]\n"


def listed(text: str) -> set[str]:
    made = weigh(read(text), World(), draws=64)
    assert all(one.source and one.value for one in made.defaults)
    return {one.what for one in made.defaults}


@pytest.mark.parametrize(
    ("text", "old", "said", "what"),
    [
        (scenario(CI, ""), "unit = ", "indicator = 'carbon'\nunit = ", "indicator"),
        (scenario(CI, ""), "unit = ", "baseline = 'b'\nunit = ", "baseline"),
        (scenario(CI, ""), "unit = ", "place = 'FR'\nunit = ", "place"),
        (scenario(CI, ""), "time_min", "provider = 'aws'\ntime_min", "data centre of ci"),
        (scenario(CI, ""), "time_min", "avoidable = 0.5\ntime_min", "avoidable share"),
        (scenario(f"{CI}; anyway = 0.5", ""), "time_min", "hardware_avoidable = 1\ntime_min",
            "avoidable hardware of ci"),
        (scenario("what = 'gpu'; time_h = 1", ""), "time_h", "hardware = 'H100'\ntime_h", "power of gpu"),
        (scenario(CALLS, ""), "model", "provider = 'openai'\nmodel", "provider of gpt-4o"),
        (scenario(CALLS, ""), "model", "kind = 'chat'\nmodel", "kind of gpt-4o"),
        (scenario(CALLS, ""), "model", "host = 'cloud'\nmodel", "host of gpt-4o"),
        (scenario(CALLS, ""), "model", "cached_tokens = 3\nmodel", "cached tokens"),
        (scenario(CALLS, ""), "model", "cost_usd = 3\nmodel", "price of gpt-4o"),
        (scenario(EMBEDDED, ""), "model", "output_tokens = 1\nmodel", "output tokens of text-embedding-3-small"),
        (scenario(STATED, ""), "carbon_g", "grid = 'average'\ncarbon_g", "grid of stated"),
        (scenario(STATED, ""), "carbon_g", "quantity = 1\ncarbon_g", "quantity of stated"),
        (
            scenario(CI, "").replace("[alternatives.b]\n", "[alternatives.b]\ndelivers = 2\n"),
            A, f"{A}delivers = 2\n", "delivers, where not stated",
        ),
        (
            scenario("what = 'people'; time_h = 1", "", top="people = true"), "time_h",
            "carbon_per_h_g = 9\ntime_h", "people",
        ),
        (
            scenario("what = 'training'; energy_kwh = 3; serves = 3", ""), "energy_kwh",
            "sunk = false\nenergy_kwh", "training of training",
        ),
        (TRAIN, "calls_per_day", "growth = 0\ncalls_per_day", "growth"),
        (TRAIN, "calls_per_day", "horizon_years = 2\ncalls_per_day", "horizon"),
        (TRAIN, "of = ", "asked = 0.8\nof = ", "quality asked for"),
        (TRAIN, "time_per_start", "starts_per_day = 1\ntime_per_start", "starts a day of c"),
        (TRAIN, "time_per_start", "machines = 1\ntime_per_start", "machines of c"),
        (TRAIN, "training_time_h", "retrain_every_months = 6\ntraining_time_h", "training of d"),
        (TRAIN, "training_time_h", "training_hardware = 'H100'\ntraining_time_h", "power of gpu"),
        (re.sub("(role = .(?!cut))", r"share_of_calls = 1\n\1", TRAIN), "share_of_calls = 1\n", "",
         "share of calls, where not stated"),
    ],
)  # fmt: skip
def test_a_default_is_listed_where_it_is_used_and_not_where_the_file_says_it(text, old, said, what):
    left_out, stated = text, text.replace(old, said, 1)
    assert left_out != stated
    if not said:  # the file with the field is the first one here
        left_out, stated = stated, left_out
    assert what in listed(left_out)
    assert what not in listed(stated)


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_first_scenario_calls_what_nobody_measured_an_assumption_of_ours(kind):
    questions = {one.name: one for one in (*QUESTIONS["compare"], *QUESTIONS[kind])}
    text = first_scenario(kind, {name: answer(one, UNKNOWN) for name, one in questions.items()})
    made = weigh(read(text), World(), draws=64)
    sources = [one.source for one in made.inputs if one.low < one.high]
    assert sources
    assert UNSOURCED not in sources
    assert sum(ASSUMED in source for source in sources) == len(sources)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_range_of_an_example_says_where_it_is_from(path):
    def ranges(given: object):
        if isinstance(given, dict):
            if "low" in given:
                yield given
            for one in given.values():
                yield from ranges(one)
        for one in given if isinstance(given, list) else ():
            yield from ranges(one)

    assert all(one.get("source") for one in ranges(tomllib.loads(path.read_text(encoding="utf-8"))))
