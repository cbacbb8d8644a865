"""Scenarios whose answers can be worked out on paper, or by the account of the same calls."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import level, scenario, sheet, verdict, weighed, world

from jevons.footprint import account
from jevons.footprint.causes import Z90
from jevons.ledger.cells import cells
from jevons.record import Call
from jevons.weigh.scenario.amount import Input
from jevons.weigh.scenario.draws import Inputs, Values
from jevons.weigh.scenario.price import World
from jevons.weigh.scenario.views import ACCOUNT, LONG, SHORT, amount

KWH = "what = 'electricity'; energy_kwh = {}"


def cdf(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2


def test_bloom_by_its_papers_inputs(tmp_path):
    """433,196 kWh at 57 g/kWh is 24.69 t (Luccioni et al. 2023); 914 kWh of its API at 394 g/kWh is 360 kg."""
    of = world(tmp_path, ("grid", "FR", 57.0), ("grid", "US", 394.0))
    made = weighed(
        scenario(
            "what = 'electricity'; energy_kwh = 433196; place = 'FR'",
            "what = 'electricity'; energy_kwh = 914; place = 'US'",
        ),
        of,
    )
    assert level(made, "attributional", "a").figure.mid == pytest.approx(24.69e6, abs=0.005e6)
    assert level(made, "attributional", "b").figure.mid == pytest.approx(360e3, abs=0.5e3)


def test_each_view_takes_its_own_grid_and_its_own_share(tmp_path):
    of = world(tmp_path, ("grid", "DE", 300.0), ("grid_operating", "DE", 600.0), ("grid_build", "DE", 50.0))
    text = scenario(f"{KWH.format(2)}; avoidable = 0.25", f"{KWH.format(3)}; anyway = 0.4", top="place = 'DE'")
    made = weighed(text, of)
    expected = {"short run": (2 * 600 * 0.25, 3 * 600 * 0.6), "long run": (2 * 50 * 0.25, 3 * 50 * 0.6),
                "attributional": (600.0, 900.0)}  # fmt: skip
    for name, figures in expected.items():
        for alternative, figure in zip("ab", figures, strict=True):
            found = level(made, name, alternative).figure
            assert (found.low, found.mid, found.high) == pytest.approx((figure,) * 3)


def test_an_alternative_against_itself_is_the_same_exactly():
    flow = "what = 'calls'; model = 'gpt-4o'; calls = 'n'; input_tokens = 900; output_tokens = 'out'"
    inputs = (
        "n = {low = 5, mid = 10, high = 50, unit = 'calls'}\nout = {low = 10, mid = 90, high = 400, unit = 'tokens'}"
    )
    made = weighed(scenario(flow, flow, top="place = 'DE'", inputs=inputs))
    for name in ("short run", "long run", "attributional"):
        assert verdict(made, name).verdict == "same"
        assert verdict(made, name).difference == type(verdict(made, name).difference)(0.0, 0.0, 0.0)


def test_what_cannot_be_avoided_makes_no_difference_to_a_decision():
    made = weighed(scenario(f"{KWH.format(2)}; avoidable = 0", f"{KWH.format(7)}; anyway = 1", top="place = 'FR'"))
    assert verdict(made, "short run").verdict == verdict(made, "long run").verdict == "same"
    assert verdict(made, "attributional").verdict == "more"


@given(st.floats(1e-3, 1e6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_twice_the_flow_is_twice_the_figure(scale):
    flow = "what = 'ci'; time_min = {}"
    for view in (SHORT, LONG, ACCOUNT):
        one, other = (sheet(scenario(flow.format(n), "", top="place = 'DE'")) for n in (10.0, 10.0 * scale))
        figures = [float(amount(of, "a", "carbon", view, Values(of.inputs, {}))) for of in (one, other)]
        assert figures[1] == pytest.approx(scale * figures[0])


@pytest.mark.parametrize("basis", ["average", "operating", "build"])
@pytest.mark.parametrize(
    "call",
    [
        {"model": "llama-3.1-8b", "provider": "groq", "input_tokens": 900, "output_tokens": 120},
        {"model": "gpt-4o", "provider": "openai", "input_tokens": 4000, "output_tokens": 500, "cached_tokens": 3000},
        {"model": "text-embedding-3-small", "provider": "openai", "input_tokens": 300, "kind": "embeddings"},
        {"model": "llama3.1:8b", "provider": "ollama", "input_tokens": 900, "output_tokens": 120, "host": "local"},
    ],
)
def test_described_calls_cost_what_the_account_of_the_same_calls_says(call, basis):
    from jevons.footprint import Overrides

    text = scenario(
        "what = 'calls'; calls = 7; " + "; ".join(f"{k} = {v!r}" for k, v in call.items()), "", top="place = 'FR'"
    )
    of = sheet(text)
    host = {"local": "loopback"}.get(call.pop("host", ""), "cloud")
    made = [Call(id="", run="", usage="reported", status=200, host_class=host, **call)] * 7
    (expected,) = account(cells(made), place="FR", overrides=Overrides(grid=basis))
    view = next(one for one in (SHORT, LONG, ACCOUNT) if one.basis == basis)
    values = Values(of.inputs, {})
    carbon = expected.figures.amount("carbon_g") + (expected.figures.amount("embodied_g") if view.hardware else 0.0)
    assert float(amount(of, "a", "carbon", view, values)) == pytest.approx(carbon)
    assert float(amount(of, "a", "energy", view, values)) == pytest.approx(expected.figures.amount("energy_wh"))
    assert float(amount(of, "a", "water", view, values)) == pytest.approx(expected.figures.amount("water_l"))


def test_intervals_are_those_of_the_joint_draws_of_the_account():
    from jevons.footprint.uncertainty import Joint

    asked = {"model": "llama-3.1-8b", "provider": "groq", "input_tokens": 900, "output_tokens": 120}
    text = scenario("what = 'calls'; calls = 7; " + "; ".join(f"{k} = {v!r}" for k, v in asked.items()), "")
    made = weighed(text, draws=8192, indicator="energy")
    found = level(made, "attributional", "a").figure
    (expected,) = account(cells([Call(id="", run="", usage="reported", status=200, **asked)] * 7))
    drawn = Joint([expected.figures]).spread("energy_wh")
    assert found.low == pytest.approx(drawn.low, rel=0.03)
    assert found.high == pytest.approx(drawn.high, rel=0.03)


def test_a_claim_is_as_sure_as_the_normal_distribution_says(tmp_path):
    """b < a where ln b < ln a; ln b is normal with the width of its interval."""
    of = world(tmp_path, ("grid", "FR", 100.0))
    for middle, word in ((0.7, "not shown"), (0.4, "less"), (2.5, "more")):
        low, high = middle / 2, middle * 2
        text = scenario(
            KWH.format(1), KWH.format(f"{{low = {low}, mid = {middle}, high = {high}}}"), top="place = 'FR'"
        )
        made = verdict(weighed(text, of, draws=8192), "attributional")
        assert made.verdict == word
        assert made.sure == pytest.approx(cdf(-math.log(middle) / (math.log(2) / Z90)), abs=0.005)
        assert made.ratio.low == pytest.approx(low, rel=0.02)
        assert made.ratio.high == pytest.approx(high, rel=0.02)


def test_a_product_of_inputs_is_as_wide_as_their_logs_in_quadrature(tmp_path):
    of = world(tmp_path, ("grid", "FR", 100.0))
    inputs = "n = {low = 5, mid = 10, high = 20, unit = 'cases'}\ne = {low = 1, mid = 3, high = 9, unit = 'kWh'}"
    text = scenario("what = 'electricity'; energy = 'n * e * 2'", "", top="place = 'FR'", inputs=inputs)
    found = level(weighed(text, of, draws=8192), "attributional", "a").figure
    width = math.exp(math.hypot(math.log(2), math.log(3)))
    assert (found.low, found.mid, found.high) == pytest.approx((6000 / width, 6000, 6000 * width), rel=0.03)


def test_a_triangular_amount_has_its_least_its_most_and_its_mean():
    inputs = Inputs()
    inputs.add(Input(key="x", low=1, mid=2, high=6, shape="triangular", unit="1", label="x"))
    (columns,) = inputs.normal(8192)
    drawn = Values(inputs, columns)("x")
    assert 1 <= drawn.min() < 1.1
    assert 5.8 < drawn.max() <= 6
    assert drawn.mean() == pytest.approx((1 + 2 + 6) / 3, rel=0.005)
    assert Values(inputs, {})("x") == 2


def test_an_hour_of_a_runner_bears_its_share_of_making_the_server_in_the_long_run_alone(tmp_path):
    """36 kg / (4.5 years x 8,766 h x 0.5 in use) = 1.825 g; 5.16 W x PUE 1.5 x 100 g/kWh = 0.774 g."""
    grids = [(name, "FR", 100.0) for name in ("grid", "grid_operating", "grid_build")]
    of = sheet(scenario("what = 'ci'; time_h = 1", "", top="place = 'FR'"), world(tmp_path, *grids, ("pue", "", 1.5)))
    values = Values(of.inputs, {})
    assert float(amount(of, "a", "carbon", SHORT, values)) == pytest.approx(5.16e-3 * 1.5 * 100)
    assert float(amount(of, "a", "carbon", LONG, values)) == pytest.approx(
        0.774 + 36_000 / (4.5 * 8766 * 0.5), rel=1e-4
    )


def test_hardware_that_would_serve_another_use_is_left_out_of_a_decision_alone():
    flow = "what = 'server'; time_h = 1; avoidable = 0.5; hardware_avoidable = {}"
    some, none = (sheet(scenario(flow.format(share), "", top="place = 'FR'")) for share in (0.5, 0))
    figures = {view: [float(amount(of, "a", "carbon", view, Values(of.inputs, {}))) for of in (some, none)]
               for view in (SHORT, LONG, ACCOUNT)}  # fmt: skip
    making = 1_215_000 / (4.5 * 8766 * 0.5)
    assert figures[SHORT][0] == figures[SHORT][1]
    assert figures[LONG][0] - figures[LONG][1] == pytest.approx(0.5 * making)
    assert figures[ACCOUNT][0] == figures[ACCOUNT][1]


def test_what_is_delivered_and_what_serves_divide(tmp_path):
    of = world(tmp_path, ("grid", "FR", 100.0))
    text = scenario(
        KWH.format(6), "what = 'training'; energy_kwh = 1000; serves = 200; sunk = true", top="place = 'FR'"
    )
    made = weighed(text.replace("[alternatives.a]", "[alternatives.a]\ndelivers = 3"), of)
    assert level(made, "attributional", "a").figure.mid == pytest.approx(200)
    assert level(made, "attributional", "b").figure.mid == pytest.approx(500)
    assert level(made, "short run", "b").figure.mid == 0
    new = weighed(text.replace("sunk = true", "sunk = false"), of)
    assert level(new, "short run", "b").figure.mid > 0


def test_training_on_a_card_is_spread_over_what_it_serves():
    """BLOOM: 50.5 t of dynamic, idle and embodied carbon (Luccioni et al. 2023), over a million units."""
    from jevons.shelf.folder import pick, seeds

    text = scenario("what = 'training'; card = 'bloom'; serves = 1000000", "")
    made = weighed(text, World(card=lambda name: pick(seeds(), name)))
    assert level(made, "attributional", "a").figure.mid == pytest.approx(50.5, abs=0.05)
    assert level(made, "long run", "a").figure.mid == 0
    assert any(one.value.startswith("sunk = true") for one in made.defaults)


def test_calls_of_the_ledger_cost_what_their_account_says():
    from jevons.ledger.recorded import of_calls
    from jevons.record import Run

    call = Call(id="1", run="r", usage="reported", status=200, model="gpt-4o", provider="openai", input_tokens=900,
                output_tokens=120, role="judge", started_us=1_794_000_000_000_000)  # fmt: skip
    run = of_calls(Run(id="r"), [call, Call(id="2", run="r", usage="reported", status=200, model="gpt-4o")])
    text = scenario("what = 'ledger'; run = 'latest'; role = 'judge'; units = 4", "")
    of = sheet(text, World(runs=lambda asked: [run]))
    (expected,) = account(cells([call]))
    values = Values(of.inputs, {})
    assert float(amount(of, "a", "energy", ACCOUNT, values)) == pytest.approx(expected.figures.amount("energy_wh") / 4)


def test_calls_without_figures_are_said_and_too_many_refuse_a_verdict():
    from jevons.ledger.recorded import of_calls
    from jevons.record import Run

    base = {"run": "r", "status": 200, "model": "gpt-4o", "provider": "openai"}
    known = [Call(id=f"k{at}", usage="reported", input_tokens=900, output_tokens=90, **base) for at in range(19)]
    for unknown, word in ((1, "less"), (19, "refused")):
        calls = [*known, *(Call(id=f"u{at}", usage="unknown", **base) for at in range(unknown))]
        run = of_calls(Run(id="r"), calls)
        text = scenario("what = 'ledger'; run = 'r'", "", top="place = 'FR'")
        made = weighed(text, World(runs=lambda asked, run=run: [run]))
        assert [flag.rule for flag in made.flags] == ["calls without figures"]
        assert verdict(made, "short run").verdict == word


def test_the_same_seed_gives_the_same_page_and_another_one_nearly_so():
    text = scenario(
        "what = 'ci'; time_min = {low = 5, mid = 10, high = 30}", "what = 'laptop'; time_h = 0.1", top="place = 'DE'"
    )
    one, again, other = (weighed(text, seed=seed) for seed in (0, 0, 1))
    assert one == again
    for name in ("short run", "long run"):
        assert verdict(other, name).sure == pytest.approx(verdict(one, name).sure, abs=0.03)


def test_list_prices_follow_the_tokens():
    """Prices are linear in tokens: twice the tokens of each kind is twice the price of the call."""
    pytest.importorskip("genai_prices", reason="list prices: extra report")
    flow = "what = 'calls'; model = 'gpt-4o'; provider = 'openai'; calls = 1000; input_tokens = {}; output_tokens = {}"
    cost = {}
    for read, written in ((1000, 100), (2000, 200), (1000, 200), (2000, 100)):
        of = sheet(scenario(flow.format(read, written), ""))
        cost[read, written] = float(amount(of, "a", "money", ACCOUNT, Values(of.inputs, {})))
    assert cost[2000, 200] == pytest.approx(2 * cost[1000, 100])
    assert cost[2000, 100] + cost[1000, 200] == pytest.approx(3 * cost[1000, 100])
    wide = flow.format("{low = 500, mid = 1000, high = 2000}", 100)
    made = next(one for one in weighed(scenario(wide, "")).others if one.view == "money").levels[0].figure
    assert made.low < 0.8 * cost[1000, 100] < 1.3 * cost[1000, 100] < made.high
