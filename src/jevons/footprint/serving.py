"""Where and how a model is served: from a physics key to what one joule of its work costs.

Two kinds of place. A data centre: joules of GPU from `energy.generation` or `energy.embedding`, then host,
idle reserve and PUE once each, water on site and at power stations, the place of the region. One's own
machine: joules of the whole machine, from its meter, its processor time or `energy.local`; PUE 1, no water
on site, the user's place.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from jevons import factors
from jevons.factors import Factor, Model
from jevons.factors.datacentre import COUNTRIES
from jevons.factors.grid import known
from jevons.footprint import carbon, embodied, energy, water
from jevons.footprint.interval import ZERO, Interval, around, product, spread

J_PER_WH = 3_600.0
J_PER_KWH = 3_600_000.0

GENERATION = frozenset({"chat", "completion"})
FORWARD = frozenset({"embeddings", "rerank", "moderation"})
"""Kinds that take one forward pass."""
LOCAL = frozenset({"loopback", "process"})

MEASURED, CPU_TIME, MODEL, TIER, UNKNOWN = TRUST = ("measured", "cpu time", "model", "tier", "unknown model")
"""What a figure rests on, the most trusted first."""


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """Figures that the user knows better than the tables."""

    grid_g_per_kwh: Interval | None = None
    ewif_l_per_kwh: Interval | None = None
    pue: Interval | None = None
    wue_l_per_kwh: Interval | None = None
    core_power_w: Interval | None = None
    models: Mapping[str, tuple[float, float]] = {}
    """Name of a model to its total and active parameters in billions."""

    def __post_init__(self) -> None:
        for name in ("grid_g_per_kwh", "ewif_l_per_kwh", "pue", "wue_l_per_kwh", "core_power_w"):
            figure = getattr(self, name)
            if figure is None:
                continue
            if not 0 <= figure.low <= figure.mid <= figure.high or figure.mid == 0 < figure.high:
                raise ValueError(f"{name}: 0 <= low <= mid <= high, and mid > 0 unless all are 0; got {figure}")
        if self.pue is not None and self.pue.low < 1:
            raise ValueError(f"pue is 1 at least; got {self.pue}")
        for name, (total, active) in self.models.items():
            if not 0 < active <= total:
                raise ValueError(f"models: {name}: 0 < active <= total; got {active} and {total}")


class Rates(msgspec.Struct, frozen=True):
    """What one joule costs, with everything that is uncertain about it; and the factors used."""

    energy_wh: Interval
    carbon_g: Interval
    water_l: Interval
    embodied_g: Interval
    factors: tuple[Factor, ...]


class Serving(msgspec.Struct, frozen=True):
    """How one physics key is served."""

    model: Model | None
    law: energy.Coefficients | None
    """None where no law exists for this kind: images, audio, other."""
    by_law: Rates | None
    by_meter: Rates | None
    """None in a data centre."""
    by_cpu: Rates | None
    trust: str
    """Of figures by law."""
    place: str
    notes: tuple[str, ...]


def serve(
    kind: str, provider: str, host_class: str, name: str, region: str, estimated: bool, place: str, overrides: Overrides
) -> Serving:
    """How calls of one physics key are served. `place` is the user's own; `region` the cloud region, if known."""
    notes: tuple[str, ...] = ()
    model = _model(name, kind, overrides) if kind in GENERATION or kind in FORWARD else None
    here = host_class in LOCAL
    if here and model is not None and model.knowledge == "tier":
        here = False  # nobody runs a closed model on a laptop
        notes = ("a closed model behind a local address: a proxy, counted as cloud",)
        where, region = factors.CLOUD, ""
    elif here or host_class == "private":
        where = place
    else:
        where = region if region and known(region) else COUNTRIES.get(provider, factors.CLOUD)
    grid = _stated("grid", overrides.grid_g_per_kwh, "gCO2e/kWh") or factors.intensity(where)
    ewif = _stated("ewif", overrides.ewif_l_per_kwh, "L/kWh") or factors.water(where)
    law, by_law = None, None
    if model is not None:
        law = _law(model, kind, here)
        band = _band(model, kind, here, estimated)
        by_law = _own_machine(band, grid, ewif) if here else data_centre(band, grid, ewif, provider, region, overrides)
    by_meter = by_cpu = None
    if here:
        meter = factors.hardware("meter")
        by_meter = _own_machine(_interval(meter), grid, ewif, meter)
        core = _stated("core_power", overrides.core_power_w, "W") or factors.hardware("core_power_unknown")
        by_cpu = _own_machine(_interval(core), grid, ewif, core)
    return Serving(model, law, by_law, by_meter, by_cpu, _trust(model), grid.place or where, notes)


def _model(name: str, kind: str, overrides: Overrides) -> Model:
    model = factors.look_up(name, "embeddings" if kind in FORWARD else "chat")
    told = overrides.models.get(name) or overrides.models.get(model.name)
    if not told:
        return model
    total, active = told
    return msgspec.structs.replace(
        model,
        knowledge="known",
        tier="",
        total_b=factors.Size(total, total, total),
        active_b=factors.Size(active, active, active),
        source="the user's settings",
        source_url="[tool.jevons]",
        licence="the user's own",
        steps=("stated in the settings, replaces the table",),
    )


