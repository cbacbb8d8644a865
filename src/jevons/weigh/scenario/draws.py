"""Joint draws of a scenario's inputs. What rests on one cause moves with it, in every alternative alike.

Figures of a scenario are products of amounts that are themselves uncertain, and are asked again with inputs frozen or
moved, so what is drawn here are the inputs; `footprint.uncertainty` draws what a joule costs. Same points (scrambled
Sobol, Owen 1998), same shapes. Needs numpy and scipy (extra ``report``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from jevons.footprint.causes import NEARLY_NOTHING, Z90
from jevons.footprint.uncertainty import TINY
from jevons.weigh.scenario.amount import TRIANGULAR, Input

DRAWS = 8_192
MOST = 21_201
"""Dimensions that scipy's Sobol points have."""


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A product: a number times inputs to powers, of one figure of one alternative."""

    figure: str
    """``energy_wh``, ``carbon_g``, ``water_l``, ``money_usd`` or ``people_h``."""
    part: str
    """One of `fields.PARTS`; ``money``, ``people`` for those figures."""
    amount: float
    powers: tuple[tuple[str, int], ...] = ()
    basis: str = ""
    """Carbon intensity that it rests on; empty where none."""
    decides: tuple[tuple[str, int], ...] = ()
    """What more it is multiplied by in a decision: its avoidable share."""
    decides_amount: float = 1.0
    in_decision: bool = True
    """Sunk training is in no decision."""
    in_account: bool = True
    per_call: bool = False
    """Whether it grows with calls."""
    flow: str = ""
    """What it is of."""


Columns = Mapping[str, Any]
"""Standard normal draws by column: arrays of one length."""


class Inputs:
    """All that a scenario's figures depend on."""

    def __init__(self) -> None:
        self.of: dict[str, Input] = {}
        self.columns: dict[str, str] = {}
        """Input -> what it is drawn with: inputs of one column are at the same quantile."""
        self.derived: dict[str, Callable[[Callable[[str], Any]], Any]] = {}
        """What follows from inputs: a function of what looks them up."""

    def add(self, one: Input, column: str = "") -> str:
        """Add an input, or meet it again."""
        self.of[one.key] = one
        self.columns[one.key] = column or one.key
        return one.key

    @property
    def drawn(self) -> list[str]:
        """Columns that are not exact, in order."""
        return list(dict.fromkeys(self.columns[key] for key, one in self.of.items() if not one.exact))

    def normal(self, count: int = DRAWS, seed: int = 0, copies: int = 1) -> list[dict[str, Any]]:
        """`copies` independent sets of standard normal draws, by column."""
        names = self.drawn
        if len(names) * copies > MOST:
            raise ValueError(f"{len(names)} uncertain inputs: {MOST // copies} at most")
        sobol = qmc.Sobol(max(len(names) * copies, 1), rng=np.random.default_rng(seed))
        points = ndtri(np.clip(sobol.random(count), TINY, 1 - TINY)).T
        return [{name: points[copy * len(names) + at] for at, name in enumerate(names)} for copy in range(copies)]


class Values:
    """Inputs at some draws, or at the middle of those whose column is not given."""

    def __init__(self, inputs: Inputs, columns: Columns, fixed: Mapping[str, Any] | None = None) -> None:
        """`fixed` gives inputs values of their own, by key."""
        self._inputs, self._columns = inputs, columns
        self._made: dict[str, Any] = dict(fixed or {})
        self._products: dict[tuple[tuple[str, int], ...], Any] = {}

    def __call__(self, key: str) -> Any:
        """An input, or what is derived from some: an array, or a number where nothing is drawn."""
        if key not in self._made:
            derive = self._inputs.derived.get(key)
            self._made[key] = derive(self) if derive else self._drawn(key)
        return self._made[key]

    def _drawn(self, key: str) -> Any:
        one, column = self._inputs.of[key], self._inputs.columns[key]
        return one.mid if one.exact or column not in self._columns else quantile(one, self._columns[column])

    def sum(self, terms: Iterable[Term], decision: bool) -> Any:
        """Sum of terms."""
        whole: Any = 0.0
        for term in terms:
            powers = term.powers + term.decides if decision else term.powers
            whole = whole + term.amount * (term.decides_amount if decision else 1.0) * self.product(powers)
        return whole

    def product(self, powers: tuple[tuple[str, int], ...]) -> Any:
        """Inputs to powers 1 or -1, multiplied; terms that begin alike share the work."""
        if not powers:
            return 1.0
        if powers not in self._products:
            key, power = powers[-1]
            rest, last = self.product(powers[:-1]), self(key)
            self._products[powers] = rest * last if power == 1 else rest / last if power == -1 else rest * last**power
        return self._products[powers]


def quantile(one: Input, normal: Any) -> Any:
    """An input at standard normal draws: rising, so that inputs of one column are at the same quantile."""
    if one.shape == TRIANGULAR:
        uniform = ndtr(normal)
        width = one.high - one.low
        split = (one.mid - one.low) / width
        rising = one.low + np.sqrt(uniform * width * (one.mid - one.low))
        return np.where(uniform < split, rising, one.high - np.sqrt((1 - uniform) * width * (one.high - one.mid)))
    up = np.log(one.high / one.mid) / Z90
    down = -np.log(max(one.low / one.mid, NEARLY_NOTHING)) / Z90
    return one.mid * np.exp(normal * np.where(normal > 0, up, down))
