"""Estimates of a table: one row a serving, as much of it filled in as is known."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from jevons import factors
from jevons.factors import Model, Size
from jevons.factors.gpus import gpu
from jevons.factors.grid import known
from jevons.footprint.energy import bytes_per_parameter
from jevons.footprint.generation import Estimate, Network, Setting, estimate
from jevons.footprint.interval import ONE, Interval, around, product
from jevons.footprint.serving import data_centre
from jevons.footprint.step import Accelerator

COLUMNS = (
    "model", "architecture", "total_params_b", "active_params_b", "weight_bits", "gpu", "n_gpus", "engine",
    "batch_avg", "input_tokens", "output_tokens", "itl_s", "place",
)  # fmt: skip
ARCHITECTURES = ("", "dense", "moe", "hybrid", "encdec")
RESULTS = ("gpu_energy_j", "energy_wh", "carbon_g", "water_l", "embodied_g")
"""Each with _low, _mid, _high: joules of GPU; then the facility's energy, operational carbon, water, hardware."""
RESULT_COLUMNS = tuple(f"{name}_{end}" for name in RESULTS for end in ("low", "mid", "high"))

USUAL_INPUT = 150.0
"""Tokens of a chat prompt where the row has none: the benchmark's chats."""
UNSTATED_ACTIVE = 0.15
"""Active over total parameters of a mixture that says no more: 22 of 235, 17 of 109, 4 of 21 billion."""
EXTRAPOLATED_BAND = 1.8
"""Predicted over measured was 0.7 to 1.8 on other engines and GPUs (Argonne, Shang, PyTorch, TokenPowerBench)."""
_OLD_ENGINE = re.compile(r"vllm\D*0\.[0-6](\.|$)")


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
    setting = _setting(given, number, notes)
    bits = number["weight_bits"] or 8 * bytes_per_parameter(total.value)
    made = _over_sizes(total, active, bits, setting, fresh, output)
    band = made.joules
    if made.extrapolated:
        band = product(band, around(1.0, EXTRAPOLATED_BAND))
    trust = f"{knowledge}, {made.known} known" + (", extrapolated" if made.extrapolated else "")
    place = (given.get("place") or "").strip()
    if place and not known(place):
        notes.append(f"place {place} not known: a cloud somewhere")
    where = place if place and known(place) else factors.CLOUD
    rates = data_centre(band * (1 / band.mid), factors.intensity(where), factors.water(where), "", where)
    of_one = (rates.energy_wh, rates.carbon_g, rates.water_l, rates.embodied_g)
    figures = (band, *(rate * band.mid for rate in of_one))
    numbers = (f"{number:.6g}" for figure in figures for number in (figure.low, figure.mid, figure.high))
    return dict(zip(RESULT_COLUMNS, numbers, strict=True)) | {"trust": trust, "note": "; ".join(notes)}


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
    name = (given.get("gpu") or "").strip()
    card = gpu(name) if name else None
    if name and card is None:
        notes.append(f"gpu {name} not known: usual ones assumed")
    engine = (given.get("engine") or "").strip()
    return Setting(
        gpu=Accelerator(card.tdp_w, card.bandwidth_gb_s, card.bf16_tflops) if card else None,
        gpu_name=card.name if card else "",
        memory_gb=card.memory_gb if card else 80.0,
        gpus=number["n_gpus"],
        batch=number["batch_avg"],
        latency_s=number["itl_s"],
        old_engine=bool(_OLD_ENGINE.search(engine.lower())),
        engine=engine,
    )


def _over_sizes(total: Size, active: Size, bits: float, setting: Setting, fresh: float, output: float) -> Estimate:
    """The estimate at the middle size, as much wider as small and large ones are apart."""

    def at(total_b: float, active_b: float) -> Estimate:
        network = Network(total_b=total_b, active_b=min(active_b, total_b), weight_bytes=bits / 8)
        return estimate(network, setting, fresh, output)

    middle = at(total.value, active.value)
    mid = middle.joules.mid
    spread = ONE
    if total.low < total.high or active.low < active.high:
        small, large = at(total.low, active.low).joules.mid, at(total.high, active.high).joules.mid
        spread = Interval(min(small / mid, 1.0), 1.0, max(large / mid, 1.0))
    return Estimate(product(middle.joules, spread), middle.known, middle.extrapolated)
