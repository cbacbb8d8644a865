"""Software Carbon Intensity, ISO/IEC 21031:2024: a rate, (O + M) per functional unit. Training is never in it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jevons.footprint import carbon
from jevons.footprint.ratios import per_unit


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What went into a score, and the score."""

    energy_kwh: float
    operational_g: float
    embodied_g: float
    per_unit_g: float


def score(parts_kwh: Iterable[float], grid_g_per_kwh: float, embodied_g: float, units: float = 1.0) -> Score:
    """SCI = (E x I + M) / R, E the sum of the parts of the software; ValueError unless R > 0."""
    energy_kwh = sum(parts_kwh)
    operational_g = carbon.operational_g(energy_kwh, grid_g_per_kwh)
    return Score(
        energy_kwh=energy_kwh,
        operational_g=operational_g,
        embodied_g=embodied_g,
        per_unit_g=rate(operational_g, embodied_g, units),
    )


def rate(operational_g: float, embodied_g: float, units: float, per: float = 1.0) -> float:
    """(O + M) / R where O is known, for each `per` functional units (SCI for AI: per billion tokens)."""
    return per_unit(operational_g + embodied_g, units, per)


def of_components(scores: Iterable[float]) -> float:
    """SCI of software from that of its components, all per the same functional unit."""
    return sum(scores)


def embodied_g(
    made_kg: float,
    reserved_h: float,
    lifetime_h: float,
    resources_reserved: float = 1.0,
    resources_total: float = 1.0,
) -> float:
    """gCO2e: M = TE x TS x RS, TS = TiR / EL by time, RS = RR / ToR by resources.

    ValueError unless 0 < lifetime and resources reserved are not above those there are.
    """
    if not lifetime_h > 0 or not 0 <= resources_reserved <= resources_total or not resources_total > 0:
        raise ValueError(
            f"lifetime {lifetime_h} h above 0, resources {resources_reserved} of {resources_total}: not more than all"
        )
    return made_kg * 1e3 * (reserved_h / lifetime_h) * (resources_reserved / resources_total)


def processor_kwh(
    tdp_w: float,
    tdp_factor: float,
    hours: float,
    *,
    processors: float = 1.0,
    utilisation: float = 1.0,
    share: float = 1.0,
) -> float:
    """kWh of a processor by its TDP: TDP x factor at its load x processors x utilisation x hours x share.

    The model of the SCI case studies (Green Software Foundation, eShoppen) and of Impact Framework (teads-curve, then
    sci-e). `tdp_factor` is the TDP's share drawn at the load; `share` the part of it that is the software's.
    """
    return tdp_w * tdp_factor * processors * utilisation * hours * share / 1e3
