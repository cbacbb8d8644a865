"""What a training spends while it runs: by meters, else by stated hardware and time, else by processor time.

In this order of trust: counters of this machine (RAPL, NVML); chips that are stated, whose hours count (a training
that runs elsewhere, or whose card cannot be read); processor time of the command and all that it starts, at the power
of a busy core; unknown, where a graphics card is there that cannot be read and nobody says which. Chips that are stated
win over counters that do not see a graphics card.
"""

from __future__ import annotations

import msgspec

from jevons import factors
from jevons.footprint import energy
from jevons.footprint.interval import Interval, product
from jevons.footprint.machine import local
from jevons.footprint.units import convert
from jevons.record import Machine
from jevons.shelf.card import Spent, amount
from jevons.shelf.derive import estimate


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What the user says of hardware and place."""

    hardware: str = ""
    chips: float = 1.0
    power_w: float | None = None
    place: str = ""
    grid_g_per_kwh: float | None = None
    pue: float | None = None
    activity: str = "training"


def spent(machine: Machine, stated: Stated, user: factors.User | None = None) -> Spent:
    """A stretch of training as far as it was counted. ValueError says which stated input is missing or not known."""
    by_card = machine.cards > 0 and not machine.unread_card
    cpu_hours = None if machine.cpu_us is None else convert(machine.cpu_us * 1e-6, "s", "h")
    if (stated.hardware or stated.power_w is not None) and not by_card:
        hours = convert(machine.duration_us * 1e-6, "s", "h")
        made = estimate(
            hardware=stated.hardware, machine_hours=max(hours, 1e-9) * stated.chips, power_w=stated.power_w,
            place=stated.place, grid_g_per_kwh=stated.grid_g_per_kwh, pue=stated.pue, activity=stated.activity,
            user=user,
        )  # fmt: skip
        return msgspec.structs.replace(made, cpu_hours=cpu_hours)
    grid, whose = _grid(stated, user)
    how, kwh, why = local(machine, user)
    said = f"energy not known: {why}" if kwh is None else f"{how}: {why}"
    if machine.unread_card:
        said += ", or say which (--gpus)"
    scope = "server" if kwh is not None else ""
    if kwh is not None and stated.pue is not None:
        kwh, scope = kwh * energy.facility_energy(1.0, stated.pue), "facility"
    grams = None if kwh is None else _times(kwh, grid)
    return Spent(
        activity=stated.activity,
        how="measured" if how == "measured" else "estimated",
        scope=scope,  # type: ignore[arg-type]
        energy=amount(kwh, "kWh") if kwh is not None else None,
        carbon=amount(grams, "g") if grams is not None else None,
        hardware=stated.hardware,
        place=stated.place,
        grid_g_per_kwh=grid.mid,
        pue=stated.pue,
        tool="jevons",
        source=f"{said}; grid {grid.mid:.4g} g/kWh {whose}",
        licence="the user's own",
        cpu_hours=cpu_hours,
    )


def checked(stated: Stated, user: factors.User | None = None) -> None:
    """ValueError says what is wrong with what is stated, before anything runs."""
    _grid(stated, user)
    if stated.grid_g_per_kwh is not None and not 0 <= stated.grid_g_per_kwh <= factors.quantities()["grid"].most:
        raise ValueError(f"grid {stated.grid_g_per_kwh:g} g/kWh: 0 to {factors.quantities()['grid'].most:g}")
    if stated.pue is not None and not 1 <= stated.pue < 4:
        raise ValueError(f"PUE {stated.pue:g}: 1 at least, below 4")
    if stated.hardware or stated.power_w is not None:
        estimate(
            hardware=stated.hardware, machine_hours=1.0, power_w=stated.power_w, place=stated.place, pue=stated.pue,
            grid_g_per_kwh=stated.grid_g_per_kwh,
        )  # fmt: skip


def _grid(stated: Stated, user: factors.User | None) -> tuple[Interval, str]:
    """(g/kWh, whose)."""
    if stated.grid_g_per_kwh is not None:
        return Interval(*(stated.grid_g_per_kwh,) * 3), "as stated"
    found = factors.figure("grid", stated.place, None, user)
    if found is None:
        raise ValueError(f"no grid intensity for {stated.place!r}")
    return Interval(found.low, found.value, found.high), f"({found.place}, {found.year}: {found.source.split(':')[0]})"


def _times(kwh: Interval, grid: Interval) -> Interval:
    return product(kwh, grid) if grid.mid else Interval(0.0, 0.0, kwh.high * grid.high)
