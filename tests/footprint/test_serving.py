"""The serving state: from pooled timings only, drawn to the prior where they are few, the same for every grouping."""

import math
import random

import pytest

from jevons.factors import look_up
from jevons.footprint import Overrides, account, generation
from jevons.footprint.generation import Setting, coefficients, served_by
from jevons.footprint.laws import CLIENT_ERROR, network
from jevons.footprint.step import fitted, step
from jevons.footprint.timing import ENOUGH, states
from jevons.ledger.cells import cells
from jevons.record import Call

MODEL = "llama-3.1-70b"


def call(latency_s=None, **changes):
    base = {"id": "1", "run": "r", "provider": "groq", "model": MODEL, "usage": "reported", "status": 200,
            "input_tokens": 900, "output_tokens": 401, "started_us": 1_790_000_000_000_000}  # fmt: skip
    if latency_s:
        base |= {"timed": True, "first_us": 200_000, "decode_us": round(400 * latency_s * 1e6)}
    return Call(**{**base, **changes})


def law(calls, **more):
    ((made, _),) = account(cells(calls), **more)[0].serving.by_law
    return made


def joules(calls):
    made = law(calls)
    return made.joules(1, 900, 0, 401, 0, 401 * 900)


def test_few_timed_calls_are_drawn_to_the_prior():
    prior = joules([call()])
    for latency_s in (0.01, 0.2):  # a small batch and a large one
        moved = [abs(joules([call(latency_s)] * count) - prior) for count in (1, 5, 10, ENOUGH, 10 * ENOUGH)]
        assert moved == sorted(moved)
        assert 0 < moved[0] < moved[3] / 10
        assert moved[3] == pytest.approx(moved[4])
    known = [account(cells([call(0.08)] * count))[0].trust for count in (1, ENOUGH - 1, ENOUGH)]
    assert known == ["model", "model", "model and latency"]


def test_jitter_does_not_bias_the_pooled_state():
    """A quarter of jitter on each call: the mean over calls taken one by one is far off, the pooled state is not."""
    of = network(look_up(MODEL))
    gpu = served_by("H100")
    at = step(
        fitted().constants, gpu.gpu, total_b=70.0, active_b=70.0, weight_bytes=2.0, layers=80.0, kv_bytes=327_680.0,
        mixture=0, gpus=4.0, batch=64.0, context=1_100.0, fresh_per_output=2.0,
    )  # fmt: skip
    draw = random.Random(5)
    seen = [at.seconds * math.exp(draw.gauss(0, 0.25)) for _ in range(400)]
    pooled = joules([call(seconds) for seconds in seen])
    exact = joules([call(at.seconds)] * ENOUGH)
    assert pooled == pytest.approx(exact, rel=0.03)
    timed = [
        coefficients(of, Setting(latency_s=s, latency_error=CLIENT_ERROR)).coefficients.per_output_token for s in seen
    ]
    assert min(timed) < 0.8 * sum(timed) / len(timed) < max(timed)  # one call alone says anything


def test_the_state_is_the_servings_not_the_tests():
    calls = [call(0.02 if number % 2 else 0.2, test=f"t{number % 2}") for number in range(100)]
    grouped = account(cells(calls, lambda one: (one.test,)))
    assert len({id(one.serving) for one in grouped}) == 1
    assert grouped[0].serving.by_law[0][0] == law(calls)
    one_test = [one for one in calls if one.test == "t1"]
    kept = law(one_test, timings=states(cells(calls)))
    assert kept == law(calls)
    assert law(one_test) != law(calls)


def test_other_months_places_and_models_have_states_of_their_own():
    calls = [call(0.02)] * 30 + [call(0.2, started_us=1_780_000_000_000_000)] * 30 + [call(0.1, model="qwen3-32b")] * 30
    assert [state.calls for state in states(cells(calls)).values()] == [30, 30, 30]
    assert len({one.serving.by_law[0][0].per_output_token for one in account(cells(calls))}) == 3


def test_replays_recordings_and_local_models_tell_nothing_of_a_server():
    calls = [call(0.02, mode=mode) for mode in ("replayed", "mocked", "recorded")] + [call(0.02, host_class="loopback")]
    assert not states(cells(calls))


def test_the_client_is_not_the_server():
    """What a client sees is half its own doing: its latency moves the figure less than the server's own would."""
    of = network(look_up(MODEL))
    prior, server, client = (
        coefficients(of, one).coefficients.per_output_token
        for one in (
            Setting(), Setting(latency_s=0.01), Setting(latency_s=0.01, latency_error=CLIENT_ERROR),
        )
    )  # fmt: skip
    assert prior < client < server


def test_a_serving_that_is_stated_narrows_the_figure_and_says_so():
    known = Overrides(servings={MODEL: served_by("H100", gpus=4, batch=64, engine="vLLM 0.11")})
    blind, told = account(cells([call()]))[0], account(cells([call()]), overrides=known)[0]
    assert (blind.trust, told.trust) == ("model", "serving known")
    wide = [one.figures.energy_wh.high / one.figures.energy_wh.low for one in (blind, told)]
    assert wide[1] < wide[0] / 2
    other = Overrides(servings={MODEL: served_by("L40S", gpus=8, batch=64, engine="TGI 3")})
    strange = account(cells([call()]), overrides=other)[0]
    assert any("extrapolated" in note for note in strange.notes)
    assert strange.figures.energy_wh.high / strange.figures.energy_wh.low > wide[1]


@pytest.mark.parametrize(("model", "lineage"), [(MODEL, "known"), ("falcon-40b", "new"), ("gpt-4o", "new")])
def test_the_interval_names_its_lineage(model, lineage):
    assert f"interval of a {lineage} lineage" in account(cells([call(model=model)]))[0].notes


def test_causes_make_up_the_band():
    for known, bands in fitted().bands.items():
        for lineage, ratio in bands.items():
            made = generation.causes(known, lineage == "new lineage")
            assert math.exp(math.hypot(*made.values())) == pytest.approx(ratio, rel=1e-3)
