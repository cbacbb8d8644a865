"""What a scenario file may hold: fields by table, with their units."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field: an amount in a base unit, a share, a text, a yes or no."""

    kind: str
    """``amount``, ``share``, ``text``, ``flag``, ``texts``."""
    unit: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


def _amount(unit: str, required: bool = False) -> Field:
    return Field("amount", unit, required)


TEXT, NEEDED, FLAG, SHARE = Field("text"), Field("text", required=True), Field("flag"), Field("share")
INDICATORS = ("carbon", "energy", "water", "money")
PARTS = ("operation", "hardware", "training", "life")
"""What a figure may include. ``life``: the whole footprint of the people who do the work, whatever they do."""
BASES = ("average", "operating", "build")
KINDS = ("compare", "train-or-reuse")

TOP = {
    "schema": TEXT,
    "title": NEEDED,
    "kind": Field("text", choices=KINDS),
    "unit": NEEDED,
    "question": TEXT,
    "place": TEXT,
    "baseline": TEXT,
    "indicator": Field("text", choices=INDICATORS),
    "people": FLAG,
}
TABLES = ("inputs", "alternatives", "demand", "consequences", "quality", "notes", "from")
"""Tables of the file. ``from``: what `jevons weigh --new` filled in, and where it had that from."""

_MODEL = {
    "model": TEXT,
    "provider": TEXT,
    "kind": Field("text", choices=("chat", "embeddings", "rerank")),
    "region": TEXT,
    "host": Field("text", choices=("cloud", "local")),
    "input_tokens": _amount("tokens"),
    "cached_tokens": _amount("tokens"),
    "output_tokens": _amount("tokens"),
}
COMMON = {
    "what": NEEDED,
    "label": TEXT,
    "note": TEXT,
    "source": TEXT,
    "place": TEXT,
    "avoidable": SHARE,
    "anyway": SHARE,
    "hardware_avoidable": SHARE,
    "cost": _amount("USD"),
}
"""Of every flow. ``avoidable``: share that the decision can avoid; ``anyway``: the rest, that would be spent anyway."""
ABOVE_0 = ("calls_per_day", "horizon", "serves", "delivers", "units", "retrain_every")
"""Amounts that divide others."""
FLOWS: dict[str, dict[str, Field]] = {
    "calls": {**_MODEL, "model": NEEDED, "calls": _amount("calls", required=True)},
    "ledger": {
        "run": NEEDED,
        "role": Field("text", choices=("product", "judge", "set-up")),
        "model": TEXT,
        "units": _amount("units"),
    },
    "ci": {"time": _amount("h", required=True), "provider": TEXT},
    "laptop": {"time": _amount("h", required=True)},
    "server": {"time": _amount("h", required=True), "provider": TEXT},
    "gpu": {"time": _amount("h", required=True), "hardware": TEXT, "provider": TEXT},
    "electricity": {"energy": _amount("kWh", required=True)},
    "travel": {
        "distance": _amount("km", required=True),
        "by": Field("text", required=True, choices=("car", "train", "flight")),
    },
    "people": {"time": _amount("h", required=True), "carbon_per_h": _amount("g")},
    "training": {
        "card": TEXT,
        "time": _amount("h"),
        "hardware": TEXT,
        "energy": _amount("kWh"),
        "provider": TEXT,
        "sunk": FLAG,
        "serves": _amount("units", required=True),
    },
    "stated": {
        "carbon": _amount("g"),
        "energy": _amount("kWh"),
        "water": _amount("L"),
        "includes": Field("texts", required=True, choices=PARTS),
        "grid": Field("text", choices=BASES),
        "quantity": _amount("1"),
    },
}
"""Kinds of flows, each per functional unit."""
BENEFITS = {
    "defects_found": _amount("defects"),
    "hours_saved": _amount("h"),
    "rework_avoided": _amount("h"),
    "escapes": _amount("defects"),
}
REAL = {**BENEFITS, "junit": TEXT, "csv": TEXT, "run": TEXT, "units": _amount("units")}
ALTERNATIVE = {"title": TEXT, "unit": TEXT, "delivers": _amount("units"), "quality": SHARE, "note": TEXT}
ROLES = ("keep", "cut first", "existing small model", "fine-tune", "distil", "train")
SERVINGS = ("api", "on demand", "always on")
CANDIDATE = {
    **_MODEL,
    "title": TEXT,
    "note": TEXT,
    "role": Field("text", required=True, choices=ROLES),
    "serving": Field("text", required=True, choices=SERVINGS),
    "share_of_calls": SHARE,
    "energy_per_call": _amount("Wh"),
    "cost_per_call": _amount("USD"),
    "idle_power": _amount("W"),
    "machines": _amount("machines"),
    "cost_per_h": _amount("USD"),
    "starts_per_day": _amount("1"),
    "time_per_start": _amount("h"),
    "training_time": _amount("h"),
    "training_energy": _amount("kWh"),
    "training_cost": _amount("USD"),
    "training_hardware": TEXT,
    "training_card": TEXT,
    "retrain_every": _amount("month"),
    "quality": SHARE,
    "place": TEXT,
    "request_rate": TEXT,
}
"""An alternative of ``train-or-reuse``."""
DEMAND = {
    "calls_per_day": _amount("calls", required=True),
    "growth": _amount("1"),
    "horizon": _amount("year"),
    "start": TEXT,
}
QUALITY = {"asked": SHARE, "of": TEXT}
CONSEQUENCE = {
    "order": Field("text", required=True, choices=("first", "second", "higher")),
    "what": NEEDED,
    "sign": Field("text", required=True, choices=("more", "less", "unknown")),
    "counted": FLAG,
    "source": TEXT,
}
