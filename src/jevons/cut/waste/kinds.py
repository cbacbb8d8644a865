"""The kinds of findings: what each does to the calls that it marks, and what that risks."""

from __future__ import annotations

from typing import NamedTuple

NEUTRAL, CHECK, CHANGES = "neutral", "check", "changes the test"
RISKS = (NEUTRAL, CHECK, CHANGES)
"""The answer is the same; look at it once; the test is another one."""
REMOVES, CACHES, THINKS_LESS, SWAPS, POINTS = "removes", "caches", "thinks less", "swaps", "points"


class Kind(NamedTuple):
    """A kind of finding."""

    name: str
    risk: str
    """One of `RISKS`."""
    effect: str
    """What becomes of marked calls: they are not made (`REMOVES`), more of their prompt is served from a cache
    (`CACHES`), they reason not at all (`THINKS_LESS`: an upper bound), another model answers (`SWAPS`), or nothing that
    could be counted (`POINTS`)."""


KINDS = (
    Kind("exact-neutral", NEUTRAL, REMOVES),
    Kind("exact", CHECK, REMOVES),
    Kind("recorded", CHECK, REMOVES),
    Kind("same-meaning", CHECK, REMOVES),
    Kind("fixtures", CHECK, REMOVES),
    Kind("prefixes", NEUTRAL, CACHES),
    Kind("retries", NEUTRAL, REMOVES),
    Kind("reruns", CHANGES, REMOVES),
    Kind("judges", CHANGES, SWAPS),
    Kind("models", CHANGES, SWAPS),
    Kind("effort", CHANGES, THINKS_LESS),
    Kind("evals", CHANGES, POINTS),
)
KIND = {kind.name: kind for kind in KINDS}
BIT = {kind.name: 1 << at for at, kind in enumerate(KINDS)}


def mask(effect: str) -> int:
    """The bits of all kinds with one effect."""
    return sum(BIT[kind.name] for kind in KINDS if kind.effect == effect)


def up_to(risk: str) -> int:
    """The bits of all kinds that risk no more than `risk`."""
    allowed = RISKS[: RISKS.index(risk) + 1]
    return sum(BIT[kind.name] for kind in KINDS if kind.risk in allowed)
