"""Joules of generated text: what is not known is averaged over, and widens the interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.footprint.generation import EAGER, EXTRAPOLATED, Network, Setting, estimate, gpus_for, served_by
from jevons.footprint.step import Accelerator, fitted, kv_bytes_of, layers_of, step

LLAMA = Network(total_b=70.0, active_b=70.0)
H100 = Accelerator(700.0, 3350.0, 989.0)
KNOWN = Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0, batch=64.0)


def test_serving_known_is_one_step_for_each_token():
    made = estimate(LLAMA, KNOWN, 500, 200)
    one = step(
        fitted().constants, H100, total_b=70.0, active_b=70.0, weight_bytes=2.0, layers=layers_of(70.0),
        kv_bytes=kv_bytes_of(70.0), mixture=0, gpus=4.0, batch=64.0, context=600.0, fresh_per_output=2.5,
    )  # fmt: skip
    assert made.joules.mid == pytest.approx(200 * one.joules / 64, rel=1e-12)
    assert (made.known, made.extrapolated) == ("serving", None)
    assert made.joules.high / made.joules.mid == pytest.approx(fitted().bands["serving"]["new lineage"])


def test_a_latency_tells_the_batch():
    """The latency of a batch of 16 and of one of 512: the first costs several times more for a token."""
    seconds = {}
    for batch in (16.0, 512.0):
        one = step(
            fitted().constants, H100, total_b=70.0, active_b=70.0, weight_bytes=2.0, layers=layers_of(70.0),
            kv_bytes=kv_bytes_of(70.0), mixture=0, gpus=4.0, batch=batch, context=600.0, fresh_per_output=2.5,
        )  # fmt: skip
        seconds[batch] = float(one.seconds)
    made = {
        b: estimate(LLAMA, Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0, latency_s=s), 500, 200)
        for b, s in seconds.items()
    }
    assert made[16.0].joules.mid > 1.5 * made[512.0].joules.mid
    assert made[16.0].known == "latency"
    blind = estimate(LLAMA, Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0), 500, 200)
    assert made[512.0].joules.mid < blind.joules.mid < made[16.0].joules.mid


def test_knowing_less_is_never_surer():
    """Of a known lineage; the band of a new one is the largest of thirteen scores, too few to hold the order."""
    widths = [
        made.joules.high / made.joules.low
        for setting in (KNOWN, Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0, latency_s=0.03), Setting())
        for made in [estimate(LLAMA, setting, 500, 200, new_lineage=False)]
    ]
    assert widths == sorted(widths)
    family = estimate(LLAMA, KNOWN, 500, 200).joules
    assert family.high / family.low > widths[0]


@pytest.mark.parametrize(
    "setting",
    [
        Setting(gpu=Accelerator(300.0, 864.0, 362.0), gpu_name="L40S", gpus=1.0, batch=8.0),
        Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0, batch=8.0, engine="TGI 2.0"),
        Setting(gpu=H100, gpu_name="H100-SXM-80GB", gpus=4.0, batch=1.0),
    ],
)
def test_what_was_never_measured_is_extrapolated(setting):
    assert estimate(LLAMA, setting, 10, 10).extrapolated == EXTRAPOLATED


def test_code_that_runs_layer_by_layer_is_dearer_and_less_sure():
    made = estimate(LLAMA, served_by("H100", gpus=4, batch=8, engine="transformers 4.45"), 10, 10).extrapolated
    assert made == EAGER
    assert made.mid > EXTRAPOLATED.mid
    assert made.high / made.low > EXTRAPOLATED.high / EXTRAPOLATED.low


def test_weights_fit():
    assert [gpus_for(b, 2.0, 80e9) for b in (0.1, 8, 70, 405)] == [1, 1, 4, 16]


@pytest.mark.parametrize("broken", [{"gpus": 0.0}, {"batch": -1.0}, {"latency_s": 0.0}])
def test_numbers_that_cannot_be(broken):
    with pytest.raises(ValueError, match="above 0"):
        estimate(LLAMA, Setting(gpu=H100, **broken), 10, 10)


@given(
    st.floats(0.1, 2000),
    st.floats(0.02, 1),
    st.integers(0, 200_000),
    st.integers(1, 100_000),
    st.one_of(st.none(), st.floats(1e-5, 60)),
)
def test_any_model_and_any_latency_give_a_figure(total, share, fresh, output, latency):
    made = estimate(Network(total_b=total, active_b=total * share), Setting(latency_s=latency), fresh, output).joules
    assert 0 < made.low < made.mid < made.high < float("inf")
    if latency is None:
        longer = estimate(Network(total_b=total, active_b=total * share), Setting(), fresh, output * 2).joules
        assert longer.mid > made.mid
