"""Cells to figures: modes, coverage, places, trust, linearity, speed."""

import itertools
import math
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons import factors
from jevons.factors.user import Row, User
from jevons.footprint import Overrides, Part, account, generation, total
from jevons.footprint.laws import network
from jevons.ledger.cells import Cell, Key, Sums, cells
from jevons.record import Call

FIGURES = ("energy_wh", "carbon_g", "water_l", "embodied_g")
SRC = Path(__file__).parents[2] / "src"


def call(**changes):
    base = {"id": "1", "run": "r", "provider": "openai", "model": "gpt-4o", "usage": "reported", "status": 200,
            "input_tokens": 300, "output_tokens": 400}  # fmt: skip
    return Call(**{**base, **changes})


def one(place="", overrides=None, **changes):
    (made,) = account(cells([call(**changes)]), place=place, overrides=overrides)
    return made


def figures(made):
    return [getattr(made.figures.interval(name), bound) for name in FIGURES for bound in ("low", "mid", "high")]


def stated(**named):
    """Overrides with factors that hold everywhere: name to value."""
    units = {"grid": "gCO2e/kWh", "ewif": "L/kWh", "wue": "L/kWh", "pue": "1"}
    return Overrides(
        factors=User(
            tuple(
                Row("", "ours.csv, row 2", factors.stated(name, number, number, number, units[name]))
                for name, number in named.items()
            )
        )
    )


# -- chain ------------------------------------------------------------------------------------------------------


