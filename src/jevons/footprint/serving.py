"""Where and how a model is served: from a physics key to joules per unit of its sums, and what a joule costs there."""

from __future__ import annotations

import msgspec

from jevons import factors
from jevons.factors import Model, Size
from jevons.factors.datacentre import COUNTRIES
from jevons.factors.grid import known
from jevons.footprint import forward, generation, laws
from jevons.footprint.causes import within
from jevons.footprint.energy import ESTIMATED_BAND, Coefficients
from jevons.footprint.laws import UNKNOWN
from jevons.footprint.overrides import Overrides
from jevons.footprint.rates import Rates, data_centre, electricity, of_factor, own_machine
from jevons.footprint.timing import GENERATION, LOCAL, Served, State
from jevons.ledger.cells import Key


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """How one physics key is served."""

    place: str
    """Whose electricity."""
    where: str = ""
    """What that electricity was looked up by: a cloud region, a country, `factors.CLOUD`, or the user's own place."""
    model: Model | None = None
    by_law: tuple[tuple[Coefficients, Rates], ...] = ()
    """Joules per unit, and what they cost; empty where no law exists for this kind: images, audio, other."""
    by_meter: Rates | None = None
    """None in a data centre."""
    by_cpu: Rates | None = None
    trust: str = UNKNOWN
    """Of figures by law."""
    notes: tuple[str, ...] = ()
    basis: tuple[tuple[str, str], ...] = ()
    """What the law rests on besides the model: (what, source) pairs."""


def serve(key: Key, at: Served, state: State, *, place: str, overrides: Overrides) -> Serving:
    """How calls of one physics key are served, `at` which serving, in what state. `place` is the user's own; the key's
    the cloud region, if known."""
    notes: tuple[str, ...] = ()
    user = overrides.factors
    lawful = key.kind in GENERATION or key.kind in forward.KINDS
    model = _model(key.model, key.kind, overrides) if lawful else None
    here, region = key.host_class in LOCAL, key.place
    if here and model is not None and model.knowledge == "tier":
        here, region = False, ""  # nobody runs a closed model on a laptop
        notes = ("a closed model behind a local address: a proxy, counted as cloud",)
        where = factors.CLOUD
    elif here or key.host_class == "private":
        where = place
    else:
        where = region if region and known(region) else COUNTRIES.get(key.provider, factors.CLOUD)
    power = electricity(where, key.period, user, overrides.grid, overrides.signal)
    if where == factors.CLOUD:
        power = power._replace(whose=key.provider)
    made = Serving(place=power.grid.place, where=where, model=model, notes=notes)
    if here:
        meter, core = factors.hardware("meter", user=user), factors.hardware("core_power_unknown", user=user)
        made = msgspec.structs.replace(
            made,
            by_meter=own_machine(meter.value, of_factor(meter), power, user, meter),
            by_cpu=own_machine(core.value, of_factor(core), power, user, core),
        )
    if model is None:
        return made
    if here:
        law = laws.of_own_machine(model)
    elif key.kind in forward.KINDS:
        law = laws.of_forward_pass(model, at)
    else:
        stated = overrides.servings.get(key.model) or overrides.servings.get(model.name) or generation.Setting()
        law = laws.of_writing(model, stated, state, at)
    tokens = (within("tokens", model.name, ESTIMATED_BAND),) if key.usage == "estimated" else ()
    by_law = []
    for units, causes in law.parts:
        every = (*causes, *tokens)
        rates = own_machine(1.0, every, power, user) if here else data_centre(every, key.provider, region, power, user)
        by_law.append((units, rates))
    return msgspec.structs.replace(
        made, by_law=tuple(by_law), trust=law.trust, notes=notes + law.notes, basis=law.basis
    )


def _model(name: str, kind: str, overrides: Overrides) -> Model:
    model = factors.look_up(name, "embeddings" if kind in forward.KINDS else "chat")
    told = overrides.models.get(name) or overrides.models.get(model.name)
    if not told:
        return model
    total, active = told
    return msgspec.structs.replace(
        model,
        knowledge="known",
        tier="",
        total_b=Size(total, total, total),
        active_b=Size(active, active, active),
        source="the user's settings",
        source_url="[tool.jevons]",
        licence="the user's own",
        steps=("stated in the settings, replaces the table",),
    )
