"""The step of a serving engine: by hand, on arrays, and within what a GPU can do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jevons.factors import look_up
from jevons.footprint import step as law

H100 = law.Accelerator(700.0, 3350.0, 989.0)
PLAIN = law.Constants(
    memory=0.5, compute=0.5, norm=1.0, base_s=0.001, layer_s=0.0001, exchange_s=0.0002, sequence_s=0.00001, mixture=2.0,
    old_engine=3.0, old_sequence=5.0, idle_share=0.2, memory_share=0.3, compute_share=0.4, prefill=1.0, kv=1.0,
)  # fmt: skip
DENSE = {
    "total_b": 8.0, "active_b": 8.0, "weight_bytes": 2.0, "layers": 32.0, "kv_bytes": 131072.0, "mixture": 0,
    "gpus": 1.0, "batch": 10.0, "context": 1000.0, "fresh_per_output": 0.0,
}  # fmt: skip


def test_by_hand():
    # 16 GB of weights and 10 x 1000 x 131 kB at 1675 GB/s; 2 x 8e9 x 10 operations at 494.5 TFLOP/s
    memory_s, compute_s = (16e9 + 1.31072e9) / 1.675e12, 1.6e11 / 4.945e14
    seconds = math.hypot(memory_s, compute_s) + 0.001 + 32 * 0.0001 + 10 * 0.00001
    made = law.step(PLAIN, H100, **DENSE)
    assert made.seconds == pytest.approx(seconds, rel=1e-12)
    assert made.joules == pytest.approx(700 * (0.2 * seconds + 0.3 * memory_s + 0.4 * compute_s), rel=1e-12)


def test_prefill_exchange_mixture_and_old_engine_by_hand():
    plain = law.step(PLAIN, H100, **DENSE).seconds
    assert law.step(PLAIN, H100, **DENSE | {"fresh_per_output": 2.0}).seconds - plain == pytest.approx(
        2 * 1.6e11 / 4.945e14
    )
    per_step, sequences = 0.001 + 32 * 0.0001, 10 * 0.00001
    assert law.step(PLAIN, H100, **DENSE | {"mixture": 1}).seconds - plain == pytest.approx(per_step)
    assert law.step(PLAIN, H100, **DENSE, old_engine=1).seconds - plain == pytest.approx(2 * per_step + 4 * sequences)
    many = law.step(PLAIN, H100, **DENSE | {"gpus": 4.0}).seconds
    assert many - per_step - sequences - 32 * 0.0002 * 3 / 4 == pytest.approx((plain - per_step - sequences) / 4)


def test_weights_of_eight_bits_are_half_the_bytes_and_twice_the_operations_a_second():
    big = {"batch": 1e6, "context": 1e-9}  # so many sequences that only operations count
    halved = law.step(PLAIN, H100, **DENSE | big | {"weight_bytes": 1.0}).seconds
    assert halved - 1e6 * 0.00001 == pytest.approx(
        (law.step(PLAIN, H100, **DENSE | big).seconds - 1e6 * 0.00001) / 2, rel=1e-3
    )
    few = DENSE | {"batch": 1.0, "context": 1e-9}  # and so few that only bytes do
    left = law.step(PLAIN, H100, **few).seconds - law.step(PLAIN, H100, **few | {"weight_bytes": 1.0}).seconds
    assert left == pytest.approx(8e9 / 1.675e12, rel=1e-3)


def test_arrays_give_what_numbers_give():
    batches, sizes = np.array([1.0, 8.0, 64.0]), np.array([0.5, 1.0, 2.0])
    together = law.step(PLAIN, H100, **DENSE | {"batch": batches, "weight_bytes": sizes})
    alone = [
        law.step(PLAIN, H100, **DENSE | {"batch": b, "weight_bytes": w}).joules
        for b, w in zip(batches.tolist(), sizes.tolist(), strict=True)
    ]
    assert together.joules == pytest.approx(alone, rel=1e-14)


def test_experts_touched():
    assert law.weights_read(100.0, 10.0, 1) == pytest.approx(10 + 90 * 0.1)
    assert law.weights_read(100.0, 10.0, 1000) == pytest.approx(100)
    assert law.weights_read(8.0, 8.0, 64) == 8


def test_sizes_of_llama_3_1():
    assert law.layers_of(8) == 32
    assert law.layers_of(405) == pytest.approx(126, rel=0.02)
    assert law.kv_bytes_of(405) == pytest.approx(516_096, rel=0.02)


sizes = st.floats(0.5, 2000)


@given(sizes, st.floats(0.02, 1), st.integers(0, 5), st.floats(1, 4096), st.floats(1, 200_000), st.floats(0, 1000))
def test_power_is_bounded_and_more_never_costs_less(total, share, doublings, batch, context, fresh):
    fitted = law.fitted().constants
    given_ = {
        "total_b": total, "active_b": total * share, "weight_bytes": 2.0, "layers": law.layers_of(total),
        "kv_bytes": law.kv_bytes_of(total * share), "mixture": int(share < 1), "gpus": 2.0**doublings, "batch": batch,
        "context": context, "fresh_per_output": fresh,
    }  # fmt: skip
    one = law.step(fitted, H100, **given_)
    # Hölder: no overlap of memory and compute draws more (1.2 TDP; there a GPU lowers its clock, the joules stay)
    q = 1 + fitted.norm
    p = q / (q - 1)
    most = fitted.idle_share + (fitted.memory_share**p + fitted.compute_share**p) ** (1 / p)
    assert most < 1.25
    assert 0 < one.joules <= one.seconds * H100.tdp_w * 2.0**doublings * most * (1 + 1e-9)
    for more in (
        {"batch": batch * 1.5},
        {"context": context * 2},
        {"fresh_per_output": fresh + 1},
        {"weight_bytes": 4.0},
    ):
        assert law.step(fitted, H100, **given_ | more).joules >= one.joules
    # and a token of a larger batch costs no more
    assert law.step(fitted, H100, **given_ | {"batch": batch * 1.5}).joules / 1.5 <= one.joules * (1 + 1e-9)


def test_what_ships_says_of_which_data():
    fit = law.fitted()
    names = law.Constants.__struct_fields__
    covariance = np.array(fit.log_covariance)
    assert covariance.shape == (len(names), len(names))
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-9
    assert all(band["new lineage"] >= band["known lineage"] > 1 for band in fit.bands.values())
    for state, by_lineage in fit.causes.items():
        for lineage, causes in by_lineage.items():
            assert set(causes) == {"form", "lineage", "serving"}
            level = math.log(fit.bands[state][lineage])
            assert math.hypot(*causes.values()) == pytest.approx(level, rel=1e-4), (state, lineage)
            assert min(causes.values()) >= 0
    assert fit.causes.keys() == fit.bands.keys() >= {"serving", "latency", "model", "model and latency"}
    assert len(fit.data_sha256) == 64
    assert "validation/energy.py" in fit.source


@pytest.mark.parametrize(
    ("model", "fitted"),
    [("Qwen/Qwen3-32B", "qwen3"), ("mistralai/Mistral-7B-Instruct-v0.3", "mistral"), ("gemma-3-27b-it", "gemma-3"),
     ("starcoder-15b", None), ("deepseek-v3", None), ("gpt-4o", None)],
)  # fmt: skip
def test_lineages_that_were_fitted_go_by_the_names_of_the_model_table(model, fitted):
    assert law.fitted().lineages.get(look_up(model).lineage) == fitted
