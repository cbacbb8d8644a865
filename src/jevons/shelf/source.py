"""Any file that says something of models: what it is, and the cards in it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from jevons.ledger import remote
from jevons.shelf import codecarbon, cyclonedx, huggingface, table
from jevons.shelf.card import Card, identity
from jevons.shelf.derive import estimate, figures
from jevons.shelf.folder import read
from jevons.shelf.text import LARGEST, LARGEST_TABLE, CardError, Fault, Lines, from_json, plain, too_large

FORMATS = "a README of Hugging Face, CycloneDX 1.6 or 1.7, a CodeCarbon CSV, a table of cards, or a card of jevons"


class Contents(NamedTuple):
    """What was read."""

    kind: str
    cards: list[Card]
    lines: dict[str, Lines]
    """By id."""
    missing: list[tuple[str, str]]
    """(where and which, why) of models without a footprint."""
    notes: tuple[str, ...] = ()


def contents(source: str, name: str = "") -> Contents:
    """The cards of a file or URL; `name` is the model's where the file does not say. CardError says file and line."""
    tabular = source.lower().endswith((".csv", ".csv.gz"))
    most = LARGEST_TABLE if tabular else LARGEST
    text = plain(_bytes(source, most), source, most)
    if tabular:
        return _of_table(text, source, name)
    if source.lower().endswith(".json"):
        return _of_json(text, source)
    guess = "" if name else _parent(source)
    card, lines = _hugging_face(text, source, name, guess)
    return Contents("Hugging Face", [card], {card.id: lines}, _missing([card], source, lines))


def _hugging_face(text: str, source: str, name: str, guess: str) -> tuple[Card, Lines]:
    try:
        return huggingface.read(text, source, name)
    except CardError as error:
        if guess and "no name of the model" in str(error):
            return huggingface.read(text, source, guess)
        raise


def _parent(source: str) -> str:
    """The folder of a README: a clone of a model's repository bears the model's name."""
    path = Path(source).resolve() if "://" not in source else Path(source.split("://", 1)[1])
    return path.parent.name if path.name.lower() == "readme.md" else path.name.split(".")[0]


def _of_json(text: str, source: str) -> Contents:
    document, lines = from_json(text, source)
    if cyclonedx.is_one(document):
        cards, lines = cyclonedx.read(text, source)
        of = {card.id: lines for card in cards}
        return Contents("CycloneDX", cards, of, _missing(cards, source, lines))
    card = _completed(read(text.encode(), source), lines)
    return Contents("a card", [card], {card.id: lines}, _missing([card], source, lines))


def _completed(card: Card, lines: Lines) -> Card:
    """A card whose stretches of training have figures: estimated where only hours or FLOPs are stated."""
    training = []
    for place, spent in enumerate(card.training):
        known = figures(spent)
        if known.energy is None and known.carbon is None and (spent.machine_hours or spent.flops):
            try:
                made = estimate(
                    hardware=spent.hardware, machine_hours=None if spent.flops else spent.machine_hours,
                    flops=spent.flops, utilisation=spent.utilisation, power_w=spent.power_w, place=spent.place,
                    pue=spent.pue, grid_g_per_kwh=spent.grid_g_per_kwh, scope=spent.scope or "facility",
                    activity=spent.activity,
                )  # fmt: skip
            except ValueError as error:
                where = (
                    "hardware" if "hardware" in str(error) else "place" if "where" in str(error) else "machine_hours"
                )
                raise lines.error(f"training.{place}.{where}: {error}", "training", place, where) from None
            spent = msgspec.structs.replace(made, part=spent.part, note=spent.note, url=spent.url, kept=spent.kept)
        training.append(spent)
    return msgspec.structs.replace(card, training=tuple(training))


def _missing(cards: list[Card], source: str, lines: Lines) -> list[tuple[str, str]]:
    found = []
    for card in cards:
        if not any(spent.energy or spent.carbon or spent.machine_hours for spent in card.training):
            why = huggingface.missing(card) if huggingface.KIND in card.kept else "no energy and no carbon of training"
            found.append((f"{source}:{lines.first}: {card.name}", why or "no figure"))
    return found


def _of_table(text: str, source: str, name: str) -> Contents:
    if codecarbon.is_one(text):
        runs = codecarbon.read(text, source)
        name = name or runs.project
        if not name:
            raise CardError([Fault(source, 1, "no name of the model in it: give one (--name)")])
        card = Card(schema="jevons.card/1", id=_id(name, source), name=name, training=(runs.spent,))
        return Contents("CodeCarbon", [card], {card.id: Lines(source)}, [], runs.notes)
    if table.is_one(text):
        rows = table.read(text, source)
        cards = [row.card for row in rows if row.card is not None]
        lines = {row.card.id: Lines(source, first=row.line) for row in rows if row.card is not None}
        lacking = [(f"{source}:{row.line}: {row.name}", row.reason) for row in rows if row.card is None]
        return Contents("a table of Hugging Face cards", cards, lines, lacking)
    raise CardError([Fault(source, 1, f"its head is none that is known: {FORMATS}")])


def _id(name: str, source: str) -> str:
    try:
        return identity(name)
    except ValueError as error:
        raise CardError([Fault(source, 1, str(error))]) from None


def _bytes(source: str, most: int) -> bytes:
    try:
        there = remote.place(source)
        if isinstance(there, remote.Remote):
            return there.begin(most + 1)
        size = there.stat().st_size
        if size > most:
            raise too_large(source, most, size)
        with there.open("rb") as file:
            return file.read(most + 1)
    except CardError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CardError([Fault(source, 1, f"cannot be read: {reason}")]) from None
