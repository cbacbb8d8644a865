"""Where and how a model is served: from a physics key to joules per unit of its sums, and what a joule costs.

The serving state of a (provider, model, place, month) is estimated once, from the timings of all its streams pooled:
never from one call, one test or one cell, as inverting a latency call by call is biased up to eightfold. Below
`ENOUGH` timed calls it is drawn towards the prior.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from jevons import factors
from jevons.factors import Model, Size
from jevons.factors.datacentre import COUNTRIES
from jevons.factors.grid import known
from jevons.footprint import energy, forward, generation
from jevons.footprint.causes import Cause, cause, within
from jevons.footprint.interval import ONE, Interval
from jevons.footprint.overrides import Overrides
from jevons.footprint.rates import Rates, data_centre, electricity, of_factor, own_machine
from jevons.footprint.step import fitted
from jevons.ledger.cells import Cell, Key

GENERATION = frozenset({"chat", "completion"})
LOCAL = frozenset({"loopback", "process"})
ENOUGH = 20
"""Timed calls of a serving from which its latency is taken as it is (DESIGN)."""
CLIENT_ERROR = 0.5
"""Standard deviation of the log of a client's latency as a measure of the server's: several tokens in a step
(speculative decoding yields about 2, Leviathan et al. 2023, table 2) and the way between (judgement)."""

MEASURED, CPU_TIME, SERVING, LATENCY, MODEL, TIER_LATENCY, TIER, UNKNOWN = TRUST = (
    "measured", "cpu time", "serving known", "model and latency", "model", "tier and latency", "tier", "unknown model",
)  # fmt: skip
"""What a figure rests on, the most trusted first."""


JUDGEMENT = "judgement of the jevons project"


class State(NamedTuple):
    """Pooled timings of one serving: integers, so that they add up exactly."""

    calls: int
    tokens: int
    """Visible tokens after the first of each stream."""
    decode_us: int

    @property
    def latency_s(self) -> float | None:
        """Mean seconds between two tokens."""
        return self.decode_us * 1e-6 / self.tokens if self.tokens and self.decode_us else None


NOTHING_TIMED = State(0, 0, 0)
States = Mapping[tuple[str, str, str, str], State]
"""By provider, model, place and month."""


def states(cells: Iterable[Cell]) -> States:
    """Serving states of live cells. Keep those of a whole ledger to price its parts alike."""
    pooled: dict[tuple[str, str, str, str], State] = {}
    for cell in cells:
        key, sums = cell.key, cell.sums
        if key.mode == "live" and key.kind in GENERATION and key.host_class not in LOCAL and sums.timed_calls:
            at = serving_of(key)
            had = pooled.get(at, NOTHING_TIMED)
            made = (sums.timed_calls, sums.timed_output, sums.decode_us)
            pooled[at] = State(*(one + more for one, more in zip(had, made, strict=True)))
    return pooled


def serving_of(key: Key) -> tuple[str, str, str, str]:
    """What calls share a serving: one provider's one model, at one place, in one month."""
    return key.provider, key.model, key.place, key.period[: len("2026-11")]


class Serving(msgspec.Struct, frozen=True):
    """How one physics key is served."""

    model: Model | None
    law: energy.Coefficients | None
    """Joules per unit; None where no law exists for this kind: images, audio, other."""
    by_law: Rates | None
    by_meter: Rates | None
    """None in a data centre."""
    by_cpu: Rates | None
    trust: str
    """Of figures by law."""
    place: str
    notes: tuple[str, ...]
    basis: tuple[tuple[str, str], ...] = ()
    """What the law rests on besides the model: (what, source) pairs."""


