"""Data centres: PUE and WUE of who runs them, and what stands around an accelerator.

Fallback chain: user's row (region, provider, fleet, place, everywhere) > cloud of the region > cloud or fleet of the
provider > average of all sites.
"""

from __future__ import annotations

from functools import cache, lru_cache

from jevons.factors.places import CLOUD, chain, cloud_of, exact
from jevons.factors.providers import COUNTRIES, FLEETS
from jevons.factors.table import Factor, factor, rows
from jevons.factors.user import User

__all__ = ["COUNTRIES", "FLEETS", "host", "idle", "pue", "wue"]

UNKNOWN = "unknown"
"""Row of a data centre that nothing is known of."""


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["name"], row["metric"]): row for row in rows("datacentre")}


def _fleet(provider: str, region: str) -> tuple[str, tuple[str, ...]]:
    """A fleet of the table and the steps to it."""
    cloud = cloud_of(region)
    if cloud:
        return cloud, (f"region {region} > {cloud}",)
    steps = (f"region {region}: of no cloud that is known",) if region not in ("", CLOUD) else ()
    fleet = FLEETS.get(provider, provider)
    if fleet != UNKNOWN and (fleet, "pue") in _table():
        return fleet, (*steps, f"provider {provider} > fleet of {fleet}")
    return UNKNOWN, (*steps, f"provider {provider or 'not known'} > average of all data centres")


def _centre(name: str, provider: str, region: str, user: User | None) -> Factor:
    fleet, steps = _fleet(provider, region)
    if user:
        places = [(exact(region), f"region {region}"), (provider.lower(), f"provider {provider}"), (fleet, steps[-1])]
        found = user.find(name, [*((place, step) for place, step in places if place), *chain(region)])
        if found:
            return found
    return factor(name, _table()[fleet, name], zone=fleet, steps=steps)


@lru_cache(maxsize=1024)
def pue(provider: str, region: str = "", user: User | None = None) -> Factor:
    """Facility energy over IT energy."""
    return _centre("pue", provider, region, user)


@lru_cache(maxsize=1024)
def wue(provider: str, region: str = "", user: User | None = None) -> Factor:
    """Litres of water used on site per kWh of IT energy."""
    return _centre("wue", provider, region, user)


@lru_cache(maxsize=64)
def host(user: User | None = None) -> Factor:
    """Energy of accelerator and host over that of the accelerator alone."""
    return _server("host", user)


@lru_cache(maxsize=64)
def idle(user: User | None = None) -> Factor:
    """Energy with machines kept in reserve over that without."""
    return _server("idle", user)


def _server(name: str, user: User | None) -> Factor:
    of_user = user.find(name, ()) if user else None
    return of_user or factor(name, _table()[name, "server"], steps=("one row",))
