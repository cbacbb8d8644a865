"""Which model was made from which: each is counted once, however many were made from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jevons.factors.names import normalise, spelling
from jevons.shelf.card import Card


def key(name: str) -> str:
    """The one spelling of a model's name: ``meta-llama/Llama-3.1-8B`` as ``llama-3.1-8b``."""
    return spelling(normalise(name.rsplit("/", 1)[-1]))


class Family:
    """Cards that know each other as bases, by id, by name, or by the spelling of a name that only one has."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self.cards = {card.id: card for card in cards}
        self._names: dict[str, str] = {}
        several: set[str] = set()
        for card in self.cards.values():
            spelt = key(card.name)
            if self._names.setdefault(spelt, card.id) != card.id:
                several.add(spelt)
        for spelt in several:
            del self._names[spelt]
        self._names |= {card.name.lower(): card.id for card in self.cards.values()}
        self._names |= {name: name for name in self.cards}

    def find(self, name: str) -> Card | None:
        """The card that a base is called by; None where it is not here."""
        found = self._names.get(name.lower()) or self._names.get(key(name))
        return self.cards[found] if found else None

    def bases(self, card: Card) -> list[Card]:
        """Its bases that are here."""
        return [found for found in map(self.find, card.base) if found is not None]

    def ancestors(self, card: Card) -> list[Card]:
        """All that it was made from, each once, the nearest first. Ends in a circle, too."""
        found: dict[str, Card] = {}
        ahead = self.bases(card)
        while ahead:
            one = ahead.pop(0)
            if one.id not in found and one.id != card.id:
                found[one.id] = one
                ahead += self.bases(one)
        return list(found.values())

    def descendants(self, card: Card) -> list[Card]:
        """All that were made from it, by id."""
        return [one for one in self.cards.values() if any(card.id == above.id for above in self.ancestors(one))]

    def unknown(self, card: Card) -> list[str]:
        """Bases that have no card here."""
        return [name for name in card.base if self.find(name) is None]


def together(family: Family, of: Sequence[Card]) -> list[Card]:
    """These and all that they were made from, each once: whose training is to be summed."""
    found = {card.id: card for card in of}
    for card in of:
        found |= {one.id: one for one in family.ancestors(card)}
    return list(found.values())


def circles(cards: Iterable[Card]) -> Iterator[tuple[Card, str]]:
    """Each card that is its own ancestor, and the way round."""
    family = Family(cards)
    for card in family.cards.values():
        way = _way(family, card)
        if way:
            yield card, " < ".join(way)


def _way(family: Family, card: Card) -> list[str]:
    """The shortest way from a card back to itself."""
    ahead = [(one, [card.id, one.id]) for one in family.bases(card)]
    seen: set[str] = set()
    while ahead:
        one, way = ahead.pop(0)
        if one.id == card.id:
            return way
        if one.id not in seen:
            seen.add(one.id)
            ahead += [(base, [*way, base.id]) for base in family.bases(one)]
    return []
