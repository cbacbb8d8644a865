"""Embodied carbon: a share of making the hardware, by the time that the work takes of its life."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

SECONDS_PER_YEAR = 31_557_600.0
HOURS_PER_YEAR = 8_760.0
"""Of 365 days, as papers count."""


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


def per_hour(made: float, lifetime_years: float, utilisation: float) -> float:
    """What one hour of work bears of making the machine: made / (years x 8760 x utilisation); water as well as carbon.

    Luccioni et al. 2023 (BLOOM, JMLR 24(253), section 4.1): 6 years, 0.85; Morrison et al. 2025 (ICLR): 4 years, 1.
    ValueError unless lifetime > 0 and 0 < utilisation <= 1.
    """
    if not lifetime_years > 0 or not 0 < utilisation <= 1:
        raise ValueError(f"lifetime {lifetime_years} above 0 years, utilisation {utilisation} above 0, 1 at most")
    return made / (lifetime_years * HOURS_PER_YEAR * utilisation)


class Hardware(msgspec.Struct, frozen=True, kw_only=True):
    """What a stretch of work bears of the hardware, in the unit of what was made (kgCO2e, L)."""

    servers: float
    machines: float

    @property
    def total(self) -> float:
        """Sum of both."""
        return self.servers + self.machines


def of_training(
    machine_hours: float,
    machine_made: float,
    server_made: float,
    machines_per_server: float,
    lifetime_years: float,
    utilisation: float,
) -> Hardware:
    """Share of making servers and machines that `machine_hours` of work bear (BLOOM, section 4.1).

    `server_made` is without its machines, and shared by them.
    """
    return Hardware(
        servers=per_hour(server_made, lifetime_years, utilisation) * machine_hours / machines_per_server,
        machines=per_hour(machine_made, lifetime_years, utilisation) * machine_hours,
    )


def per_machine(node_made: float, machines: float) -> float:
    """A machine's equal share of making the node that it sits in (Morrison et al. 2025, ICLR)."""
    return node_made / machines


def by_time(made_per_life: float, used: float, lifetime: float) -> float:
    """Share by time: T x W / T0, in one unit each (embodied water: Li et al. 2023, arXiv 2304.03271)."""
    return made_per_life * used / lifetime


def split(made: float, lifetime_s: float, busy_s: Sequence[float]) -> tuple[list[float], float]:
    """Making a device, split over its calls by their busy seconds, and what is left to its idle time.

    They sum to the whole. A call's busy seconds are wall time x its share of the batch, so calls together never take
    more than the life. ValueError where they do, or where one is negative.
    """
    worked = math.fsum(busy_s)
    if min(busy_s, default=0.0) < 0 or worked > lifetime_s * (1 + 1e-9):
        raise ValueError(f"calls took {worked} s of a life of {lifetime_s} s")
    return [made * busy / lifetime_s for busy in busy_s], made * max(1 - worked / lifetime_s, 0.0)


def charge_idle(calls: Sequence[float], idle: float) -> list[float]:
    """Idle's part charged to the calls of the device, by their own parts: the other way to `embodied_g`'s utilisation.

    Use one of both, never both: utilisation has charged this idle time already. Where nothing ran, nothing is charged
    and the whole stays idle: ValueError.
    """
    worked = math.fsum(calls)
    if not worked:
        raise ValueError("no call ran: what is idle stays idle")
    return [part * (1 + idle / worked) for part in calls]
