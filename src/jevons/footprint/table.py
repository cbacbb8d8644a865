"""Estimates of a table: one row a serving, as much of it filled in as is known."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from jevons import factors
from jevons.factors import Model, Size
from jevons.factors.grid import known
from jevons.factors.models import SAME_SIZE
from jevons.footprint.causes import Cause, Term, cause, interval, within
from jevons.footprint.energy import LOCAL_BAND, local
from jevons.footprint.generation import (
    Estimate,
    Network,
    Setting,
    bytes_per_parameter,
    estimate,
    over_sizes,
    served_by,
)
from jevons.footprint.rates import FIGURES, data_centre, electricity, own_machine
from jevons.footprint.step import fitted

COLUMNS = (
    "model", "architecture", "total_params_b", "active_params_b", "weight_bits", "gpu", "n_gpus", "engine",
    "batch_avg", "input_tokens", "output_tokens", "itl_s", "place",
)  # fmt: skip
ARCHITECTURES = ("", "dense", "moe", "hybrid", "encdec")
RESULTS = ("gpu_energy_j", *FIGURES)
"""Each with _low, _mid, _high: joules of GPU; then the facility's energy, operational carbon, water, hardware."""
RESULT_COLUMNS = tuple(f"{name}_{end}" for name in RESULTS for end in ("low", "mid", "high"))

USUAL_INPUT = 150.0
"""Tokens of a chat prompt where the row has none: the benchmark's chats."""
UNSTATED_ACTIVE = 0.15
"""Active over total parameters of a mixture that says no more: 22 of 235, 17 of 109, 4 of 21 billion."""

_OWN = re.compile(r"llama\.?cpp|ollama|gguf|lm.?studio|mlx|koboldcpp", re.I)
"""Engines that people run on machines of their own."""


def row(given: Mapping[str, str]) -> dict[str, str]:
    """Results of one row (`RESULTS`, ``trust``, ``note``); ValueError says what in it cannot be read.

    Without output tokens, or without model and parameters, there is no figure: results are empty, ``note`` says why.
    """
    number = {
        name: _number(given, name)
        for name in COLUMNS
        if name not in ("model", "architecture", "gpu", "engine", "place")
    }
    architecture = (given.get("architecture") or "").strip().lower()
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture {architecture!r}: one of {', '.join(ARCHITECTURES[1:])}, or empty")
    notes = []
    output = number["output_tokens"]
    if output is None:
        return _nothing("output_tokens unknown")
    if not (given.get("model") or "").strip() and number["total_params_b"] is None:
        return _nothing("neither model nor total_params_b")
    fresh = number["input_tokens"]
    if fresh is None:
        fresh = USUAL_INPUT
        notes.append(f"input_tokens unknown: {fresh:g} assumed")
    model = factors.look_up(given.get("model") or "")
    total, active, knowledge = _sizes(model, architecture, number)
    served = _setting(given, number, notes)
    place = (given.get("place") or "").strip()
    if place and not known(place):
        notes.append(f"place {place} not known: {'the world' if _own(served) else 'a cloud somewhere'}")
        place = ""
    if _own(served):
        notes.append("joules of the whole machine")
        causes, spent, told = _local(total, active, fresh, output)
        rates = own_machine(1.0, causes, electricity(place))
    else:
        bits = number["weight_bits"] or model.weight_bits or 8 * bytes_per_parameter(total.value)
        causes, spent, told = _server(model, total, active, bits, served, fresh, output)
        where = place or factors.CLOUD
        rates = data_centre(causes, "", where, electricity(where))
    figures = (interval([Term(spent, causes)]), *(rates.interval(name, spent) for name in FIGURES))
    numbers = (f"{number:.6g}" for figure in figures for number in (figure.low, figure.mid, figure.high))
    found = dict(zip(RESULT_COLUMNS, numbers, strict=True))
    return found | {"trust": f"{knowledge}, {told}", "note": "; ".join(notes)}


