"""What an item takes with one model and with another: tokens as they are known, joules, grams, dollars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from jevons.cut.models.results import Answers, key_of
from jevons.footprint import Figures, Overrides
from jevons.footprint.account import account
from jevons.ledger.cells import Cell, Key, Sums

DRAWS = 4_096
Price = Callable[[Cell], float | None]


class Ratio(msgspec.Struct, frozen=True):
    """Carbon per item over that of the model in use, drawn together: 90 % interval."""

    low: float
    mid: float
    high: float
    remains: tuple[str, ...] = ()
    """Kinds of causes that leave it open."""

    @property
    def shown(self) -> bool:
        """Whether the interval says on which side of 1 it is."""
        return self.high < 1 or self.low > 1


class Usual(NamedTuple):
    """Tokens of an item where the results tell none."""

    key: Key
    sums: Sums
    """Of `items` items."""
    items: int
    tokens: str = "ledger"


class Prices(NamedTuple):
    """What calls take, and cost."""

    place: str
    overrides: Overrides | None
    usd: Price | None


class Spent(NamedTuple):
    """Cells of some items, and how many items: a try of each, on average."""

    cells: list[Cell]
    items: float


def spent_on(of: Mapping[str, Answers], items: list[str], instead: str | None, usual: Usual, tokens: str) -> Spent:
    """What items took, a try each on average; `instead`: had this model written the same tokens."""
    made: defaultdict[Key, Sums] = defaultdict(Sums)
    telling: list[Answers] = []
    if tokens == "given":  # where none of these items tells, the others of the model stand in
        telling = [one for item in items if (one := of[item]).spent] or [one for one in of.values() if one.spent]
    for one in telling:
        for key, sums in one.spent.items():
            made[key].merge(sums)
    count = float(sum(one.told for one in telling))
    if not telling:
        made[usual.key].merge(usual.sums)
        count = float(usual.items)
    if instead is not None:
        folded: defaultdict[Key, Sums] = defaultdict(Sums)
        for key, sums in made.items():
            folded[key_of(instead)._replace(usage=key.usage)].merge(sums)
        made = folded
    return Spent([Cell(key, (), sums) for key, sums in made.items()], count)


def ratio(before: Spent, after: Spent, prices: Prices) -> Ratio | None:
    """Carbon per item of `after` over that of `before`; None where one has no figure. Needs numpy and scipy."""
    from jevons.footprint.uncertainty import Joint

    sides = [_priced(before, prices), _priced(after, prices)]
    if not all(side.amount("carbon_g") for side in sides):
        return None
    drawn, by = Joint(sides, draws=DRAWS).compare("carbon_g"), before.items / after.items
    return Ratio(drawn.ratio.low * by, drawn.ratio.mid * by, drawn.ratio.high * by, drawn.remains)


def _priced(spent: Spent, prices: Prices) -> Figures:
    made = Figures()
    for one in account(spent.cells, place=prices.place, overrides=prices.overrides, timings={}, held=True):
        made.add(one.figures)
    return made


def level(spent: Spent, prices: Prices) -> tuple[float, float, float] | None:
    """Grams per item, 90 % interval; None where there is no figure."""
    figures = _priced(spent, prices)
    return (figures.interval("carbon_g") * (1 / spent.items)).ends if figures else None


def dollars(spent: Spent, price: Price | None) -> float | None:
    """List price per item; None where that of any call is not known."""
    each = [price(cell) for cell in spent.cells] if price else [None]
    return sum(one for one in each if one is not None) / spent.items if None not in each else None
