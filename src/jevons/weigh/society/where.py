"""Where a call ran: known from its address, assumed from what its provider publishes, or unknown."""

from __future__ import annotations

import re
from typing import NamedTuple

from jevons.factors import CLOUD
from jevons.factors.places import chain, known, name_of
from jevons.factors.places import key as key_of
from jevons.factors.table import index, source
from jevons.footprint.account import Account
from jevons.footprint.timing import LOCAL

STATUSES = ("known", "assumed", "unknown")
_PROFILE = re.compile(r"^(us|us-gov|eu|apac|au|jp|ca|sa|me|af|global)\.(?=.)")
"""Bedrock's cross-region profiles: the address names the region that was asked, not the one that answered."""
_GEOGRAPHIES = {"us": "USA", "us-gov": "USA", "eu": "EUROPE", "au": "AUS", "jp": "JPN", "ca": "CAN"}
"""Zone that a profile stays in, where there is one."""


class Where(NamedTuple):
    """One place, and how it is known. Calls at an unknown place are kept apart by provider."""

    status: str
    """One of `STATUSES`."""
    place: str
    """What figures are looked up by: a cloud region, a zone of ``places.csv``, `CLOUD`, or empty."""
    provider: str
    """Whose unknown place it is; empty where the place is one for all."""
    name: str
    why: str
    areas: tuple[str, ...] = ()
    """Zones, one of which it is, where a provider publishes several."""
    source: str = ""
    """What the reason rests on, where that is a document."""

    @property
    def zones(self) -> frozenset[str]:
        """The place and all that it lies within, without the world; empty where it is not known."""
        if self.status == "unknown" or self.place in ("", CLOUD):
            return frozenset()
        return frozenset({self.zone, *(zone for zone, _ in chain(self.place))} - {"WORLD"})

    @property
    def zone(self) -> str:
        """The place in one spelling (`places.key`)."""
        return key_of(self.place) or ""


def where(one: Account) -> Where:
    """Where the calls of an account ran; the place is the one that its figures rest on (`Serving.where`)."""
    key, place = one.cell.key, one.serving.where
    if key.host_class in LOCAL or key.host_class == "private":
        return _own(key.provider, place)
    told = index("served", "provider").get(key.provider)
    if place not in ("", CLOUD) and place == key.place:
        profile = _PROFILE.match(key.model) if key.provider == "aws.bedrock" else None
        if profile:
            status = "unknown" if profile[1] == "global" else "assumed"
            areas = tuple(_GEOGRAPHIES[one] for one in (profile[1],) if one in _GEOGRAPHIES)
            why = f"a {profile[1]} cross-region profile: figures are of the region that was asked"
            return Where(status, place, "", _name(place), why, areas, _source(told))
        return Where("known", place, "", _name(place), "the call's address, or its answer, names it")
    if place not in ("", CLOUD):
        why = f"the country that {key.provider} serves from, as far as known"
        return Where("assumed", place, "", _name(place), why)
    provider = key.provider or "unknown"
    lost = f"; region {key.place} is in no table" if key.place else ""
    areas = tuple(told["places"].split()) if told else ()
    if told and areas:
        names = ", ".join(map(name_of, areas))
        why = f"one of {names}, as its provider publishes: {told['note']}"
        return Where("assumed", CLOUD, provider, f"where {provider} serves", why + lost, areas, _source(told))
    why = told["note"] if told else "its address names no place, and its provider publishes none that is known here"
    return Where("unknown", CLOUD, provider, f"a cloud of {provider}", why + lost, source=_source(told))


def _own(provider: str, place: str) -> Where:
    if place == CLOUD:
        why = "a closed model behind a local address: a proxy to a cloud that it does not name"
        return Where("unknown", CLOUD, provider, f"a cloud behind {provider or 'a proxy'}", why)
    if known(place):
        return Where("known", place, "", _name(place), "these machines, where the run or the settings place them")
    return Where(
        "unknown", "", "", "these machines", "nobody said where they stand: --place DE, or place in the settings"
    )


def _name(place: str) -> str:
    """``us-east-1, Virginia, United States``; a zone by its name alone."""
    region = index("regions", "region").get(place.strip().lower())
    if region:
        return ", ".join(dict.fromkeys([place, *(name_of(region[of]) for of in ("state", "country") if region[of])]))
    return name_of(chain(place)[0][0])


def _source(told: dict[str, str] | None) -> str:
    return f"{source(told['source']).title}, {source(told['source']).url}" if told else ""
