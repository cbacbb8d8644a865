"""Water of a place: what its power stations consume per kWh, and how scarce water is there."""

from __future__ import annotations

from functools import lru_cache

from jevons.factors.lookup import by_place
from jevons.factors.table import Factor
from jevons.factors.user import User

HYDRO = {"both": "ewif", "with": "ewif_with_hydro", "without": "ewif_without_hydro"}


@lru_cache(maxsize=4096)
def water(place: str, hydro: str = "both", year: int | None = None, user: User | None = None) -> Factor:
    """Water consumed to generate a place's electricity, L/kWh (EWIF).

    `hydro` says how much of what reservoirs evaporate is charged to power: ``with`` all, ``without`` none; ``both``
    is one interval over either, from the low of the second to the median reservoir (17 L/kWh, Macknick et al. 2012).
    Own derivation from mixes and water by fuel (``tools/derive_water.py``).
    """
    if hydro not in HYDRO:
        raise ValueError(f"hydro {hydro!r}: one of {', '.join(HYDRO)}")
    return by_place(HYDRO[hydro], place, year, user)


@lru_cache(maxsize=4096)
def scarcity(place: str, year: int | None = None, user: User | None = None) -> Factor:
    """Scarcity of water consumed at a place, m3 world eq/m3: AWARE 2.0, non-agricultural, annual.

    Countries and US states (Seitfudem et al. 2025, CC BY 4.0); bounds are the least and the most scarce month. Times
    water consumed, never water withdrawn. A basin differs from its country: where it is known, use a factor file.
    """
    return by_place("aware", place, year, user)
