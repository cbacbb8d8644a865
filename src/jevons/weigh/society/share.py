"""Shares of a total that is uncertain, too: what all rest on cancels."""

from __future__ import annotations

from collections.abc import Sequence

from jevons.footprint.figures import Figures
from jevons.footprint.interval import ZERO, Interval


def shares(parts: Sequence[Figures], name: str = "energy_wh") -> list[Interval | None]:
    """Each part's share of their sum, 90 % interval; None for all where they sum to nothing.

    Mids add up to 1. Drawn jointly (`uncertainty.Joint`), so that causes which parts share cancel; without numpy and
    scipy from the ends of each part and of the rest, low / (low + rest's high): never too narrow.
    """
    mids = [part.amount(name) for part in parts]
    whole = sum(mids)
    if not whole:
        return [None] * len(parts)
    if sum(1 for mid in mids if mid) == 1:
        return [Interval(1.0, 1.0, 1.0) if mid else ZERO for mid in mids]
    drawn = _drawn(parts, name)
    if drawn is None:
        drawn = [_ends(parts, at, name) for at in range(len(parts))]
    return [
        Interval(min(low, mid / whole), mid / whole, max(high, mid / whole))
        for (low, high), mid in zip(drawn, mids, strict=True)
    ]


def _drawn(parts: Sequence[Figures], name: str) -> list[tuple[float, float]] | None:
    try:
        import numpy as np

        from jevons.footprint.uncertainty import HIGH, LOW, Joint
    except ImportError:
        return None
    sums = Joint(parts, draws=4_096).sums(name)
    ends = np.quantile(sums / sums.sum(axis=0), [LOW, HIGH], axis=1)
    return [(float(low), float(high)) for low, high in ends.T]


def _ends(parts: Sequence[Figures], at: int, name: str) -> tuple[float, float]:
    own, rest = parts[at].interval(name), Figures()
    for other, part in enumerate(parts):
        if other != at:
            rest.add(part)
    others = rest.interval(name)
    return _part(own.low, others.high), _part(own.high, others.low)


def _part(own: float, others: float) -> float:
    return own / (own + others) if own else 0.0
