"""Hugging Face model cards: the metadata of a README (YAML between ``---``), read and written.

``co2_eq_emissions`` comes as a number of grams, as text with or without a unit, or as a mapping whose keys are spelt
in several ways (AutoTrain, sentence-transformers, people); documentation: huggingface.co/docs/hub/model-cards-co2.
The metadata is kept whole; of the text below it nothing is kept but figures, where the metadata has none.
"""

from __future__ import annotations

import copy
import datetime
import math
import re
from typing import Any

import yaml

from jevons.shelf.card import SCHEMA, Amount, Card, Evaluation, Spent, identity
from jevons.shelf.derive import whole
from jevons.shelf.merge import beside, edited
from jevons.shelf.text import CardError, Fault, Lines, convert, from_yaml

KIND = "huggingface"
OURS = "jevons"
_FRONT = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"^[~≈<>= ]*(-?(?:\d[\d,_]*)?\.?\d+(?:[eE][+-]?\d+)?)\s*(.*)$", re.DOTALL)
_UNITS = {
    "": "g", "g": "g", "gram": "g", "grams": "g", "kg": "kg", "kgs": "kg", "kilogram": "kg", "kilograms": "kg",
    "kilo": "kg", "t": "t", "ton": "t", "tons": "t", "tonne": "t", "tonnes": "t", "metrictons": "t", "mg": "mg",
    "lb": "lb", "lbs": "lb",
}  # fmt: skip
_SPELT = {
    "emissions": ("emissions", "emission", "co2eqemissions", "co2emissions", "co2emitted", "carbonemitted", "value"),
    "energy": ("energyconsumed", "energyconsumption", "energy", "energykwh"),
    "hours": ("hoursused", "hours", "traininghours", "trainingtime"),
    "hardware": ("hardwareused", "hardware", "hardwaretype", "environment", "gpumodel"),
    "place": ("geographicallocation", "location", "region", "computeregion", "country", "trainingregion"),
    "activity": ("trainingtype", "type"),
    "source": ("source", "sources"),
}  # fmt: skip
_BODY = (
    ("emissions", re.compile(r"^\W*CO2 Emissions \(in grams\)\W*([\d.eE+-]+)", re.MULTILINE | re.IGNORECASE)),
    ("emissions", re.compile(r"^\W*Carbon Emitted\W*(\d.*?)(?: of CO2)?\s*$", re.MULTILINE | re.IGNORECASE)),
    ("energy", re.compile(r"^\W*Energy Consumed\W*(\d.*?)\s*$", re.MULTILINE | re.IGNORECASE)),
    ("hours", re.compile(r"^\W*Hours Used\W*(\d.*?)\s*$", re.MULTILINE | re.IGNORECASE)),
    ("hardware", re.compile(r"^\W*Hardware (?:Type|Used)\W*(\w.*?)\s*$", re.MULTILINE | re.IGNORECASE)),
)
_NOTHING = frozenset({"", "n/a", "na", "none", "null", "unknown", "not specified", "more information needed", "-", "?"})
_ACTIVITIES = {"pretraining": "training", "pre-training": "training", "finetuning": "fine-tuning"}
_METERS = ("codecarbon", "code carbon")


class Missing(ValueError):  # noqa: N818 a reason, not an error of ours
    """Why a card has no footprint."""


def read(text: str, file: str, name: str = "") -> tuple[Card, Lines]:
    """A card of a README, or of its metadata alone, and the lines of the metadata. CardError says the line."""
    front = _FRONT.match(text)
    first = text.count("\n", 0, front.start(1)) + 1 if front else 1
    body = text[front.end() :] if front else ""
    document, lines = from_yaml(front[1] if front else text, file, first)
    if not isinstance(document, dict):
        raise CardError([Fault(file, first, "no metadata: a README of Hugging Face begins with YAML between two ---")])
    metadata = _plain(document)
    name = name or str(metadata.get("model_name") or _index_name(metadata) or "")
    ours = metadata.pop(OURS, None)
    stored = convert(ours["card"], Card, lines) if isinstance(ours, dict) and "card" in ours else None
    name = name or (stored.name if stored else "")
    if not name:
        raise lines.error("no name of the model in it: give one (--name)")
    try:
        said = of_metadata(metadata, name, lines, body)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise lines.error(f"not as Hugging Face has it ({type(error).__name__}: {error})") from None
    if stored is None:
        return said, lines
    written = of_metadata(_metadata(stored), stored.name, lines)
    return edited(stored, said, written), lines


