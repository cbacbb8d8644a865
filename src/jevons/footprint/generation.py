"""Joules of GPU of generated text, from as much of the serving as is known.

What is unknown is averaged over, in logs: the batch over the batches of the benchmark that `step` was fitted to,
GPU and count over the usual ones. An inter-token latency weighs each possibility by how well it explains it, and
shifts its joules along (slower than predicted is costlier, too). `validation/energy.py` judges each state on
lineages left out, and its bands become the intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from jevons.footprint.energy import gpus_for
from jevons.footprint.interval import Interval, around
from jevons.footprint.step import Accelerator, Fit, Step, fitted, kv_bytes_of, layers_of, step

USUAL = (
    ("H100-SXM-80GB", Accelerator(700.0, 3350.0, 989.0), 80.0),
    ("B200", Accelerator(1000.0, 7700.0, 2250.0), 180.0),
)
"""GPUs that serve where none is named (name, data sheet of the maker, GB of memory): a judgement."""
FITTED = frozenset({"A100-SXM-40GB", "H100-SXM-80GB", "B200"})
_GRID = tuple(math.exp(math.log(4) + i * math.log(1024) / 60) for i in range(61))
_COARSE = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)

SERVING, BOTH, LATENCY, MODEL = "serving", "serving and latency", "latency", "model"
"""What is known: names of the bands of a `Fit`."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """What one step depends on of a model."""

    total_b: float
    active_b: float
    """Parameters in billions; active ones are those that one token uses."""
    weight_bytes: float = 2.0
    layers: float | None = None
    kv_bytes: float | None = None
    """Per token of context."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the serving; None is not known."""

    gpu: Accelerator | None = None
    gpu_name: str = ""
    memory_gb: float = 80.0
    gpus: float | None = None
    batch: float | None = None
    latency_s: float | None = None
    """Seconds between two tokens of one answer, pooled over many."""
    old_engine: bool = False
    engine: str = ""


class Estimate(msgspec.Struct, frozen=True):
    """Joules of GPU, and what they rest on."""

    joules: Interval
    known: str
    extrapolated: bool
    """Outside of what was measured: other GPUs, other engines, batches below 4."""


def estimate(
    network: Network,
    setting: Setting,
    input_tokens: float,
    output_tokens: float,
    *,
    new_lineage: bool = True,
    fit: Fit | None = None,
) -> Estimate:
    """Joules of GPU of one answer of `output_tokens` to `input_tokens` that no cache held; 90 % interval.

    `new_lineage`: the model's pre-training family is none of those fitted, so its own deviation is not known.
    ValueError where a number is not positive (`input_tokens` may be 0).
    """
    given = (network.total_b, network.active_b, network.weight_bytes, output_tokens, setting.gpus, setting.batch)
    if any(number is not None and not number > 0 for number in (*given, setting.latency_s)) or input_tokens < 0:
        raise ValueError("parameters, output tokens, GPUs, batch and latency are above 0, input tokens not below")
    fit = fit or fitted()
    known = _known(setting)
    logs = weights = 0.0
    possible = [
        (weight, batch, _step(fit, network, setting, gpu, gpus, batch, input_tokens, output_tokens))
        for weight, gpu, gpus, batch in _possible(fit, network, setting)
    ]
    # the best explanation weighs 1, so that none underflows
    off = [math.log(setting.latency_s / made.seconds) if setting.latency_s else 0.0 for _, _, made in possible]
    fits = [
        math.log(weight) - 0.5 * (gap / fit.time_sd) ** 2 for (weight, _, _), gap in zip(possible, off, strict=True)
    ]
    for (_, batch, made), gap, log_weight in zip(possible, off, fits, strict=True):
        weight = math.exp(log_weight - max(fits))
        weights += weight
        logs += weight * (math.log(made.joules / batch) + fit.correlation * gap)
    shift = fit.model_shift if known == MODEL else 0.0
    band = fit.bands[known]["new lineage" if new_lineage else "known lineage"]
    other_engine = bool(setting.engine) and not setting.engine.lower().startswith("vllm")
    strange = setting.gpu is not None and setting.gpu_name not in FITTED
    small = setting.batch is not None and setting.batch < _GRID[0]
    return Estimate(
        around(output_tokens * math.exp(logs / weights + shift), band), known, other_engine or strange or small
    )


def _known(setting: Setting) -> str:
    if setting.gpu is None or setting.gpus is None:
        return MODEL
    if setting.batch is None:
        return LATENCY if setting.latency_s else MODEL
    return BOTH if setting.latency_s else SERVING


def _possible(fit: Fit, network: Network, setting: Setting) -> Iterator[tuple[float, Accelerator, float, float]]:
    """Each possible serving, with its prior weight."""
    mean, sd = fit.batch_log_mean, fit.batch_log_sd
    if setting.batch is not None:
        batches = [(1.0, setting.batch)]
    elif setting.latency_s:
        batches = [(math.exp(-0.5 * ((math.log(batch) - mean) / sd) ** 2), batch) for batch in _GRID]
    else:
        batches = [(1.0, math.exp(mean + sd * deviation)) for deviation in _COARSE]
    named = ((setting.gpu_name, setting.gpu, setting.memory_gb),) if setting.gpu is not None else USUAL
    for _, gpu, memory_gb in named:
        least = gpus_for(network.total_b, network.weight_bytes, memory_gb * 1e9)
        for gpus in (least, 2 * least) if setting.gpus is None else (setting.gpus,):
            for weight, batch in batches:
                yield weight, gpu, gpus, batch


def _step(
    fit: Fit,
    network: Network,
    setting: Setting,
    gpu: Accelerator,
    gpus: float,
    batch: float,
    fresh: float,
    output: float,
) -> Step:
    return step(
        fit.constants,
        gpu,
        total_b=network.total_b,
        active_b=network.active_b,
        weight_bytes=network.weight_bytes,
        layers=layers_of(network.total_b) if network.layers is None else network.layers,
        kv_bytes=kv_bytes_of(network.active_b) if network.kv_bytes is None else network.kv_bytes,
        mixture=int(network.active_b < 0.99 * network.total_b),
        gpus=gpus,
        batch=batch,
        context=fresh + output / 2,
        fresh_per_output=fresh / output,
        old_engine=int(setting.old_engine),
    )
