"""What is said of direct rebound: the document ``jevons.rebound/1``. `direct` makes it."""

from __future__ import annotations

import msgspec

from jevons.footprint import METHOD_VERSION

SCHEMA = "jevons.rebound/1"
FEWEST_DAYS = 28
"""On each side; with fewer nothing is shown: a trend and a step cannot be told apart."""
MOST_DAYS = 182
"""On each side: a straight trend holds for months, not for years."""
SERVICE = "verdicts: tests with an outcome that AI calls served"
NOT_OBSERVED = ("indirect effects (what was saved, spent elsewhere)", "economy-wide effects")


class Between(msgspec.Struct, frozen=True):
    """A figure with its 90 % interval; infinite ends are None."""

    low: float | None
    mid: float
    high: float | None


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Exact counts of one side."""

    days: int
    """Counted ones."""
    verdicts: int
    calls: int


class Outcome(msgspec.Struct, kw_only=True):
    """The document ``jevons.rebound/1``."""

    figure: str
    verdict: str = "not shown"
    """``backfire``: the 95 % interval of R lies above 1; ``partial``: the 90 % interval below it."""
    why_not: str = ""
    """Where it is not shown: ``days``, ``runs``, ``verdicts``, ``coverage``, ``date`` (no change was found), ``gain``
    (none is shown) or ``weeks``."""
    word: str = "association"
    """``effect`` beside a control."""
    service: str = SERVICE
    at: str = ""
    """First day with the gain."""
    date_found: bool = False
    first: str = ""
    last: str = ""
    before: Use | None = None
    after: Use | None = None
    gain: Between | None = None
    """Share that intensity fell by."""
    gain_stated: bool = False
    """Told by the user, not from the ledger."""
    demand: Between | None = None
    """k: verdicts a day over what they would be without the step."""
    rebound: Between | None = None
    saving: Between | None = None
    """Actual, as a share of what use as it was would take."""
    breaks_even_at: Between | None = None
    """1 - 1/k: the gain below which more is used than before."""
    weeks_more: int | None = None
    """Until it would be shown, if it stays as it is; None where `MOST_DAYS` after the date would not."""
    keeps_gain: Between | None = None
    """Live calls a day that would have kept the whole gain."""
    keeps_total: float | None = None
    """Live calls a day above which more is used than without the gain."""
    calls_a_day: float | None = None
    autocorrelation: float | None = None
    scatter: float | None = None
    """Standard deviation of a day's verdicts about their mean beyond chance, as a share."""
    groups: list[str] = []
    controls: list[str] = []
    newcomers: list[str] = []
    leavers: list[str] = []
    not_observed: tuple[str, ...] = NOT_OBSERVED
    notes: list[str] = []
    method: str = METHOD_VERSION
    schema: str = SCHEMA
