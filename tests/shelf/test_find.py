"""What exists for a task at the quality asked: the least footprint of a call first."""

import msgspec
import pytest

from jevons.footprint.interval import around
from jevons.shelf.card import Card, Evaluation
from jevons.shelf.find import find, wanted
from jevons.shelf.folder import seeds
from jevons.shelf.used import PerCall, usual


def card(name, score=None, **more):
    evals = (Evaluation(name="mmlu", value=score),) if score is not None else ()
    return Card(schema="jevons.card/1", id=name, name=name, **{"task": "text-generation", "evals": evals, **more})


def each(grams, how="estimated"):
    return PerCall(energy_wh=around(grams, 2), carbon_g=around(grams, 2), how=how, what="a call")


def test_ranked_by_carbon_at_the_quality_asked():
    costs = {"large": 9.0, "small": 1.0, "middle": 3.0}
    cards = [card("large", 80), card("small", 50), card("middle", 70), card("untested"), card("ear", 70, task="asr")]
    made = find(cards, "text-generation", [wanted(" MMLU >= 60")], lambda one: (each(costs.get(one.id, 1.0)), ""))
    assert [one.card.id for one in made.ranked] == ["middle", "large"]
    assert [(one.card.id, one.unknown) for one in made.unranked] == [("untested", "MMLU not known")]
    assert [one.card.id for one in made.worse] == ["small"]


def test_less_is_better_where_asked_so():
    cards = [card("a", 5.0), card("b", 20.0)]
    made = find(cards, "", [wanted("MMLU<=10")], lambda one: (each(1.0), ""))
    assert [one.card.id for one in made.ranked] == ["a"]


def test_retired_and_incomplete_models_do_not_exist():
    cards = [card("a", 70, retired="2026-01-01"), card("b", 70, incomplete=True), card("c", 70)]
    made = find(cards, "", [], lambda one: (each(1.0), ""))
    assert [one.card.id for one in made.ranked] == ["c"]


def test_measured_calls_of_other_requests_are_not_ranked_beside_estimates():
    cards = [card("a"), card("b")]
    made = find(cards, "", [], lambda one: (each(1.0, "measured" if one.id == "a" else "estimated"), ""))
    assert [one.card.id for one in made.ranked] == ["b"]
    assert "do not compare" in made.unranked[0].unknown
    made = find(cards, "", [], lambda one: (each(2.0 if one.id == "a" else 1.0, "measured"), ""))
    assert [one.card.id for one in made.ranked] == ["b", "a"]


@pytest.mark.parametrize("text", ["MMLU", "MMLU>60", ">=3", "MMLU>=x", "MMLU=60"])
def test_a_bound_that_is_none_says_how(text):
    with pytest.raises(ValueError, match="NAME>=X"):
        wanted(text)


def test_of_one_family_the_smaller_takes_less():
    by_name = {one.id: one for one in seeds()}
    grams = [
        usual(by_name[name])[0].carbon_g.mid
        for name in ("llama-3.2-1b", "llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b")
    ]
    assert grams == sorted(grams)


def test_a_stated_size_is_used_where_the_name_tells_none():
    small, large = (msgspec.structs.replace(card("my-judge"), parameters_b=size) for size in (1.0, 70.0))
    assert usual(small)[0].energy_wh.mid < usual(large)[0].energy_wh.mid
    assert usual(card("my-judge")) == (None, "its size is not known")
    assert usual(card("x", task="text-to-image"))[1] == "no law for text-to-image"