def test_each_factor_occurs_once():
    made = one()
    names = [factor.name for factor in made.factors]
    assert len(names) == len(set(names))
    assert {"host", "idle", "pue", "grid", "wue", "ewif", "gpu_embodied"} <= set(names)
    by_name = {factor.name: factor.value for factor in made.factors}
    law = generation.coefficients(network(factors.look_up("gpt-4o")), generation.Setting()).coefficients
    gpu_j = law.joules(1, 300, 0, 400, 300 * 299 // 2, 400 * 300 + 400 * 399 // 2)
    it_kwh = gpu_j * by_name["host"] * by_name["idle"] / 3.6e6
    kwh = it_kwh * by_name["pue"]
    assert made.figures.energy_wh.mid == pytest.approx(kwh * 1e3)
    assert made.figures.carbon_g.mid == pytest.approx(kwh * by_name["grid"])
    assert made.figures.water_l.mid == pytest.approx(it_kwh * (by_name["wue"] + by_name["pue"] * by_name["ewif"]))
    years = by_name["gpu_lifetime"] * by_name["gpu_utilisation"]
    made_g = (by_name["gpu_embodied"] + by_name["server_share_embodied"]) * 1e3
    assert made.figures.embodied_g.mid == pytest.approx(made_g * gpu_j / by_name["gpu_power"] / (years * 31_557_600))


def test_pue_enters_energy_once_and_water_only_with_the_stations():
    base, more = one(overrides=stated(pue=1.0, ewif=0.0)), one(overrides=stated(pue=2.0, ewif=0.0))
    assert more.figures.energy_wh.mid == pytest.approx(2 * base.figures.energy_wh.mid)
    assert more.figures.carbon_g.mid == pytest.approx(2 * base.figures.carbon_g.mid)
    assert more.figures.water_l.mid == pytest.approx(base.figures.water_l.mid)
    assert more.figures.embodied_g.mid == base.figures.embodied_g.mid


def test_intervals_are_ordered_and_widen_with_ignorance():
    ratios = []
    for model in ("llama-3.1-70b", "gpt-4o", "nobody-knows"):
        made = one(model=model)
        for name in FIGURES:
            figure = made.figures.interval(name)
            assert 0 < figure.low < figure.mid < figure.high
        ratios.append(made.figures.energy_wh.high / made.figures.energy_wh.mid)
    assert ratios == sorted(ratios)
    assert [one(model=name).trust for name in ("llama-3.1-70b", "gpt-4o", "nobody-knows")] == [
        "model", "tier", "unknown model",
    ]  # fmt: skip
    assert one(usage="estimated").figures.energy_wh.high > one().figures.energy_wh.high


def test_region_decides_carbon_not_energy():
    france, poland = one(region="eu-west-3"), one(region="polandcentral")
    assert poland.figures.carbon_g.mid / france.figures.carbon_g.mid > 10
    assert france.serving.place == "France"
    assert (
        one(place="PL").figures.carbon_g == one(place="FR").figures.carbon_g
    )  # the data centre is not where the user is
    assert one(provider="deepseek", model="deepseek-chat").serving.place == "China"


# -- modes ------------------------------------------------------------------------------------------------------


def test_modes_are_never_mixed():
    live, replayed, mocked, recorded = account(
        [cell for mode in ("live", "replayed", "mocked", "recorded") for cell in cells([call(mode=mode)])]
    )
    assert figures(live) == figures(replayed) == figures(recorded)
    assert figures(mocked) == [0.0] * 12
    assert (mocked.due, mocked.covered, mocked.trust) == (0, 0, "nothing")
    whole = total([live, replayed, mocked, recorded])
    assert whole.live.figures.energy_wh == live.figures.energy_wh
    assert whole.avoided.figures.carbon_g == replayed.figures.carbon_g
    assert whole.recorded.figures.water_l == recorded.figures.water_l
    assert whole.mocked_calls == 1
    assert whole.coverage == 1.0
    assert not whole.at_least


def test_unknown_mode_is_an_error():
    with pytest.raises(ValueError, match="mode"):
        one(mode="dreamt")


# -- coverage ---------------------------------------------------------------------------------------------------


def test_unknown_usage_is_counted_never_zero():
    made = account(cells([call(), call(usage="unknown", input_tokens=None, output_tokens=None)]))
    whole = total(made)
    assert whole.coverage == 0.5
    assert whole.at_least
    assert made[1].notes[-1] == "tokens unknown"
    assert made[1].trust == "nothing"


@pytest.mark.parametrize("kind", ["image", "audio", "other"])
def test_kinds_without_a_law_are_not_covered(kind):
    made = one(kind=kind, images=1)
    assert (made.due, made.covered) == (1, 0)
    assert "no law" in made.notes[0]


@pytest.mark.parametrize(("status", "error"), [(429, "http_429"), (503, "http_503"), (None, "ConnectError")])
def test_refused_calls_are_covered_at_about_nothing(status, error):
    made = one(input_tokens=0, output_tokens=0, status=status, error=error)
    assert made.covered == 1
    assert made.figures.energy_wh.mid == made.figures.energy_wh.low == 0
    assert (
        0 < made.figures.energy_wh.high < one().figures.energy_wh.low
        if status == 503
        else made.figures.energy_wh.high == 0
    )
    assert not total([made]).at_least


@pytest.mark.parametrize(("status", "error"), [(200, "cut"), (None, "ReadTimeout")])
def test_how_far_a_server_got_is_unknown_where_no_answer_came(status, error):
    made = one(usage="unknown", input_tokens=None, output_tokens=None, status=status, error=error)
    assert (made.due, made.covered) == (1, 0)
    assert total([made]).at_least


def test_total_of_nothing():
    whole = total([])
    assert (whole.coverage, whole.at_least, whole.trust, whole.place) == (1.0, False, "nothing", "")


# -- one's own machine ------------------------------------------------------------------------------------------


def local(**changes):
    base = {"provider": "ollama", "model": "llama3.2:1b", "host_class": "loopback"}
    return one(**{**base, **changes})


def test_a_meter_beats_processor_time_beats_the_law():
    measured = local(place="FR", measured_mj=36_000_000)
    timed = local(place="FR", cpu_us=8_000_000)
    law = local(place="FR")
    assert (measured.trust, timed.trust, law.trust) == ("measured", "cpu time", "model")
    assert measured.figures.energy_wh.mid == pytest.approx(10.0)
    assert timed.figures.energy_wh.mid == pytest.approx(8 * 4.0 / 3600)
    assert measured.figures.carbon_g.mid == pytest.approx(10.0e-3 * factors.intensity("FR").value)
    assert (
        measured.figures.energy_wh.high / measured.figures.energy_wh.mid
        < law.figures.energy_wh.high / law.figures.energy_wh.mid
    )
    names = {factor.name for factor in measured.factors}
    assert not names & {"pue", "wue", "host", "idle", "gpu_embodied"}
    assert measured.figures.water_l.mid == pytest.approx(0.01 * factors.water("FR").value)


def test_processor_time_beside_a_meter_adds_what_the_meter_does_not_cover():
    card, cpu = local(measured_mj=36_000_000), local(cpu_us=8_000_000)
    both = local(measured_mj=36_000_000, cpu_us=8_000_000)
    assert both.figures.energy_wh.mid == pytest.approx(card.figures.energy_wh.mid + cpu.figures.energy_wh.mid)
    assert (both.covered, both.trust) == (1, "cpu time")


def test_a_meter_needs_no_tokens():
    assert local(usage="unknown", input_tokens=None, output_tokens=None, measured_mj=1000).covered == 1


def test_a_replay_is_not_what_the_meter_saw():
    assert local(mode="replayed", measured_mj=1).figures.energy_wh == local(mode="live").figures.energy_wh


def test_meter_of_some_calls_and_law_for_the_rest():
    both = [
        call(provider="ollama", model="llama3.2:1b", host_class="process", measured_mj=mj) for mj in (3_600_000, None)
    ]
    (made,) = account(cells(both))
    assert made.covered == 2
    assert made.trust == "model"
    assert made.figures.energy_wh.mid == pytest.approx(1.0 + local(host_class="process").figures.energy_wh.mid)


def test_a_closed_model_behind_a_local_address_is_a_proxy():
    made = one(host_class="loopback", cpu_us=1000, place="FR")
    assert made.figures.energy_wh == one().figures.energy_wh
    assert "proxy" in made.notes[0]


def test_private_servers_stand_at_the_users_place_with_an_unknown_pue():
    made = one(host_class="private", provider="unknown", model="llama-3.1-70b", place="DE")
    by_name = {factor.name: factor for factor in made.factors}
    assert by_name["pue"].value == 1.54
    assert by_name["grid"].place == "Germany"


# -- overrides --------------------------------------------------------------------------------------------------


def test_overrides_replace_the_table_and_say_so():
    made = one(overrides=Overrides(factors=stated(grid=50.0).factors, models={"gpt-4o": (200.0, 50.0)}))
    grid = next(factor for factor in made.factors if factor.name == "grid")
    assert grid.source == "the user's settings"
    assert "ours.csv, row 2" in grid.steps[0]
    assert made.figures.carbon_g.mid == pytest.approx(made.figures.energy_wh.mid / 1e3 * 50)
    assert made.trust == "model"
    assert made.serving.model.total_b.value == 200


def test_impossible_sizes_are_errors():
    with pytest.raises(ValueError, match="models: m"):
        Overrides(models={"m": (1.0, 2.0)})


# -- linearity --------------------------------------------------------------------------------------------------


@st.composite
def some_calls(draw):
    kind = draw(st.sampled_from(["chat", "embeddings"]))
    metered = draw(st.booleans())
    made = []
    for _ in range(draw(st.integers(1, 30))):
        whole = draw(st.integers(0, 200_000))
        made.append(
            call(
                kind=kind,
                model="llama3.1:8b",
                host_class="loopback" if metered else "cloud",
                input_tokens=whole,
                cached_tokens=draw(st.integers(0, whole)),
                output_tokens=draw(st.integers(0, 100_000)),
                measured_mj=draw(st.integers(0, 10**9)) if metered else None,
            )
        )
    return made, [draw(st.integers(0, 4)) for _ in made]


@given(some_calls())
def test_any_partition_adds_up_to_the_whole(drawn):
    calls, groups = drawn
    (whole,) = account(cells(calls))
    parts = {
        number: [one for one, group in zip(calls, groups, strict=True) if group == number] for number in set(groups)
    }
    summed = total(itertools.chain.from_iterable(account(cells(part)) for part in parts.values()))
    for one, other in zip(figures(summed.live), figures(whole), strict=True):
        assert math.isclose(one, other, rel_tol=1e-9, abs_tol=0)
    for name in FIGURES:
        assert math.isclose(summed.live.figures.amount(name), whole.figures.amount(name), rel_tol=1e-12, abs_tol=0)


@given(st.integers(1, 500))
def test_shares_add_up(count):
    whole, parts = one(), Part()
    for _ in range(count):
        parts.add(whole, 1 / count)
    assert parts.figures.energy_wh.mid == pytest.approx(whole.figures.energy_wh.mid)
    assert parts.calls == pytest.approx(1)
    assert parts.coverage == pytest.approx(1)
    assert not parts.at_least


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=10))
def test_any_key_has_figures(provider, model, region, place):
    made = one(place=place, provider=provider, model=model, region=region)
    assert all(math.isfinite(figure) and figure >= 0 for figure in figures(made))
    assert made.covered == 1


# -- speed ------------------------------------------------------------------------------------------------------


def test_two_thousand_cells_take_tens_of_milliseconds():
    models = [f"model-{size}b" for size in range(1, 41)] + ["gpt-4o", "claude-sonnet-4-5", "unknown"]
    draw = random.Random(1)
    many = [
        Cell(Key("chat", "openai", "cloud", draw.choice(models), "", "live", "reported", "2xx", "2026-11"), (number,),
             Sums(calls=3, input=900, output=1200))
        for number in range(2000)
    ]  # fmt: skip
    best = min(_timed(lambda: account(many)) for _ in range(5))
    assert best < 0.06 * 3  # three times the aim, so that a busy machine does not fail the suite


def _timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def test_numpy_and_friends_stay_out():
    code = (
        f"import sys; sys.path.insert(0, {str(SRC)!r}); import jevons.footprint;"
        "heavy = {'numpy', 'duckdb', 'jinja2', 'rich', 'click', 'yaml'} & set(sys.modules); sys.exit(bool(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
