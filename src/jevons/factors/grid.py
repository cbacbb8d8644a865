"""Electricity of a place: carbon by yearly average, by margin, by contract. Three things that are never mixed.

All are of generation within the place: what lines lose on the way (a world mean of 8 %) and what is imported are left
out, here and everywhere else. The band of the average holds both for about 90 % of countries
(``tools/derive_grid.py``), so neither is ever added on top.
"""

from __future__ import annotations

from functools import lru_cache

from jevons.factors.lookup import by_place, from_user
from jevons.factors.places import CLOUD, cloud_of, known
from jevons.factors.table import Factor
from jevons.factors.user import User

__all__ = ["CLOUD", "MARGINS", "band", "cloud_of", "intensity", "known", "marginal", "market"]

MARGINS = {"operating": "grid_operating", "build": "grid_build"}


def band(g_per_kwh: float) -> tuple[float, float]:
    """(low, high) of a place's average: x / r and x * r with r = 1.5 + 25 g / x.

    Yearly averages of one country differ that much between Ember (generation) and Electricity Maps (consumption) in
    about 90 % of country-years (``tools/derive_grid.py`` prints the share).
    """
    if g_per_kwh == 0:
        return 0.0, 25.0
    ratio = 1.5 + 25 / g_per_kwh
    return g_per_kwh / ratio, g_per_kwh * ratio


@lru_cache(maxsize=4096)
def intensity(place: str, year: int | None = None, user: User | None = None) -> Factor:
    """Carbon intensity of a place's electricity, gCO2e/kWh: yearly average, lifecycle, location-based.

    Ember by country and year from 2019 (CC BY 4.0), US EPA eGRID by subregion; without a year the latest.
    """
    return by_place("grid", place, year, user)


@lru_cache(maxsize=4096)
def marginal(place: str, kind: str = "operating", year: int | None = None, user: User | None = None) -> Factor:
    """Carbon of electricity used in addition, gCO2e/kWh, lifecycle; never added to or averaged with `intensity`.

    `kind` is ``operating`` (plants that follow demand: decisions of the day) or ``build`` (plants that are added:
    decisions that last). The project's own derivation from national mixes by the rules of the CDM's TOOL07
    (``tools/derive_margin.py``); wide, as open sources disagree by a factor of ten for some countries. The IFI
    harmonised set (UNFCCC) states no licence that would let us ship it: use a factor file.
    """
    if kind not in MARGINS:
        raise ValueError(f"margin {kind!r}: one of {', '.join(MARGINS)}")
    return by_place(MARGINS[kind], place, year, user)


@lru_cache(maxsize=4096)
def market(place: str, user: User | None = None, year: int | None = None) -> Factor | None:
    """Carbon of electricity by contract, gCO2e/kWh (GHG Protocol Scope 2 Guidance 2015, market-based); None unless the
    user's file tells. Only ever a line of its own beside the location-based figure."""
    return from_user("grid_market", place, year, user)
