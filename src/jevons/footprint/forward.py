"""Joules of GPU of models that take one forward pass over their input: they embed, rank or judge texts (`KINDS`).

No other kind is described: images, audio and video stay unknown until there is a law with a source for them.

A pass starts every layer's kernels, reads every weight once, and computes 2 operations per parameter and token
(Kaplan et al. 2020, arXiv 2001.08361, section 2.1). B requests share it, the texts of one request always do:

    E_call  = TDP (layers LAUNCH + (s_0 + s_1) w N / (bandwidth m)) / B
    E_token = TDP (s_0 + s_2) 2 A / (peak c)

Taken over from `step`, where the phenomenon is the same: the shares of bandwidth and peak that are reached (m, c) and
of TDP that are drawn at all times, by memory and by compute (s_0, s_1, s_2). Not taken over, as they stand for engines
that decode: its overheads (here `LAUNCH`, fitted), its factor of prefill (prompts worked off between decode steps), its
keys and values. The parts add up, though a GPU overlaps them: too much where two are alike, never too little.

Attention is left out: a request may hold many short texts, so the pairs of its tokens are no measure. It is 11 % of a
base model's operations at 512 tokens, but as much as all else at 4,600 (12 layers of width 768; 4 x width x layers for
each pair). Output is a vector or a score, and costs nothing. Scope: the GPU alone.

``validation/forward.py`` fits and judges it: batch 1 on an H100 (AI Energy Score 2025), and tuned servers (MLPerf).
"""

from __future__ import annotations

from typing import Any

from jevons.factors.gpus import Gpu
from jevons.footprint.energy import Coefficients
from jevons.footprint.interval import Interval, around, product
from jevons.footprint.step import EIGHT_BITS, Accelerator, fitted

SOURCE = "AI Energy Score 2025 (batch 1, H100) and MLPerf Inference, fitted and judged by validation/forward.py"
KINDS = frozenset({"embeddings", "rerank", "moderation"})
"""Kinds of calls that the law describes."""
LAUNCH = 8.6e-5
"""Seconds at full TDP that one layer of one pass takes beside its work, fitted by ``validation/forward.py``: 0.060 J on
an H100. PyTorch needs 0.6 ms for a layer that its host launches (Luccioni et al. 2023, latencies): 14 % of TDP then."""
BATCH = Interval(1.0, 16.0, 256.0)
"""Requests that share a pass where nothing is known, even in logs: one alone on a quiet server; a busy one fills
16,384 tokens (the default of Hugging Face's text-embeddings-inference) with 256 texts of 64. Its middle is the
middle of the law: `coefficients` varies with it as 1 / batch in ``per_call``, not at all in the rest."""
KNOWN_BAND = 3.0
"""90 % half-width, batch, GPU and precision known: a model of a new lineage (VALIDATION.md). Tuned servers in 8 bits
and with capped power (MLPerf) lie within it, at its lower end."""
VECTOR_SHARE = 1 / 15
"""Peak of 32-bit arithmetic over that of 16-bit tensor cores: 67 of 989 on H100, 19.5 of 312 on A100 (data sheets)."""
LAYERS_1B = 20.0
LAYERS_GROWTH = 0.22
"""Layers where they are not known, 20 N^0.22: 12 of BERT base (0.11; Devlin et al. 2019), 32 of Mistral 7B."""
H100 = Accelerator(700.0, 3350.0, 989.0)
"""Serves where no GPU is named: at peak, others take 0.6 (B200) to 1.8 (A100) times its joules per operation."""


def coefficients(
    total_b: Any,
    active_b: Any,
    *,
    gpu: Accelerator | Gpu | None = None,
    batch: Any = None,
    layers: Any = None,
    weight_bytes: Any = 2.0,
    arithmetic: Any = 1.0,
) -> Coefficients:
    """Joules of GPU per request and per input token, cached or not (module docstring); numbers or arrays.

    `total_b` and `active_b` parameters in billions; `batch` requests that share a pass, `BATCH.mid` where unknown;
    `weight_bytes` per parameter, as served: GPU servers load 32-bit releases in 16 bits; `arithmetic` its peak over
    that of 16 bits, `VECTOR_SHARE` for PyTorch's 32 bits.
    """
    constants, gpu = fitted().constants, gpu or H100
    layers = LAYERS_1B * total_b**LAYERS_GROWTH if layers is None else layers
    # every expert is read: the tokens of one text are enough to touch them all
    read_s = total_b * weight_bytes / (gpu.bandwidth_gb_s * constants.memory)
    compute_s = 2e-3 * active_b / (gpu.bf16_tflops * constants.compute * arithmetic)
    idle = constants.idle_share
    token = gpu.tdp_w * (idle + constants.compute_share) * compute_s
    return Coefficients(
        per_call=gpu.tdp_w
        * (layers * LAUNCH + (idle + constants.memory_share) * read_s)
        / (BATCH.mid if batch is None else batch),
        per_fresh_token=token,
        per_cached_token=token,  # nothing is known to be kept between passes
    )


def estimate(
    total_b: float,
    active_b: float,
    tokens: float,
    *,
    gpu: Accelerator | Gpu | None = None,
    batch: float | None = None,
    layers: float | None = None,
    weight_bytes: float = 2.0,
    arithmetic: float = 1.0,
) -> Interval:
    """Joules of GPU of one request of `tokens`, 90 % interval; the narrower, the more its tokens outweigh the pass.

    With the batch unknown, so is the precision: the lower end is that of a full batch in 8 bits, as tuned servers run
    (MLPerf's ``bert-99``; added after two of its four pairs of runs had fallen just below).
    ValueError where a number is not above 0, more parameters are active than there are, or `batch` is under 1.
    """
    above = (active_b, weight_bytes, arithmetic, *(number for number in (batch, layers) if number is not None))
    if not all(number > 0 for number in above) or active_b > total_b or tokens < 0 or (batch is not None and batch < 1):
        raise ValueError(
            "above 0: active <= total parameters, layers, weight bytes, arithmetic; batch >= 1, tokens >= 0"
        )

    def at(share: float, peak: float = arithmetic) -> float:
        made = coefficients(
            total_b, active_b, gpu=gpu, batch=share, layers=layers, weight_bytes=weight_bytes, arithmetic=peak
        )
        return float(made.joules(1, tokens, 0, 0, 0, 0))

    if batch is not None:
        return around(at(batch), KNOWN_BAND)
    return product(
        Interval(at(BATCH.high, arithmetic * EIGHT_BITS), at(BATCH.mid), at(BATCH.low)), around(1.0, KNOWN_BAND)
    )
