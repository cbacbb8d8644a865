"""Embodied carbon: a share of making the hardware, by the time that the work takes of its life."""

from __future__ import annotations

SECONDS_PER_YEAR = 31_557_600.0


def busy_s(energy_j: float, power_w: float) -> float:
    """Machine-seconds that a share of a batch takes: joules over the machine's mean power while it works.

    Equals GPUs x step time x share of the batch, as all of these share the power alike.
    """
    return energy_j / power_w


def embodied_g(busy_s: float, made_kg: float, lifetime_years: float, utilisation: float) -> float:
    """gCO2e = made x busy / (lifetime x utilisation): M = TE x TS of SCI (ISO/IEC 21031:2024), TS by time.

    Utilisation charges the idle part of the life to the work done.
    """
    return made_kg * 1e3 * busy_s / (lifetime_years * SECONDS_PER_YEAR * utilisation)
