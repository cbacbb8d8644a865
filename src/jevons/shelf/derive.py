"""Figures of a stretch of work that follow from its inputs, each with the way it came about."""

from __future__ import annotations

import msgspec

from jevons import factors
from jevons.footprint import carbon, embodied, training
from jevons.footprint.interval import Interval, around, product
from jevons.footprint.units import convert
from jevons.shelf.card import PARTS, Card, Spent, amount
from jevons.shelf.chips import Chip, chip, names

LOAD = Interval(0.5, 0.8, 1.0)
"""Power of a chip while it trains over its TDP, where the power is not stated (judgement; papers that count the TDP
itself give an upper bound of the chip's own energy)."""
UTILISATION = Interval(0.2, 0.35, 0.55)
"""Useful over peak operations of a training, where it is not stated (judgement, about PaLM's 0.46 and GPT-3's 0.21:
Chowdhery et al. 2022, arXiv 2204.02311, table 3)."""
STATED = 1.1
"""90 % half-width, as a ratio, of a mean power that is stated."""
INDICATORS = {"energy": "kWh", "carbon": "g", "water": "L"}


class Figures(msgspec.Struct, kw_only=True):
    """What a stretch of work took; None where it is not known."""

    energy: Interval | None = None
    """kWh."""
    carbon: Interval | None = None
    """g."""
    water: Interval | None = None
    """L."""
    steps: tuple[str, ...] = ()


def figures(spent: Spent) -> Figures:
    """Stated figures as they are; energy that is not stated = machine-hours x power (x PUE where it is the
    facility's); carbon = energy x grid, or its share of making the hardware."""
    steps: list[str] = []
    energy = spent.energy.to("kWh") if spent.energy else None
    if energy is None and spent.machine_hours is not None and spent.power_w is not None:
        pue = spent.pue if spent.scope == "facility" and spent.pue else 1.0
        energy = _exact(training.energy_by_power_kwh(spent.machine_hours, spent.power_w, pue))
        times = f" x PUE {pue:g}" if pue != 1.0 else ""
        steps.append(f"energy = {spent.machine_hours:,.0f} h x {spent.power_w:g} W{times}")
    grams = spent.carbon.to("g") if spent.carbon else None
    if grams is None and spent.made is not None and spent.machine_hours is not None:
        of = spent.made
        share = embodied.of_training(
            spent.machine_hours, of.machine_kg, of.server_kg, of.machines_per_server, of.lifetime_years, of.utilisation
        )
        grams = _exact(convert(share.total, "kg", "g"))
        steps.append(
            f"carbon = {spent.machine_hours:,.0f} h x (server {of.server_kg:g} kg / {of.machines_per_server:g} + chip "
            f"{of.machine_kg:g} kg) / ({of.lifetime_years:g} years x {of.utilisation:g} in use)"
        )
    if grams is None and energy is not None and spent.grid_g_per_kwh is not None:
        grams = Interval(*(carbon.operational_g(end, spent.grid_g_per_kwh) for end in energy.ends))
        steps.append(f"carbon = energy x {spent.grid_g_per_kwh:g} g/kWh")
    return Figures(energy=energy, carbon=grams, water=spent.water.to("L") if spent.water else None, steps=tuple(steps))


def _exact(value: float) -> Interval:
    return Interval(value, value, value)


def boundary(spent: Spent) -> str:
    """What is counted: ``dynamic``, ``embodied``; a whole run says so."""
    return spent.part if spent.part != "all" else spent.activity


class Whole(msgspec.Struct, kw_only=True):
    """The training of a card for one indicator."""

    parts: dict[str, Interval]
    """By part; empty where nothing is known."""
    missing: int
    """Stretches that say nothing of it."""

    @property
    def total(self) -> Interval | None:
        """Sum of the parts; None where nothing is known."""
        if not self.parts:
            return None
        return Interval(*(sum(one.ends[end] for one in self.parts.values()) for end in range(3)))

    @property
    def boundary(self) -> str:
        """The parts in words."""
        made = [name if name != "all" else "the run as reported" for name in self.parts]
        return made[0] if len(made) == 1 else f"{', '.join(made[:-1])} and {made[-1]}"


def whole(card: Card, indicator: str) -> Whole:
    """What the training of a card took, by part, in the unit of `INDICATORS`."""
    parts: dict[str, Interval] = {}
    missing = 0
    for spent in sorted(card.training, key=lambda one: PARTS.index(one.part)):
        found: Interval | None = getattr(figures(spent), indicator)
        if found is None:
            missing += indicator != "energy" or spent.part != "embodied"  # making hardware is told in carbon
            continue
        parts[spent.part] = parts.get(spent.part, Interval(0.0, 0.0, 0.0)) + found
    return Whole(parts=parts, missing=missing)