def _own(served: Setting) -> bool:
    """Whether a model runs on a machine of one's own: an engine made for that, on no card of a data centre."""
    return served.gpu is None and bool(_OWN.search(served.engine))


_Joules = tuple[tuple[Cause, ...], float, str]
"""Causes, joules, and what is known of the serving."""


def _local(total: Size, active: Size, fresh: float, output: float) -> _Joules:
    def joules(_: float, active_b: float) -> float:
        return float(local(active_b).joules(1, fresh, 0, output, 0, 0))

    sizes = over_sizes(total, active, joules)
    causes = (within("local law", "", LOCAL_BAND), cause("parameters", "", sizes))
    return causes, joules(total.value, active.value), "a machine of one's own"


def _server(
    model: Model, total: Size, active: Size, bits: float, served: Setting, fresh: float, output: float
) -> _Joules:
    # a name tells layers and cache as long as the row is of the size that it has
    named = model.knowledge == "known" and 1 / SAME_SIZE <= total.value / model.total_b.value <= SAME_SIZE
    shape = (model.layers, model.kv_bytes_per_token) if named else (None, None)
    new = model.lineage not in fitted().lineages

    def joules(total_b: float, active_b: float) -> Estimate:
        network = Network(total_b=total_b, active_b=active_b, weight_bytes=bits / 8, layers=shape[0], kv_bytes=shape[1])
        return estimate(network, served, fresh, output, new_lineage=new)

    made = joules(total.value, active.value)
    causes = [
        cause("joules", "", made.joules),
        cause("parameters", "", over_sizes(total, active, lambda *sizes: joules(*sizes).joules.mid)),
    ]
    told, spent = f"{made.known} known, {'new' if new else 'known'} lineage", made.joules.mid
    if made.extrapolated:
        spent *= made.extrapolated.mid
        causes.append(cause("engine", "", made.extrapolated))
        told += ", extrapolated"
    return tuple(causes), spent, told


def _number(given: Mapping[str, str], name: str) -> float | None:
    text = (given.get(name) or "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a number") from None
    if not math.isfinite(value) or value < 0 or (value == 0 and name != "input_tokens"):
        raise ValueError(f"{name} {text}: a number above 0, or empty where it is not known")
    return value


def _nothing(why: str) -> dict[str, str]:
    return dict.fromkeys(RESULT_COLUMNS, "") | {"trust": "nothing", "note": why}


def _sizes(model: Model, architecture: str, number: Mapping[str, float | None]) -> tuple[Size, Size, str]:
    """Total and active parameters, and what they rest on: the row's own, or the model's name."""
    total, active = number["total_params_b"], number["active_params_b"]
    if total is not None:
        if active is None:
            ratio = (
                model.active_b.value / model.total_b.value
                if architecture in ("", "moe") and model.knowledge != "unknown"
                else 1.0
            )
            if architecture == "moe" and ratio == 1.0:
                ratio = UNSTATED_ACTIVE
            active = total * ratio
        if active > total:
            raise ValueError(f"active_params_b {active:g} is more than total_params_b {total:g}")
        return Size(total, total, total), Size(active, active, active), "parameters"
    return model.total_b, model.active_b, {"known": "model", "name": "model"}.get(model.knowledge, model.knowledge)


def _setting(given: Mapping[str, str], number: Mapping[str, float | None], notes: list[str]) -> Setting:
    gpus, batch, latency_s = number["n_gpus"], number["batch_avg"], number["itl_s"]
    engine = (given.get("engine") or "").strip()
    made = served_by(gpus=gpus, batch=batch, latency_s=latency_s, engine=engine)
    try:
        return served_by((given.get("gpu") or "").strip(), gpus=gpus, batch=batch, latency_s=latency_s, engine=engine)
    except LookupError as error:
        notes.append(f"{str(error.args[0]).partition(';')[0]}: usual ones assumed")
        return made
