"""Operational carbon of electricity."""

from __future__ import annotations


def operational_g(energy_kwh: float, grid_g_per_kwh: float) -> float:
    """gCO2e = E x intensity, location-based (GHG Protocol, Scope 2 Guidance 2015, ch. 6).

    `energy_kwh` is the facility's; the intensity a yearly lifecycle average.
    """
    return energy_kwh * grid_g_per_kwh
