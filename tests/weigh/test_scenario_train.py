"""Train or reuse, by hand: growth, waiting, training again, break-even, rebound, what to take."""

from __future__ import annotations

import math

import msgspec
import pytest

pytest.importorskip("scipy", reason="draws need numpy and scipy: extra report")

from weigh.scenario_kit import level, verdict, weighed, world

from jevons.shelf.folder import pick, seeds
from jevons.weigh.scenario.draws import Values
from jevons.weigh.scenario.read import read
from jevons.weigh.scenario.train import grown, sheet_of
from jevons.weigh.scenario.views import ACCOUNT, LONG, SHORT, amount

TOP = 'title = "t"\nunit = "u"\nkind = "train-or-reuse"\nplace = "FR"\n'
ROWS = [(name, "FR", 100.0) for name in ("grid", "grid_operating", "grid_build")] + [("pue", "", 1.25)]


def text(
    demand: str = "calls_per_day = 1000\nhorizon_years = 3", keep: str = "", cut: str = "", small: str = "", **more: str
) -> str:
    made = f'{TOP}[demand]\nstart = "2027-01-01"\n{demand}\n[quality]\nasked = 0.8\n'
    usual = 'serving = "api"\nenergy_per_call_wh = {}\ncost_per_call_usd = 0.01\n'
    made += f'[alternatives.keep]\nrole = "keep"\n{keep or usual.format(1)}'
    made += f'[alternatives.cut]\nrole = "cut first"\nshare_of_calls = 0.6\n{cut or usual.format(1)}'
    made += f'[alternatives.small]\nrole = "existing small model"\n{small or usual.format(0.4)}'
    for name, body in more.items():
        made += f"[alternatives.{name}]\n{body}\n"
    return made


def test_growth_adds_up_day_by_day():
    for growth in (0.0, 0.1, 1.0, 4.0):
        days = 200_000
        by_hand = sum((1 + growth) ** (2.5 * (day + 0.5) / days) for day in range(days)) * 2.5 / days
        assert float(grown(growth, 2.5)) == pytest.approx(by_hand, rel=1e-6)


def test_totals_by_hand(tmp_path):
    """1,000 calls a day of 1 Wh for 3 years on 100 g/kWh: 109.575 kg; cut leaves 0.6 of it."""
    made = weighed(text(), world(tmp_path, *ROWS))
    kg = 1000 * 365.25 * 3 * 1e-3 * 100 / 1e3
    assert level(made, "long run", "keep").figure.mid == pytest.approx(kg * 1e3)
    assert level(made, "short run", "cut").figure.mid == pytest.approx(0.6 * kg * 1e3)
    assert made.train.calls.mid == pytest.approx(1000 * 365.25 * 3)
    assert verdict(made, "long run", "small").ratio.mid == pytest.approx(0.4)
    money = next(one for one in made.others if one.view == "money")
    assert money.levels[0].figure.mid == pytest.approx(0.01 * 1000 * 365.25 * 3)


def test_a_machine_that_is_always_on_waits_all_the_time(tmp_path):
    """2 x 100 W x 8,766 h x 3 years x PUE 1.25, and the making of 2 x (273 + 227) kg over 4.5 years, in full."""
    held = 'serving = "always on"\nenergy_per_call_wh = 0.1\nidle_power_w = 100\nmachines = 2\n'
    of = sheet_of(read(text(small=held)), world(tmp_path, *ROWS))
    waits = 0.1 * 2 * 8766 * 3 * 1.25 * 100
    calls = 1000 * 365.25 * 3 * 1e-4 * 100
    making = 2 * 500_000 * 3 / 4.5
    values = Values(of.inputs, {})
    assert float(amount(of, "small", "carbon", SHORT, values)) == pytest.approx(waits + calls)
    assert float(amount(of, "small", "carbon", LONG, values)) == pytest.approx(waits + calls + making)


