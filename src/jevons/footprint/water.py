"""Water of a data centre: evaporated on site, and by the power stations that feed it."""

from __future__ import annotations


def water_l(energy_it_kwh: float, wue_l_per_kwh: float, pue: float, ewif_l_per_kwh: float) -> float:
    """Litres consumed: W = E_IT x (WUE + PUE x EWIF) (Li et al. 2023, arXiv 2304.03271, eq. 1 to 3).

    WUE is per kWh of IT (ISO/IEC 30134-9), so PUE never multiplies it; stations supply the whole facility.
    """
    return energy_it_kwh * (wue_l_per_kwh + pue * ewif_l_per_kwh)
