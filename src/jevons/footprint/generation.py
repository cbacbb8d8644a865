"""Joules of GPU of generated text, from as much of the serving as is known.

What is unknown is averaged over, in logs: the batch over the batches of the benchmark that `step` was fitted to,
GPU and count over the usual ones. An inter-token latency weighs each possibility by how well it explains it, and
shifts its joules along (slower than predicted is costlier, too). `validation/energy.py` judges each state on
lineages left out, and its bands become the intervals.

`estimate` prices one answer in a batch of its like, as a benchmark runs; `coefficients` prices the units of a cell in
a server's usual traffic: a call shares its batch with others whose contexts it does not decide, so its own keys and
values, prompt and answer each cost in proportion.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from jevons.factors import Size
from jevons.factors import gpus as sheets
from jevons.factors.table import rows
from jevons.footprint.energy import Coefficients
from jevons.footprint.interval import ONE, Interval, around
from jevons.footprint.step import Accelerator, Fit, Step, fitted, kv_bytes_of, layers_of, step

USUAL = (
    ("H100-SXM-80GB", Accelerator(700.0, 3350.0, 989.0), 80.0),
    ("B200", Accelerator(1000.0, 7700.0, 2250.0), 180.0),
)
"""GPUs that serve where none is named (name, data sheet of the maker, GB of memory): a judgement."""
FITTED = frozenset({"A100-SXM-40GB", "H100-SXM-80GB", "B200"})
EXTRAPOLATED = Interval(1 / 1.8, 1.0, 1.8)
"""Predicted over measured was 0.7 to 1.8 on other serving engines and GPUs (Argonne, Shang, TokenPowerBench)."""
EAGER = Interval(0.4, 2.0, 10.0)
"""Measured over predicted where a model's own Python code runs layer by layer, without a serving engine (Hugging Face's
`transformers`): 1.0 (ML.ENERGY v1, Columbia 2025), 2.4 (AI Energy Score 2025), 3 and more (Wilkins 2024, no cache)."""
_EAGER = re.compile(r"transformers|pytorch|fastchat|pipeline|eager|optimum", re.I)
HEADROOM = 1.2
"""Memory for weights, cache and activations over that for weights (EcoLogits methodology 2025)."""
WIDE_ABOVE_B = 100.0
"""Above this size weights are served in 8 bits, below in 16."""
TRAFFIC_INPUT, TRAFFIC_OUTPUT = 1_155.0, 211.0
"""Mean tokens of a request in a provider's traffic: Azure's conversations of 2023 (Patel et al. 2024, Splitwise)."""
TRAFFIC_SOURCE = "Azure LLM inference trace 2023, conversations (Patel et al. 2024, Splitwise), CC BY 4.0"
ATTENTION_FLOPS_8B = 524_288.0
"""Operations per pair of tokens in prefill, 4 x width x layers (Vaswani et al. 2017): Llama 3.1 8B 4 x 4096 x 32."""
ATTENTION_EXPONENT = 0.7
"""They grow to 405B's 8.3 million; a mixture lies between its active and its total parameters (judgement)."""
_GRID = tuple(math.exp(math.log(4) + i * math.log(1024) / 60) for i in range(61))
_COARSE = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)

SERVING, BOTH, LATENCY, MODEL = "serving", "serving and latency", "latency", "model"
MODEL_LATENCY = "model and latency"
"""What is known: names of the bands of a `Fit`. `LATENCY` has GPU and count known, `MODEL_LATENCY` neither."""


def bytes_per_parameter(total_b: float) -> float:
    """2 bytes (bf16) up to 100B, 1 byte (fp8) above."""
    return 1.0 if total_b > WIDE_ABOVE_B else 2.0


def gpus_for(total_b: float, bytes_each: float, gpu_bytes: float) -> int:
    """GPUs of `gpu_bytes` that hold the weights with headroom: the next power of two."""
    return int(2 ** max(0, math.ceil(math.log2(HEADROOM * total_b * 1e9 * bytes_each / gpu_bytes))))


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
    latency_error: float = 0.0
    """Standard deviation of its logarithm as a measure of the server's own: a client sees other delays, too."""
    old_engine: bool = False
    engine: str = ""


