"""Energy of this machine while a command ran, from what it counted: by meters, else by processor time, else unknown."""

from __future__ import annotations

from typing import Literal, NamedTuple

from jevons import factors
from jevons.footprint import energy
from jevons.footprint.interval import Interval, spread
from jevons.footprint.units import convert
from jevons.record import Machine

METER, CORE = "meter", "core_power_unknown"
"""Rows of ``hardware.csv``: whole machine over what its counters see; watts of a busy core."""


class Local(NamedTuple):
    """Energy of a machine, and what is known of it."""

    how: Literal["measured", "estimated", "unknown"]
    kwh: Interval | None
    """None: unknown."""
    why: str
    """In words."""


def local(machine: Machine, user: factors.User | None = None) -> Local:
    """Energy of the whole machine where counters tell (all else that it did is in it), of the command alone where
    processor time does: J = counted joules x machine / meter, or core-seconds x watts of a busy core.

    Unknown where a graphics card is there that cannot be read: the work may well be on it.
    """
    counted_mj = [mj for mj in (machine.processor_mj, machine.card_mj) if mj is not None]
    if machine.unread_card:
        return Local("unknown", None, "a graphics card is there whose energy cannot be read: pip install 'jevons[gpu]'")
    if counted_mj:
        whole = factors.hardware(METER, user=user)
        parts = (machine.processors, "processor", "RAPL"), (machine.cards, "graphics card", "NVML")
        sees = [f"{number} {part}{'s' * (number > 1)} ({meter})" for number, part, meter in parts if number]
        kwh = convert(sum(counted_mj) * 1e-3 * whole.value, "J", "kWh")
        made = spread(kwh, Interval(whole.low, whole.value, whole.high))
        return Local("measured", made, f"counters of {' and '.join(sees)}, with all else that this machine did")
    if machine.cpu_us is not None:
        core = factors.hardware(CORE, user=user)
        kwh = convert(energy.cpu_j(machine.cpu_us, core.value), "J", "kWh")
        made = spread(kwh, Interval(core.low, core.value, core.high))
        return Local("estimated", made, f"processor time x {core.value:g} W ({core.low:g}-{core.high:g}) a busy core")
    return Local("unknown", None, "no meter can be read, and this system tells no processor time of a running command")
