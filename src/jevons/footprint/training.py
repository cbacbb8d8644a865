"""Training of a model: energy by power, by meter or by FLOPs, then carbon and water; and what a whole project spent."""

from __future__ import annotations

import msgspec

from jevons.footprint import carbon, energy, water


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What training cost, by part, all in one unit (kWh, kgCO2e or L) and for one boundary.

    The parts of Luccioni et al. 2023 (BLOOM, JMLR 24(253), table 3) and Morrison et al. 2025 (ICLR).
    """

    dynamic: float = 0.0
    """Of the final run, above idle."""
    idle: float = 0.0
    """Of machines that were reserved and waited."""
    embodied: float = 0.0
    """Share of making the hardware; no energy."""
    failed: float = 0.0
    """Of failed, experimental and development runs."""

    @property
    def total(self) -> float:
        """Sum of the parts."""
        return self.dynamic + self.idle + self.embodied + self.failed

    @property
    def shares(self) -> dict[str, float]:
        """Each part over the total; they add to 1. Zero where nothing was spent."""
        return {
            name: getattr(self, name) / self.total if self.total else 0.0
            for name in ("dynamic", "idle", "embodied", "failed")
        }


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """Footprint of one stretch of training, operational."""

    energy_kwh: float
    """Of the facility."""
    carbon_g: float
    water_l: float


def machine_hours(machines: float, hours: float) -> float:
    """GPU-hours of `machines` that ran for `hours` each."""
    return machines * hours


def energy_by_power_kwh(machine_hours: float, power_w: float, pue: float = 1.0) -> float:
    """kWh = hours x chips x W x PUE / 1000 (Patterson et al. 2021, arXiv 2104.10350, section 2.5).

    `power_w` is the mean of one machine; with its TDP the result is an upper bound of the chip's own energy.
    """
    return energy.facility_energy(machine_hours * power_w / 1e3, pue)


def energy_by_meter_kwh(measured_kwh: float, pue: float = 1.0, host: float = 1.0, idle: float = 1.0) -> float:
    """kWh of the facility from a meter's. `host` and `idle` are 1 where the meter saw the server, and its waiting."""
    return energy.facility_energy(energy.it_energy(measured_kwh, host, idle), pue)


def flops(parameters: float, tokens: float) -> float:
    """FLOPs of training a dense model: 6 x parameters x tokens (Kaplan et al. 2020, arXiv 2001.08361, table 1)."""
    return 6 * parameters * tokens


def machine_hours_by_flops(flops: float, peak_flops_per_s: float, utilisation: float) -> float:
    """GPU-hours of `flops` floating-point operations on chips that reach `utilisation` of their peak.

    Utilisation as Chowdhery et al. 2022 (PaLM, arXiv 2204.02311), appendix B. ValueError unless 0 < utilisation <= 1.
    """
    if not 0 < utilisation <= 1:
        raise ValueError(f"utilisation {utilisation}: above 0, 1 at most")
    return flops / (peak_flops_per_s * utilisation) / 3600


def energy_by_flops_kwh(
    flops: float, peak_flops_per_s: float, utilisation: float, power_w: float, pue: float = 1.0
) -> float:
    """kWh of the facility: `machine_hours_by_flops`, then `energy_by_power_kwh`."""
    return energy_by_power_kwh(machine_hours_by_flops(flops, peak_flops_per_s, utilisation), power_w, pue)


def footprint(
    energy_it_kwh: float, pue: float, grid_g_per_kwh: float, wue_l_per_kwh: float, ewif_l_per_kwh: float
) -> Training:
    """Energy of the IT to energy of the facility, carbon and water; PUE once."""
    facility_kwh = energy.facility_energy(energy_it_kwh, pue)
    return Training(
        energy_kwh=facility_kwh,
        carbon_g=carbon.operational_g(facility_kwh, grid_g_per_kwh),
        water_l=water.water_l(energy_it_kwh, wue_l_per_kwh, pue, ewif_l_per_kwh),
    )


def per_call(once: float, calls: float, each: float = 0.0) -> float:
    """Life-cycle view of one call: training spread over all `calls` it serves, plus what `each` call costs.

    Same unit in and out. Never in a decision, where training that is done is sunk. ValueError unless calls > 0.
    """
    if not calls > 0:
        raise ValueError(f"training is spread over calls; got {calls}")
    return once / calls + each
