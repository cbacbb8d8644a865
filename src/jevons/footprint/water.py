"""Water of a data centre: evaporated on site, and by the power stations that feed it."""

from __future__ import annotations

import math
from collections.abc import Mapping


def water_l(energy_it_kwh: float, wue_l_per_kwh: float, pue: float, ewif_l_per_kwh: float) -> float:
    """Litres consumed: W = E_IT x (WUE + PUE x EWIF) (Li et al. 2023, arXiv 2304.03271, eq. 1 to 3).

    WUE is per kWh of IT (ISO/IEC 30134-9), so PUE never multiplies it; stations supply the whole facility.
    """
    return energy_it_kwh * (wue_l_per_kwh + pue * ewif_l_per_kwh)


def on_site_l(energy_it_kwh: float, wue_l_per_kwh: float) -> float:
    """Litres on site, E_IT x WUE: the first term of `water_l`."""
    return energy_it_kwh * wue_l_per_kwh


def off_site_l(energy_it_kwh: float, pue: float, ewif_l_per_kwh: float) -> float:
    """Litres at power stations, E_IT x PUE x EWIF: the second term of `water_l`."""
    return energy_it_kwh * pue * ewif_l_per_kwh


def it_kwh(energy_facility_kwh: float, pue: float) -> float:
    """Energy of the IT in that of the facility: E / PUE (ISO/IEC 30134-2)."""
    return energy_facility_kwh / pue


def of_facility_l(energy_facility_kwh: float, wue_l_per_kwh: float, pue: float, ewif_l_per_kwh: float) -> float:
    """The same from the facility's energy: E / PUE x WUE + E x EWIF (Jegham et al. 2025, arXiv 2505.09598, eq. 4)."""
    return water_l(it_kwh(energy_facility_kwh, pue), wue_l_per_kwh, pue, ewif_l_per_kwh)


def of_facility_wue_l(energy_facility_kwh: float, wue_facility_l_per_kwh: float, ewif_l_per_kwh: float) -> float:
    """The same litres, E x (WUE + EWIF), where the site's WUE is per kWh of the facility (Morrison et al. 2025, ICLR).

    WUE of ISO/IEC 30134-9 is per kWh of IT: divide it by PUE first.
    """
    return energy_facility_kwh * (wue_facility_l_per_kwh + ewif_l_per_kwh)


def ewif_of_mix(energy_by_fuel: Mapping[str, float], ewif_by_fuel: Mapping[str, float]) -> float:
    """EWIF of a mix: sum of b_k x EWIF_k over sum of b_k, L/kWh (Li et al. 2023, arXiv 2304.03271).

    KeyError where a fuel has no factor: unknown is not zero.
    """
    generated = math.fsum(energy_by_fuel.values())
    return math.fsum(share * ewif_by_fuel[fuel] for fuel, share in energy_by_fuel.items()) / generated


def scarcity_l(*, consumed_l: float, aware: float) -> float:
    """World-equivalent litres: consumed x characterisation factor (AWARE; Boulay et al. 2018, Int J LCA 23, 368).

    Consumption only: water withdrawn and given back takes nothing from the basin, so there is no argument for it.
    `aware` is relative to the world's mean, 0.1 to 100; ValueError outside.
    """
    if not 0.1 <= aware <= 100:
        raise ValueError(f"AWARE factor {aware}: 0.1 to 100")
    return consumed_l * aware
