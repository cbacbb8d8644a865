"""A card in another format and back: what the format has a field for, and the whole card beside it where that is less.

Whoever edits the other file edits the format's own fields: those win over the card beside them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from jevons.shelf.card import Card

FIELDS = ("maker", "version", "hashes", "task", "licence", "base", "relation", "training", "evals")
"""What the formats have fields for, each some of them."""


def beside(card: Card, kind: str) -> dict[str, Any]:
    """A card as plain values, without what is kept of the format that it is written to."""
    kept = {name: value for name, value in card.kept.items() if name != kind}
    made: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(card, kept=kept))
    return made


def edited(stored: Card, said: Card, written: Card) -> Card:
    """The stored card with what was changed since: fields where what is `said` now is not what was `written` then."""
    changes = {name: getattr(said, name) for name in FIELDS if getattr(said, name) != getattr(written, name)}
    return msgspec.structs.replace(stored, kept=stored.kept | said.kept, **changes)