class Law(NamedTuple):
    """Joules per unit of a cell's sums, and what is uncertain about them apart from sizes and tokens."""

    coefficients: energy.Coefficients
    trust: str
    causes: tuple[Cause, ...]
    basis: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def serve(key: Key, *, state: State = NOTHING_TIMED, place: str, overrides: Overrides) -> Serving:
    """How calls of one physics key are served. `place` is the user's own; the key's the cloud region, if known."""
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
    by_meter = by_cpu = None
    if here:
        meter, core = factors.hardware("meter", user=user), factors.hardware("core_power_unknown", user=user)
        by_meter = own_machine(meter.value, of_factor(meter), power, user, meter)
        by_cpu = own_machine(core.value, of_factor(core), power, user, core)
    if model is None:
        return Serving(None, None, None, by_meter, by_cpu, UNKNOWN, power.grid.place, notes)
    causes = [within("tokens", model.name, energy.ESTIMATED_BAND)] if key.usage == "estimated" else []
    if here:
        causes.append(within("local law", "", energy.LOCAL_BAND))
        law = Law(
            energy.local(model.active_b.value), _knowledge(model), (), (("law of a local model", energy.LOCAL_SOURCE),)
        )
        sizes = generation.over_sizes(
            model.total_b, model.active_b, lambda _, active_b: energy.local(active_b).per_output_token
        )
    elif key.kind in forward.KINDS:
        law, sizes = _forward(model, key)
    else:
        setting = _stated(model, key, overrides)
        law, sizes = _generation(model, setting, state, key)
    if sizes != ONE:
        causes.append(cause("parameters", model.name, sizes))
    causes += law.causes
    by_law = (
        own_machine(1.0, tuple(causes), power, user)
        if here
        else data_centre(tuple(causes), key.provider, region, power, user)
    )
    return Serving(
        model, law.coefficients, by_law, by_meter, by_cpu, law.trust, power.grid.place, notes + law.notes, law.basis
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


def _knowledge(model: Model) -> str:
    """Trust in a figure of which the model alone is known."""
    if model.knowledge == "unknown":
        return UNKNOWN
    vague = model.total_b.high / model.total_b.low > 2
    return TIER if model.tier or vague else MODEL


def _forward(model: Model, key: Key) -> tuple[Law, Interval]:
    def law(total_b: float, active_b: float) -> energy.Coefficients:
        of = network(model, total_b, active_b)
        # servers load what is released in 32 bits in 16
        return forward.coefficients(total_b, active_b, layers=of.layers, weight_bytes=min(of.weight_bytes, 2.0))

    made = law(model.total_b.value, model.active_b.value)
    sizes = generation.over_sizes(model.total_b, model.active_b, lambda *sizes: float(law(*sizes).per_fresh_token))
    causes = (within("serving", " ".join(serving_of(key)), forward.BAND),)
    basis = (
        (f"{forward.BATCH.mid:g} requests share a pass ({forward.BATCH.low:g} to {forward.BATCH.high:g})", JUDGEMENT),
        ("law of one forward pass", forward.SOURCE),
    )
    return Law(made, _knowledge(model), causes, basis), sizes


def network(model: Model, total_b: float | None = None, active_b: float | None = None) -> generation.Network:
    """What the step of a server depends on of a model; at other sizes than its middle ones where given."""
    total_b = total_b or model.total_b.value
    bits = model.weight_bits
    return generation.Network(
        total_b=total_b,
        active_b=active_b or model.active_b.value,
        weight_bytes=bits / 8 if bits else generation.bytes_per_parameter(total_b),
        layers=model.layers,
        kv_bytes=model.kv_bytes_per_token,
    )


def _stated(model: Model, key: Key, overrides: Overrides) -> generation.Setting:
    """What the user said of a serving."""
    return overrides.servings.get(key.model) or overrides.servings.get(model.name) or generation.Setting()


def _told(setting: generation.Setting) -> str:
    """What is said of a serving, in words."""
    parts = [
        f"{setting.gpus:g} x {setting.gpu_name}" if setting.gpus and setting.gpu_name else setting.gpu_name,
        f"batch {setting.batch:g}" if setting.batch else "",
        setting.engine,
    ]
    usual = " or ".join(name for name, _, _ in generation.USUAL)
    return ", ".join(filter(None, parts)) or f"serving not known: {usual}, any batch of the benchmark"


def _generation(model: Model, stated: generation.Setting, state: State, key: Key) -> tuple[Law, Interval]:
    """The law of a model that writes: as the settings say, and as far as enough timed calls tell."""
    weight = min(state.calls / ENOUGH, 1.0) if state.latency_s and not stated.latency_s else 0.0
    timed = msgspec.structs.replace(stated, latency_s=state.latency_s, latency_error=CLIENT_ERROR)
    told = [(setting, share) for setting, share in ((stated, 1 - weight), (timed, weight)) if share]
    made = [(generation.coefficients(network(model), setting), share) for setting, share in told]
    new = model.lineage not in fitted().lineages
    parts = {
        name: sum(getattr(linear.coefficients, name) * share for linear, share in made)
        for name in energy.Coefficients.__struct_fields__
    }
    widths: dict[str, float] = {}
    for linear, share in made:
        for name, width in generation.causes(linear.known, new).items():
            widths[name] = widths.get(name, 0.0) + width * share
    # one who knows the serving of a provider knows it for all its models
    provider, name, place, month = serving_of(key)
    shared = " ".join((provider, place, month) if stated.gpu else (provider, name, place, month))
    # two models of one lineage are as far apart as any two (VALIDATION.md), so each has a deviation of its own
    of = {"form": ("form", ""), "lineage": ("model", model.name), "serving": ("serving", shared)}
    causes = [within(*of[name], math.exp(width)) for name, width in widths.items()]
    last, _ = made[-1]
    notes: tuple[str, ...] = (f"interval of a {'new' if new else 'known'} lineage",)
    if last.extrapolated:
        causes.append(cause("engine", stated.engine or stated.gpu_name, last.extrapolated))
        parts = {name: number * last.extrapolated.mid for name, number in parts.items()}
        notes += ("extrapolated: measured on vLLM, A100, H100 and B200 only",)

    def joules(total_b: float, active_b: float) -> float:
        at = generation.coefficients(network(model, total_b, active_b), told[-1][0]).coefficients
        return float(at.joules(1, generation.TRAFFIC_INPUT, 0, generation.TRAFFIC_OUTPUT, 0, 0))

    trust = _knowledge(model)
    if trust == MODEL and last.known in (generation.SERVING, generation.BOTH):
        trust = SERVING
    elif weight == 1.0 or stated.latency_s:
        trust = {MODEL: LATENCY, TIER: TIER_LATENCY}.get(trust, trust)
    basis = [
        (_told(stated), "[tool.jevons.serving] of the project" if stated != generation.Setting() else JUDGEMENT),
        (f"a server's usual traffic, {generation.TRAFFIC_INPUT:,.0f} tokens in and {generation.TRAFFIC_OUTPUT:g} out",
         generation.TRAFFIC_SOURCE),
        ("law of one step of a serving engine", fitted().source),
    ]  # fmt: skip
    if weight:
        few = "" if weight == 1.0 else f", so few that they count {weight:.0%}"
        timed_streams = f"{1e3 * (state.latency_s or 0):.3g} ms between tokens over {state.calls:,} timed calls{few}"
        basis.insert(1, (timed_streams, "the ledger: pooled timings of the calls' streams"))
    law = Law(energy.Coefficients(**parts), trust, tuple(causes), tuple(basis), notes)
    return law, generation.over_sizes(model.total_b, model.active_b, joules)
