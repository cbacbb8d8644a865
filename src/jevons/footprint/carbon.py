"""Operational carbon of electricity."""

from __future__ import annotations


def operational_g(energy_kwh: float, grid_g_per_kwh: float) -> float:
    """gCO2e = E x intensity, location-based (GHG Protocol, Scope 2 Guidance 2015, ch. 6).

    `energy_kwh` is the facility's; the intensity a yearly lifecycle average.
    """
    return energy_kwh * grid_g_per_kwh


def implied_g_per_kwh(carbon_g: float, energy_kwh: float) -> float:
    """Intensity that a carbon and an energy figure imply: C / E. With the energy of the IT, PUE is in it.

    ValueError unless energy > 0.
    """
    if not energy_kwh > 0:
        raise ValueError(f"no intensity without energy; got {energy_kwh} kWh")
    return carbon_g / energy_kwh
