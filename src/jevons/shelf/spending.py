"""What a training spends while it runs: by meters, else by stated hardware and time, else by processor time.

In this order of trust: counters of this machine (RAPL, NVML); chips that are stated, whose hours count (a training
that runs elsewhere, or whose card cannot be read); processor time of the command and all that it starts, at the power
of a busy core; unknown, where a graphics card is there that cannot be read and nobody says which. Chips that are stated
win over counters that do not see a graphics card.
"""

from __future__ import annotations

import time
from typing import Literal

import msgspec

from jevons import factors
from jevons.capture.meter import Meter, nvml, rapl, unread_card
from jevons.capture.process import Tree, ended_s
from jevons.footprint import energy
from jevons.footprint.interval import Interval, product, spread
from jevons.footprint.units import convert
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


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted so far."""

    hours: float
    joules: float | None = None
    """Of all counters of this machine."""
    cpu_s: float | None = None


class Watch:
    """Reads the counters from the moment it is made. `follow` names the process, `read` looks, `end` looks last."""

    def __init__(self) -> None:
        self.processors, self.cards = len(rapl()), len(nvml())
        self.hidden = unread_card(self.cards > 0)
        """A graphics card is there whose energy cannot be read."""
        self._meter = Meter()
        self._begun = self._meter.begin()
        self._joules = 0.0
        self._start = time.monotonic()
        self._ended_s = ended_s()
        self._tree: Tree | None = None

    def follow(self, pid: int) -> None:
        """The process whose processor time counts."""
        if self._tree is None:
            self._tree = Tree(pid)

    def read(self) -> Reading:
        """So far."""
        mj, _ = self._meter.end(self._begun)
        self._begun = self._meter.begin()
        self._joules += (mj or 0) * 1e-3
        return Reading(
            hours=(time.monotonic() - self._start) / 3600,
            joules=self._joules if self.processors or self.cards else None,
            cpu_s=self._tree.cpu_s() if self._tree else None,
        )

    def end(self) -> Reading:
        """In all; once the process has been waited for."""
        made = self.read()
        now = ended_s()
        counted = now - self._ended_s if now is not None and self._ended_s is not None else None
        known = [value for value in (made.cpu_s, counted) if value is not None]
        return msgspec.structs.replace(made, cpu_s=max(known, default=None))

    @property
    def way(self) -> Literal["meter", "cpu", "unknown"]:
        """How energy comes about where no hardware is stated."""
        return "unknown" if self.hidden else "meter" if self.processors or self.cards else "cpu"


def spent(reading: Reading, watch: Watch, stated: Stated, user: factors.User | None = None) -> Spent:
    """A stretch of training as far as it was read. ValueError says which stated input is missing or not known."""
    by_card = watch.cards > 0 and not watch.hidden
    if (stated.hardware or stated.power_w is not None) and not by_card:
        made = estimate(
            hardware=stated.hardware, machine_hours=max(reading.hours, 1e-9) * stated.chips, power_w=stated.power_w,
            place=stated.place, grid_g_per_kwh=stated.grid_g_per_kwh, pue=stated.pue, activity=stated.activity,
            user=user,
        )  # fmt: skip
        return msgspec.structs.replace(made, cpu_hours=_hours(reading.cpu_s))
    grid, whose = _grid(stated, user)
    kwh, how, source = _own(reading, watch, user)
    scope = "server" if kwh is not None else ""
    if kwh is not None and stated.pue is not None:
        kwh, scope = kwh * energy.facility_energy(1.0, stated.pue), "facility"
    grams = None if kwh is None else _times(kwh, grid)
    return Spent(
        activity=stated.activity,
        how=how,
        scope=scope,  # type: ignore[arg-type]
        energy=amount(kwh, "kWh") if kwh is not None else None,
        carbon=amount(grams, "g") if grams is not None else None,
        hardware=stated.hardware,
        place=stated.place,
        grid_g_per_kwh=grid.mid,
        pue=stated.pue,
        tool="jevons",
        source=f"{source}; grid {grid.mid:.4g} g/kWh {whose}",
        licence="the user's own",
        cpu_hours=_hours(reading.cpu_s),
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


def _own(
    reading: Reading, watch: Watch, user: factors.User | None
) -> tuple[Interval | None, Literal["measured", "estimated"], str]:
    """(kWh of this machine, how, in words)."""
    if watch.way == "meter" and reading.joules is not None:
        whole = factors.hardware("meter", user=user)
        sees = [f"{watch.processors} processors (RAPL)"] * bool(watch.processors)
        sees += [f"{watch.cards} graphics cards (NVML)"] * bool(watch.cards)
        kwh = spread(convert(reading.joules * whole.value, "J", "kWh"), Interval(whole.low, whole.value, whole.high))
        return kwh, "measured", f"measured: counters of {' and '.join(sees)}, with all else that this machine did"
    if watch.way == "cpu" and reading.cpu_s is not None:
        core = factors.hardware("core_power_unknown", user=user)
        kwh = spread(
            convert(energy.cpu_j(reading.cpu_s * 1e6, core.value), "J", "kWh"),
            Interval(core.low, core.value, core.high),
        )
        return (
            kwh,
            "estimated",
            f"estimated: processor time x {core.value:g} W ({core.low:g}-{core.high:g}) a busy core",
        )
    why = (
        "a graphics card is there whose energy cannot be read: pip install 'jevons[gpu]', or say which (--gpus)"
        if watch.hidden
        else "no meter can be read, and this system tells no processor time of a running command"
    )
    return None, "estimated", f"energy not known: {why}"


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


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else convert(seconds, "s", "h")