_OLD_ENGINE = re.compile(r"vllm\D*0\.[0-6](\.|$)")


def served_by(
    name: str = "",
    *,
    gpus: float | None = None,
    batch: float | None = None,
    latency_s: float | None = None,
    engine: str = "",
) -> Setting:
    """A setting with a GPU by the name that people give it; empty: not known. LookupError where no data sheet is."""
    card = sheets.gpu(name) if name else None
    if name and card is None:
        raise LookupError(f"gpu {name} is not known; there are {', '.join(row['name'] for row in rows('gpus'))}")
    return Setting(
        gpu=Accelerator(card.tdp_w, card.bandwidth_gb_s, card.bf16_tflops) if card else None,
        gpu_name=card.name if card else "",
        memory_gb=card.memory_gb if card else 80.0,
        gpus=gpus,
        batch=batch,
        latency_s=latency_s,
        old_engine=bool(_OLD_ENGINE.search(engine.lower())),
        engine=engine,
    )


class Estimate(msgspec.Struct, frozen=True):
    """Joules of GPU, and what they rest on."""

    joules: Interval
    known: str
    extrapolated: Interval | None
    """Factor on the joules outside of what was measured: other GPUs, other engines, batches below 4; None within."""


class Linear(msgspec.Struct, frozen=True):
    """Joules per unit of the sums of a cell, and what they rest on."""

    coefficients: Coefficients
    known: str
    extrapolated: Interval | None
    """As of an `Estimate`."""


class _Possible(msgspec.Struct, frozen=True):
    """One serving that may be, and how likely it is."""

    log_weight: float
    gap: float
    """Log of the latency seen over the one predicted."""
    gpu: Accelerator
    gpus: float
    batch: float
    made: Step


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
    fit = fit or fitted()
    known = _known(setting)
    middle = output_tokens * _middle(fit, setting, _weighed(fit, network, setting, input_tokens, output_tokens))
    band = fit.bands[known]["new lineage" if new_lineage else "known lineage"]
    return Estimate(around(middle, band), known, extrapolated(setting))


@lru_cache(maxsize=4096)
def coefficients(network: Network, setting: Setting) -> Linear:
    """Joules of GPU per unit of the sums of a cell, linear at the serving state that `setting` leaves possible.

    A server decodes the usual traffic (`TRAFFIC_INPUT`, `TRAFFIC_OUTPUT`); one call more or less of any length moves
    a step by what its own tokens take: prefill by its operations, keys and values by the slope of the step at that
    traffic. Over the possible servings the mean of the logs, brought to what `estimate` says of one usual request.
    """
    fit = fitted()
    possible = _weighed(fit, network, setting, TRAFFIC_INPUT, TRAFFIC_OUTPUT)
    parts = [(math.exp(one.log_weight), _linear(fit, network, setting, one)) for one in possible]
    whole = sum(weight for weight, _ in parts)
    mean = {
        name: math.exp(sum(weight * math.log(getattr(part, name)) for weight, part in parts) / whole)
        for name in Coefficients.__struct_fields__
        if name != "per_call"
    }
    usual = Coefficients(**mean).joules(1, TRAFFIC_INPUT, 0, TRAFFIC_OUTPUT, 0, TRAFFIC_OUTPUT * _CONTEXT)
    scale = TRAFFIC_OUTPUT * _middle(fit, setting, possible) / usual
    made = Coefficients(**{name: number * scale for name, number in mean.items()})
    return Linear(made, _known(setting), extrapolated(setting))


def over_sizes(total: Size, active: Size, joules: Callable[[float, float], float]) -> Interval:
    """Ratios of joules at the small and the large end of what a model's sizes may be, to those in the middle."""
    if total.low == total.high and active.low == active.high:
        return ONE

    def at(total_b: float, active_b: float) -> float:
        return joules(total_b, min(active_b, total_b)) / middle

    middle = joules(total.value, min(active.value, total.value))
    return Interval(min(at(total.low, active.low), 1.0), 1.0, max(at(total.high, active.high), 1.0))


_CONTEXT = TRAFFIC_INPUT + TRAFFIC_OUTPUT / 2