def of_metadata(metadata: dict[str, Any], name: str, lines: Lines, body: str = "") -> Card:
    """The card of metadata; CardError."""
    where, given = _co2(metadata)
    training: tuple[Spent, ...] = ()
    try:
        if given is None:
            found = _of_body(body)
            training = (spent(found),) if "emissions" in found else ()
        else:
            training = tuple(spent(one) for one in (given if isinstance(given, list) else [given]))
    except Missing:
        pass  # the reason is told by `missing`
    except ValueError as error:
        raise lines.error(f"{where or 'text'}: {error}", *([where] if where else []), *_inner(given)) from None
    bases = metadata.get("base_model") or ()
    licence = metadata.get("license") or ""
    document = {
        "schema": SCHEMA,
        "id": identity(name),
        "name": name,
        "task": str(metadata.get("pipeline_tag") or ""),
        "licence": ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence),
        "base": [str(one) for one in ([bases] if isinstance(bases, str) else bases)],
        "relation": str(metadata.get("base_model_relation") or ""),
        "kept": {KIND: copy.deepcopy(metadata)} if metadata else {},
    }
    import msgspec

    return msgspec.structs.replace(convert(document, Card, lines), training=training, evals=_evals(metadata))


def missing(card: Card) -> str:
    """Why a card of Hugging Face has no footprint; empty where it has one."""
    if any(spent.carbon or spent.energy for spent in card.training):
        return ""
    where, given = _co2(card.kept.get(KIND, {}))
    if given is None:
        return "no co2_eq_emissions"
    try:
        for one in given if isinstance(given, list) else [given]:
            spent(one)
    except Missing as why:
        return f"{where}: {why}"
    return f"{where}: nothing in it"


def spent(given: Any) -> Spent:
    """One ``co2_eq_emissions``, however it is spelt. Missing where it states no figure, ValueError where it cannot."""
    fields = _fields(given) if isinstance(given, dict) else {"emissions": given}
    carbon = _mass(fields.get("emissions"))
    energy = _amount(fields.get("energy"), "kWh", ("kwh", "mwh", "wh"))
    if carbon is None and energy is None:
        raise Missing("no figure in it")
    source = _words(fields.get("source"))
    hardware = _words(fields.get("hardware"))
    activity = _words(fields.get("activity")).lower()
    hours = _amount(fields.get("hours"), "h", ("h", "hour", "hours", "hrs"))
    return Spent(
        activity=_ACTIVITIES.get(activity, activity) or "training",
        how="measured" if any(meter in source.lower() for meter in _METERS) else "reported",
        carbon=carbon,
        energy=energy,
        machine_hours=_machine_hours(hours, hardware),
        hardware=hardware,
        place=_words(fields.get("place")),
        tool=source if any(meter in source.lower() for meter in _METERS) else "",
        source=source or "its model card",
    )


def _machine_hours(hours: Amount | None, hardware: str) -> float | None:
    from jevons.shelf.chips import said

    words = said(hardware)
    wall = hours.value if hours else words.hours
    return wall * (words.count or 1) if wall is not None and words.chip is not None else None


def write(card: Card) -> str:
    """The metadata of a card, between ``---``; what has no field there stands below ``jevons``."""
    metadata = _metadata(card)
    lines = Lines("export")
    made = of_metadata(metadata, card.name, lines)
    if made != card:
        metadata[OURS] = {"card": beside(card, KIND)}
    text = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n"


def _metadata(card: Card) -> dict[str, Any]:
    metadata: dict[str, Any] = copy.deepcopy(card.kept.get(KIND, {}))
    before = of_metadata(metadata, card.name, Lines("export"))
    if card.task != before.task:
        metadata["pipeline_tag"] = card.task
    if card.licence != before.licence:
        metadata["license"] = card.licence
    if card.base != before.base:
        metadata["base_model"] = card.base[0] if len(card.base) == 1 else list(card.base)
    if card.relation != before.relation:
        metadata["base_model_relation"] = card.relation
    if card.training != before.training:
        where, _ = _co2(metadata)
        made = _emissions(card)
        if made:
            metadata[where or "co2_eq_emissions"] = made
        elif where:
            del metadata[where]
    return metadata


def _emissions(card: Card) -> dict[str, Any]:
    """All training of a card in the one figure that there is a field for."""
    total = whole(card, "carbon").total
    if total is None:
        return {}
    words = {
        "source": [spent.source for spent in card.training],
        "training_type": [spent.activity for spent in card.training],
        "geographical_location": [spent.place for spent in card.training],
        "hardware_used": [spent.hardware for spent in card.training],
    }
    joined = {name: "; ".join(dict.fromkeys(filter(None, all_of))) for name, all_of in words.items()}
    return {"emissions": total.mid, **{name: text for name, text in joined.items() if text}}