def _law(model: Model, kind: str, here: bool) -> energy.Coefficients:
    if here:
        return energy.local(model.active_b.value)
    law = energy.embedding if kind in FORWARD else energy.generation
    return law(model.total_b.value, model.active_b.value)


def _band(model: Model, kind: str, here: bool, estimated: bool) -> Interval:
    """Everything unknown between tokens and joules, as one relative interval."""
    causes = [around(1.0, energy.ESTIMATED_BAND if estimated else 1.0)]
    if model.knowledge == "unknown":
        causes.append(around(1.0, energy.UNKNOWN_BAND))
    elif here:
        causes.append(around(1.0, energy.LOCAL_BAND))
    elif kind in FORWARD:
        causes.append(around(1.0, energy.EMBEDDING_BAND))
    else:
        causes.append(around(1.0, energy.TIER_BAND if model.tier else energy.KNOWN_BAND))
    if not model.tier:  # the bands of tiers hold the spread of sizes already
        size = model.total_b
        causes.append(Interval(size.low / size.value, 1.0, size.high / size.value))
    elif kind in FORWARD:
        causes.append(around(1.0, energy.TIER_BAND / energy.KNOWN_BAND))
    return product(*causes)


def _trust(model: Model | None) -> str:
    if model is None or model.knowledge == "unknown":
        return UNKNOWN
    vague = model.total_b.high / model.total_b.low > 2
    return TIER if model.tier or vague else MODEL


def _interval(factor: Factor) -> Interval:
    return Interval(factor.low, factor.value, factor.high)


def _stated(name: str, figure: Interval | None, unit: str) -> Factor | None:
    return None if figure is None else factors.stated(name, figure.low, figure.mid, figure.high, unit)


def data_centre(
    band: Interval, grid: Factor, ewif: Factor, provider: str, region: str, overrides: Overrides | None = None
) -> Rates:
    """Rates per joule of GPU; `band` is what is uncertain of the joules, its middle how many there are."""
    overrides = overrides or Overrides()
    host, idle = factors.host(), factors.idle()
    pue = _stated("pue", overrides.pue, "1") or factors.pue(provider, region)
    wue = _stated("wue", overrides.wue_l_per_kwh, "L/kWh") or factors.wue(provider, region)
    made = (factors.hardware("gpu_embodied"), factors.hardware("server_share_embodied"))
    server = (band, _interval(host), _interval(idle))
    energy_it_j = energy.it_energy(1.0, host.value, idle.value)
    facility_j = energy.facility_energy(energy_it_j, pue.value)
    site = _site(wue, pue, ewif)
    return _rates(
        spread(facility_j, *server, _interval(pue)),
        spread(carbon.operational_g(facility_j / J_PER_KWH, grid.value), *server, _interval(pue), _interval(grid)),
        spread(water.water_l(energy_it_j / J_PER_KWH, wue.value, pue.value, ewif.value), *server, site),
        band,
        made,
        ("gpu_power", "gpu_lifetime", "gpu_utilisation"),
        (host, idle, pue, grid, wue, ewif),
    )


def _site(wue: Factor, pue: Factor, ewif: Factor) -> Interval:
    """Litres per kWh of IT; its terms share no cause, bounds add all the same (too wide, never too narrow)."""
    return Interval(
        water.water_l(1.0, wue.low, pue.low, ewif.low),
        water.water_l(1.0, wue.value, pue.value, ewif.value),
        water.water_l(1.0, wue.high, pue.high, ewif.high),
    )


def _own_machine(scale: Interval, grid: Factor, ewif: Factor, *more: Factor) -> Rates:
    """Rates per joule, or per busy core-second, of one's own machine: `scale` gives joules. No PUE, no WUE."""
    joules = scale.mid
    return _rates(
        spread(joules, scale),
        spread(carbon.operational_g(joules / J_PER_KWH, grid.value), scale, _interval(grid)),
        spread(water.water_l(joules / J_PER_KWH, 0.0, 1.0, ewif.value), scale, _interval(ewif)),
        scale,
        (factors.hardware("local_embodied"),),
        ("local_power", "local_lifetime", "local_utilisation"),
        (grid, ewif, *more),
    )


def _rates(
    facility_j: Interval,
    carbon_g: Interval,
    water_l: Interval,
    machine_j: Interval,
    made: tuple[Factor, ...],
    life: tuple[str, str, str],
    used: tuple[Factor, ...],
) -> Rates:
    power, lifetime, utilisation = (factors.hardware(name) for name in life)
    made_kg = ZERO
    for part in made:
        made_kg += _interval(part)
    busy_s = embodied.busy_s(machine_j.mid, power.value)
    return Rates(
        energy_wh=facility_j * (1 / J_PER_WH),
        carbon_g=carbon_g,
        water_l=water_l,
        embodied_g=spread(
            embodied.embodied_g(busy_s, made_kg.mid, lifetime.value, utilisation.value),
            machine_j,
            made_kg,
            _interval(power).inverse(),
            _interval(lifetime).inverse(),
            _interval(utilisation).inverse(),
        ),
        factors=(*used, *made, power, lifetime, utilisation),
    )