def _linear(fit: Fit, network: Network, setting: Setting, one: _Possible) -> Coefficients:
    """Per unit, at one serving."""

    def joules(context: float, fresh_per_output: float) -> float:
        made = _step(fit, network, setting, one.gpu, one.gpus, one.batch, context, fresh_per_output)
        return float(made.joules) / one.batch

    still, near = joules(_CONTEXT, 0.0), 0.01 * _CONTEXT
    per_kv = (joules(_CONTEXT + near, 0.0) - joules(_CONTEXT - near, 0.0)) / (2 * near)
    per_fresh = joules(_CONTEXT, 1.0) - still
    operations = 2e9 * network.active_b * fit.constants.prefill
    return Coefficients(
        per_fresh_token=per_fresh,
        per_cached_token=per_kv,  # loaded once, nothing computed
        per_output_token=still - per_kv * _CONTEXT,
        per_prefill_pair=per_fresh * attention_flops(network) / operations,
        per_kv_read=per_kv,
    )


def attention_flops(network: Network) -> float:
    """Operations to compare one pair of tokens in prefill; the benchmark's prompts are too short to fit them."""
    size_b = math.sqrt(network.total_b * network.active_b)
    return float(ATTENTION_FLOPS_8B * (size_b / 8) ** ATTENTION_EXPONENT)


def _weighed(fit: Fit, network: Network, setting: Setting, fresh: float, output: float) -> list[_Possible]:
    """Each possible serving of such an answer, the best explanation of the latency with weight about 1."""
    given = (network.total_b, network.active_b, network.weight_bytes, output, setting.gpus, setting.batch)
    if any(number is not None and not number > 0 for number in (*given, setting.latency_s)) or fresh < 0:
        raise ValueError("parameters, output tokens, GPUs, batch and latency are above 0, input tokens not below")
    seen, sd = setting.latency_s, math.hypot(fit.time_sd, setting.latency_error)
    possible = []
    for weight, gpu, gpus, batch in _possible(fit, network, setting):
        made = _step(fit, network, setting, gpu, gpus, batch, fresh + output / 2, fresh / output)
        gap = math.log(seen / made.seconds) if seen else 0.0
        possible.append(_Possible(math.log(weight) - 0.5 * (gap / sd) ** 2, gap, gpu, gpus, batch, made))
    best = max(one.log_weight for one in possible)  # so that none underflows
    return [msgspec.structs.replace(one, log_weight=one.log_weight - best) for one in possible]


def _middle(fit: Fit, setting: Setting, possible: list[_Possible]) -> float:
    """Joules per output token: the mean of the logs."""
    # the part of the gap that is the client's own says nothing of the server
    slope = fit.correlation * fit.time_sd**2 / (fit.time_sd**2 + setting.latency_error**2)
    weights = [math.exp(one.log_weight) for one in possible]
    logs = [math.log(one.made.joules / one.batch) + slope * one.gap for one in possible]
    mean = sum(weight * log for weight, log in zip(weights, logs, strict=True)) / sum(weights)
    return math.exp(mean + _shift(fit, _known(setting)))


def causes(known: str, new_lineage: bool) -> dict[str, float]:
    """What is uncertain of joules where so much is known: logs of 90 % half-widths by cause (see `Fit.causes`)."""
    return fitted().causes[known]["new lineage" if new_lineage else "known lineage"]


def _shift(fit: Fit, known: str) -> float:
    return {MODEL: fit.model_shift, MODEL_LATENCY: fit.model_latency_shift}.get(known, 0.0)


def extrapolated(setting: Setting) -> Interval | None:
    """What a setting outside of what was measured multiplies joules by; None where it lies within."""
    if _EAGER.search(setting.engine):
        return EAGER
    other_engine = bool(setting.engine) and not setting.engine.lower().startswith("vllm")
    strange = setting.gpu is not None and setting.gpu_name not in FITTED
    small = setting.batch is not None and setting.batch < _GRID[0]
    return EXTRAPOLATED if other_engine or strange or small else None


def _known(setting: Setting) -> str:
    if setting.gpu is None or setting.gpus is None:
        return MODEL_LATENCY if setting.latency_s else MODEL
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
    context: float,
    fresh_per_output: float,
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
        context=context,
        fresh_per_output=fresh_per_output,
        old_engine=int(setting.old_engine),
    )
