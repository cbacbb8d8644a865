"""CycloneDX 1.6 and 1.7: models of a bill of materials, read and written.

Energy and carbon stand in modelCard.considerations.environmentalConsiderations.energyConsumptions (ECMA-424, 1.6). The
document is kept whole, so that what has no field here comes back as it was. What the format has no field for stands in
a property ``jevons:card``. Offsets are kept and never subtracted.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec

from jevons.shelf.card import SCHEMA, Amount, Card, Evaluation, Spent, digest, identity
from jevons.shelf.derive import figures
from jevons.shelf.merge import beside, edited
from jevons.shelf.text import Lines, Path, convert, from_json

KIND = "cyclonedx"
MODEL = "machine-learning-model"
VERSIONS = ("1.6", "1.7")
OURS = "jevons:card"
_HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")
_ACTIVITIES = (
    "design", "data-collection", "data-preparation", "training", "fine-tuning", "validation", "deployment", "inference",
    "other",
)  # fmt: skip
_HASHES = (
    "MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2b-256", "BLAKE2b-384",
    "BLAKE2b-512", "BLAKE3",
)  # fmt: skip


def is_one(document: Any) -> bool:
    """Whether a JSON document is a bill of materials of CycloneDX."""
    return isinstance(document, dict) and document.get("bomFormat") == "CycloneDX"


def read(text: str, file: str) -> tuple[list[Card], Lines]:
    """A card for each model of a bill of materials, and the lines of the text. CardError says the line."""
    document, lines = from_json(text, file)
    if not is_one(document):
        raise lines.error("no bill of materials of CycloneDX: bomFormat is missing", "bomFormat")
    if document.get("specVersion") not in VERSIONS:
        raise lines.error(f"specVersion {document.get('specVersion')!r}: {' or '.join(VERSIONS)}", "specVersion")
    try:
        cards = [_card(document, path, lines) for path in _models(document)]
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise lines.error(f"not as CycloneDX has it ({type(error).__name__}: {error})", "components") from None
    if not cards:
        raise lines.error(f"no component of type {MODEL} in it", "components")
    return cards, lines


def _models(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of all components that are models."""
    if path == ():
        inside = value.get("metadata")
        if isinstance(inside, dict) and isinstance(inside.get("component"), dict):
            yield from _models(inside["component"], ("metadata", "component"))
    elif value.get("type") == MODEL:
        yield path
    for place, one in enumerate(value.get("components") or ()):
        if isinstance(one, dict):
            yield from _models(one, (*path, "components", place))


def _at(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document


def _card(document: dict[str, Any], path: Path, lines: Lines) -> Card:
    document = copy.deepcopy(document)
    component = _at(document, path)
    stored = _taken(component, lines, path)
    said = _of_component(document, path, lines)
    if stored is None:
        return said
    bare = write(stored, document["specVersion"], plain=True)
    written = _of_component(bare, next(iter(_models(bare))), lines)
    return edited(stored, said, written)


def _taken(component: dict[str, Any], lines: Lines, path: Path) -> Card | None:
    """The card beside the format's own fields, taken out of them; None without."""
    properties: Any = component.get("properties")
    for one in properties if isinstance(properties, list) else ():
        if isinstance(one, dict) and one.get("name") == OURS:
            properties.remove(one)
            if not properties:
                del component["properties"]
            try:
                return msgspec.json.decode(one.get("value", ""), type=Card)
            except msgspec.MsgspecError as error:
                raise lines.error(f"{OURS}: {error}", *path, "properties") from None
    return None


def _of_component(document: dict[str, Any], path: Path, lines: Lines) -> Card:
    component = _at(document, path)
    name = component.get("name")
    if not isinstance(name, str) or not name.strip():
        raise lines.error("a component without a name", *path)
    group = component.get("group")
    name = f"{group}/{name}" if group else name
    card = component.get("modelCard") or {}
    parameters = card.get("modelParameters") or {}
    ancestors = (component.get("pedigree") or {}).get("ancestors") or ()
    try:
        made = {
            "schema": SCHEMA,
            "id": identity(name),
            "name": name,
            "maker": component.get("publisher") or (component.get("manufacturer") or {}).get("name") or "",
            "version": component.get("version") or "",
            "hashes": {one["alg"]: one["content"] for one in component.get("hashes") or ()},
            "task": parameters.get("task") or "",
            "licence": ", ".join(filter(None, map(_licence, component.get("licenses") or ()))),
            "base": ["/".join(filter(None, (one.get("group"), one["name"]))) for one in ancestors],
            "kept": {KIND: {"path": list(path), "document": document}},
        }
        consumptions = _consumptions(component)
    except (AttributeError, KeyError, TypeError) as error:
        raise lines.error(f"not as CycloneDX has it ({error})", *path) from None
    where = (*path, "modelCard", "considerations", "environmentalConsiderations", "energyConsumptions")
    training = tuple(
        _spent(one, lines, (*where, place))
        for place, one in enumerate(consumptions)
        if not isinstance(one, dict) or one.get("activity") != "inference"
    )
    return msgspec.structs.replace(convert(made, Card, lines), training=training, evals=_evals(card))


def _licence(one: dict[str, Any]) -> str:
    of = one.get("license") or {}
    return str(one.get("expression") or of.get("id") or of.get("name") or "")


def _consumptions(component: dict[str, Any]) -> list[Any]:
    found: Any = component
    for name in ("modelCard", "considerations", "environmentalConsiderations", "energyConsumptions"):
        found = found.get(name) or {}
    return list(found)


def _spent(one: Any, lines: Lines, path: Path) -> Spent:
    if not isinstance(one, dict):
        raise lines.error("an energy consumption is an object", *path)
    amounts: dict[str, Amount] = {}
    for field, name, unit in (("energy", "activityEnergyCost", "kWh"), ("carbon", "co2CostEquivalent", "t")):
        measure = one.get(name)
        if measure is None:
            continue
        stated = {"kWh": "kWh", "tCO2eq": "t"}.get(str(measure.get("unit") if isinstance(measure, dict) else ""))
        if stated != unit:
            raise lines.error(f"{name}: a value in {'kWh' if unit == 'kWh' else 'tCO2eq'}", *path, name)
        value = measure.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise lines.error(f"{name} {value!r}: 0 at least", *path, name, "value")
        amounts[field] = Amount(value, unit)
    if not amounts:
        raise lines.error("no activityEnergyCost and no co2CostEquivalent", *path)
    providers = [provider for provider in one.get("energyProviders") or () if isinstance(provider, dict)]
    addresses = [(provider.get("organization") or {}).get("address") or {} for provider in providers]
    return Spent(
        activity=str(one.get("activity") or "other"),
        energy=amounts.get("energy"),
        carbon=amounts.get("carbon"),
        place="; ".join(
            ", ".join(str(value) for value in address.values() if value) for address in addresses if address
        ),
        source="; ".join(str(provider["description"]) for provider in providers if provider.get("description")),
        kept={KIND: copy.deepcopy(one)},
    )


def _evals(card: dict[str, Any]) -> tuple[Evaluation, ...]:
    found = []
    for one in (card.get("quantitativeAnalysis") or {}).get("performanceMetrics") or ():
        try:
            value = float(one["value"])
        except (KeyError, TypeError, ValueError):
            continue
        found.append(
            Evaluation(
                name=str(one.get("slice") or one.get("type") or ""), value=value, metric=str(one.get("type") or "")
            )
        )
    return tuple(found)


def write(card: Card, version: str = "1.7", plain: bool = False) -> dict[str, Any]:
    """The bill of materials of a card: the one that it was read from with what has changed since, or a new one.

    Valid under the strict schema as far as the document was that it was read from. `plain` leaves ``jevons:card`` out.
    """
    kept = card.kept.get(KIND)
    if kept:
        document: dict[str, Any] = copy.deepcopy(kept["document"])
        path: Path = tuple(kept["path"])
    else:
        document, path = _new(card, version), ("components", 0)
    component = _at(document, path)
    lines = Lines("export")
    before = _of_component(document, path, lines)
    _overlay(component, card, before)
    if plain:
        return document
    made = _of_component(document, path, lines)
    if made != (card if kept else msgspec.structs.replace(card, kept=card.kept | made.kept)):
        component.setdefault("properties", []).append(
            {"name": OURS, "value": json.dumps(beside(card, KIND), ensure_ascii=False)}
        )
    return document


def _new(card: Card, version: str) -> dict[str, Any]:
    group, _, name = card.name.rpartition("/")
    component = {"type": MODEL, "bom-ref": card.id, "name": name, **({"group": group} if group else {})}
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest(card))}",
        "version": 1,
        "components": [component],
    }


