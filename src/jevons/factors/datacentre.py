"""Data centres: PUE and WUE of who runs them, and what stands around an accelerator.

Fallback chain: cloud of the region > cloud or fleet of the provider > average of all sites.
"""

from __future__ import annotations

from functools import lru_cache

from jevons.factors.grid import cloud_of
from jevons.factors.table import Factor, factor, rows

FLEETS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "github": "azure",
    "aws.bedrock": "aws",
    "gcp.gemini": "gcp",
    "gcp.vertex_ai": "gcp",
    "gcp.gen_ai": "gcp",
    "alibaba": "alibaba",
}
"""OTel ``gen_ai.provider.name`` to a fleet of ``datacentre.csv``."""

COUNTRIES = {"deepseek": "CHN", "alibaba": "CHN", "moonshot_ai": "CHN", "zai": "CHN", "stepfun": "CHN"}
"""Country of providers that serve from one country, as far as known; others: see `grid.CLOUD`."""


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["name"], row["metric"]): row for row in rows("datacentre")}


def _fleet(provider: str, region: str) -> tuple[str, tuple[str, ...]]:
    cloud = cloud_of(region)
    if cloud:
        return cloud, (f"region {region} > {cloud}",)
    fleet = FLEETS.get(provider)
    if fleet:
        return fleet, (f"provider {provider} > fleet of {fleet}",)
    return "unknown", (f"provider {provider or 'not known'} > average of all data centres",)


@lru_cache(maxsize=512)
def pue(provider: str, region: str = "") -> Factor:
    """Facility energy over IT energy."""
    fleet, steps = _fleet(provider, region)
    return factor("pue", _table()[fleet, "pue"], steps=steps)


@lru_cache(maxsize=512)
def wue(provider: str, region: str = "") -> Factor:
    """Litres of water used on site per kWh of IT energy."""
    fleet, steps = _fleet(provider, region)
    return factor("wue", _table()[fleet, "wue"], steps=steps)


@lru_cache(maxsize=1)
def host() -> Factor:
    """Energy of accelerator and host over that of the accelerator alone."""
    return factor("host", _table()["host", "server"], steps=("one row",))


@lru_cache(maxsize=1)
def idle() -> Factor:
    """Energy with machines kept in reserve over that without."""
    return factor("idle", _table()["idle", "server"], steps=("one row",))
