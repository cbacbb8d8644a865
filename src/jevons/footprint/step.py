"""One step of a serving engine: seconds and joules of GPU for one more token of each sequence in a batch.

On n GPUs a step reads the weights that the batch touches and every sequence's keys and values, and computes
(Pope et al. 2022, arXiv 2211.05102, sections 2 and 3, for the counts):

    W = w (A + (N - A) (1 - (1 - A/N)^B))     bytes of weights, of a mixture those that B tokens are routed to
    K = B L k                                  bytes of keys and values of contexts of L tokens
    F = 2 A B                                  operations of decoding; of prefill F p, p fresh input per output token

    t_mem = (W + K k_0) / (n bandwidth m),  t_dec = F / (n peak c),  t_pre = F p p_0 / (n peak c)
    t     = (t_mem^q + t_dec^q)^(1/q) + overhead + t_pre
    overhead = (t_0 + layers (t_l + t_n (1 - 1/n))) moe old + t_s B old_s
    E     = n TDP (s_0 t + s_1 t_mem + s_2 (t_dec + t_pre))

The constants (`Constants`) are fitted to 681 measured rows of the ML.ENERGY benchmark (Chung et al. 2025, arXiv
2505.06371), those of time also to measured points of aiconfigurator-core (NVIDIA, Apache-2.0), by
``validation/energy.py``, which also judges them; see ``VALIDATION.md``. Everything here is arithmetic on numbers or
numpy arrays.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

LAYERS_8B = 32.0
KV_BYTES_8B = 131_072.0
"""Llama 3.1 8B: 32 layers x 8 heads x 128 x 2 (key, value) x 2 bytes."""
GROWTH = 0.35
"""Exponent of layers with total and of key-value bytes with active parameters, from 8B to 405B of Llama 3.1."""

EIGHT_BITS = 2
"""Operations on weights of 8 bits or fewer over those on 16: data sheets of A100 (624 / 312 TOP/s), H100, B200."""


class Accelerator(msgspec.Struct, frozen=True):
    """What a maker's data sheet says of a GPU."""

    tdp_w: Any
    bandwidth_gb_s: Any
    bf16_tflops: Any
    """Dense."""


class Constants(msgspec.Struct, frozen=True, kw_only=True):
    """Fitted constants of the step; all positive."""

    memory: float
    """Share of the bandwidth reached, m."""
    compute: float
    """Share of the peak reached, c."""
    norm: float
    """q - 1: how far memory and compute overlap."""
    base_s: float
    layer_s: float
    exchange_s: float
    """t_n, for a layer's exchange between GPUs; 1 - 1/n is a ring's share."""
    sequence_s: float
    mixture: float
    """Overhead of a mixture of experts over that of a dense model."""
    old_engine: float
    """Overhead of vLLM 0.5 over that of 0.11, per step."""
    old_sequence: float
    """The same per sequence."""
    idle_share: float
    memory_share: float
    compute_share: float
    """s_0, s_1, s_2: shares of TDP drawn at all times, by memory, by compute."""
    prefill: float
    """Operations of an input token in prefill over those in decoding."""
    kv: float
    """Bytes of keys and values read over those there are: paging, sliding windows."""


class Step(msgspec.Struct, frozen=True):
    """One step of a batch."""

    seconds: Any
    joules: Any


def layers_of(total_b: Any) -> Any:
    """Layers of a model of `total_b` billion parameters, where nothing better is known."""
    return LAYERS_8B * (total_b / 8) ** GROWTH


def kv_bytes_of(active_b: Any) -> Any:
    """Bytes of keys and values per token of context, where nothing better is known: 16 bits, grouped heads."""
    return KV_BYTES_8B * (active_b / 8) ** GROWTH


def weights_read(total_b: Any, active_b: Any, batch: Any) -> Any:
    """Billions of parameters that a step of `batch` tokens touches, routing uniform."""
    return active_b + (total_b - active_b) * (1 - (1 - active_b / total_b) ** batch)


def step(
    constants: Constants,
    gpu: Accelerator,
    *,
    total_b: Any,
    active_b: Any,
    weight_bytes: Any,
    layers: Any,
    kv_bytes: Any,
    mixture: Any,
    gpus: Any,
    batch: Any,
    context: Any,
    fresh_per_output: Any,
    old_engine: Any = 0,
) -> Step:
    """One step (module docstring).

    `weight_bytes` per parameter; `kv_bytes` per token of context; `context` mean tokens of a sequence;
    `fresh_per_output` input tokens computed per output token; `mixture` and `old_engine` are 0 or 1.
    """
    c = constants
    q = 1 + c.norm
    read = weights_read(total_b, active_b, batch) * 1e9 * weight_bytes + batch * context * kv_bytes * c.kv
    memory_s = read / (gpus * gpu.bandwidth_gb_s * 1e9 * c.memory)
    peak = gpu.bf16_tflops * 1e12 * (1 + (EIGHT_BITS - 1) * (weight_bytes <= 1))
    decode_s = 2e9 * active_b * batch / (gpus * peak * c.compute)
    prefill_s = decode_s * fresh_per_output * c.prefill
    per_step = (c.base_s + layers * (c.layer_s + c.exchange_s * (1 - 1 / gpus))) * c.mixture**mixture
    overhead_s = per_step * c.old_engine**old_engine + c.sequence_s * batch * c.old_sequence**old_engine
    seconds = (memory_s**q + decode_s**q) ** (1 / q) + overhead_s + prefill_s
    joules = (
        gpus
        * gpu.tdp_w
        * (c.idle_share * seconds + c.memory_share * memory_s + c.compute_share * (decode_s + prefill_s))
    )
    return Step(seconds, joules)


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """What ``validation/energy.py`` wrote: constants, what is left unexplained, and of which data."""

    constants: Constants
    log_covariance: list[list[float]]
    """Of the logarithms of the constants in their order: a jackknife over lineages."""
    energy_sd: float
    """Standard deviation of log measured / predicted joules of left-out lineages; of seconds below."""
    time_sd: float
    correlation: float
    """Slope of the one on the other."""
    batch_log_mean: float
    batch_log_sd: float
    """Batches in the data: the prior where the batch is unknown."""
    model_shift: float
    """Log of what measured energy is above the mean of the usual servings, where the model alone is known."""
    model_latency_shift: float
    """The same where the model and its latency are known."""
    bands: dict[str, dict[str, float]]
    """90 % half-widths (ratios) by what is known of the serving, for a known and a new lineage."""
    causes: dict[str, dict[str, dict[str, float]]]
    """The same half-widths as logs, split by who shares them: `serving` by calls on one serving, `lineage` by calls
    of one model (two models of a lineage are no closer than any two: ``VALIDATION.md``), `form` by everything. Their
    squares add up to that of the log of the band."""
    lineages: dict[str, str]
    """Lineages that were fitted: by their name in ``models.csv`` of jevons.factors, that in ``validation/models.csv``.
    One that is not here is new: its own deviation is not known."""
    rows: int
    data_sha256: str
    source: str


@cache
def fitted() -> Fit:
    """The fit that this version ships."""
    return msgspec.json.decode(files(__package__).joinpath("fitted.json").read_bytes(), type=Fit)
