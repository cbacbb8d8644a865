"""Energy of AI inference, linear in the sums of a cell.

Reference serving state: H100-class GPUs under a vLLM-class server that decodes 64 sequences at a time.
Joules of GPU for one decode step of a batch B on n GPUs (a linearised roofline):

    E_step = B * A * 2 * J_PER_FLOP + W(B) * J_PER_WEIGHT_BYTE + n * J_PER_GPU_STEP + B * J_PER_OUTPUT_TOKEN
    W(B)   = bytes * (A + (N - A) * (1 - (1 - A/N)^B))      the experts that B tokens touch, routing uniform

with N total and A active parameters. One output token costs E_step / B. Key-value reads and attention during
prefill are added per pair of tokens. The four constants of the step were fitted in log space (soft L1) to 168
text rows of the ML.ENERGY benchmark v2 and v3 on H100 (batch 32 to 256; Chung et al. 2025, arXiv 2505.06371):
median error 22 %, 90 % of rows within 0.57 to 1.67. The functions of one phenomenon take
numbers or numpy arrays; those that compose them take one model.

Scope: joules of the GPU alone for data centres; host, idle reserve and PUE are applied once, by `account`.
"""

from __future__ import annotations

import math

import msgspec

from jevons.footprint.step import KV_BYTES_8B, weights_read

BATCH = 64
"""Sequences decoded together where nothing is known: the prior of a busy server."""
J_PER_FLOP = 2.2e-12
"""Fitted: 318 TFLOP/s at 700 W."""
J_PER_WEIGHT_BYTE = 2.4e-10
"""Fitted: 2.9 TB/s at 700 W (an H100 reads 3.35 TB/s at most)."""
J_PER_KV_BYTE = 2.1e-10
"""TDP over bandwidth of an H100, 700 W / 3.35 TB/s: not told apart from the rest by the fit, so taken as physics."""
J_PER_GPU_STEP = 1.8
"""Fitted: launch, synchronisation and idle power of one GPU for one step (about 6 ms at 300 W)."""
J_PER_OUTPUT_TOKEN = 0.028
"""Fitted: sampling and bookkeeping per sequence."""

GPU_BYTES = 80e9
HEADROOM = 1.2
"""Memory for weights, cache and activations over that for weights (EcoLogits methodology 2025)."""
WIDE_ABOVE_B = 100.0
"""Above this size weights are served in 8 bits, below in 16."""

KV_EXPONENT = 0.4
"""Key-value bytes grow from Llama 3.1 8B's (`KV_BYTES_8B`) as N^0.4 to 405B's 516 kB."""
ATTENTION_FLOPS_8B = 524_288.0
"""FLOPs per pair of tokens, 4 x width x layers: Llama 3.1 8B 4 x 4096 x 32; it grows as N^0.7 to 405B's 8.3 M."""
ATTENTION_EXPONENT = 0.7

EMBEDDING_BATCH = 32
"""Texts embedded together: judgement; alone a text costs up to 30 times more (AI Energy Score v1, batch 1)."""

LOCAL_J_PER_B_OUTPUT = 0.5
"""Whole machine, one sequence at a time, joules per output token and billion active parameters: the middle of
llama.cpp on DGX Spark 0.27, workstation 0.46, server 1.2 (gguf-lopez 2026, 3B and 7B, 2 to 16 bits)."""
LOCAL_J_PER_B_INPUT = 0.017
"""As above, per input token: 0.0073, 0.014, 0.049."""

KNOWN_BAND = 3.7
"""90 % half-width, model known, GPU, batch and count unknown (879 rows of ML.ENERGY, families left out)."""
TIER_BAND = 4.9
"""90 % half-width, closed model of a size tier (as above; the spread of sizes in the tier is in it)."""
UNKNOWN_BAND = 12.0
"""90 % half-width, model unknown: sizes from 1B to the largest tier cost 0.08 to 7 J a token, x8 to
x11 around the middle tier, and the serving unknown on top, x3.7: exp(sqrt(ln 8.5^2 + ln 3.7^2)) = 12."""
EMBEDDING_BAND = 8.0
"""90 % half-width of embeddings: batch unknown between 1 and hundreds (judgement)."""
LOCAL_BAND = 5.0
"""90 % half-width of a local model without meter and processor time: machine and quantisation unknown."""
ESTIMATED_BAND = 1.3
"""Tokens estimated from text, four characters each, are off by up to 30 % (judgement)."""


class Coefficients(msgspec.Struct, frozen=True):
    """Joules per unit of each sum of a cell."""

    per_call: float
    per_fresh_token: float
    """Input token that no cache held."""
    per_cached_token: float
    per_output_token: float
    per_prefill_pair: float
    per_kv_read: float

    def joules(
        self, calls: float, fresh: float, cached: float, output: float, prefill_pairs: float, kv_reads: float
    ) -> float:
        """Joules of the sums of a cell: their scalar product."""
        return (
            calls * self.per_call
            + fresh * self.per_fresh_token
            + cached * self.per_cached_token
            + output * self.per_output_token
            + prefill_pairs * self.per_prefill_pair
            + kv_reads * self.per_kv_read
        )