def estimate(
    *,
    hardware: str = "",
    machine_hours: float | None = None,
    flops: float | None = None,
    utilisation: float | None = None,
    power_w: float | None = None,
    place: str = "",
    pue: float | None = None,
    grid_g_per_kwh: float | None = None,
    scope: str = "facility",
    activity: str = "training",
    year: int | None = None,
    user: factors.User | None = None,
) -> Spent:
    """Training by chip-hours x power, or by FLOPs, where nobody measured it: an interval, how ``estimated``.

    `scope`: ``gpu`` counts the chips alone, as most papers do; ``server`` what stands around them; ``facility`` PUE,
    too. ValueError says which input is missing or not known.
    """
    if (machine_hours is None) == (flops is None):
        raise ValueError("either GPU-hours or FLOPs")
    for name, value in (("GPU-hours", machine_hours), ("FLOPs", flops), ("power", power_w)):
        if value is not None and not 0 < value < float("inf"):
            raise ValueError(f"{name} {value:g}: above 0")
    if pue is not None and not 1 <= pue < 4:
        raise ValueError(f"PUE {pue:g}: 1 at least, below 4")
    if grid_g_per_kwh is not None and not 0 <= grid_g_per_kwh <= factors.quantities()["grid"].most:
        raise ValueError(f"grid {grid_g_per_kwh:g} g/kWh: 0 at least, {factors.quantities()['grid'].most:g} at most")
    known = chip(hardware) if hardware else None
    if hardware and known is None and (power_w is None or flops is not None):
        raise ValueError(
            f"hardware {hardware!r} is not known; state its power in W, or use one of {', '.join(names())}"
        )
    if not hardware and (power_w is None or flops is not None):
        raise ValueError("which hardware? (A100, H100 ...)" + ("" if flops is not None else ", or its power in W"))
    if not place and grid_g_per_kwh is None:
        raise ValueError("where? a place (FR, us-east-1), or the grid's g/kWh")
    hours = _hours(flops or 0.0, known, utilisation) if known and flops else _exact(machine_hours or 0.0)
    power = around(power_w, STATED) if power_w is not None else LOAD * (known.tdp_w if known else 0.0)
    if power_w is not None and scope == "gpu" and machine_hours is not None:
        power = _exact(power_w)  # what papers do: exact inputs, an exact product
    steps: list[Interval] = [hours, power * 1e-3]
    if scope != "gpu":
        host = factors.host(user)
        steps.append(Interval(host.low, host.value, host.high))
    if scope == "facility":
        if pue is None:
            found = factors.pue("", place, user)
            steps.append(Interval(found.low, found.value, found.high))
            pue = found.value
        else:
            steps.append(_exact(pue))
    energy = product(*steps)
    if grid_g_per_kwh is not None:
        grid = _exact(grid_g_per_kwh)
        how = f"grid {grid_g_per_kwh:g} g/kWh as stated"
    else:
        of = factors.figure("grid", place, year, user)
        if of is None:
            raise ValueError(f"no grid intensity for {place!r}")
        grid = Interval(of.low, of.value, of.high)
        how = f"grid {of.value:.4g} g/kWh ({of.place}, {of.year}: {of.source.split(':')[0]})"
    grams = product(energy, grid) if grid.mid else Interval(0.0, 0.0, energy.high * grid.high)
    watts = f"{power_w:g} W as stated" if power_w is not None else f"TDP {known.tdp_w:g} W x load" if known else ""
    return Spent(
        activity=activity,
        how="estimated",
        scope=scope,  # type: ignore[arg-type]
        energy=amount(energy, "kWh"),
        carbon=amount(grams, "g"),
        machine_hours=hours.mid,
        hardware=hardware,
        power_w=power.mid,
        pue=pue if scope == "facility" else None,
        flops=flops,
        utilisation=utilisation,
        place=place,
        grid_g_per_kwh=grid.mid,
        tool="jevons",
        source=f"estimated from {'FLOPs' if flops is not None else 'GPU-hours'}: {watts}; {how}",
        licence="the user's own",
    )


def _hours(flops: float, known: Chip, utilisation: float | None) -> Interval:
    used = UTILISATION if utilisation is None else _exact(utilisation)
    low, mid, high = (
        training.machine_hours_by_flops(flops, known.bf16_tflops * 1e12, end) for end in reversed(used.ends)
    )
    return Interval(low, mid, high)
