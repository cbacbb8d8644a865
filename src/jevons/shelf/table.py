"""Many cards of Hugging Face in one CSV file, one model a row (as Castaño et al. 2023, arXiv 2305.11164, publish them).

Columns: modelId (or model_id), co2_eq_emissions (or co2_emission) in grams; and, where there are any, source,
training_type, geographical_location, environment (the hardware), size and datasets_size in bytes, domain,
performance_metrics, created_at. A row is kept whole with its card.
"""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

import msgspec

from jevons.shelf.card import SCHEMA, Card, Evaluation, identity
from jevons.shelf.huggingface import Missing, spent
from jevons.shelf.text import CardError, Fault, Lines, convert

KIND = "table"
_NAMES = ("modelId", "model_id")
_CARBON = ("co2_eq_emissions", "co2_emission")
_SCORE = re.compile(r"'([^']+)': (-?\d+(?:\.\d+)?(?:e-?\d+)?)")
_NOTHING = frozenset({"", "nan", "not specified"})


class Row(NamedTuple):
    """One row: a card, or why there is no footprint in it."""

    line: int
    name: str
    card: Card | None
    reason: str = ""


def is_one(text: str) -> bool:
    """Whether a text is such a file, by its head."""
    head = {name.strip() for name in text.partition("\n")[0].split(",")}
    return bool(head & set(_NAMES)) and bool(head & set(_CARBON))


def read(text: str, file: str) -> list[Row]:
    """Every row of a file; CardError says the lines of rows that cannot be read."""
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    reader = csv.DictReader(text.splitlines())
    for given in reader:
        try:
            row = _row(
                {name: value for name, value in given.items() if name and value is not None}, file, reader.line_num
            )
        except CardError as error:
            faults += error.faults
            continue
        if row.card is not None:  # the owner is cut from the names: two may share one
            number = seen[row.card.id] = seen.get(row.card.id, 0) + 1
            if number > 1:
                row = row._replace(card=msgspec.structs.replace(row.card, id=f"{row.card.id}-{number}"))
        rows.append(row)
    if faults:
        raise CardError(faults)
    return rows


def _row(given: dict[str, str], file: str, line: int) -> Row:
    lines = Lines(file, first=line)
    name = next((given[column].strip() for column in _NAMES if given.get(column)), "")
    if not name:
        raise lines.error("a row without the name of a model")
    stated = {column: given.get(column, "") for column in ("source", "training_type", "geographical_location")}
    stated["hardware_used"] = given.get("environment", "")
    carbon = next((given[column].strip() for column in _CARBON if given.get(column)), "")
    if carbon.lower() in _NOTHING:
        return Row(line, name, None, "no figure in its row")
    try:
        training = spent({"emissions": carbon, **{key: text for key, text in stated.items() if text}})
    except Missing as why:
        return Row(line, name, None, str(why))
    except ValueError as error:
        raise lines.error(f"{name}: {error}") from None
    data, size = (_bytes(given.get(column, "")) for column in ("datasets_size", "size"))
    training = msgspec.structs.replace(training, data_bytes=data)
    domain = given.get("domain", "")
    document = {
        "schema": SCHEMA,
        "id": identity(name),
        "name": name,
        "weights_bytes": size,
        "kept": {KIND: {**given, "row": line}},
        "note": "" if domain.lower() in _NOTHING else domain,
    }
    scores = _SCORE.findall(given.get("performance_metrics", ""))
    evals = tuple(Evaluation(name="its own test", metric=metric, value=float(value)) for metric, value in scores)
    return Row(line, name, msgspec.structs.replace(convert(document, Card, lines), training=(training,), evals=evals))


def _bytes(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