def weight_bytes_read(total_b: float, active_b: float, batch: float, bytes_each: float) -> float:
    """Bytes of weights that one step reads, W(B): every expert that one of `batch` tokens was routed to.

    Expected number of distinct experts under uniform routing: 1 - (1 - A/N)^B of those not always active.
    """
    touched: float = weights_read(total_b, active_b, batch)
    return touched * 1e9 * bytes_each


def decode_token_j(
    total_b: float, active_b: float, gpus: float, bytes_each: float = 2.0, batch: float = BATCH
) -> float:
    """Joules of GPU per output token, E_step / B (module docstring); without key-value reads."""
    return (
        2e9 * active_b * J_PER_FLOP
        + weight_bytes_read(total_b, active_b, batch, bytes_each) / batch * J_PER_WEIGHT_BYTE
        + gpus / batch * J_PER_GPU_STEP
        + J_PER_OUTPUT_TOKEN
    )


def prefill_token_j(active_b: float) -> float:
    """Joules of GPU per input token read afresh: 2 A FLOPs (Kaplan et al. 2020, table 1), bound by compute."""
    return 2e9 * active_b * J_PER_FLOP


def kv_bytes(total_b: float) -> float:
    """Bytes of keys and values per token of context, grouped-query attention: 131 kB * (N / 8)^0.4."""
    growth: float = (total_b / 8) ** KV_EXPONENT
    return KV_BYTES_8B * growth


def kv_read_j(total_b: float) -> float:
    """Joules of GPU to read one token's keys and values: bytes x TDP / bandwidth."""
    return kv_bytes(total_b) * J_PER_KV_BYTE


def prefill_pair_j(total_b: float) -> float:
    """Joules of GPU to compare one pair of tokens in prefill: 4 x width x layers FLOPs (Vaswani et al. 2017)."""
    growth: float = (total_b / 8) ** ATTENTION_EXPONENT
    return ATTENTION_FLOPS_8B * growth * J_PER_FLOP


def bytes_per_parameter(total_b: float) -> float:
    """2 bytes (bf16) up to 100B, 1 byte (fp8) above."""
    return 1.0 if total_b > WIDE_ABOVE_B else 2.0


def gpus_for(total_b: float, bytes_each: float, gpu_bytes: float = GPU_BYTES) -> int:
    """GPUs of `gpu_bytes` (80 GB) that hold the weights with headroom: the next power of two."""
    return int(2 ** max(0, math.ceil(math.log2(HEADROOM * total_b * 1e9 * bytes_each / gpu_bytes))))


def generation(total_b: float, active_b: float) -> Coefficients:
    """Coefficients of a model that writes text, at the reference serving state."""
    each = bytes_per_parameter(total_b)
    gpus = gpus_for(total_b, each)
    return Coefficients(
        per_call=gpus / BATCH * J_PER_GPU_STEP,  # the prompt's own step
        per_fresh_token=prefill_token_j(active_b),
        per_cached_token=kv_read_j(total_b),  # loaded once, nothing computed
        per_output_token=decode_token_j(total_b, active_b, gpus, each),
        per_prefill_pair=prefill_pair_j(total_b),
        per_kv_read=kv_read_j(total_b),
    )


def embedding(total_b: float, active_b: float) -> Coefficients:
    """Coefficients of a model that embeds, ranks or judges text in one forward pass: 2 A FLOPs per token.

    No pairs: a request holds many short texts, so the pairs of its total would be far too many.
    """
    step = weight_bytes_read(total_b, active_b, EMBEDDING_BATCH, 2.0) * J_PER_WEIGHT_BYTE + J_PER_GPU_STEP
    token = prefill_token_j(active_b)
    return Coefficients(step / EMBEDDING_BATCH, token, token, 0.0, 0.0, 0.0)


def local(active_b: float) -> Coefficients:
    """Coefficients of a model on a machine of one's own, one sequence at a time. Scope: the whole machine."""
    return Coefficients(
        per_call=0.0,
        per_fresh_token=LOCAL_J_PER_B_INPUT * active_b,
        per_cached_token=0.0,
        per_output_token=LOCAL_J_PER_B_OUTPUT * active_b,
        per_prefill_pair=0.0,
        per_kv_read=0.0,
    )


def cpu_j(cpu_us: float, watts_per_core: float) -> float:
    """Joules of processor time: busy core-seconds x watts of a busy core."""
    return cpu_us * 1e-6 * watts_per_core


def it_energy(gpu_energy: float, host: float, idle: float) -> float:
    """Energy of IT from that of accelerators: E_gpu x host (83/58) x idle (93/83), Elsworth et al. 2025, table 1."""
    return gpu_energy * host * idle


def facility_energy(energy_it: float, pue: float) -> float:
    """Energy of the building from that of its IT: E_IT x PUE (ISO/IEC 30134-2)."""
    return energy_it * pue
