"""Any factor by its name, for doors that take the name from a user."""

from __future__ import annotations

from jevons.factors.datacentre import host, idle, pue, wue
from jevons.factors.grid import market
from jevons.factors.hardware import hardware
from jevons.factors.lookup import by_place
from jevons.factors.places import key
from jevons.factors.providers import PROVIDERS
from jevons.factors.quantities import quantities
from jevons.factors.table import Factor
from jevons.factors.user import User


def figure(name: str, place: str = "", year: int | None = None, user: User | None = None) -> Factor | None:
    """The figure that the look-up of this name gives; None where only a user's row could tell.

    `place` may be a provider for pue and wue. ValueError says what is wrong with name or place, and the remedy.
    """
    quantity = quantities().get(name)
    if quantity is None:
        raise ValueError(f"no factor {name!r}; there are {', '.join(quantities())}")
    provider = quantity.by == "provider" and place.strip().lower() in PROVIDERS
    if not provider and key(place) is None:
        raise ValueError(f"place {place!r} is not known: use an ISO 3166 code (SE) or a cloud region (eu-north-1)")
    if quantity.by == "provider":
        centre = pue if name == "pue" else wue
        return centre(place.strip().lower(), "", user) if provider else centre("", place, user)
    if not quantity.by:
        return {"host": host, "idle": idle}[name](user) if quantity.table == "datacentre" else hardware(name, user)
    return by_place(name, place, year, user) if quantity.table else market(place, user, year)
