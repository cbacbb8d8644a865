"""Embodied carbon of chips, from how they are made: ACT (Gupta et al. 2022, ISCA '22, doi 10.1145/3470496.3527408)."""

from __future__ import annotations

PACKAGE_G = 150.0
"""gCO2e of packaging one chip (Gupta et al. 2022, K_r)."""


def soc_g(
    area_cm2: float,
    fab_g_per_kwh: float,
    fab_kwh_per_cm2: float,
    gas_g_per_cm2: float,
    material_g_per_cm2: float,
    fab_yield: float,
) -> float:
    """gCO2e of a die: A x (CI_fab x EPA + GPA + MPA) / Y (eq. 4 and 5). ValueError unless 0 < yield <= 1."""
    per_cm2 = fab_g_per_kwh * fab_kwh_per_cm2 + gas_g_per_cm2 + material_g_per_cm2
    return area_cm2 * per_cm2 / _checked(fab_yield)


def memory_g(g_per_gb: float, capacity_gb: float, fab_yield: float = 1.0) -> float:
    """gCO2e of DRAM, SSD or HDD: CPS x capacity / Y (eq. 6 to 8)."""
    return g_per_gb * capacity_gb / _checked(fab_yield)


def device_g(*chips_g: float, packages: float = 0.0, package_g: float = PACKAGE_G) -> float:
    """gCO2e of a device: N_r x K_r and the sum of its chips (eq. 3)."""
    return packages * package_g + sum(chips_g)


def _checked(fab_yield: float) -> float:
    if not 0 < fab_yield <= 1:
        raise ValueError(f"yield {fab_yield}: above 0, 1 at most")
    return fab_yield