def test_a_machine_on_demand_waits_at_each_start(tmp_path):
    some = 'serving = "on demand"\nenergy_per_call_wh = 0.1\nidle_power_w = 100\n'
    some += "starts_per_day = 4\ntime_per_start_min = 15\n"
    made = weighed(text(small=some), world(tmp_path, *ROWS))
    calls = 1000 * 365.25 * 3 * 1e-4 * 100
    assert level(made, "short run", "small").figure.mid == pytest.approx(calls + 0.1 * 365.25 * 3 * 1.25 * 100)


def test_trained_again_after_each_interval(tmp_path):
    for months, times in ((6, 6), (12, 3), (36, 1), (25, 2)):
        body = 'role = "train"\nserving = "api"\nenergy_per_call_wh = 0\ntraining_energy_kwh = 50\n'
        body += f"retrain_every_months = {months}\n"
        made = weighed(text(own=body), world(tmp_path, *ROWS))
        assert level(made, "long run", "own").figure.mid == pytest.approx(times * 50 * 100)


@pytest.mark.parametrize(
    ("training_g", "use_kwh", "use_g", "indicator", "years"),
    [(57.0, 914.0, 394.0, "energy", 23.36), (57.0, 864.25, 394.0, "carbon", 3.57)],
)
def test_break_even_of_bloom_depends_on_the_boundary(tmp_path, training_g, use_kwh, use_g, indicator, years):
    """433,196 kWh of training; its API took 914 kWh in 18 days (230,768 calls), 340.5 kg: 864.25 kWh at 394 g/kWh.

    By energy 23.4 years of use equal training, by dynamic carbon 3.6: years of the published figures.
    """
    rows = [
        (name, place, grams)
        for place, grams in (("FR", training_g), ("US", use_g))
        for name in ("grid", "grid_operating", "grid_build")
    ]
    each = 1e3 * use_kwh / 230_768
    keep = f'serving = "api"\nplace = "US"\nenergy_per_call_wh = {each}\n'
    own = 'role = "train"\nserving = "api"\nenergy_per_call_wh = 0\nrequest_rate = "batch of 1"\n'
    own += "training_energy_kwh = 433196\n"
    demand = f"calls_per_day = {230_768 / 18}\nhorizon_years = 5"
    made = weighed(text(demand, keep=keep, own=own), world(tmp_path, *rows))
    found = next(one for one in made.train.paybacks if one.indicator == indicator and one.view in ("attributional", ""))
    assert found.years.mid == pytest.approx(years, abs=0.01)
    assert found.calls == pytest.approx(years * 365.25 * 230_768 / 18, rel=3e-3)
    assert found.never == 0
    for said in ("operation", "batch of 1", f"by {indicator}", "training ", "use "):
        assert said in found.sides
    if indicator == "carbon":
        assert "France 57 g/kWh" in found.sides
        assert "United States 394 g/kWh" in found.sides
        assert found.date == "2030-07"


def test_training_that_never_pays_says_so(tmp_path):
    own = 'role = "train"\nserving = "api"\nenergy_per_call_wh = 2\ntraining_energy_kwh = 10\n'
    made = weighed(text(own=own), world(tmp_path, *ROWS))
    for one in made.train.paybacks:
        assert (one.calls, one.years, one.never) == (None, None, 1.0)
        assert "use saves nothing" in one.sides


def test_rebound_stands_as_scenarios(tmp_path):
    """k = (1 - g (1 - R)) / (1 - g) calls for each; the total is 1 - g (1 - R) of what it was."""
    made = weighed(text(), world(tmp_path, *ROWS))
    found = {one.rebound: one for one in made.train.rebounds if one.alternative == "small"}
    for rebound, word in ((0.0, "less"), (0.5, "less"), (1.0, "same"), (1.4, "more")):
        one = found[rebound]
        assert one.verdict == word
        assert one.growth == pytest.approx((1 - 0.6 * (1 - rebound)) / 0.4)
        assert one.ratio.mid == pytest.approx(1 - 0.6 * (1 - rebound))


