"""The law of a model's calls: joules per unit of a cell's sums, from what is known of the model and of its serving."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from jevons.factors import Model
from jevons.footprint import energy, forward, generation
from jevons.footprint.causes import Cause, cause, within
from jevons.footprint.energy import Coefficients
from jevons.footprint.interval import ONE
from jevons.footprint.step import EIGHT_BITS, fitted
from jevons.footprint.timing import Served, State

CLIENT_ERROR = 0.5
"""Standard deviation of the log of a client's latency as a measure of the server's: several tokens in a step
(speculative decoding yields about 2, Leviathan et al. 2023, table 2) and the way between (judgement)."""
JUDGEMENT = "judgement of the jevons project"

MEASURED, CPU_TIME, SERVING, LATENCY, MODEL, TIER_LATENCY, TIER, UNKNOWN = TRUST = (
    "measured", "cpu time", "serving known", "model and latency", "model", "tier and latency", "tier", "unknown model",
)  # fmt: skip
"""What a figure rests on, the most trusted first."""


class Law(NamedTuple):
    """What a model's calls cost, and what is uncertain about it apart from tokens."""

    parts: tuple[tuple[Coefficients, tuple[Cause, ...]], ...]
    """Joules per unit, with their causes; units with causes of their own are apart."""
    trust: str
    """One of `TRUST`."""
    basis: tuple[tuple[str, str], ...]
    """What it rests on besides the model: (what, source) pairs."""
    notes: tuple[str, ...] = ()


def knowledge(model: Model) -> str:
    """Trust in a figure of which the model alone is known."""
    if model.knowledge == "unknown":
        return UNKNOWN
    vague = model.total_b.high / model.total_b.low > 2
    return TIER if model.tier or vague else MODEL


def sizes(model: Model, joules: Callable[[float, float], float]) -> tuple[Cause, ...]:
    """The cause that a model's parameters are, for what costs `joules` of total and active billions."""
    spread = generation.over_sizes(model.total_b, model.active_b, joules)
    return () if spread == ONE else (cause("parameters", model.name, spread),)


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


def of_own_machine(model: Model) -> Law:
    """A model on a machine of one's own."""
    causes = (
        within("local law", "", energy.LOCAL_BAND),
        *sizes(model, lambda _, active_b: energy.local(active_b).per_output_token),
    )
    basis = (("law of a local model", energy.LOCAL_SOURCE),)
    return Law(((energy.local(model.active_b.value), causes),), knowledge(model), basis)


def of_forward_pass(model: Model, served: Served) -> Law:
    """A model that takes one pass over its input: the pass is shared by a batch nobody knows, the tokens are not."""

    def at(total_b: float, active_b: float) -> Coefficients:
        of = network(model, total_b, active_b)
        # servers load what is released in 32 bits in 16
        return forward.coefficients(total_b, active_b, layers=of.layers, weight_bytes=min(of.weight_bytes, 2.0))

    made = at(model.total_b.value, model.active_b.value)
    own = within("model", model.name, forward.KNOWN_BAND)
    alone = forward.BATCH.low / forward.BATCH.mid, forward.BATCH.high / forward.BATCH.mid
    batch = Cause("serving", " ".join(served), *alone).inverse
    eight_bits = Cause("precision", " ".join(served), 1 / EIGHT_BITS, 1.0)
    each = (
        (Coefficients(per_call=made.per_call), (own, batch, *sizes(model, lambda *size: at(*size).per_call))),
        (
            msgspec.structs.replace(made, per_call=0.0),
            (own, eight_bits, *sizes(model, lambda *size: at(*size).per_fresh_token)),
        ),
    )
    basis = (
        (f"{forward.BATCH.mid:g} requests share a pass ({forward.BATCH.low:g} to {forward.BATCH.high:g})", JUDGEMENT),
        ("law of one forward pass", forward.SOURCE),
    )
    return Law(each, knowledge(model), basis)


def of_writing(model: Model, stated: generation.Setting, state: State, served: Served) -> Law:
    """A model that writes: served as stated, and as far as enough timed calls tell."""
    weight = 0.0 if stated.latency_s else state.weight
    timed = msgspec.structs.replace(stated, latency_s=state.latency_s, latency_error=CLIENT_ERROR)
    told = [(setting, share) for setting, share in ((stated, 1 - weight), (timed, weight)) if share]
    made = [(generation.coefficients(network(model), setting), share) for setting, share in told]
    last = made[-1][0]
    new = model.lineage not in fitted().lineages
    factor = last.extrapolated or ONE
    units = {
        name: factor.mid * sum(getattr(linear.coefficients, name) * share for linear, share in made)
        for name in Coefficients.__struct_fields__
    }
    widths: dict[str, float] = {}
    for linear, share in made:
        for name, width in generation.causes(linear.known, new).items():
            widths[name] = widths.get(name, 0.0) + width * share
    # who knows the serving of a provider knows it for all its models
    shared = served._replace(model="") if stated.gpu else served
    # two models of one lineage are as far apart as any two (VALIDATION.md), so each has a deviation of its own
    of = {"form": ("form", ""), "lineage": ("model", model.name), "serving": ("serving", " ".join(shared))}
    causes = [within(*of[name], math.exp(width)) for name, width in widths.items()]
    notes: tuple[str, ...] = (f"interval of a {'new' if new else 'known'} lineage",)
    if last.extrapolated:
        causes.append(cause("engine", stated.engine or stated.gpu_name, factor))
        notes += ("extrapolated: measured on vLLM, A100, H100 and B200 only",)

    def joules(total_b: float, active_b: float) -> float:
        at = generation.coefficients(network(model, total_b, active_b), told[-1][0]).coefficients
        return float(at.joules(1, generation.TRAFFIC_INPUT, 0, generation.TRAFFIC_OUTPUT, 0, 0))

    causes += sizes(model, joules)
    trust = knowledge(model)
    if trust == MODEL and last.known in (generation.SERVING, generation.BOTH):
        trust = SERVING
    elif weight == 1.0 or stated.latency_s:
        trust = {MODEL: LATENCY, TIER: TIER_LATENCY}.get(trust, trust)
    return Law(((Coefficients(**units), tuple(causes)),), trust, _basis(stated, state, weight), notes)


def _basis(stated: generation.Setting, state: State, weight: float) -> tuple[tuple[str, str], ...]:
    parts = [
        f"{stated.gpus:g} x {stated.gpu_name}" if stated.gpus and stated.gpu_name else stated.gpu_name,
        f"batch {stated.batch:g}" if stated.batch else "",
        stated.engine,
    ]
    usual = f"serving not known: {' or '.join(name for name, _, _ in generation.USUAL)}, any batch of the benchmark"
    known = stated != generation.Setting()
    made = [(", ".join(filter(None, parts)) or usual, "[tool.jevons.serving] of the project" if known else JUDGEMENT)]
    if weight:
        few = "" if weight == 1.0 else f", so few that they count {weight:.0%}"
        timed = f"{1e3 * (state.latency_s or 0):.3g} ms between tokens over {state.calls:,} timed calls{few}"
        made.append((timed, "the ledger: pooled timings of the calls' streams"))
    traffic = f"{generation.TRAFFIC_INPUT:,.0f} tokens in and {generation.TRAFFIC_OUTPUT:g} out"
    made.append((f"a server's usual traffic, {traffic}", generation.TRAFFIC_SOURCE))
    made.append(("law of one step of a serving engine", fitted().source))
    return tuple(made)