def _co2(metadata: dict[str, Any]) -> tuple[str, Any]:
    """(key, value) of the emissions in metadata, however the key is spelt; ("", None) without."""
    for key, value in metadata.items():
        if value is not None and re.fullmatch(r"co2(?:eq)?emissions?(?:ingrams)?", _bare(key)):
            return key, value
    return "", None


def _inner(given: Any) -> tuple[str, ...]:
    if isinstance(given, dict):
        return next(((str(key),) for key in given if _bare(str(key)) in _SPELT["emissions"]), ())
    return ()


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    bare = {_bare(str(key)): value for key, value in given.items()}
    for field, spellings in _SPELT.items():
        value = next((bare[name] for name in spellings if bare.get(name) is not None), None)
        if value is not None:
            found[field] = value
    return found


def _of_body(body: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, pattern in _BODY:
        match = pattern.search(body)
        if match and field not in found:
            # Only the line of AutoTrain says grams; "Carbon Emitted" is of a template that asks for no unit.
            found[field] = match[1]
    return found


def _bare(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _words(given: Any) -> str:
    text = ", ".join(map(str, given)) if isinstance(given, list) else str(given if given is not None else "")
    return "" if text.strip().lower() in _NOTHING else text.strip()[:2000]


def _mass(given: Any) -> Amount | None:
    if isinstance(given, str):
        match = _NUMBER.match(given.strip())
        if match:
            words = re.sub(r"\(.*?\)|of|co2\w*|co₂\w*|carbon\w*|dioxide|eq\w*|[^a-zµ]", "", match[2].lower())
            if words not in _UNITS:
                raise ValueError(f"unit {match[2].strip()!r} is not known: grams, or kg, t, lb")
            return _positive(match[1], _UNITS[words])
    return _amount(given, "g", ("g",))


def _amount(given: Any, unit: str, spellings: tuple[str, ...]) -> Amount | None:
    if given is None or isinstance(given, bool):
        return None
    if isinstance(given, int | float):
        return _positive(repr(given), unit)
    if not isinstance(given, str):
        raise ValueError(f"{given!r} is no number")
    match = _NUMBER.match(given.strip())
    if not match:
        if _words(given) == "" or not any(sign.isdigit() for sign in given):
            return None
        raise ValueError(f"{given[:60]!r} is no number")
    words = _bare(match[2])
    if words and words not in spellings:
        raise ValueError(f"unit {match[2].strip()[:40]!r} is not known: {unit}")
    known = {"kwh": "kWh", "mwh": "MWh", "wh": "Wh"}
    return _positive(match[1], known.get(words, unit))


def _positive(text: str, unit: str) -> Amount:
    value = float(text.replace(",", "").replace("_", ""))
    if not 0 <= value < math.inf:
        raise ValueError(f"{text}: 0 at least")
    return Amount(int(value) if value.is_integer() and "." not in text and abs(value) < 1e15 else value, unit)


def _index_name(metadata: dict[str, Any]) -> str:
    index = metadata.get("model-index")
    first = index[0] if isinstance(index, list) and index else None
    return str(first.get("name") or "") if isinstance(first, dict) else ""


def _evals(metadata: dict[str, Any]) -> tuple[Evaluation, ...]:
    """Results of a ``model-index`` that are numbers."""
    found = []
    index = metadata.get("model-index")
    for model in index if isinstance(index, list) else ():
        for result in (model.get("results") or ()) if isinstance(model, dict) else ():
            if not isinstance(result, dict):
                continue
            dataset = result.get("dataset") if isinstance(result.get("dataset"), dict) else {}
            for metric in result.get("metrics") or ():
                if not isinstance(metric, dict):
                    continue
                try:
                    value = float(metric.get("value"))  # type: ignore[arg-type]
                except (TypeError, ValueError):
                    continue
                if math.isfinite(value):
                    kind = str(metric.get("type") or "")
                    named = str(
                        (dataset or {}).get("name") or (dataset or {}).get("type") or metric.get("name") or kind
                    )
                    found.append(
                        Evaluation(name=named[:2000], value=value, metric=kind, verified=metric.get("verified") is True)
                    )
    return tuple(found)


def _plain(value: Any) -> Any:
    """YAML as JSON can hold it: keys and dates are text, and so is what is no number."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    if isinstance(value, datetime.date | bytes):
        return value.isoformat() if isinstance(value, datetime.date) else value.decode("latin-1")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