def test_sunk_training_is_nothing_in_a_decision_and_allocated_in_the_account():
    from jevons.weigh.scenario.price import World

    shelf = World(card=lambda name: pick(seeds(), name), prices=False)
    carded = 'serving = "api"\nenergy_per_call_wh = 1\ntraining_card = "bloom"\n'
    made = weighed(text(small=carded), shelf)
    assert level(made, "long run", "small").figure == level(made, "long run", "keep").figure
    assert "not allocated" in " ".join(one.value for one in made.defaults)  # nobody counted the calls it serves
    assert made.train.paybacks == []


def test_sunk_training_is_allocated_by_the_share_of_the_calls_that_are_ours():
    """BLOOM's card: 50.5 t; of ten million calls that it serves ours are 1,095,750."""
    from jevons.weigh.scenario.price import World

    bloom = msgspec.structs.replace(pick(seeds(), "bloom"), calls=1e7)
    carded = 'serving = "api"\nenergy_per_call_wh = 1\ntraining_card = "bloom"\n'
    of = sheet_of(read(text(small=carded)), World(card=lambda name: bloom, prices=False))
    values = Values(of.inputs, {})
    sides = [float(amount(of, name, "carbon", ACCOUNT, values)) for name in ("small", "keep")]
    assert sides[0] - sides[1] == pytest.approx(50.5e6 * 1000 * 365.25 * 3 / 1e7, rel=0.002)
    decided = [float(amount(of, name, "carbon", LONG, values)) for name in ("small", "keep")]
    assert decided[0] == decided[1]


def test_what_to_take(tmp_path):
    of = world(tmp_path, *ROWS)
    taken = weighed(text(small='serving = "api"\nenergy_per_call_wh = 0.4\nquality = 0.9\n'), of).train
    assert taken.take == "small"
    assert "least in the short and in the long run" in taken.recommendation
    worse = weighed(text(small='serving = "api"\nenergy_per_call_wh = 0.4\nquality = 0.7\n'), of).train
    assert worse.take == "cut"  # good enough is asked first
    unknown = weighed(text(), of).train
    assert unknown.take == "cut"
    assert "nobody has shown that they are good enough: small" in unknown.recommendation


@pytest.mark.parametrize(("cut", "take", "says"), [(0.7, "", "none is good enough"), (0.9, "cut", "the only one")])
def test_where_what_is_there_is_not_good_enough_it_is_not_taken(tmp_path, cut, take, says):
    usual = 'serving = "api"\nenergy_per_call_wh = 1\nquality = {}\n'
    bodies = {name: usual.format(at) for name, at in (("keep", 0.7), ("cut", cut), ("small", 0.6))}
    made = weighed(text(**bodies), world(tmp_path, *ROWS)).train
    assert made.take == take
    assert says in made.recommendation


def test_what_is_close_is_not_shown_and_what_would_show_it_is_named(tmp_path):
    small = 'serving = "api"\nenergy_per_call_wh = {low = 0.2, mid = 0.6, high = 1.8}\nquality = 0.9\n'
    made = weighed(text(small=small), world(tmp_path, *ROWS)).train
    assert made.take == ""
    assert made.recommendation.startswith("not shown")
    assert "Shown in the short and in the long run: less than keep: cut" in made.recommendation


def test_curves_begin_with_training_and_end_with_the_total(tmp_path):
    own = 'role = "train"\nserving = "api"\nenergy_per_call_wh = 0.2\ntraining_energy_kwh = 50\n'
    made = weighed(text(own=own), world(tmp_path, *ROWS))
    curve = next(one for one in made.train.curves if one.alternative == "own")
    assert curve.figures[0].mid == pytest.approx(5000, rel=1e-3)
    assert curve.figures[-1].mid == pytest.approx(level(made, "long run", "own").figure.mid)
    assert all(math.isclose(b - a, 0.5) for a, b in zip(curve.years, curve.years[1:], strict=False))
