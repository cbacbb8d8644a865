"""Energy of one query by the formulas of others, to stand beside the product's own."""

from __future__ import annotations

import math

from jevons.footprint.energy import facility_energy

ECOLOGITS_BATCH = 64.0
_GPU_ALPHA, _GPU_BETA, _GPU_GAMMA = 1.1665273170451914e-06, -0.011205921025579175, 4.052928146734005e-05
"""Wh per output token and GPU (EcoLogits 0.11.3)."""
_LATENCY_ALPHA, _LATENCY_BETA, _LATENCY_GAMMA = 0.0006785088094353663, 0.0003119310311688259, 0.019473717579473387
"""Seconds per output token (EcoLogits 0.11.3)."""


def jegham_wh(
    first_token_s: float,
    output_tokens: float,
    tokens_per_s: float,
    gpu_w: float,
    gpu_utilisation: float,
    other_w: float,
    other_utilisation: float,
    pue: float,
) -> float:
    """Wh of the facility: (L + out / R) / 3600 x (P_GPU x U_GPU + P_other x U_other) x PUE.

    Jegham et al. 2025 (arXiv 2505.09598); utilisations are the query's shares of the whole node.
    """
    hours = (first_token_s + output_tokens / tokens_per_s) / 3600
    return facility_energy(hours * (gpu_w * gpu_utilisation + other_w * other_utilisation), pue)


def expected_wh(least_wh: float, most_wh: float, weight: float = 0.5) -> float:
    """w x most + (1 - w) x least (Jegham et al. 2025: w = 0.5)."""
    return weight * most_wh + (1 - weight) * least_wh


def epoch_wh(
    active_parameters: float,
    tokens: float,
    peak_flops_per_s: float,
    utilisation: float,
    gpu_w: float,
    power_utilisation: float,
) -> float:
    """Wh: t = 2 x P x tokens / (peak x utilisation) seconds, then t x W x share / 3600 (Epoch AI, You, February 2025).

    `gpu_w` is one GPU's share of server and building (1500 W for an H100).
    """
    seconds = 2 * active_parameters * tokens / (peak_flops_per_s * utilisation)
    return seconds * gpu_w * power_utilisation / 3600


def ecologits_gpus(total_b: float, bits: float = 16.0, gpu_gb: float = 80.0) -> int:
    """GPUs: 2 to the power of ceil(log2(ceil(1.2 x P x bits / 8 / 80))) (EcoLogits 0.11.3)."""
    return int(2 ** math.ceil(math.log2(math.ceil(1.2 * total_b * bits / 8 / gpu_gb))))


def ecologits_wh(
    total_b: float,
    active_b: float,
    output_tokens: float,
    pue: float = 1.0,
    *,
    batch: float = ECOLOGITS_BATCH,
    server_w: float = 1200.0,
    server_gpus: float = 8.0,
) -> float:
    """Wh of the facility by EcoLogits 0.11.3, latency not known; input tokens cost nothing.

    f_E = a exp(b B) P + g per token and GPU; dT = tokens x (a' P + b' B + g');
    E = PUE x (dT / 3600 x W_server x GPU / 8 / B + GPU x tokens x f_E).
    """
    gpus = ecologits_gpus(total_b)
    gpu_wh = output_tokens * (_GPU_ALPHA * math.exp(_GPU_BETA * batch) * active_b + _GPU_GAMMA)
    seconds = output_tokens * (_LATENCY_ALPHA * active_b + _LATENCY_BETA * batch + _LATENCY_GAMMA)
    server_wh = seconds / 3600 * server_w * gpus / server_gpus / batch
    return facility_energy(server_wh + gpus * gpu_wh, pue)