def _overlay(component: dict[str, Any], card: Card, before: Card) -> None:
    """Write what a card says otherwise than the component does."""
    if card.maker != before.maker:
        component["publisher"] = card.maker
    if card.version != before.version:
        component["version"] = card.version
    if card.hashes != before.hashes:
        component["hashes"] = [
            {"alg": name, "content": value}
            for name, value in card.hashes.items()
            if name in _HASHES and _HEX.fullmatch(value)
        ]
    if card.licence != before.licence:
        component["licenses"] = [{"license": {"name": card.licence}}]
    if card.base != before.base:
        component.setdefault("pedigree", {})["ancestors"] = [_ancestor(name) for name in card.base]
    model: dict[str, Any] = component.get("modelCard") or {}
    if card.task != before.task:
        model.setdefault("modelParameters", {})["task"] = card.task
    if card.evals != before.evals:
        model.setdefault("quantitativeAnalysis", {})["performanceMetrics"] = [
            {"type": one.metric or one.name, "value": repr(one.value), "slice": one.name} for one in card.evals
        ]
    if card.training != before.training:
        inference = [one for one in _consumptions(component) if one.get("activity") == "inference"]
        made = [*filter(None, map(_consumption, card.training)), *inference]
        if made or _consumptions(component):
            considerations = model.setdefault("considerations", {})
            considerations.setdefault("environmentalConsiderations", {})["energyConsumptions"] = made
    if model:
        component["modelCard"] = model


def _ancestor(name: str) -> dict[str, Any]:
    group, _, own = name.rpartition("/")
    return {"type": MODEL, "name": own, **({"group": group} if group else {})}


def _consumption(spent: Spent) -> dict[str, Any] | None:
    """An energy consumption; None where the energy is not known, which the format asks for."""
    made = figures(spent)
    if made.energy is None:
        return None
    energy = {"value": made.energy.mid, "unit": "kWh"}
    provider: dict[str, Any] = {
        "organization": {"name": "unknown"},
        "energySource": "unknown",
        "energyProvided": energy,
    }
    if spent.source:
        provider["description"] = spent.source
    if spent.place:
        provider["organization"]["address"] = {"country": spent.place}
    entry: dict[str, Any] = {
        "activity": spent.activity if spent.activity in _ACTIVITIES else "other",
        "energyProviders": [provider],
        **copy.deepcopy(spent.kept.get(KIND, {})),
        "activityEnergyCost": energy,
    }
    if made.carbon is not None:
        entry["co2CostEquivalent"] = {"value": made.carbon.mid / 1e6, "unit": "tCO2eq"}
    if spent.carbon is not None and spent.carbon.unit == "t":
        entry["co2CostEquivalent"]["value"] = spent.carbon.value
    return entry
