"""Energy of AI inference: what is linear in the sums of a cell, and the chain from accelerators to the building.

`generation.coefficients` gives the joules per unit for models that write, `forward.coefficients` for those that take
one pass, `local` for one's own machine. Scope: joules of the GPU alone in data centres, of the whole machine elsewhere;
host, idle reserve and PUE are applied once, by `rates`.
"""

from __future__ import annotations

from typing import Any

import msgspec

LOCAL_J_PER_B_OUTPUT = 0.5
"""Whole machine, one sequence at a time, joules per output token and billion active parameters: the middle of
llama.cpp on DGX Spark 0.27, workstation 0.46, server 1.2 (gguf-lopez 2026, 3B and 7B, 2 to 16 bits)."""
LOCAL_J_PER_B_INPUT = 0.017
"""As above, per input token: 0.0073, 0.014, 0.049."""
LOCAL_SOURCE = "gguf-lopez 2026: llama.cpp on three machines, 3B and 7B (src/jevons/footprint/energy.py)"
LOCAL_BAND = 5.0
"""90 % half-width of a local model without meter and processor time: machine and quantisation unknown."""
ESTIMATED_BAND = 1.3
"""Tokens estimated from text, four characters each, are off by up to 30 % (judgement)."""


class Coefficients(msgspec.Struct, frozen=True):
    """Joules per unit of each sum of a cell: numbers, or arrays of one shape."""

    per_call: Any = 0.0
    per_fresh_token: Any = 0.0
    """Input token that no cache held."""
    per_cached_token: Any = 0.0
    per_output_token: Any = 0.0
    per_prefill_pair: Any = 0.0
    per_kv_read: Any = 0.0

    def joules(self, calls: Any, fresh: Any, cached: Any, output: Any, prefill_pairs: Any, kv_reads: Any) -> Any:
        """Joules of the sums of a cell: their scalar product."""
        return (
            calls * self.per_call
            + fresh * self.per_fresh_token
            + cached * self.per_cached_token
            + output * self.per_output_token
            + prefill_pairs * self.per_prefill_pair
            + kv_reads * self.per_kv_read
        )


def local(active_b: float) -> Coefficients:
    """Coefficients of a model on a machine of one's own, one sequence at a time. Scope: the whole machine."""
    return Coefficients(
        per_fresh_token=LOCAL_J_PER_B_INPUT * active_b, per_output_token=LOCAL_J_PER_B_OUTPUT * active_b
    )


def cpu_j(cpu_us: float, watts_per_core: float) -> float:
    """Joules of processor time: busy core-seconds x watts of a busy core."""
    return cpu_us * 1e-6 * watts_per_core


def it_energy(gpu_energy: float, host: float, idle: float) -> float:
    """Energy of IT from that of accelerators: E_gpu x host (83/58) x idle (93/83), Elsworth et al. 2025, table 1."""
    return gpu_energy * host * idle


def whole_chain_energy(gpu_energy: float, share: float) -> float:
    """Energy of the building from that of accelerators at one go: E_gpu / share, their share of it (0.58: 1.72 times).

    Elsworth et al. 2025, table 1. Host, idle reserve and PUE are all in it: another chain beside `it_energy` and
    `facility_energy`, never multiplied by either. ValueError unless 0 < share <= 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share}: above 0, 1 at most")
    return gpu_energy / share


def facility_energy(energy_it: float, pue: float) -> float:
    """Energy of the building from that of its IT: E_IT x PUE (ISO/IEC 30134-2)."""
    return energy_it * pue
