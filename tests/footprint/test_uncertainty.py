"""Joint draws: what two groups share cancels, what they do not share remains, and it is said which."""

import math

import pytest

from jevons.footprint import Figures, Overrides, account
from jevons.footprint.generation import served_by
from jevons.footprint.rates import FIGURES
from jevons.ledger.cells import cells
from jevons.record import Call

uncertainty = pytest.importorskip("jevons.footprint.uncertainty", reason="needs numpy and scipy: extra report")
OCTOBER, NOVEMBER = 1_791_000_000_000_000, 1_794_000_000_000_000


def call(model="llama-3.1-70b", **changes):
    base = {"id": "1", "run": "r", "provider": "groq", "model": model, "usage": "reported", "status": 200,
            "input_tokens": 900, "output_tokens": 400, "started_us": NOVEMBER}  # fmt: skip
    return Call(**{**base, **changes})


def joint(*groups, overrides=None, held=False, **more):
    """One account of all calls, then a figure for each group."""
    tagged = [(number, one) for number, group in enumerate(groups) for one in group]
    by_id = {str(at): number for at, (number, _) in enumerate(tagged)}
    calls = []
    for at, (_, one) in enumerate(tagged):
        one.id = str(at)
        calls.append(one)
    made = [Figures() for _ in groups]
    for one in account(cells(calls, lambda call: (by_id[call.id],)), overrides=overrides, held=held):
        made[one.cell.group[0]].add(one.figures)
    return uncertainty.Joint(made, **more)


def width(spread):
    return math.log(spread.high / spread.low)


def test_fewer_calls_to_the_same_model_is_exact():
    made = joint([call(), call(), call()], [call()]).compare("energy_wh")
    assert made.ratio.low == pytest.approx(1 / 3, rel=1e-5)
    assert made.ratio.high == pytest.approx(1 / 3, rel=1e-5)
    assert "serving" in made.cancels
    assert not made.remains
    assert made.difference.high < 0


def test_two_models_of_one_provider_share_serving_where_it_is_known():
    two = [call()], [call("llama-3.1-8b")]
    blind = joint(*two).compare("carbon_g")
    assert "serving" in blind.remains
    assert {"grid", "host", "pue"} <= set(blind.cancels)
    known = Overrides(
        servings={name: served_by("H100", gpus=4, batch=64) for name in ("llama-3.1-70b", "llama-3.1-8b")}
    )
    told = joint(*two, overrides=known).compare("carbon_g")
    assert "serving" in told.cancels
    assert width(told.ratio) < width(blind.ratio) / 2


def test_a_later_month_is_another_serving_of_the_same_model():
    made = joint([call(started_us=OCTOBER)], [call()]).compare("energy_wh")
    assert "serving" in made.remains
    assert "model" in made.cancels
    assert made.ratio.low < 1 < made.ratio.high
    held = joint([call(started_us=OCTOBER)], [call()], held=True).compare("energy_wh")
    assert "serving" in held.cancels
    assert held.ratio.low == pytest.approx(1) == held.ratio.high


def test_what_one_provider_keeps_to_itself_says_nothing_of_another():
    apart = joint([call(provider="groq")], [call(provider="together")]).compare("carbon_g")
    assert {"grid", "pue", "serving"} <= set(apart.remains)
    assert {"model", "host"} <= set(apart.cancels)
    told = joint([call(region="eu-west-3")], [call(provider="together", region="eu-west-3")]).compare("carbon_g")
    assert "grid" in told.cancels


def test_a_ratio_is_tighter_than_its_levels():
    made = joint([call()], [call("qwen3-32b")])
    levels = [made.spread("energy_wh", group) for group in (0, 1)]
    assert width(made.compare("energy_wh").ratio) < sum(map(width, levels))
    assert levels[0].error < 0.02


def test_draws_and_quadrature_agree():
    """On the total of five models: ends within a tenth of the width."""
    models = ["llama-3.1-70b", "gpt-4o", "qwen3-32b", "claude-sonnet-4-5", "mistral-small-3.2"]
    made = joint([call(model, output_tokens=50 * 3**at) for at, model in enumerate(models)])
    for name in FIGURES:
        drawn, written = made.spread(name), made.groups[0].interval(name)
        assert drawn.mid == pytest.approx(written.mid)
        assert abs(math.log(written.low / drawn.low)) < 0.1 * width(drawn), name
        assert abs(math.log(written.high / drawn.high)) < 0.1 * width(drawn), name


def test_what_would_narrow_most():
    open_model, closed = (joint([call(model)]).narrowing("energy_wh") for model in ("llama-3.1-70b", "gpt-4o"))
    assert next(iter(open_model)) == "serving"
    assert closed["parameters"] > open_model.get("parameters", 0.0)
    assert all(-0.01 < share < 1 for share in [*open_model.values(), *closed.values()])


def test_draws_do_not_depend_on_the_order_of_groups():
    one, other = joint([call()], [call("gpt-4o")]), joint([call("gpt-4o")], [call()])
    assert one.spread("carbon_g", 0).high == pytest.approx(other.spread("carbon_g", 1).high, rel=0.03)


@pytest.mark.parametrize("wrong", [{"draws": 1000}, {"replicates": 3}, {"draws": 8, "replicates": 16}])
def test_draws_are_powers_of_two(wrong):
    with pytest.raises(ValueError, match="powers of two"):
        uncertainty.Joint([Figures()], **wrong)


def test_nothing_cannot_be_compared_with():
    with pytest.raises(ValueError, match="no energy_wh to compare"):
        uncertainty.Joint([Figures(), Figures()]).compare("energy_wh")
